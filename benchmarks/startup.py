"""Start-up: what the hook adds to every start of Python, and what the packages take.

Run it with the Python of an environment into which lasagne_ext was installed by pip::

    python benchmarks/startup.py
"""
import os
import re
import statistics
import subprocess
import sys

RUNS = 50


def import_times(code, name, runs):
    """Milliseconds that Python spends on importing a module, in so many new processes."""
    for _ in range(runs):
        done = subprocess.run([sys.executable, '-X', 'importtime', '-c', code], cwd=os.path.dirname(sys.executable),
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, universal_newlines=True, check=True)
        found = re.search(r'\| +(\d+) \| +%s$' % re.escape(name), done.stderr, re.M)
        if found is None:
            sys.exit('this Python does not load %s: install lasagne_ext with pip' % name)
        yield int(found.group(1)) / 1000


def main():
    print('Python %s, median and range of new processes, ms' % sys.version.split()[0])
    for code, name, runs in (('pass', '_lasagne_ext_hook', RUNS), ('pass', 'site', RUNS),
                             ('import theano', 'theano', 5), ('import lasagne', 'lasagne', 5)):
        times = list(import_times(code, name, runs))
        print('%-20s %9.2f   %.2f - %.2f' % (name, statistics.median(times), min(times), max(times)))


if __name__ == '__main__':
    main()
