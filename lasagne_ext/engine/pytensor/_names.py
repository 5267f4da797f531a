"""Answer of a facade module for names that it does not have, and places that no warning is about."""
import os

import pytensor

#: Folders of code that no warning is about: ``skip_file_prefixes`` of ``warnings.warn``.
ENGINE = (os.path.dirname(__file__), os.path.dirname(pytensor.__file__))


def refuse(module, refused, replacement='see the table of names in the documentation'):
    """Make a module's ``__getattr__``, whose error says what to use instead.

    Parameters
    ----------
    module : str
        Its ``__name__``.
    refused : dict of str to str
        Names that Theano has there and this engine has not -> what to use instead.
    replacement : str
        What is said of names that Theano does not have either.

    Returns
    -------
    function
        To be assigned to ``__getattr__`` in that module.
    """
    def __getattr__(name):
        if name.startswith('__') and name.endswith('__'):
            raise AttributeError('module %r has no attribute %r' % (module, name))
        if name in refused:
            raise AttributeError('%s.%s is not available on the engine "pytensor": %s'
                                 % (module, name, refused[name]))
        raise AttributeError('module %r has no attribute %r' % (module, name))
    return __getattr__
