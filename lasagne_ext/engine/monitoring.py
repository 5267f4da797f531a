"""Functions that are watched while they run: the values of each node, and how long it takes."""
import contextlib
import warnings

import theano
from theano.compile.mode import Mode, get_default_mode
from theano.compile.profiling import ProfileStats
from theano.gof.vm import VM_Linker

#: What would hide values: operations that overwrite their inputs, several in one, loops that forget
#: all steps but the last. `cxx_only` and `BlasOpt` stand for what exists in C alone.
HIDING = ('inplace', 'fusion', 'scanOp_save_mem', 'scan_save_mem', 'scan_save_mem_prealloc',
          'scan_save_mem_no_prealloc', 'cxx_only', 'BlasOpt')


class Monitored:
    """Compiled function that shows every node it runs.

    The graph is optimized as the user's own functions are, so that values which only exist without
    optimization are not shown. Nothing is compiled in C, which for a function that runs once would
    take far longer than it saves; unless a node has no other form.

    Parameters
    ----------
    inputs : list of Variable
    outputs : list of Variable
    after : callable
        Called with every node that has run, the list of its inputs' values, and that of its outputs'.

    Attributes
    ----------
    outputs : list of Variable
        The outputs in the optimized graph, whose nodes `after` gets.
    sources : dict
        Input of the optimized graph -> the variable, given or shared, that it stands for.
    """

    def __init__(self, inputs, outputs, after):
        self._after = after
        with _without_compiler():
            self._function = self._compile(inputs, outputs, False)
        nodes = self._function.maker.fgraph.apply_nodes
        self._needs_compiler = not all(_runs_without_compiler(node.op) for node in nodes)
        if self._needs_compiler:
            self._function = self._compile(inputs, outputs, True)
        maker = self._function.maker
        self.outputs = maker.fgraph.outputs
        self.sources = {variable: described.variable for variable, described
                        in zip(maker.fgraph.inputs, maker.expanded_inputs)}

    def _compile(self, inputs, outputs, c_thunks):
        linker = VM_Linker(callback=self._show, use_cloop=False, c_thunks=c_thunks, allow_gc=True)
        mode = Mode(linker, get_default_mode().provided_optimizer).excluding(*HIDING)
        return theano.function(inputs, outputs, mode=mode, on_unused_input='ignore',
                               no_default_updates=True)

    def _show(self, node, thunk, storage_map, compute_map):
        self._after(node, [storage_map[variable][0] for variable in node.inputs],
                    [storage_map[variable][0] for variable in node.outputs])

    def __call__(self, *values):
        """Return the values of the outputs, as a list."""
        if self._needs_compiler:
            return self._function(*values)
        with _without_compiler():
            return self._function(*values)


@contextlib.contextmanager
def _without_compiler():
    with theano.configparser.change_flags(cxx=''), warnings.catch_warnings():
        # Theano warns of its own use of its old convolution, the one that runs without a compiler.
        warnings.filterwarnings('ignore', message='theano.tensor.nnet.conv.conv2d is deprecated')
        yield


def _runs_without_compiler(op):
    owner = next(base for base in type(op).__mro__ if 'perform' in vars(base))
    return owner not in (theano.gof.Op, theano.gof.PureOp)


def is_loop(node):
    """Return whether a node is a loop over time steps, whose outputs hold the steps along axis 0."""
    return type(node.op).__name__ == 'Scan'


def is_unset(node):
    """Return whether a node gives memory as it finds it."""
    return type(node.op).__name__ == 'AllocEmpty'


def fills(node):
    """Return whether a node writes into a part of its first input, or only changes the form of that."""
    return type(node.op).__name__ in ('IncSubtensor', 'AdvancedIncSubtensor1', 'AdvancedIncSubtensor',
                                      'Subtensor', 'DimShuffle', 'Rebroadcast', 'SpecifyShape')


def timed_function(inputs, outputs, **options):
    """Compile a function that measures its nodes whenever it is called.

    The engines time nodes for a report of their own, which they print when the program ends; this one's is
    read by :func:`node_seconds` instead, and nothing is printed.

    Parameters
    ----------
    inputs, outputs, **options
        As for ``theano.function``.

    Raises
    ------
    ValueError
        If functions of the configured mode run as a whole, or in a way that has no times.
    """
    stats = ProfileStats(atexit_print=False, flag_time_thunks=True)
    stats.ignore_first_call = False
    try:
        function = theano.function(inputs, outputs, profile=stats, **options)
        nodes_are_run = hasattr(getattr(function, 'vm', None) or function.fn, 'update_profile')
    except Exception as error:
        if 'not support profiling' not in str(error):
            raise
        nodes_are_run = False
    if not nodes_are_run:
        raise ValueError('the nodes of functions of the mode %s cannot be timed; choose one that runs them '
                         'one by one, such as FAST_RUN with the linker cvm or vm' % theano.config.mode)
    return function


def node_seconds(function):
    """Return the seconds that each node took since this was last asked.

    Parameters
    ----------
    function : Function
        Made by :func:`timed_function`.

    Returns
    -------
    dict
        Apply node -> seconds, in the order in which they run.
    """
    times = function.profile.apply_time
    # One engine tells the graphs apart that a node may belong to.
    by_node = {key[-1] if isinstance(key, tuple) else key: seconds for key, seconds in times.items()}
    times.clear()
    return {node: by_node.get(node, 0.) for node in function.maker.fgraph.toposort()}
