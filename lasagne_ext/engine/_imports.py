"""Python's import system: packages that are found by us, and packages that something is done around."""
import importlib.abc
import importlib.machinery
import sys


class _LaterSpec(importlib.machinery.ModuleSpec):
    """Spec that is worked out when it is first looked into.

    Python holds the lock of all imports while it asks a finder. If that imports something, it may wait for ever for
    another thread, which is importing the same and waits for the lock.
    """

    is_later = True

    def __init__(self, name, find):
        self.name, self._find = name, find

    def __getattr__(self, attribute):
        if 'loader' in vars(self):
            raise AttributeError(attribute)
        vars(self).update(vars(self._find()))
        return getattr(self, attribute)


class PackageFinder(importlib.abc.MetaPathFinder):
    """Finder on ``sys.meta_path`` for a few packages by name; Python finds their modules itself.

    Parameters
    ----------
    find : dict
        Name of a package -> function that returns its spec. It is given the module where that is to be loaded anew,
        else None.
    """

    def __init__(self, find):
        self._find = find

    def find_spec(self, name, path=None, target=None):
        return _LaterSpec(name, lambda: self.find(name, target)) if name in self._find else None

    def find(self, name, target=None):
        """Return the spec of one of the packages."""
        return self._find[name](target)

    def install(self, instead_of):
        """Go first on ``sys.meta_path``, where `instead_of` goes if it is there."""
        if self not in sys.meta_path:
            # Python may be iterating over this very list, so it must not grow in front of where it is.
            sys.meta_path[:] = [self, *(finder for finder in sys.meta_path if finder is not instead_of)]


def find_elsewhere(name):
    """Return the spec of a package as the other finders give it, or None."""
    for finder in sys.meta_path:
        if hasattr(finder, 'find_spec'):
            spec = finder.find_spec(name, None)
            # Our own finders, and those that hand on what these find, answer with a spec of ours.
            if spec is not None and not hasattr(type(spec), 'is_later'):
                return spec
    return None


def is_whole(name):
    """Return whether a module has been imported to its end."""
    module = sys.modules.get(name)
    return module is not None and not getattr(module.__spec__, '_initializing', False)


class _ContextLoader(importlib.abc.Loader):
    """Execute a package within a context; everything else is the original loader's, afterwards all of it."""

    def __init__(self, original, context, is_reload):
        self._original, self._context, self._is_reload = original, context, is_reload

    def __getattr__(self, name):
        return getattr(self._original, name)

    def create_module(self, spec):
        return None if self._original is None else self._original.create_module(spec)

    def exec_module(self, module):
        # An import that failed has left modules behind that belong to another copy of the package.
        for name in list(sys.modules):
            if name.startswith(module.__name__ + '.') and not self._is_reload:
                del sys.modules[name]
        module.__loader__ = module.__spec__.loader = self._original
        with self._context():
            self._original.exec_module(module)


def import_within(name, spec, context, is_reload):
    """Return a spec that imports a package within a context.

    Parameters
    ----------
    name : str
        Of the package.
    spec : ModuleSpec or None
        The package as it was found. None where it was not: entering the context is to raise an error that says so.
    context : callable
        Returns a context manager.
    is_reload : bool
        Whether the package is there and is to be executed once more.
    """
    if spec is None:
        spec = importlib.machinery.ModuleSpec(name, None)
    spec.loader = _ContextLoader(spec.loader, context, is_reload)
    return spec
