"""Symbolic operations: functions first, the Ops that do the work behind them."""
from lasagne_ext.ops.affine import (AffineTransform, AffineTransformGrad, affine_grid,
                                    affine_transform)
from lasagne_ext.kernels import KernelWarning, get_num_threads, set_num_threads
from lasagne_ext.ops.sample import GridSample, GridSampleGrad, grid_sample

__all__ = ['AffineTransform', 'AffineTransformGrad', 'GridSample', 'GridSampleGrad', 'KernelWarning',
           'affine_grid', 'affine_transform', 'get_num_threads', 'grid_sample', 'set_num_threads']
