from lasagne_ext.engine.pytensor.jax_mode._errors import UntraceableError
from lasagne_ext.engine.pytensor.jax_mode._linker import JAXLinker, specialisations

__all__ = ['JAXLinker', 'UntraceableError', 'specialisations']
