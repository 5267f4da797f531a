"""Dispatches of our Ops for Numba and JAX, registered when PyTensor imports its own.

Numba takes a second to import and JAX too, and a program uses one of them, or neither.
"""
import importlib
import importlib.util
import sys

_NUMBA = 'pytensor.link.numba.dispatch'
_JAX = 'pytensor.link.jax.dispatch'

#: Module of PyTensor's -> modules of ours to import after it.
_waiting = {_NUMBA: [], _JAX: []}


def register_dispatch(numba=None, jax=None):
    """Import a module of dispatches as soon as PyTensor's module for that linker is there.

    That may be at once: to be called below the definitions that those modules import.

    Parameters
    ----------
    numba, jax : str, optional
        Full names of the modules.
    """
    for theirs, ours in ((_NUMBA, numba), (_JAX, jax)):
        if ours is None:
            continue
        if theirs in sys.modules:
            importlib.import_module(ours)
        elif ours not in _waiting[theirs]:
            _waiting[theirs].append(ours)
    if _AfterImport not in sys.meta_path:
        sys.meta_path.insert(0, _AfterImport)


class _AfterImport:
    """Finder on ``sys.meta_path`` that lets the others find, and imports what waits afterwards."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if not _waiting.get(name):
            return None
        modules, _waiting[name] = _waiting[name], []
        spec = importlib.util.find_spec(name)
        if spec is not None:
            _follow(spec.loader, modules)
        return spec


def _follow(loader, modules):
    run = loader.exec_module

    def exec_module(module):
        run(module)
        for name in modules:
            importlib.import_module(name)
    loader.exec_module = exec_module
