"""The command line: ``python -m lasagne_ext``, or ``lasagne-ext``, demo | run SCRIPT | info."""
import argparse
import sys

from lasagne_ext import __version__, _runner, engine, kernels

USAGE_ERROR = 2
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; ``--help`` has the rest."""

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
    run = commands.add_parser('run', help='run an unmodified program that imports lasagne')
    run.add_argument('script', metavar='SCRIPT')
    run.add_argument('arguments', nargs=argparse.REMAINDER, metavar='ARGS')
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
    """What runs underneath, as ``{label: text}`` in the order to be shown."""
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
    options = _parser().parse_args(argv)
    if options.command == 'info':
        for label, text in info().items():
            print('%-16s %s' % (label, text))
        return 0
    if options.command == 'run':
        try:
            # argparse would drop a leading "--" among the program's own arguments.
            return _runner.run_script(options.script, argv[argv.index(options.script, 1) + 1:])
        except _runner.ScriptError as error:
            print('lasagne-ext run: error: %s' % error, file=sys.stderr)
            return USAGE_ERROR
    return _demo(options)


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
