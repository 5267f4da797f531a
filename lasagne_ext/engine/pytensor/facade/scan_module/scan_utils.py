"""Parts of scan's inside that programs use."""
from pytensor.graph.basic import equal_computations

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import expand_empty, until
from lasagne_ext.engine.pytensor.graphs import clone

__getattr__ = refuse(__name__, dict.fromkeys(
    ['compress_outs', 'forced_replace', 'get_updates_and_outputs', 'infer_shape', 'isNaN_or_Inf_or_None',
     'map_variables', 'reconstruct_graph', 'safe_new', 'scan_args', 'scan_can_remove_outs', 'traverse',
     'Validator', 'hash_listsDictsTuples'], 'it is a part of scan\'s inside; use theano.scan'))
