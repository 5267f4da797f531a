"""Random streams of the generator MRG31k3p."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.random.mrg_jump import (
    A1p72, A1p134, A2p72, A2p134, next_stream as ff_2p134, next_substream as ff_2p72)
from lasagne_ext.engine.pytensor.random.mrg_op import MRGUniform as mrg_uniform
from lasagne_ext.engine.pytensor.random.mrg_size import guess_n_streams
from lasagne_ext.engine.pytensor.random.mrg_streams import MRG_RandomStreams
from lasagne_ext.kernels.mrg import M1, M2

__all__ = ['A1p134', 'A1p72', 'A2p134', 'A2p72', 'M1', 'M2', 'MRG_RandomStreams', 'ff_2p134', 'ff_2p72',
           'guess_n_streams', 'mrg_uniform']

_WITHIN = 'the generator is in lasagne_ext.kernels.mrg; draw with MRG_RandomStreams'

__getattr__ = refuse(__name__, {name: _WITHIN for name in (
    'DotModulo', 'MASK12', 'MASK13', 'MASK2', 'MULT2', 'NORM', 'matVecModM', 'mrg_next_value',
    'mrg_random_make_inplace', 'mrg_uniform_base', 'multMatVect', 'np_int32_vals')})
