"""Find the facade for ``import theano``.

The facade's files lie in ``facade/`` and are imported under the names that programs use, ``theano``
and ``theano.tensor.nnet``, so that classes pickled here are found again under them.
"""
import importlib.util
import os
import sys

#: What to do about a pickle that only Theano can read.
ADVICE = ('a pickle that holds a graph or a compiled function of Theano cannot be read on the engine '
          '"pytensor". Read it on Python 3.8 to 3.11, save the parameters there with '
          'numpy.savez(FILE, *lasagne.layers.get_all_param_values(network)), and build the network anew')

FACADE = os.path.join(os.path.dirname(__file__), 'facade')


def find_facade():
    """Return the spec of the package ``theano``; Python finds its modules from there."""
    return importlib.util.spec_from_file_location(
        'theano', os.path.join(FACADE, '__init__.py'), submodule_search_locations=[FACADE])


class MissingFinder:
    """Finder, last on ``sys.meta_path``, that says why a module of Theano is not there."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.startswith('theano.'):
            raise ModuleNotFoundError(
                'No module named %r on the engine "pytensor". If a pickle asks for it: %s'
                % (name, ADVICE), name=name)
        return None


def explain_missing_modules():
    """Let an import of a module that the facade does not have say why; harmless when done already."""
    if MissingFinder not in sys.meta_path:
        sys.meta_path.append(MissingFinder)
