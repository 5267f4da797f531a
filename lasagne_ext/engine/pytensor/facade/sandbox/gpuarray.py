"""Old home of ``theano.gpuarray``."""
from theano.gpuarray import dnn, pygpu_activated
