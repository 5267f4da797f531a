"""Gradients whose nodes know their layers, and whose errors name the variable that no gradient reaches."""
import functools

from lasagne_ext.engine.origins import follow_gradient


def follow(gradient, pullback):
    """Wrap the function ``grad`` of an engine.

    Parameters
    ----------
    gradient : module
        ``theano.gradient`` or ``pytensor.gradient``.
    pullback : str
        The engine's name of the method by which it differentiates an Op.

    Returns
    -------
    callable
        With the same arguments and results.
    """
    grad = gradient.grad

    @functools.wraps(grad)
    def followed(cost, wrt, consider_constant=None, disconnected_inputs='raise', add_names=True,
                 known_grads=None, return_disconnected='zero', null_gradients='raise'):
        known = known_grads or {}
        try:
            with follow_gradient([cost, *known], known.values(), pullback):
                return grad(cost, wrt, consider_constant, disconnected_inputs, add_names, known_grads,
                            return_disconnected, null_gradients)
        except gradient.DisconnectedInputError as error:
            variables = list(wrt) if isinstance(wrt, (list, tuple)) else [wrt]
            reached = grad(cost, variables, consider_constant, 'ignore', False, known_grads, 'None', 'return')
            # Both engines' message begins with the place where the variable was made, and forgets its name.
            error.args = ('nothing that has a gradient connects %s with the cost. %s'
                          % (variables[reached.index(None)], error),)
            raise
    return followed
