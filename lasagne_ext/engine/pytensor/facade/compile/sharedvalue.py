"""Shared variables."""
from pytensor.compile.sharedvalue import SharedVariable

from lasagne_ext.engine.pytensor import random_state  # noqa: F401  (shares a RandomState)
from lasagne_ext.engine.pytensor.shared import generic_constructor, shared, shared_constructor

__all__ = ['SharedVariable', 'generic_constructor', 'shared', 'shared_constructor']
