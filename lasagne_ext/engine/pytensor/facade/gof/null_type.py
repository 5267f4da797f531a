"""Type of gradients that do not exist."""
from lasagne_ext.engine.pytensor.border import NullType, null_type
