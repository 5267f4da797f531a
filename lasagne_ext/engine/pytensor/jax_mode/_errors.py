"""Errors of a graph that cannot be traced, and exceptions thrown while one is."""


class UntraceableError(NotImplementedError):
    """Raised for a function that JAX cannot compile; the message says which Op and what would help."""


class UnknownInside(UntraceableError):
    """Raised for a number inside a loop or branch that must be known; carries its tracer."""


class Undetermined(Exception):
    """Raised where a number must be known before the trace can go on; carries its tracer."""

    def __init__(self, tracer):
        super().__init__()
        self.tracer = tracer


def untraceable(node, why, kind=UntraceableError):
    """Return the error to raise where a node cannot be traced.

    Parameters
    ----------
    node : Apply
        The node.
    why : str
        What about it, as the predicate of a sentence.
    kind : class, optional
        Of the error.
    """
    outputs = ', '.join(str(output) for output in node.outputs)
    return kind(
        'JAX cannot compile this function: the Op %s (which makes %s) %s. Compile this function with '
        'another mode, for example theano.function(..., mode="NUMPY"); the others can stay '
        'with JAX' % (node.op, outputs, why))
