"""Ops behind ``MRG_RandomStreams.multinomial`` and ``choice``."""
import warnings

from lasagne_ext.engine.runtime.random import ChoiceFromUniform, MultinomialFromUniform

__all__ = ['ChoiceFromUniform', 'MultinomialFromUniform', 'MultinomialWOReplacementFromUniform']



def MultinomialWOReplacementFromUniform(*args, **kwargs):
    """Make a :class:`ChoiceFromUniform`, under its old name."""
    warnings.warn('MultinomialWOReplacementFromUniform is deprecated, use ChoiceFromUniform instead.',
                  DeprecationWarning, stacklevel=2)
    return ChoiceFromUniform(*args, **kwargs)
