"""Stand in for `theano.sandbox.cuda`, and for its module `dnn`: the GPU of old Theano, which is never there."""
cuda_available = False
cuda_enabled = False


def dnn_available():
    """Return False."""
    return False


dnn_available.msg = 'Theano 1.0 has removed this GPU back-end'

__all__ = ['cuda_available', 'cuda_enabled', 'dnn_available']
