"""Ops from graphs."""
from pytensor.compile.builders import OpFromGraph as PyTensorOpFromGraph

from lasagne_ext.engine.pytensor.tensor.adoption import adopting


def OpFromGraph(inputs, outputs, inline=False, lop_overrides='default', grad_overrides='default',
                rop_overrides='default', name=None, **kwargs):
    """Make an Op that computes a graph.

    Parameters
    ----------
    inputs, outputs : list of Variable
    inline : bool
        Whether the compiler may look inside.
    lop_overrides, grad_overrides, rop_overrides : 'default' or callable
        Derivatives in place of the graph's own: ``L_op(inputs, outputs, output_grads)``,
        ``grad(inputs, output_grads)``, ``R_op(inputs, eval_points)``.
    name : str, optional
    """
    if 'default' not in (lop_overrides, grad_overrides):
        raise ValueError('OpFromGraph: give lop_overrides or grad_overrides, not both')
    derivatives = {}
    if lop_overrides != 'default':
        derivatives['pullback'] = lop_overrides
    if grad_overrides != 'default':
        derivatives['pullback'] = lambda given, results, grads: grad_overrides(given, grads)
    if rop_overrides != 'default':
        derivatives['pushforward'] = lambda given, results, tangents: rop_overrides(given, tangents)
    return adopting(PyTensorOpFromGraph(list(inputs), list(outputs), inline=inline, name=name, **derivatives,
                                        **kwargs))
