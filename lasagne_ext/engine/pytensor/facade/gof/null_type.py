"""The type of gradients that do not exist."""
from pytensor.graph.null_type import NullType, null_type

__all__ = ['NullType', 'null_type']
