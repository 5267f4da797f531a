"""What was on trial in Theano, and stayed there."""
from theano.sandbox import cuda

__all__ = ['cuda']
