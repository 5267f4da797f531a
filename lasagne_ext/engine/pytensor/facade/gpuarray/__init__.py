"""GPU of Theano 1.0, which is never there: ``pygpu_activated`` is False."""
from theano.gpuarray import dnn

from lasagne_ext.engine.pytensor._names import refuse

pygpu_activated = False

__getattr__ = refuse(__name__, dict.fromkeys(
    ['GpuArrayType', 'GpuArrayVariable', 'GpuArrayConstant', 'GpuArraySharedVariable', 'basic_ops', 'blas',
     'elemwise', 'init_dev', 'type', 'use', 'as_gpuarray_variable', 'gpuarray_shared_constructor'],
    'there is no GPU on this engine; ask theano.gpuarray.pygpu_activated first'))
