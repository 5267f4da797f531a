"""Operations on scalars."""
from theano.scalar import basic
from theano.scalar.basic import *  # noqa: F401, F403
from theano.scalar.basic import __all__ as _names
from theano.scalar.basic import __getattr__  # noqa: F401

__all__ = ['basic', *_names]
