"""Operations on scalars."""
from theano.scalar import basic
from theano.scalar.basic import *
from theano.scalar.basic import __getattr__
