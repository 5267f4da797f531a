"""Where the JAX implementations of this engine's own Ops come from."""
import importlib

#: Modules with a function ``register()`` that registers JAX implementations with PyTensor's
#: ``jax_funcify``. They are imported, and called, when a function is first compiled for JAX.
REGISTRARS = []

_called = set()


def call_registrars():
    """Import and call the modules in ``REGISTRARS``, each once."""
    for name in REGISTRARS:
        if name not in _called:
            importlib.import_module(name).register()
            _called.add(name)
