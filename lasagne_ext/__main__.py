"""The command line: ``python -m lasagne_ext``, or ``lasagne-ext``, demo | run SCRIPT | run -m MODULE | info."""
import argparse
import builtins
import os
import runpy
import sys
import types

from lasagne_ext import __version__, engine

USAGE_ERROR = 2
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """Parser that says what is wrong in one line; ``--help`` has the rest."""

    def error(self, message):
        self.exit(USAGE_ERROR, '%s: error: %s\n' % (self.prog, message))


def _parser():
    parser = _Parser(prog='lasagne-ext',
                     description='Custom layers, a fast spatial transformer and debugging tools for '
                                 'Lasagne.')
    parser.add_argument('--version', action='version', version='lasagne_ext ' + __version__)
    commands = parser.add_subparsers(dest='command', metavar='{demo,run,info}')
    commands.required = True
    demo = commands.add_parser(
        'demo', help='train a network with and without a spatial transformer on real digits')
    demo.add_argument('--mnist', metavar='DIR', help='use the MNIST files in DIR instead of the '
                                                     'digits that come with scikit-learn')
    demo.add_argument('--epochs', type=_positive, metavar='N',
                      help='epochs for each network (default: 80, quick: 7)')
    demo.add_argument('--seed', type=_seed, default=0, metavar='N', help='seed of all chance '
                                                                         '(default: 0)')
    demo.add_argument('--output', default='lasagne_ext_demo.png', metavar='FILE',
                      help='picture to write (default: %(default)s)')
    demo.add_argument('--quick', action='store_true',
                      help='no clutter and fewer epochs: done within a minute')
    run = commands.add_parser('run', help='run a program where "import lasagne" does not work by itself',
                              usage='lasagne-ext run [-h] (SCRIPT | -m MODULE) [ARGS ...]')
    program = run.add_mutually_exclusive_group(required=True)
    program.add_argument('script', nargs='?', metavar='SCRIPT', help='run it as "python SCRIPT ARGS" would')
    program.add_argument('-m', dest='module', metavar='MODULE', help='run it as "python -m MODULE ARGS" would')
    commands.add_parser('info', help='print what runs underneath')
    return parser


def _positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError('must be at least 1, got %d' % value)
    return value


def _seed(text):
    value = int(text)
    if not 0 <= value < 2 ** 32:
        raise argparse.ArgumentTypeError('must lie between 0 and 2**32 - 1, got %d' % value)
    return value


# argparse names a failing type after its function: "invalid whole number value: 'x'".
_positive.__name__ = _seed.__name__ = 'whole number'


def info():
    """Return what runs underneath, as ``{label: text}`` in the order to be shown."""
    from lasagne_ext import kernels
    report = {'lasagne_ext': __version__}
    report.update(engine.report())
    library = kernels.library
    report['kernels'] = 'NumPy only, slow' if library is None else library.path
    if library is not None:
        report['instruction set'] = '%s (can run: %s)' % (library.isa,
                                                          ', '.join(library.runnable_isas()))
        report['kernel threads'] = '%d%s' % (kernels.get_num_threads(),
                                             '' if library.openmp else ' (built without OpenMP)')
    return report


def main(argv=None):
    """Run the command line; returns the exit status.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; those of the process by default.
    """
    argv = sys.argv[1:] if argv is None else argv
    # What follows the program's name is the program's: argparse would take some of it for ours.
    own = len(argv) if argv[:1] != ['run'] else 3 if argv[1:2] == ['-m'] else 2
    options = _parser().parse_args(argv[:own])
    if options.command == 'info':
        for label, text in info().items():
            print('%-16s %s' % (label, text))
        return 0
    if options.command == 'demo':
        return _demo(options)
    return _run(options.script, options.module, argv[own:])


def _run(script, module, arguments):
    """Become a program, which sees its own ``sys.argv`` and folder, and ends as it would alone."""
    if module is None:
        try:
            with open(script, 'rb') as f:
                source = f.read()
        except OSError as error:
            print('lasagne-ext run: error: cannot open %r: %s' % (script, error.strerror), file=sys.stderr)
            return USAGE_ERROR
    sys.argv[:] = [script, *arguments]
    if not getattr(sys.flags, 'safe_path', sys.flags.isolated):
        sys.path[0] = os.getcwd() if module else os.path.dirname(os.path.realpath(script))
    os.environ['LASAGNE_EXT_HOOK'] = '1'             # for the processes that it starts
    try:
        if module:
            runpy.run_module(module, run_name='__main__', alter_sys=True)
        else:
            # Not runpy.run_path, which takes argv[0] for the file's name, and Python's main module from it again.
            # Since 3.9 the interpreter tells a program its absolute path, while argv[0] stays as typed.
            file_name = os.path.abspath(script) if sys.version_info >= (3, 9) else script
            program = types.ModuleType('__main__')
            vars(program).update(__file__=file_name, __cached__=None, __builtins__=builtins)
            sys.modules['__main__'] = program
            exec(compile(source, file_name, 'exec', dont_inherit=True), vars(program))
    except SystemExit:
        raise
    except BaseException:
        _hide_our_frames()
        raise
    return 0


def _hide_our_frames():
    """Let the traceback about to be printed start in the program, whoever prints it."""
    print_exception = sys.excepthook

    def excepthook(kind, value, traceback):
        frame = traceback
        while frame is not None:
            if frame.tb_frame.f_globals is globals():
                traceback = frame.tb_next
            frame = frame.tb_next
        print_exception(kind, value.with_traceback(traceback), traceback)

    sys.excepthook = excepthook


def _demo(options):
    from lasagne_ext import datasets, demo
    try:
        demo.run(mnist=options.mnist, epochs=options.epochs, seed=options.seed,
                 output=options.output, quick=options.quick)
    except (demo.DemoError, datasets.DatasetError) as error:
        print('lasagne-ext demo: error: %s' % error, file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print('\nlasagne-ext demo: interrupted; no picture was written', file=sys.stderr)
        return INTERRUPTED
    return 0


if __name__ == '__main__':
    sys.exit(main())
