"""Draws from the states of NumPy's ``RandomState``."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.random.draws import (
    choice as choice_helper, multinomial as multinomial_helper, permutation as permutation_helper,
    random_integers as random_integers_helper)
from lasagne_ext.engine.pytensor.random.random_function import RandomFunction
from lasagne_ext.engine.pytensor.random.raw_random import (
    RandomStreamsBase, binomial, choice, multinomial, normal, permutation, poisson, random_integers,
    uniform)
from lasagne_ext.engine.pytensor.random.state_type import RandomStateType, random_state_type

__all__ = ['RandomFunction', 'RandomStateType', 'RandomStreamsBase', 'binomial', 'choice', 'choice_helper',
           'multinomial', 'multinomial_helper', 'normal', 'permutation', 'permutation_helper', 'poisson',
           'random_integers', 'random_integers_helper', 'random_state_type', 'uniform']

__getattr__ = refuse(__name__, {
    'random_make_inplace': 'states are copied, there is nothing to optimise'})
