"""Symbolic operations: functions first, the Ops that do the work behind them.

Start with ``options``, what can be asked of the sampler, and ``affine``, one function with its Op;
``_sampler.py`` has what all those Ops share, and ``_generators.py`` where they sample. The families of
transforms are in ``families`` and ``tps``. ``_symbolic.py`` samples once more by elementary
operations, for second derivatives, and ``_jax.py`` for JAX.
"""
from lasagne_ext.ops.affine import (AffineTransform, AffineTransformGrad, affine_grid,
                                    affine_transform)
from lasagne_ext.ops.antialias import FootprintSample, FootprintSampleGrad, footprint
from lasagne_ext.kernels import KernelWarning, get_num_threads, set_num_threads
from lasagne_ext.ops.flow import FlowWarp, FlowWarpGrad, flow_grid, flow_warp
from lasagne_ext.ops.matrices import compose_thetas, invert_theta
from lasagne_ext.ops.projective import (ProjectiveTransform, ProjectiveTransformGrad, projective_grid,
                                        projective_transform)
from lasagne_ext.ops.sample import GridSample, GridSampleGrad, grid_sample
from lasagne_ext.ops.families import (TransformFamily, identity_parameters, num_parameters,
                                      theta_from_parameters)
from lasagne_ext.ops.options import SamplerOptions
from lasagne_ext.ops.tps import ThinPlateSpline, tps_grid, tps_transform

__all__ = ['AffineTransform', 'AffineTransformGrad', 'FlowWarp', 'FlowWarpGrad', 'FootprintSample',
           'FootprintSampleGrad', 'GridSample', 'GridSampleGrad', 'KernelWarning',
           'ProjectiveTransform', 'ProjectiveTransformGrad', 'SamplerOptions', 'ThinPlateSpline',
           'TransformFamily', 'affine_grid', 'affine_transform', 'compose_thetas', 'flow_grid', 'flow_warp',
           'footprint', 'get_num_threads', 'grid_sample', 'identity_parameters', 'invert_theta',
           'num_parameters', 'projective_grid', 'projective_transform', 'set_num_threads',
           'theta_from_parameters', 'tps_grid', 'tps_transform']

# Names of earlier releases, which notebooks use.
theta_of, family_size, family_identity = theta_from_parameters, num_parameters, identity_parameters
