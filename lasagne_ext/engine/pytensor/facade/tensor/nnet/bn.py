"""Batch normalization."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.nnet_bn import (
    _prepare_batch_normalization_axes, batch_normalization, batch_normalization_test,
    batch_normalization_train)

_ORDINARY = 'the graph is made of ordinary operations from the beginning'
_FUNCTION = 'use batch_normalization_%s, whose graph is made of ordinary operations'

__getattr__ = refuse(__name__, {
    'AbstractBatchNormInference': _FUNCTION % 'test',
    'AbstractBatchNormTrain': _FUNCTION % 'train',
    'AbstractBatchNormTrainGrad': 'take theano.grad of what batch_normalization_train returns',
    'BNComposite': 'use batch_normalization; the optimizer fuses it',
    'bn_groupopt': _ORDINARY,
    'local_abstract_batch_norm_inference': _ORDINARY,
    'local_abstract_batch_norm_train': _ORDINARY,
    'local_abstract_batch_norm_train_grad': _ORDINARY})

__all__ = ['_prepare_batch_normalization_axes', 'batch_normalization', 'batch_normalization_test',
           'batch_normalization_train']
