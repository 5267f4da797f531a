"""Make ``import theano`` and ``import lasagne`` work in every program of an environment, whatever it imports first.

``lasagne_ext.pth``, in the same folder, imports this module whenever Python starts. So it is short, imports
nothing that Python has not, and prints nothing. The finder that it installs does nothing until one of the two
packages is imported; only then lasagne_ext is loaded, and its own finder takes over.

Switched off by the environment variable ``LASAGNE_EXT_HOOK=0``.
"""
import os
import sys
from _frozen_importlib_external import PathFinder


class _LaterSpec(type(__spec__)):
    """Spec that loads lasagne_ext when it is first looked into."""

    is_later = True

    def __init__(self, name):
        self.name = name

    def __getattr__(self, attribute):
        if 'loader' in vars(self):
            raise AttributeError(attribute)
        from lasagne_ext.engine._choice import finder
        vars(self).update(vars(finder.find(self.name)))
        return getattr(self, attribute)


class Hook:
    """Finder on ``sys.meta_path`` that loads lasagne_ext when a program first imports Theano or Lasagne."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != 'theano' and name != 'lasagne' or 'theano' in sys.modules or _own_theano():
            return None
        # Python holds the lock of all imports here, so that an import could wait for another thread's for ever.
        return _LaterSpec(name)


def _own_theano():
    """Return whether a `theano` of the user's own comes before the installed packages; it is to be left alone."""
    before = []
    for folder in sys.path:
        if isinstance(folder, str) and os.path.basename(folder) in ('site-packages', 'dist-packages'):
            break
        before.append(folder)
    spec = PathFinder.find_spec('theano', before)
    return spec is not None and spec.origin is not None       # without one it is a folder of that name, no package


if os.environ.get('LASAGNE_EXT_HOOK') != '0':
    sys.meta_path.insert(0, Hook)
