"""The GPU of old Theano, which is never there: ``cuda_enabled`` is False."""
from lasagne_ext.engine.theano.cuda import dnn

cuda_available = False
cuda_enabled = False

__all__ = ['cuda_available', 'cuda_enabled', 'dnn']
