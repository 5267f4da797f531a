"""``%load_ext lasagne_ext``: errors in a notebook told with the layer they come from."""
from lasagne_ext.debug.errors import retold


def load_ipython_extension(ipython):
    """Tell every error that a cell lets through with its layer, where it has one."""
    ipython.set_custom_exc((Exception,), _show)


def unload_ipython_extension(ipython):
    """Show errors as before."""
    ipython.set_custom_exc((), None)


def _show(shell, kind, error, traceback, tb_offset=None):
    told = retold(error)
    if told is not None:
        # One traceback, the original's, and below it our text in place of the original's.
        told.__context__, told.__suppress_context__ = error, True
        kind, error = type(told), told.with_traceback(traceback)
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
