"""Shared variables."""
from pytensor.compile.sharedvalue import SharedVariable

from lasagne_ext.engine.pytensor import random_state  # registers how a RandomState is shared
from lasagne_ext.engine.pytensor.shared import generic_constructor, shared, shared_constructor
