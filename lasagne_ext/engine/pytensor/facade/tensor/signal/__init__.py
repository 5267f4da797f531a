"""Operations of signal processing."""
from theano.tensor.signal import conv, pool
