"""Elementwise operations that overwrite their first argument; rewriting uses them by itself."""
from lasagne_ext.engine.pytensor.tensor_inplace import inplace_operations, transpose_inplace

globals().update(inplace_operations())

__all__ = ['transpose_inplace', *inplace_operations()]
