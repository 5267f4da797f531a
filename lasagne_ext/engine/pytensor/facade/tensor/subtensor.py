"""Indexing, and setting and incrementing parts of tensors."""
from pytensor.tensor.exceptions import AdvancedIndexingError
from pytensor.tensor.subtensor import get_canonical_form_slice

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.tensor.shapes import take
from lasagne_ext.engine.pytensor.tensor.indexing import inc_subtensor, set_subtensor

_INDEX = 'index a variable: x[...]'
_SET = 'use theano.tensor.set_subtensor or inc_subtensor'

#: Names that Theano has here -> what to use instead.
REFUSED = dict(
    dict.fromkeys(['AdvancedBooleanSubtensor', 'AdvancedSubtensor', 'AdvancedSubtensor1',
                   'BaseAdvancedSubtensor', 'Subtensor', 'SubtensorPrinter',
                   'adv_index_broadcastable_pattern',
                   'advanced_boolean_subtensor', 'advanced_subtensor', 'advanced_subtensor1',
                   'as_index_variable', 'check_advanced_indexing_dimensions', 'check_and_reject_bool',
                   'get_idx_list', 'make_constant'], _INDEX),
    **dict.fromkeys(['AdvancedBooleanIncSubtensor', 'AdvancedIncSubtensor', 'AdvancedIncSubtensor1',
                     'BaseAdvancedIncSubtensor', 'IncSubtensor', 'advanced_boolean_inc_subtensor',
                     'advanced_boolean_set_subtensor', 'advanced_inc_subtensor', 'advanced_inc_subtensor1',
                     'advanced_set_subtensor', 'advanced_set_subtensor1', 'inc_code'], _SET),
    AdvancedBooleanIndexingError='it is not raised here: a wrong mask raises TypeError or IndexError')

__getattr__ = refuse(__name__, REFUSED)
