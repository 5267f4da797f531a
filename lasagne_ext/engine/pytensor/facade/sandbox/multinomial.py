"""Ops behind ``MRG_RandomStreams.multinomial`` and ``choice``."""
import warnings

from lasagne_ext.engine.pytensor._names import ENGINE
from lasagne_ext.engine.runtime.random import ChoiceFromUniform, MultinomialFromUniform


def MultinomialWOReplacementFromUniform(*args, **kwargs):
    """Make a :class:`ChoiceFromUniform`, under its old name."""
    warnings.warn('MultinomialWOReplacementFromUniform is deprecated, use ChoiceFromUniform instead.',
                  DeprecationWarning, skip_file_prefixes=ENGINE)
    return ChoiceFromUniform(*args, **kwargs)
