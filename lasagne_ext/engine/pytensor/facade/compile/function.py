"""``theano.function``."""

from lasagne_ext.engine.pytensor.border import Function, function_dump
from lasagne_ext.engine.pytensor.functions import function
