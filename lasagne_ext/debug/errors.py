"""Annotate errors of Theano with the layer that made the failing operation."""
import contextlib

import lasagne
import numpy as np
from theano.gof.utils import MethodNotDefined

from lasagne_ext.debug.diagnosis.failure_causes import failure_cause, input_cause
from lasagne_ext.debug.report import shape_text
from lasagne_ext.engine.failures import find_failure
from lasagne_ext.engine.origins import origins
from lasagne_ext.network.graph import incoming_layers, layer_label, named_layers, nearest_place, places
from lasagne_ext.network.wording import operation_text


class LayerError(Exception):
    """Error of a network, annotated with the layer it comes from.

    One that is raised is of the original's type too, so that ``except ValueError`` still catches it; the
    original is its ``__cause__``.

    Attributes
    ----------
    layer : str or None
        The layer's name.
    direction : str or None
        ``'forward'`` or ``'backward'``; None if the error came while the graph was built, or an input was
        refused.
    """

    layer = direction = None

    def __str__(self):
        return str(self.args[0]) if self.args else ''


#: Type of an error -> the type that is a LayerError too.
_BOTH = {}


def _layer_error(original, lines, layer=None, direction=None):
    """Make a LayerError of the original's type too, unless that takes other arguments."""
    kind, text = type(original), '\n'.join(lines)
    try:
        if kind not in _BOTH:
            _BOTH[kind] = type('LayerError', (LayerError, kind), {'__module__': __name__,
                                                                  '__doc__': LayerError.__doc__})
        error = _BOTH[kind](text)
    except TypeError:
        error = LayerError(text)
    error.layer, error.direction = layer, direction
    return error


def layer_errors(layers):
    """Annotate errors of Theano with the layer they come from, inside a ``with`` block.

    An error that a compiled function raises, wherever it was compiled, or that comes while
    ``get_output`` builds the graph, is raised again as a :class:`LayerError`: with the layer, what it
    declared and what came, what the input layers were given, and a likely cause. The original follows as
    its cause. Other errors pass as they are.

    Parameters
    ----------
    layers : Layer or iterable of Layer
        The network's output, or outputs.

    Returns
    -------
    context manager
        It also serves as a decorator of functions.

    Raises
    ------
    TypeError, ValueError
        If `layers` are not layers.

    Notes
    -----
    ``%load_ext lasagne_ext`` does the same for all cells of a notebook, without naming the network.

    Examples
    --------
    >>> import numpy as np
    >>> import theano
    >>> from lasagne.layers import DenseLayer, InputLayer, get_output
    >>> from lasagne_ext.debug import layer_errors
    >>> image = InputLayer((None, 4), name='image')
    >>> net = DenseLayer(image, 3, name='fc1')
    >>> predict = theano.function([image.input_var], get_output(net))
    >>> try:
    ...     with layer_errors(net):
    ...         predict(np.zeros((2, 5)))
    ... except ValueError as error:
    ...     print(str(error).splitlines()[-1])
    likely cause: InputLayer 'image' was given (2, 5) where (None, 4) was declared
    """
    return _LayerErrors(named_layers('layer_errors', layers))


class _LayerErrors(contextlib.ContextDecorator):
    def __init__(self, named):
        self._named = named

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        annotated = annotate_error(error, self._named)
        if annotated is not None:
            raise annotated from error


def load_ipython_extension(ipython):
    """Do for ``%load_ext lasagne_ext``: annotate every error that a cell lets through."""
    ipython.set_custom_exc((Exception,), _show_annotated)


def unload_ipython_extension(ipython):
    """Do for ``%unload_ext lasagne_ext``: show errors as before."""
    ipython.set_custom_exc((), None)


def _show_annotated(shell, kind, error, traceback, tb_offset=None):
    annotated = annotate_error(error)
    if annotated is not None:
        # One traceback, the original's, and below it our text in place of the original's.
        annotated.__context__, annotated.__suppress_context__ = error, True
        kind, error = type(annotated), annotated.with_traceback(traceback)
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)


def annotate_error(error, named=None):
    """Return an error annotated with the layer it comes from.

    Parameters
    ----------
    error : BaseException or None
    named : dict, optional
        name -> layer, all layers of the network; by default those that the failing graph remembers.

    Returns
    -------
    LayerError or None
        None if it has nothing to do with the network's layers.
    """
    if not isinstance(error, Exception) or isinstance(error, LayerError):
        return None
    failure = find_failure(error)
    if failure is None:
        return _build_error(error, named)
    if named is None:
        named = _remembered_layers(failure)
        if not named and failure.nodes:
            return _error_by_origin(error, failure)
    names = {layer: name for name, layer in named.items()}
    given = {named[name]: np.shape(failure.given[variable])
             for name, variable in _input_variables(named, failure.given).items()}
    if failure.refused is not None:
        return _input_error(error, named, failure)
    found = [place for node in reversed(failure.nodes) for place in places(node, names)]
    place = found[0] if found else nearest_place(failure.nodes[0], names)
    if place is None:
        return None
    layer = named[place.name]
    what = '%s (%s)' % (layer_label(place.name, layer), place.direction)
    if not place.exact:
        what = 'the loss or an update, after %s,' % layer_label(place.name, layer)
    lines = ['%s failed in %s: %s' % (what, _operation(failure.nodes), _first_line(error))]
    lines += [_declaration(layer)] if place.exact else []
    lines.append('what came to it: %s' % _arrays_text(failure.values))
    lines += ['%s was given %s, declared %s' % (layer_label(names[source], source), shape_text(shape),
                                                shape_text(source.shape))
              for source, shape in given.items()]
    if isinstance(error, MethodNotDefined):
        cause = ('the operation only runs compiled; compile with optimizer=\'fast_compile\', not with '
                 'mode=\'FAST_COMPILE\'')
    else:
        cause = failure_cause(failure.nodes[-1], failure.values, layer if place.exact else None, names,
                              given)
    lines += ['likely cause: ' + cause] if cause else []
    return _layer_error(error, lines, place.name, place.direction if place.exact else None)


def _error_by_origin(error, failure):
    """Annotate an error of a network that is gone, all but its function."""
    chains = [chain for node in reversed(failure.nodes) for chain in origins(node.outputs[0])[:1]]
    if not chains:
        return None
    origin = chains[0][0]
    return _layer_error(error, [
        '%s (%s) failed in %s: %s' % (origin.called, origin.direction, _operation(failure.nodes),
                                      _first_line(error)),
        'what came to it: %s' % _arrays_text(failure.values)], direction=origin.direction)


def _build_error(error, named):
    """Annotate an error that a layer's ``get_output_for`` let through."""
    traceback, layer = error.__traceback__, None
    while traceback is not None:
        frame = traceback.tb_frame
        candidate = frame.f_locals.get('self')
        if (frame.f_code.co_name == 'get_output_for' and isinstance(candidate, lasagne.layers.Layer)
                and (named is None or candidate in named.values())):
            layer = candidate
        traceback = traceback.tb_next
    if layer is None:
        return None
    if named is None:
        named = named_layers('layer_errors', layer)
    name = next(name for name, own in named.items() if own is layer)
    return _layer_error(error, ['%s failed while its output was built: %s: %s'
                                % (layer_label(name, layer), type(error).__name__, _first_line(error)),
                                _declaration(layer)], name)


def _input_error(error, named, failure):
    """Annotate the refusal of an input that is not of the rank or dtype that its layer takes."""
    variable = failure.refused
    names = [name for name, own in _input_variables(named, failure.given).items() if own is variable]
    if not names:
        return None
    name, layer, value = names[0], named[names[0]], np.asarray(failure.given[variable])
    cause = input_cause(layer.shape, variable.dtype, value)
    return _layer_error(error, [
        '%s was given %s %s, declared %s %s' % (
            layer_label(name, layer), shape_text(value.shape), value.dtype, shape_text(layer.shape),
            variable.dtype),
        'likely cause: ' + cause if cause else
        'what Theano says: ' + str(error).strip().splitlines()[-1]], name)


def _remembered_layers(failure):
    """Return the network that the graph of a failing function remembers: name -> layer."""
    layers = [origin.layer for node in failure.graph.toposort() for chain in origins(node.outputs[0])
              for origin in chain[:1] if origin.layer is not None]
    return named_layers('layer_errors', lasagne.utils.unique(layers)) if layers else {}


def _input_variables(named, given):
    """Map the name of each input layer to the variable that stands for it among a function's inputs.

    It is the layer's own; or, as ``get_output`` may have been given another, the only one left of its
    rank and dtype.
    """
    inputs = {name: layer for name, layer in named.items()
              if isinstance(layer, lasagne.layers.InputLayer)}
    taken = {name: layer.input_var for name, layer in inputs.items() if layer.input_var in given}
    for name, layer in inputs.items():
        alike = [variable for variable in given if variable not in taken.values()
                 and getattr(variable, 'ndim', None) == len(layer.shape)
                 and variable.dtype == layer.input_var.dtype]
        if name not in taken and len(alike) == 1:
            taken[name] = alike[0]
    return taken


def _operation(nodes):
    return ', inside '.join(map(operation_text, reversed(nodes)))


def _arrays_text(values):
    arrays = [value for value in values if isinstance(value, np.ndarray)]
    return ', '.join('%s %s' % (shape_text(value.shape), value.dtype)
                     for value in [value for value in arrays if value.ndim] or arrays)


def _declaration(layer):
    """Say what a layer takes and gives."""
    sources = [source.output_shape for source in incoming_layers(layer)]
    sources = sources or [getattr(layer, 'input_shape', None) or layer.output_shape]
    return 'what it declares: %s -> %s' % (', '.join(map(shape_text, sources)),
                                           shape_text(layer.output_shape))


def _first_line(error):
    # Some of NumPy's errors hold their text first and shapes after it.
    text = str(error.args[0] if error.args else error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
