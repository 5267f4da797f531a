"""Modules that were on trial in Theano, and stayed there."""
from theano.sandbox import cuda
