"""How long each node of a compiled function takes.

The engines time nodes for a report of their own, which they print when the program ends; here the times are
read instead, and nothing is printed.
"""
import theano
from theano.compile.profiling import ProfileStats


def timed_function(inputs, outputs, **options):
    """Compile a function that measures its nodes whenever it is called.

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
    """Seconds that each node took since this was last asked.

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
