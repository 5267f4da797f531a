"""Read a network aloud, layer by layer."""
import html
import textwrap
from collections import namedtuple

import lasagne

from lasagne_ext.debug.diagnosis.suspicions import Suspicion, find_suspicions
from lasagne_ext.debug.probe import probe
from lasagne_ext.debug.report import CSS, Report, coloured, shape_text, short_number
from lasagne_ext.network.graph import (first_users, incoming_layers, layer_label, layer_list, named_layers,
                                       parameter_size, parameters_of)
from lasagne_ext.network.inputs import Feed
from lasagne_ext.network.registry import phrase

#: A layer and what is said of it: one sentence, and what looks suspicious.
Row = namedtuple('Row', 'number name type sentence suspicions')

_WIDTH = 100


class Explanation(Report):
    """Network in plain English; ``print()`` it, or let a notebook show it.

    Attributes
    ----------
    rows : list of Row
        One per layer, in topological order.
    suspicions : list of Suspicion
        (name of the layer, text) of all that looks wrong or doubtful, in the order of the layers.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import explain
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> told = explain(net)
    >>> len(told.rows), [suspicion.name for suspicion in told.suspicions]     # its output is rectified
    (2, ['out'])
    """

    def __init__(self, rows, unused):
        super().__init__(rows)
        self.unused = unused
        self.suspicions = [Suspicion(row.name, text)
                           for row in rows for text in row.suspicions] + unused

    def to_dict(self):
        """Give the rows and suspicions as plain Python values.

        Returns
        -------
        dict
            Of ``'rows'`` and ``'suspicions'``, a list of dicts each.
        """
        return dict(super().to_dict(), suspicions=[dict(s._asdict()) for s in self.suspicions])

    def title(self):
        """Say how many layers there are, and all that looks suspicious.

        Returns
        -------
        str
            Of several lines, if something does.
        """
        head = '%d layers; %s' % (len(self.rows), {0: 'nothing looks suspicious.', 1: 'one thing looks '
                                  'suspicious:'}.get(len(self.suspicions), '%d things look suspicious:'
                                                     % len(self.suspicions)))
        return '\n'.join([head] + ["  '%s': %s" % suspicion for suspicion in self.suspicions])

    def __str__(self):
        head = self.title().splitlines()
        lines = [coloured(head[0], 'bad' if self.suspicions else 'good')]
        lines += ['\n'.join(_wrapped(line.strip(), '  ', '    ')) for line in head[1:]] + ['']
        for row in self.rows:
            number = '%3d  ' % row.number
            lines += _wrapped(row.sentence, number, '     ')
            for text in row.suspicions:
                lines += [coloured(line, 'doubtful') for line in _wrapped('! ' + text, '     ', '       ')]
        return '\n'.join(lines)

    def __repr__(self):
        return '<Explanation of %d layers, %d suspicions>' % (len(self.rows), len(self.suspicions))

    def _repr_html_(self):
        def items(row):
            doubts = ''.join('<br><span style="%s">! %s</span>' % (CSS['doubtful'], html.escape(text))
                             for text in row.suspicions)
            return '<li>%s%s</li>' % (html.escape(row.sentence), doubts)
        return '<p style="white-space:pre-wrap">%s</p><ol start="0">%s</ol>' % (
            html.escape(self.title()), ''.join(map(items, self.rows)))


def _wrapped(text, first, rest):
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=rest,
                         break_long_words=False, break_on_hyphens=False)


def explain(layers, inputs=None):
    """Explain a network: one plain sentence per layer, and what looks suspicious.

    A sentence says what goes into a layer, what the layer does with it, what comes out, and why a size
    changes. To read it aloud shows what one only believed to have built.

    Parameters
    ----------
    layers : Layer or iterable of Layer
        The network's output, or outputs.
    inputs : array or dict, optional
        Values, as for :func:`lasagne_ext.debug.probe`. With them it is also seen how many rectified
        units are dead, which units are saturated, and whether predictions are random.

    Returns
    -------
    Explanation
        ``print()`` it, or let a notebook show it.

    Raises
    ------
    TypeError, ValueError
        If `layers` are not layers, or an input is missing, unknown, or of the wrong shape.

    Notes
    -----
    What looks suspicious is often meant so. These are looked for: a squashing function right before a
    softmax; a softmax over one unit, over an image, or inside the network; a rectified output or theta;
    two linear layers in a row; a bias before batch normalisation; random numbers when predicting;
    dropout at the output, or of nearly everything; parameters that are not trained; whole numbers that
    make everything float64; images with their channels last; layers of which the value is not used, or
    that lead to none of the given outputs; sizes of 0. With `inputs`: rectified units that are 0 for
    the whole batch (two of five or more), saturated sigmoids, inputs far from the size of 1, values
    that are NaN or the same for every sample.

    Examples
    --------
    >>> from lasagne.layers import Conv2DLayer, DenseLayer, InputLayer
    >>> from lasagne_ext.debug import explain
    >>> images = InputLayer((None, 1, 28, 28), name='images')
    >>> net = DenseLayer(Conv2DLayer(images, 8, 3, name='conv'), 10, nonlinearity=None, name='out')
    >>> print(explain(net))
    3 layers; nothing looks suspicious.
    <BLANKLINE>
      0  InputLayer 'images' brings in the data: (None, 1, 28, 28) of float64.
      1  Conv2DLayer 'conv' takes (None, 1, 28, 28) from 'images', slides 8 filters of 3 x 3 over it,
         without padding (28 -> 26, being 28 - 3 + 1), then rectify (negative numbers become 0), and
         gives (None, 8, 26, 26). It has 80 parameters.
      2  DenseLayer 'out' takes (None, 8, 26, 26) from 'conv', connects each of 10 units to all 5408
         numbers of a sample, laid out in a row: 8 x 26 x 26 = 5408, and gives (None, 10). It has 54.1 k
         parameters.
    """
    outputs = layer_list(layers)
    named = named_layers('explain', outputs)
    names = {layer: name for name, layer in named.items()}
    values = None
    if inputs is not None:
        Feed('explain', named, inputs)       # so that it is this function that refuses
        values = probe(outputs, inputs)
    found, unused = find_suspicions(named, names, outputs, values)
    ordered = list(named)
    users = {parameter: ordered[number] for parameter, number in first_users(named.values()).items()}
    rows = [Row(number, name, type(layer).__name__, _sentence(name, layer, names, users), found[name])
            for number, (name, layer) in enumerate(named.items())]
    return Explanation(rows, unused)


def _sentence(name, layer, names, users):
    who, shape = layer_label(name, layer), shape_text(layer.output_shape)
    if isinstance(layer, lasagne.layers.InputLayer):
        return '%s brings in the data: %s of %s.' % (who, shape, layer.input_var.dtype)
    sources = incoming_layers(layer)
    shapes = getattr(layer, 'input_shapes', None) or [layer.input_shape]
    taken = ' and '.join("%s from '%s'" % (shape_text(source.output_shape), names[source])
                         for source in sources) or shape_text(shapes[0])
    return '%s takes %s, %s, and gives %s.%s' % (who, taken, phrase(layer), shape,
                                                 _parameters(layer, names, users))


def _parameters(layer, names, users):
    """Say how many parameters a layer has, and with which earlier layers it shares them."""
    count, shared = 0, []
    for parameter in parameters_of(layer):
        if users[parameter] == names[layer]:
            count += parameter_size(parameter)[0]
        elif users[parameter] not in shared:
            shared.append(users[parameter])
    text = ' It has %s.' % ('1 parameter' if count == 1 else short_number(count) + ' parameters') \
        if count else ''
    return text + (" It uses parameters of '%s'." % "' and '".join(shared) if shared else '')
