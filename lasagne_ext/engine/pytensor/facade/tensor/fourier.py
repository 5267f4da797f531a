"""Fourier transform along one axis, as an Op."""
from pytensor.tensor.fourier import Fourier, fft
