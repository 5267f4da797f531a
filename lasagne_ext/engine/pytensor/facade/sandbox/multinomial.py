"""Ops behind ``MRG_RandomStreams.multinomial`` and ``choice``."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.random.multinomial import (
    ChoiceFromUniform, MultinomialFromUniform,
    multinomial_wo_replacement_from_uniform as MultinomialWOReplacementFromUniform)

__all__ = ['ChoiceFromUniform', 'MultinomialFromUniform', 'MultinomialWOReplacementFromUniform']

__getattr__ = refuse(__name__, {})
