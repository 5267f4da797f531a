"""The old name of pooling, which Theano 1.0 removed and Lasagne 0.1 imports."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.nn.pool import max_pool_2d, max_pool_2d_same_size  # noqa: F401
from lasagne_ext.engine.pytensor.nn.pool_ops import Pool as DownsampleFactorMax  # noqa: F401

__getattr__ = refuse(__name__, {})
