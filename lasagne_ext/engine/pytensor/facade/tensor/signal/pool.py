"""Pooling."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.nn.pool import max_pool_2d_same_size, pool_2d, pool_3d  # noqa: F401
from lasagne_ext.engine.pytensor.nn.pool_ops import (  # noqa: F401
    AveragePoolGrad, DownsampleFactorMaxGradGrad, MaxPoolGrad, Pool, PoolGrad)

__getattr__ = refuse(__name__, {
    'MaxPoolRop': 'theano.Rop works through Pool; its Op is DownsampleFactorMaxGradGrad',
    'PoolingMode_t': 'the modes are strings'})
