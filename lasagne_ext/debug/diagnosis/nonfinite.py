"""Find the first NaN or Inf of a running function, and explain it in the network's terms."""
from collections import OrderedDict, namedtuple

import numpy as np
from theano.gof import graph

from lasagne_ext.debug.describe import describe
from lasagne_ext.engine.monitoring import Monitored, fills, is_loop, is_unset
from lasagne_ext.network.graph import layer_label, nearest_place
from lasagne_ext.network.wording import operation_text

#: A bad value. `kind` is ``'NaN'`` or ``'Inf'``; `where` the layer, loss, input or parameter in words,
#: `layer` its name or None; `direction` ``'forward'``, ``'backward'`` or ``'given'``; `op` the operation
#: in words or None; `step` the time step or None; `output` and `inputs` are Descriptions.
BadValue = namedtuple('BadValue', 'kind count size where layer direction op output inputs step cause')


def bad_value_text(bad):
    """Describe a bad value in one sentence."""
    parts = ['%s (%d of %d) in %s' % (bad.kind, bad.count, bad.size, bad.where)]
    if bad.direction != 'given':
        sources = [source for source in bad.inputs if source[1].dtype.startswith('float')][:3]
        parts.append(bad.direction)
        parts.append('made by %s%s%s' % (
            bad.op, '' if bad.step is None else ' from step %d on' % bad.step,
            ' from ' * bool(sources) + '; '.join('input %d: %s' % source for source in sources)))
    return ', '.join(parts) + '; likely cause: ' + bad.cause


def bad_value_dict(bad):
    """Return a bad value as a dict of plain Python values."""
    content = dict(bad._asdict(), output=bad.output.to_dict())
    content['inputs'] = [(number, what.to_dict()) for number, what in bad.inputs]
    return content


class _Record:
    """Record of what became bad while a function ran.

    Attributes
    ----------
    kinds : dict
        Variable of the graph -> ``'NaN'`` or ``'Inf'``.
    made : OrderedDict
        Node that made a kind of badness none of its inputs has -> values of its inputs and outputs.
    unset : set
        Variables that hold memory to which nothing, or not everything, has been written yet.
    """

    def __init__(self):
        self.kinds, self.made = {}, OrderedDict()
        self._seen, self.unset = set(), set()

    def __call__(self, node, inputs, outputs):
        for variable, value in zip(node.inputs, inputs):
            if variable.owner is None and variable not in self._seen:
                self._seen.add(variable)
                self._note(variable, value)
        before = {self.kinds.get(variable) for variable in node.inputs} - {None}
        if is_unset(node) or fills(node) and self.unset.intersection(node.inputs):
            # Memory that nobody has written to holds anything; what is written there is looked at.
            self.unset.update(node.outputs)
            if not before:
                return
        for variable, value in zip(node.outputs, outputs):
            kind = self._note(variable, value)
            if kind and not before or kind == 'NaN' and 'NaN' not in before:
                self.made.setdefault(node, (inputs, outputs))

    def _note(self, variable, value):
        kind = _nonfinite_kind(value)
        if kind:
            self.kinds[variable] = kind
        return kind

    def behind(self, variables):
        """Return the bad variables from which badness came to these, which are bad themselves."""
        found, remaining = set(), [variable for variable in variables if variable in self.kinds]
        while remaining:
            variable = remaining.pop()
            if variable not in found:
                found.add(variable)
                remaining += [source for source in (variable.owner.inputs if variable.owner else ())
                              if source in self.kinds]
        return found


def _nonfinite_kind(value):
    if not isinstance(value, np.ndarray) or value.dtype.kind != 'f' or np.isfinite(value).all():
        return None
    return 'NaN' if np.isnan(value).any() else 'Inf'


class Search:
    """Run a function and find what made values bad.

    Parameters
    ----------
    named : dict
        name -> layer, all layers of the network.
    feed : Feed
    outputs : list of Variable
    loss : bool
        Whether the first output is a loss and the others are its gradients.

    Attributes
    ----------
    values : list of array
        Of the outputs.
    scene : tuple
        Node, values of its inputs, and values of its outputs, of what `first` has found.
    """

    def __init__(self, named, feed, outputs, loss=False):
        self.named, self.names = named, {layer: name for name, layer in named.items()}
        self.feed, self.scene = feed, None
        self.record = _Record()
        self.function = Monitored(list(feed.variables.values()), outputs, self.record)
        with np.errstate(all='ignore'):
            self.values = self.function(*feed.values)
        # The nodes that make the loss; all others make its gradients.
        self._forward = loss and {variable.owner for variable in graph.ancestors(self.function.outputs[:1])}

    def first(self, groups):
        """Return the first bad value behind the first of these groups of outputs that is bad, or None.

        Parameters
        ----------
        groups : list of iterable of int
            Numbers of outputs.
        """
        for group in groups:
            behind = self.record.behind(self.function.outputs[number] for number in group)
            given = [variable for variable in self.function.sources if variable in behind]
            if given:
                return self._given(given[0])
            for node, (inputs, outputs) in self.record.made.items():
                if behind.intersection(node.outputs):
                    self.scene = node, inputs, outputs
                    return self._made(node)
            if behind:
                return self._constant(behind)
        return None

    def harmless(self):
        """Return the bad values that were made without reaching any output."""
        behind = self.record.behind(self.function.outputs)
        return [self._made(node) for node in self.record.made if not behind.intersection(node.outputs)]

    def _given(self, variable):
        """Describe the bad value of an input or a parameter."""
        source = self.function.sources[variable]
        for (layer, own), value in zip(self.feed.variables.items(), self.feed.values):
            if own is source:
                self.scene = None, [], [value]
                name = self.names[layer]
                return _bad(value, 'the value given for ' + layer_label(name, layer), name, 'given',
                            cause=_BAD_DATA)
        value = source.get_value(borrow=True)
        self.scene = None, [], [value]
        for name, layer in self.named.items():
            if source in layer.get_params():
                return _bad(value, 'the parameter %s of %s' % (_short(source.name, name),
                                                               layer_label(name, layer)),
                            name, 'given', cause=_BAD_PARAMETER)
        return _bad(value, 'the shared variable %s' % source, None, 'given', cause=_BAD_PARAMETER)

    def _constant(self, behind):
        variable = next(variable for variable in behind if variable.owner is None)
        self.scene = None, [], [np.asarray(variable.data)]
        return _bad(np.asarray(variable.data), 'a constant of the graph', None, 'given',
                    cause='the program put it there')

    def _made(self, node):
        """Describe the bad value that an operation made."""
        inputs, outputs = self.record.made[node]
        value = next(value for value in outputs if _nonfinite_kind(value))
        place = nearest_place(node, self.names)
        direction = 'forward'
        if self._forward and node not in self._forward:
            direction = 'backward'
            root = _root_divided_by(node, inputs)
            place = root and nearest_place(root, self.names) or place
        where, layer = 'the loss', None
        if place is not None:
            layer = place.name
            where = layer_label(layer, self.named[layer])
            if not place.exact:
                where = 'the loss, after ' + where
        step = None
        if is_loop(node) and value.ndim:        # the rows before the first step are initial states
            step = _finite_rows(value) - (len(value) - int(inputs[0]))
        described = [(number, describe(value)) for number, value in enumerate(inputs)
                     if isinstance(value, np.ndarray) and value.dtype.kind in 'biuf'
                     and node.inputs[number] not in self.record.unset]
        return _bad(value, where, layer, direction, operation_text(node), described, step,
                    nonfinite_cause(node, inputs, outputs))


def _bad(value, where, layer, direction, op=None, inputs=(), step=None, cause=''):
    kind = _nonfinite_kind(value)
    count = np.isnan(value).sum() if kind == 'NaN' else np.isinf(value).sum()
    return BadValue(kind, int(count), value.size, where, layer, direction, op, describe(value),
                    list(inputs), step, cause)


def _short(parameter, layer):
    """Return a parameter's name without that of its layer, which Lasagne puts before it."""
    parameter = str(parameter)
    return parameter[len(layer) + 1:] if parameter.startswith(layer + '.') else parameter


#: Why the network was given a bad value.
_BAD_DATA = 'the data hold it; look at how they were read and normalised'
_BAD_PARAMETER = ('an update put it there: most often the learning rate was too large, or the gradient was '
                  'bad one step earlier; start again from good parameters and check that step')

#: How far back a producer is looked for.
_FAR = 4


def nonfinite_cause(node, inputs, outputs):
    """Return a plain sentence on why a node made a bad value.

    Parameters
    ----------
    node : Apply
    inputs, outputs : list of array
        Their values.

    Returns
    -------
    str
    """
    if is_loop(node):
        return _of_loop(outputs)
    explain = _EXPLAIN.get(_operation_class(node))
    cause = explain(node, inputs) if explain else None
    return cause or _of_infinities(inputs) or _of_overflow(inputs, outputs)


def _growth(output):
    """Return by what factor a loop's values grow per step, while finite; 0 if nobody can tell."""
    rows = output.reshape(len(output), -1)[:_finite_rows(output)]
    sizes = np.abs(rows.astype('float64')).max(axis=1, initial=0)
    sizes = sizes[(sizes > 0).argmax():] if sizes.any() else sizes[:0]
    if len(sizes) < 2 or not sizes[-1]:
        return 0.
    return float(np.exp((np.log(sizes[-1]) - np.log(sizes[0])) / (len(sizes) - 1)))


def _finite_rows(output):
    """Count the rows before the first that holds NaN or Inf."""
    bad = ~np.isfinite(output.reshape(len(output), -1)).all(axis=1)
    return int(bad.argmax()) if bad.any() else len(output)


def _operation_class(node):
    return type(getattr(node.op, 'scalar_op', node.op)).__name__


def _made_by(variable, kinds):
    """Return the nearest of these operations among the few before a variable, or None."""
    variables = [variable]
    for _ in range(_FAR):
        nodes = [variable.owner for variable in variables if variable.owner is not None]
        for node in nodes:
            if _operation_class(node) in kinds:
                return node
        variables = [variable for node in nodes for variable in node.inputs]
    return None


def _root_divided_by(node, inputs):
    """Return the square root whose gradient at 0 this node is: the layer to name is that of the root."""
    divisor = {'TrueDiv': 1, 'Reciprocal': 0, 'Inv': 0}.get(_operation_class(node))
    if divisor is None or not (inputs[divisor] == 0).any():
        return None
    return _made_by(node.inputs[divisor], {'Sqrt'})


_SATURATING = {'Softmax': 'softmax', 'SoftmaxWithBias': 'softmax', 'Sigmoid': 'sigmoid',
               'ScalarSigmoid': 'sigmoid', 'UltraFastScalarSigmoid': 'sigmoid'}

_UNSATURATED = ('; use lasagne.objectives.categorical_crossentropy (or binary_crossentropy) on the '
                'probabilities themselves, which is worked out without them, or clip these: '
                'T.clip(p, 1e-7, 1 - 1e-7)')


def _count(mask):
    return '%d of %d' % (mask.sum(), mask.size)


def _probabilities(variable):
    for kind, called in _SATURATING.items():
        if _made_by(variable, {kind}):
            return ', of the saturated probabilities of a %s' % called
    return ''


def _log(node, inputs, pole=0.):
    value = inputs[0]
    negative, zero = value < pole, value == pole
    if negative.any():
        return ('the logarithm of a negative number (%s inputs are below %g); clip it: '
                'T.log(T.maximum(x, 1e-7))' % (_count(negative), pole))
    if zero.any():
        saturated = _probabilities(node.inputs[0])
        remedy = _UNSATURATED if saturated else '; clip it: T.log(T.maximum(x, 1e-7))'
        return 'the logarithm of 0 (%s inputs)%s%s' % (_count(zero), saturated, remedy)
    return None


def _divisor(variable, value):
    zero = value == 0
    if not zero.any():
        return None
    if _made_by(variable, {'Sqrt'}):
        return ('a division by the square root of 0 (%s): the gradient of a square root, and so of a '
                'norm or a standard deviation, is infinite at 0; add a small number under the root: '
                'T.sqrt(x + 1e-7)' % _count(zero))
    saturated = _probabilities(variable)
    if saturated:
        return 'a division by 0 (%s divisors)%s%s' % (_count(zero), saturated, _UNSATURATED)
    return ('a division by 0 (%s divisors are 0); add a small number to the divisor, or keep it away '
            'from 0: T.maximum(x, 1e-7)' % _count(zero))


def _sqrt(node, inputs):
    negative = inputs[0] < 0
    if not negative.any():
        return None
    return ('the square root of a negative number (%s inputs, the least %.4g), which rounding may have '
            'made of 0; T.sqrt(T.maximum(x, 1e-7))' % (_count(negative), np.nanmin(inputs[0])))


def _power(node, inputs):
    base, exponent = np.broadcast_arrays(*inputs[:2])
    if ((base == 0) & (exponent < 0)).any():
        root = (exponent == -.5).any()
        return ('0 to a negative power (%s)%s; add a small number: x + 1e-7'
                % (_count((base == 0) & (exponent < 0)),
                   ': the gradient of a square root, and so of a norm or a standard deviation, is infinite '
                   'at 0' if root else ''))
    broken = (base < 0) & (exponent != np.round(exponent))
    if broken.any():
        return 'a negative number to a fractional power (%s); T.maximum(x, 1e-7)' % _count(broken)
    return None


def _exponential(node, inputs):
    dtype = node.outputs[0].dtype
    limit = np.log(np.finfo(dtype).max)
    value = inputs[0]
    if not (value > limit).any():
        return None
    return ('exp of %.4g overflows: %s holds no more than exp(%.4g); subtract the maximum first, or use '
            'T.nnet.softmax, softplus or logsumexp forms that do' % (np.nanmax(value), dtype, limit))


def _softmax(node, inputs):
    value = inputs[0]
    axis = getattr(node.op, 'axis', -1)
    masked = np.isneginf(value).all(axis=-1 if axis is None else axis)
    if masked.any():
        return ('a softmax of nothing but -Inf (%s rows), as where a mask hides everything; leave at '
                'least one element, or mask with -1e9 in place of -Inf' % _count(masked))
    if np.isposinf(value).any():
        return 'a softmax of Inf'
    return None


def _crossentropy(node, inputs):
    picked = inputs[0][np.arange(len(inputs[1])), inputs[1]]
    zero = picked <= 0
    if not zero.any():
        return None
    return ('the logarithm of 0: the probability of the true class is 0 (%s targets); let the softmax be '
            'the output itself, with nothing between it and the loss, or clip it: '
            'T.clip(p, 1e-7, 1 - 1e-7)' % _count(zero))


_EXPLAIN = {
    'Log': _log, 'Log2': _log, 'Log10': _log, 'Log1p': lambda node, inputs: _log(node, inputs, pole=-1.),
    'TrueDiv': lambda node, inputs: _divisor(node.inputs[1], inputs[1]),
    'Reciprocal': lambda node, inputs: _divisor(node.inputs[0], inputs[0]),
    'Sqrt': _sqrt, 'Pow': _power, 'Exp': _exponential, 'Exp2': _exponential, 'Expm1': _exponential,
    'Sinh': _exponential, 'Cosh': _exponential, 'Softmax': _softmax, 'LogSoftmax': _softmax,
    'CrossentropyCategorical1Hot': _crossentropy}
_EXPLAIN['Inv'] = _EXPLAIN['Reciprocal']


def _floating(values):
    return [value for value in values if isinstance(value, np.ndarray) and value.dtype.kind == 'f']


def _of_infinities(inputs):
    values = _floating(inputs)
    if not any(np.isinf(value).any() for value in values):
        return None
    if any((value == 0).any() for value in values) and len(values) > 1:
        return '0 times Inf, or Inf - Inf: an input is infinite already'
    return 'Inf - Inf, or Inf / Inf: an input is infinite already'


def _of_overflow(inputs, outputs):
    largest = max((float(np.abs(value).max(initial=0)) for value in _floating(inputs)), default=0.)
    bad = next(value for value in outputs
               if isinstance(value, np.ndarray) and not np.isfinite(value).all())
    limit = float(np.finfo(bad.dtype).max)
    # Of NaN among sums of products: some of these were Inf, of either sign.
    if np.isinf(bad).any() or largest > limit ** .5 / 1000:
        return ('the result exceeds %.3g, the largest %s, its inputs being as large as %.3g; scale them, '
                'use smaller weights or a smaller learning rate' % (limit, bad.dtype, largest))
    return 'nothing in its inputs explains it; is the operation itself at fault?'


def _of_loop(outputs):
    fastest = max((_growth(value) for value in _floating(outputs) if value.ndim), default=0)
    if fastest > 1.5:
        return ('values grow %.3g x per step: exploding; clip the gradients '
                '(lasagne.updates.total_norm_constraint), use smaller recurrent weights, or fewer steps'
                % fastest)
    return 'an operation inside the loop made it; run the layer with unroll_scan=True to see which'
