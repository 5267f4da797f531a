"""Random streams on NumPy's ``RandomState``."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.random.state_type import RandomStateSharedVariable
from lasagne_ext.engine.pytensor.random.streams import RandomStreams

__all__ = ['RandomStateSharedVariable', 'RandomStreams']

__getattr__ = refuse(__name__, {
    'randomstate_constructor': 'theano.shared(random_state) makes a shared variable of a RandomState'})
