"""GPU of old Theano, which is never there: ``cuda_enabled`` is False."""
from theano.sandbox.cuda import dnn

cuda_available = False
cuda_enabled = False
