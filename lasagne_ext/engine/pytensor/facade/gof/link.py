"""Containers of values."""
from pytensor.link.basic import Container, Linker, LocalLinker

from lasagne_ext.engine.pytensor.border import gc_helper, map_storage, raise_with_op, streamline
