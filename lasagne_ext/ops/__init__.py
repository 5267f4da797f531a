"""Symbolic operations: functions first, the Ops that do the work behind them."""
from lasagne_ext.ops.affine import (AffineTransform, AffineTransformGrad, affine_grid,
                                    affine_transform)
from lasagne_ext.ops.antialias import FootprintSample, FootprintSampleGrad, footprint
from lasagne_ext.kernels import KernelWarning, get_num_threads, set_num_threads
from lasagne_ext.ops.flow import FlowWarp, FlowWarpGrad, flow_grid, flow_warp
from lasagne_ext.ops.matrices import compose_thetas, invert_theta
from lasagne_ext.ops.projective import (ProjectiveTransform, ProjectiveTransformGrad, projective_grid,
                                        projective_transform)
from lasagne_ext.ops.sample import GridSample, GridSampleGrad, grid_sample
from lasagne_ext.ops.theta import family_identity, family_size, theta_of
from lasagne_ext.ops.tps import tps_grid, tps_transform

__all__ = ['AffineTransform', 'AffineTransformGrad', 'FlowWarp', 'FlowWarpGrad', 'FootprintSample',
           'FootprintSampleGrad', 'GridSample', 'GridSampleGrad', 'KernelWarning',
           'ProjectiveTransform', 'ProjectiveTransformGrad', 'affine_grid', 'affine_transform',
           'compose_thetas', 'family_identity', 'family_size', 'flow_grid', 'flow_warp', 'footprint',
           'get_num_threads', 'grid_sample', 'invert_theta', 'projective_grid',
           'projective_transform', 'set_num_threads', 'theta_of', 'tps_grid', 'tps_transform']
