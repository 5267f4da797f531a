"""Fourier transforms of real signals; complex numbers are pairs along a last axis."""
from pytensor.tensor.fft import IRFFTOp, RFFTOp, irfft, irfft_op, rfft, rfft_op
