"""Sigmoid and its approximations."""
from pytensor.tensor.math import sigmoid, softplus

from lasagne_ext.engine.pytensor.nnet_activations import hard_sigmoid

__all__ = ['hard_sigmoid', 'sigmoid', 'softplus']
