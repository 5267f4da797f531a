"""Bad values of a running function, told in a network's terms."""
from collections import OrderedDict, namedtuple

import numpy as np

from lasagne_ext.debug.describe import describe
from lasagne_ext.network.graph import layer_label, nearest_place
from lasagne_ext.debug.words.causes import (cause_of_input, first_bad_step, likely_cause, operation,
                                        root_divided_by)
from lasagne_ext.engine.monitoring import Monitored, fills, is_loop, is_unset

#: A bad value. `kind` is ``'NaN'`` or ``'Inf'``; `where` the layer, loss, input or parameter in words,
#: `layer` its name or None; `direction` ``'forward'``, ``'backward'`` or ``'given'``; `op` the operation
#: in words or None; `step` the time step or None; `output` and `inputs` are Descriptions.
BadValue = namedtuple('BadValue', 'kind count size where layer direction op output inputs step cause')


def sentence(bad):
    """A bad value in words."""
    parts = ['%s (%d of %d) in %s' % (bad.kind, bad.count, bad.size, bad.where)]
    if bad.direction != 'given':
        sources = [source for source in bad.inputs if source[1].dtype.startswith('float')][:3]
        parts.append(bad.direction)
        parts.append('made by %s%s%s' % (
            bad.op, '' if bad.step is None else ' from step %d on' % bad.step,
            ' from ' * bool(sources) + '; '.join('input %d: %s' % source for source in sources)))
    return ', '.join(parts) + '; likely cause: ' + bad.cause


def plain(bad):
    """A bad value as a dict of plain Python values."""
    content = dict(bad._asdict(), output=bad.output.to_dict())
    content['inputs'] = [(number, what.to_dict()) for number, what in bad.inputs]
    return content


class _Record:
    """What became bad while a function ran.

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
        kind = _kind(value)
        if kind:
            self.kinds[variable] = kind
        return kind

    def behind(self, variables):
        """The bad variables from which badness came to these, which are bad themselves."""
        found, remaining = set(), [variable for variable in variables if variable in self.kinds]
        while remaining:
            variable = remaining.pop()
            if variable not in found:
                found.add(variable)
                remaining += [source for source in (variable.owner.inputs if variable.owner else ())
                              if source in self.kinds]
        return found


def _kind(value):
    if not isinstance(value, np.ndarray) or value.dtype.kind != 'f' or np.isfinite(value).all():
        return None
    return 'NaN' if np.isnan(value).any() else 'Inf'


class Search:
    """Runs a function and finds what made values bad.

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
        self.feed, self.loss, self.scene = feed, loss, None
        self.record = _Record()
        self.function = Monitored(list(feed.variables.values()), outputs, self.record)
        with np.errstate(all='ignore'):
            self.values = self.function(*feed.values)

    def first(self, groups):
        """The first bad value behind the first of these groups of outputs that is bad, or None.

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
        """What was made without reaching any output."""
        behind = self.record.behind(self.function.outputs)
        return [self._made(node) for node in self.record.made if not behind.intersection(node.outputs)]

    def _given(self, variable):
        """Of an input or a parameter."""
        source = self.function.sources[variable]
        for (layer, own), value in zip(self.feed.variables.items(), self.feed.values):
            if own is source:
                self.scene = None, [], [value]
                name = self.names[layer]
                return _bad(value, 'the value given for ' + layer_label(name, layer), name, 'given',
                            cause=cause_of_input(False))
        value = source.get_value(borrow=True)
        self.scene = None, [], [value]
        for name, layer in self.named.items():
            if source in layer.get_params():
                return _bad(value, 'the parameter %s of %s' % (_short(source.name, name),
                                                               layer_label(name, layer)),
                            name, 'given', cause=cause_of_input(True))
        return _bad(value, 'the shared variable %s' % source, None, 'given', cause=cause_of_input(True))

    def _constant(self, behind):
        variable = next(variable for variable in behind if variable.owner is None)
        self.scene = None, [], [np.asarray(variable.data)]
        return _bad(np.asarray(variable.data), 'a constant of the graph', None, 'given',
                    cause='the program put it there')

    def _made(self, node):
        """Of an operation."""
        inputs, outputs = self.record.made[node]
        value = next(value for value in outputs if _kind(value))
        place = nearest_place(node, self.names)
        direction = 'forward'
        if self.loss and not self._feeds_loss(node):
            direction = 'backward'
        if direction == 'backward':
            root = root_divided_by(node, inputs)
            place = root and nearest_place(root, self.names) or place
        where, layer = 'the loss', None
        if place is not None:
            layer = place.name
            where = layer_label(layer, self.named[layer])
            if not place.exact:
                where = 'the loss, after ' + where
        step = first_bad_step(value, int(inputs[0])) if is_loop(node) and value.ndim else None
        described = [(number, describe(value)) for number, value in enumerate(inputs)
                     if isinstance(value, np.ndarray) and value.dtype.kind in 'biuf'
                     and node.inputs[number] not in self.record.unset]
        return _bad(value, where, layer, direction, operation(node), described, step,
                    likely_cause(node, inputs, outputs))

    def _feeds_loss(self, node):
        if not hasattr(self, '_forward'):
            self._forward, remaining = set(), [self.function.outputs[0].owner]
            while remaining:
                current = remaining.pop()
                if current is not None and current not in self._forward:
                    self._forward.add(current)
                    remaining += [variable.owner for variable in current.inputs]
        return node in self._forward


def _bad(value, where, layer, direction, op=None, inputs=(), step=None, cause=''):
    kind = _kind(value)
    count = np.isnan(value).sum() if kind == 'NaN' else np.isinf(value).sum()
    return BadValue(kind, int(count), value.size, where, layer, direction, op, describe(value),
                    list(inputs), step, cause)


def _short(parameter, layer):
    """A parameter's name without that of its layer, which Lasagne puts before it."""
    parameter = str(parameter)
    return parameter[len(layer) + 1:] if parameter.startswith(layer + '.') else parameter


