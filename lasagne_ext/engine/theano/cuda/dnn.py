"""cuDNN of old Theano, which is never there."""


def dnn_available():
    """False."""
    return False


dnn_available.msg = 'Theano 1.0 has removed this GPU back-end'
