"""cuDNN, which is never there."""


def dnn_present():
    """False."""
    return False


def dnn_available(context_name=None):
    """False."""
    return False


dnn_present.msg = dnn_available.msg = 'the engine "pytensor" has no GPU'
