"""Make ``import theano`` and ``import lasagne`` work in every program of an environment, whatever it imports first.

``lasagne_ext.pth``, in the same folder, imports this module whenever Python starts. So it is short, imports
nothing that Python has not, and prints nothing. The finder that it installs does nothing until one of the two
packages is imported; only then lasagne_ext is loaded, and its own finder takes over.

Switched off by the environment variable ``LASAGNE_EXT_HOOK=0``.
"""
import os
import sys


class Hook:
    """Finder on ``sys.meta_path`` that loads lasagne_ext when a program first imports Theano or Lasagne."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != 'theano' and name != 'lasagne' or 'theano' in sys.modules or _own_theano():
            return None
        from lasagne_ext.engine._choice import finder
        # It has taken this one's place, but this very import has come by here.
        return finder.find_spec(name, path, target)


def _own_theano():
    """Return whether a `theano` of the user's own comes before the installed packages; it is to be left alone."""
    from importlib.machinery import PathFinder
    before = []
    for folder in sys.path:
        if isinstance(folder, str) and os.path.basename(folder) in ('site-packages', 'dist-packages'):
            break
        before.append(folder)
    spec = PathFinder.find_spec('theano', before)
    return spec is not None and spec.origin is not None       # without one it is a folder of that name, no package


if os.environ.get('LASAGNE_EXT_HOOK') != '0':
    sys.meta_path.insert(0, Hook)
