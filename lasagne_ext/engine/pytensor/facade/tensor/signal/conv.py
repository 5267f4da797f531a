"""Convolution of single images or sets of them with every filter."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.nn.signal_conv import signal_conv2d as conv2d  # noqa: F401

__getattr__ = refuse(__name__, {})
