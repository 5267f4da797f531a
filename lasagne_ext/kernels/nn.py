"""Convolution and pooling, compiled where possible, NumPy otherwise.

Images are ``(batch, channels, *size)`` with one to three spatial axes; a kernel is
``(filters, channels of a group, *size)``, unshared ``(filters, *output size, channels, *size)``.
Convolution here is cross-correlation. Arguments are trusted: the Ops check them.
"""
from lasagne_ext.kernels.nn_oracle import (  # noqa: F401
    convolve, convolve_image_grad, convolve_kernel_grad, max_pool_grad, max_pool_grad_grad,
    mean_pool_grad, pool)
