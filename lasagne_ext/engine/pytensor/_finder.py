"""Makes ``import theano`` find the facade.

The facade's files lie in ``facade/`` and are imported under the names that programs use, ``theano``
and ``theano.tensor.nnet``, so that classes pickled here are found again under them.
"""
import importlib.util
import os
import sys

FACADE = os.path.join(os.path.dirname(__file__), 'facade')


class FacadeFinder:
    """Finder on ``sys.meta_path`` for the package ``theano``; Python finds its modules from there."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != 'theano':
            return None
        return importlib.util.spec_from_file_location(
            'theano', os.path.join(FACADE, '__init__.py'), submodule_search_locations=[FACADE])


def install():
    """Put the facade before every other ``theano``; harmless when done already."""
    if FacadeFinder not in sys.meta_path:
        sys.meta_path.insert(0, FacadeFinder)


def is_facade(module):
    """Whether a module is the facade's ``theano``."""
    return getattr(module, '__file__', None) == os.path.join(FACADE, '__init__.py')
