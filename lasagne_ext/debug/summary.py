"""The table of a network's layers."""
import html
from collections import OrderedDict, namedtuple

import numpy as np
from tabulate import tabulate

from lasagne_ext.debug._layers import incoming_layers, named_layers

#: A line of a summary. `parameters` counts only those that no earlier line has counted;
#: `shared_with` names the earlier layers whose parameters this one uses too.
Row = namedtuple('Row', 'number name type incoming output_shape parameters trainable shared_with')


class Summary:
    """A network as a table: ``print()`` it, or let a notebook show it.

    Attributes
    ----------
    rows : list of Row
        One per layer, in topological order.
    parameters : int
        Number of parameter values, shared ones counted once.
    trainable : int
        How many of them are trainable.
    """

    def __init__(self, rows):
        self.rows = rows
        self.parameters = sum(row.parameters for row in rows)
        self.trainable = sum(row.trainable for row in rows)

    def _cells(self):
        head = ['#', 'name', 'type', 'incoming', 'output shape', 'parameters']
        body = [[str(row.number), row.name, row.type, ', '.join(row.incoming),
                 _shape_text(row.output_shape), _parameter_text(row)] for row in self.rows]
        return head, body

    def _totals(self):
        return '%s parameters, %s of them trainable' % (
            format(self.parameters, ','), format(self.trainable, ','))

    def __str__(self):
        head, body = self._cells()
        alignment = ('right', 'left', 'left', 'left', 'left', 'right')
        table = tabulate(body, head, tablefmt='simple', colalign=alignment, disable_numparse=True)
        return '%s\n\n%s' % (table, self._totals())

    def __repr__(self):
        return '<Summary of %d layers, %s>' % (len(self.rows), self._totals())

    def _repr_html_(self):
        head, body = self._cells()

        def line(cells, tag):
            return '<tr>%s</tr>' % ''.join(
                '<%s style="text-align:%s">%s</%s>'
                % (tag, 'right' if k in (0, 5) else 'left', html.escape(cell), tag)
                for k, cell in enumerate(cells))
        return '<table><thead>%s</thead><tbody>%s</tbody></table><p>%s</p>' % (
            line(head, 'th'), ''.join(line(cells, 'td') for cells in body), self._totals())

    def to_dict(self):
        """Rows and totals as plain Python values."""
        return {'rows': [dict(row._asdict()) for row in self.rows],
                'parameters': self.parameters, 'trainable': self.trainable}


def _shape_text(shape):
    return '(%s)' % ', '.join(str(size) for size in shape) if isinstance(shape, tuple) else str(shape)


def _parameter_text(row):
    text = format(row.parameters, ',')
    frozen = row.parameters - row.trainable
    if frozen:
        text += ' (%s not trainable)' % format(frozen, ',')
    if row.shared_with:
        text += ' shared with %s' % ', '.join(row.shared_with)
    return text


def summary(layers):
    """Summarise a network: names, types, connections, shapes and parameters of its layers.

    Parameters
    ----------
    layers : Layer or iterable of Layer
        The network's output, or outputs.

    Returns
    -------
    Summary
        Nothing is printed: ``print(summary(net))``, or a notebook's last line, shows the table.

    Raises
    ------
    TypeError
        If `layers` is neither a layer nor made of layers.
    ValueError
        If it is empty.

    Notes
    -----
    A parameter that several layers use is counted once, in the first of them; the others say with
    whom they share it.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import summary
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 3, name='out')
    >>> print(summary(net))
      #  name    type        incoming    output shape      parameters
    ---  ------  ----------  ----------  --------------  ------------
      0  in      InputLayer              (None, 4)                  0
      1  out     DenseLayer  in          (None, 3)                 15
    <BLANKLINE>
    15 parameters, 15 of them trainable
    """
    named = named_layers('summary', layers)
    names = {layer: name for name, layer in named.items()}
    owner = {}
    rows = []
    for number, (name, layer) in enumerate(named.items()):
        trainable = set(layer.get_params(trainable=True))
        counts = {True: 0, False: 0}
        shared_with = OrderedDict()
        for parameter in layer.get_params():
            if parameter in owner:
                if owner[parameter] != name:
                    shared_with[owner[parameter]] = None
                continue
            owner[parameter] = name
            counts[parameter in trainable] += int(np.prod(parameter.get_value(borrow=True).shape))
        rows.append(Row(number, name, type(layer).__name__,
                        [names[source] for source in incoming_layers(layer)],
                        layer.output_shape, sum(counts.values()), counts[True],
                        list(shared_with)))
    return Summary(rows)
