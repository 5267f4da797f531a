"""Gradients with Theano's arguments, containers and defaults."""
import contextlib
import warnings

import numpy as np
import pytensor.gradient
from pytensor import scalar
from pytensor.gradient import (DisconnectedGrad, DisconnectedInputError, DisconnectedType, GradClip,
                               GradientError, GradScale, NullTypeGradError, UndefinedGrad, ZeroGrad,
                               disconnected_grad, disconnected_grad_, disconnected_type, grad_clip,
                               grad_not_implemented, grad_scale, grad_undefined, numeric_grad,
                               subgraph_grad, undefined_grad, undefined_grad_, zero_grad, zero_grad_)
from pytensor.tensor.type import float_dtypes

from lasagne_ext.engine import gradients
from lasagne_ext.engine.pytensor import graphs, modes
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import NullType, null_type

_grad = gradients.follow(pytensor.gradient, 'pullback')


def format_as(use_list, use_tuple, outputs):
    """Return `outputs` as a list, as a tuple, or its only element.

    Parameters
    ----------
    use_list, use_tuple : bool
        At most one of them.
    outputs : Variable or sequence of Variable
    """
    if use_list and use_tuple:
        raise ValueError('format_as: use_list and use_tuple cannot both be true')
    outputs = graphs.as_list(outputs)
    if use_list:
        return outputs
    if use_tuple:
        return tuple(outputs)
    if len(outputs) != 1:
        raise ValueError('format_as: one output was expected, got %d' % len(outputs))
    return outputs[0]


def _like(wrt, results):
    return format_as(isinstance(wrt, list), isinstance(wrt, tuple), results)


def _check_wrt(caller, wrt):
    variables = graphs.as_list(wrt)
    for variable in variables:
        if not isinstance(variable, graphs.Variable):
            raise TypeError('%s: wrt must hold symbolic variables, got %r' % (caller, variable))
    return variables


def grad(cost, wrt, consider_constant=None, disconnected_inputs='raise', add_names=True,
         known_grads=None, return_disconnected='zero', null_gradients='raise'):
    """Differentiate a scalar.

    Parameters
    ----------
    cost : scalar Variable or None
        None with `known_grads` alone.
    wrt : Variable or list of Variable
    consider_constant : list of Variable, optional
        What no gradient flows through.
    disconnected_inputs : {'raise', 'warn', 'ignore'}
        What to do when `cost` does not depend on one of `wrt`.
    add_names : bool
        Whether gradients get names.
    known_grads : dict, optional
        Variable -> its gradient, known beforehand.
    return_disconnected : {'zero', 'None', 'disconnected'}
    null_gradients : {'raise', 'return'}

    Returns
    -------
    Variable, or list or tuple of them
        As `wrt`.
    """
    variables = _check_wrt('theano.grad', wrt)
    if return_disconnected == 'None':
        return_disconnected = 'none'
    flat = _flat([*(known_grads or ()), *([] if cost is None else [cost])], variables)
    if not flat:
        return _like(wrt, _grad(
            cost, variables, consider_constant, disconnected_inputs, add_names, known_grads,
            return_disconnected, null_gradients))
    constant = list(consider_constant or ())
    grads = _grad(cost, variables, constant + flat, 'ignore', add_names, known_grads, 'none', null_gradients)
    # These depend on nothing, or on what is flat alone: an error, or zeros.
    rest = [variable for variable, found in zip(variables, grads) if found is None]
    if rest:
        zeros = iter(_grad(cost, rest, constant, disconnected_inputs, add_names, known_grads,
                           return_disconnected, null_gradients))
        grads = [_in_dtype(variable, next(zeros)) if found is None else found
                 for variable, found in zip(variables, grads)]
    return _like(wrt, grads)


def _in_dtype(variable, zeros):
    """Cast zeros to the dtype of the variable that they are the gradient of, where that is a float."""
    dtype = getattr(variable.type, 'dtype', None)
    is_other = dtype in float_dtypes and getattr(zeros, 'dtype', dtype) != dtype
    return zeros.astype(dtype) if is_other else zeros


def _differentiate(differentiate, output, variables, consider_constant, disconnected_inputs):
    """Call a function of PyTensor's that takes gradients inside, without the zeros that :func:`_flat` avoids."""
    constant = list(consider_constant or ())
    flat = _flat([output], variables)
    try:
        return differentiate(output, variables, constant + flat, disconnected_inputs if not flat else 'raise')
    except pytensor.gradient.DisconnectedInputError:
        # One depends on nothing, or on what is flat alone.
        return differentiate(output, variables, constant, disconnected_inputs)


def _flat(outputs, kept):
    """List what has gradient zero everywhere, and whose zeros PyTensor makes in another dtype than Theano.

    PyTensor's gradients of comparisons, and of casts to whole numbers, are zeros of floatX; where a float32
    gradient is added to them, it becomes float64.

    Parameters
    ----------
    outputs : list of Variable
    kept : list of Variable
        What is not to be found, as it is asked for.

    Returns
    -------
    list of Variable
        Comparisons and whole numbers of what is float, but not floatX.
    """
    return [variable for variable in graphs.ancestors(outputs)
            if variable.owner is not None and variable not in outputs and variable not in kept
            and _is_flat(getattr(variable.owner.op, 'scalar_op', None))
            and any(x.dtype in float_dtypes and x.dtype != pytensor.config.floatX
                    for x in variable.owner.inputs)]


def _is_flat(scalar_op):
    return isinstance(scalar_op, scalar.LogicalComparison | scalar.FixedLogicalComparison) or (
        isinstance(scalar_op, scalar.Cast) and scalar_op.o_type in scalar.discrete_types)


def jacobian(expression, wrt, consider_constant=None, disconnected_inputs='raise'):
    """Differentiate every element of a vector: a matrix (or more) for each of `wrt`.

    Parameters
    ----------
    expression : Variable
        A scalar or a vector.
    wrt : Variable or list of Variable
    consider_constant, disconnected_inputs
        As for :func:`grad`.
    """
    if expression.ndim > 1:
        raise ValueError('theano.gradient.jacobian: expression must be a scalar or a vector, got %d '
                         'dimensions; flatten it first' % expression.ndim)
    return _like(wrt, _differentiate(
        pytensor.gradient.jacobian, expression, _check_wrt('theano.gradient.jacobian', wrt),
        consider_constant, disconnected_inputs))


def hessian(cost, wrt, consider_constant=None, disconnected_inputs='raise'):
    """Differentiate a scalar twice with respect to vectors: a matrix for each of `wrt`."""
    variables = _check_wrt('theano.gradient.hessian', wrt)
    for variable in variables:
        if variable.ndim != 1:
            raise ValueError('theano.gradient.hessian: wrt must be vectors, got %d dimensions'
                             % variable.ndim)
    return _like(wrt, _differentiate(pytensor.gradient.hessian, cost, variables, consider_constant,
                                     disconnected_inputs))


@contextlib.contextmanager
def _renamed():
    """Silence PyTensor's warnings of old names, which it uses itself inside."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', FutureWarning)
        yield


def Rop(f, wrt, eval_points, disconnected_outputs='raise', return_disconnected='zero'):
    """Multiply the Jacobian of `f` by a vector, for each output.

    Parameters
    ----------
    f : Variable or list of Variable
    wrt : Variable or list of Variable
    eval_points : Variable or list of Variable
        The vector, of the shapes of `wrt`.
    disconnected_outputs, return_disconnected
        As in Theano.
    """
    points, outputs = graphs.as_list(eval_points), graphs.as_list(f)
    wrt = _check_wrt('theano.Rop', wrt)
    if len(points) != len(wrt):
        raise ValueError('theano.Rop: there must be as many eval_points as wrt, got %d and %d'
                         % (len(points), len(wrt)))
    with _renamed():
        results = pytensor.gradient.Rop(outputs, wrt, points, disconnected_outputs, return_disconnected)
    return _like(f, results)


def Lop(f, wrt, eval_points, consider_constant=None, disconnected_inputs='raise'):
    """Multiply a vector by the Jacobian of `f`: one result for each of `wrt`.

    Parameters
    ----------
    f : Variable or list of Variable
    wrt : Variable or list of Variable
    eval_points : Variable or list of Variable
        The vector, of the shapes of `f`.
    consider_constant, disconnected_inputs
        As for :func:`grad`.
    """
    outputs, points = graphs.as_list(f), graphs.as_list(eval_points)
    if len(points) != len(outputs):
        raise ValueError('theano.Lop: there must be as many eval_points as f, got %d and %d'
                         % (len(points), len(outputs)))
    known = {output: point for output, point in zip(outputs, points)}
    return grad(None, wrt, consider_constant, disconnected_inputs, known_grads=known)


def verify_grad(fun, pt, n_tests=2, rng=None, eps=None, out_type=None, abs_tol=None, rel_tol=None,
                mode=None, cast_to_output_type=False):
    """Compare symbolic with numeric gradients at a point; an error if they differ.

    Parameters
    ----------
    fun : callable
        Variables -> Variable.
    pt : list of numpy.ndarray
        The point.
    n_tests : int
        Random projections of the output that are tried.
    rng : numpy.random.RandomState
        Where the projections come from; it must be given.
    eps, out_type, abs_tol, rel_tol, mode, cast_to_output_type
        As in Theano.

    Raises
    ------
    GradientError
        If a derivative is wrong.
    """
    if rng is None:
        raise TypeError('verify_grad: rng must be given, for example numpy.random.RandomState(0)')
    seeds = np.random.default_rng(rng.randint(2 ** 30) if hasattr(rng, 'randint') else rng)
    pytensor.gradient.verify_grad(fun, [np.asarray(value) for value in pt], n_tests, seeds, eps, out_type,
                                  abs_tol, rel_tol, modes.get_mode(mode), cast_to_output_type)


class ConsiderConstant(ZeroGrad):
    """Op that returns its input, with gradient zero."""


consider_constant_ = ConsiderConstant()


def consider_constant(x):
    """Return `x`, with gradient zero."""
    from theano.tensor import as_tensor_variable
    return consider_constant_(as_tensor_variable(x))


__getattr__ = refuse(__name__, {
    'mode_not_slow': "give a mode by name, for example 'FAST_RUN'",
    **dict.fromkeys(['DebugMode', 'FAST_RUN', 'get_mode'], 'import it from theano.compile'),
    **dict.fromkeys(['Variable', 'gof', 'utils'], 'import it from theano or theano.gof'),
    'ViewOp': 'import it from theano.compile.ops',
    'get_debug_values': 'import it from theano.gof.op',
    'grad_time': 'measure the time around the call of theano.grad',
})
