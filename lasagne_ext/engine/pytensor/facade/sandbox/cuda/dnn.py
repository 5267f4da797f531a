"""cuDNN, which is never there."""


def dnn_available():
    """False."""
    return False


dnn_available.msg = 'the engine "pytensor" has no GPU'
