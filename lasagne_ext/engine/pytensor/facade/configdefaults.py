"""``theano.config``."""
from lasagne_ext.engine.pytensor.config import config
