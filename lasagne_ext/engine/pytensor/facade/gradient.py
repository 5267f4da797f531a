"""Derivatives of graphs."""
from pytensor.gradient import (DisconnectedGrad, DisconnectedInputError, DisconnectedType, GradClip,
                               GradientError, GradScale, NullTypeGradError, UndefinedGrad, ZeroGrad,
                               disconnected_grad, disconnected_grad_, disconnected_type, grad_clip,
                               grad_not_implemented, grad_scale, grad_undefined, numeric_grad,
                               subgraph_grad, undefined_grad, undefined_grad_, zero_grad, zero_grad_)

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import NullType, null_type
from lasagne_ext.engine.pytensor.derivatives import (ConsiderConstant, Lop, Rop, consider_constant,
                                                     consider_constant_, format_as, grad, hessian,
                                                     jacobian, verify_grad)

__getattr__ = refuse(__name__, {
    'mode_not_slow': "give a mode by name, for example 'FAST_RUN'",
    **dict.fromkeys(['DebugMode', 'FAST_RUN', 'get_mode'], 'import it from theano.compile'),
    **dict.fromkeys(['Variable', 'gof', 'utils'], 'import it from theano or theano.gof'),
    'ViewOp': 'import it from theano.compile.ops',
    'get_debug_values': 'import it from theano.gof.op',
    'grad_time': 'measure the time around the call of theano.grad',
})
