"""Find the facade for ``import theano``.

The facade's files lie in ``facade/`` and are imported under the names that programs use, ``theano``
and ``theano.tensor.nnet``, so that classes pickled here are found again under them.
"""
import importlib.machinery
import importlib.util
import os
import sys

#: What to do about a pickle that only Theano can read.
ADVICE = ('a pickle that holds a graph or a compiled function of Theano cannot be read on the engine '
          '"pytensor". Read it on Python 3.8 to 3.11, save the parameters there with '
          'numpy.savez(FILE, *lasagne.layers.get_all_param_values(network)), and build the network anew')

FACADE = os.path.join(os.path.dirname(__file__), 'facade')


class FacadeLoader(importlib.machinery.SourceFileLoader):
    """Loader of the facade's modules, whose functions return the facade's variables."""

    def exec_module(self, module):
        super().exec_module(module)
        from lasagne_ext.engine.pytensor.tensor.adoption import adopt_results
        adopt_results(module)


def find_facade():
    """Return the spec of the package ``theano``; :class:`ModuleFinder` finds its modules."""
    return _find_file('theano', FACADE)


def _find_file(name, place):
    if os.path.isfile(os.path.join(place, '__init__.py')):
        file, folders = os.path.join(place, '__init__.py'), [place]
    else:
        file, folders = place + '.py', None
    if not os.path.isfile(file):
        return None
    return importlib.util.spec_from_file_location(name, file, loader=FacadeLoader(name, file),
                                                  submodule_search_locations=folders)


class ModuleFinder:
    """Finder, first on ``sys.meta_path``, for the modules of the package ``theano``."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        return _find_file(name, os.path.join(FACADE, *name.split('.')[1:])) if name.startswith('theano.') else None


class MissingFinder:
    """Finder, last on ``sys.meta_path``, that says why a module of Theano is not there."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.startswith('theano.'):
            raise ModuleNotFoundError(
                'No module named %r on the engine "pytensor". If a pickle asks for it: %s'
                % (name, ADVICE), name=name)
        return None


def find_modules():
    """Let the facade's modules be found, and the import of one that it does not have say why."""
    if ModuleFinder not in sys.meta_path:
        sys.meta_path[:] = [ModuleFinder, *sys.meta_path, MissingFinder]
