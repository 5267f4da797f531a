"""Tabulate a network's layers."""
from collections import OrderedDict

from lasagne_ext.checks import did_you_mean
from lasagne_ext.debug.report import Report, shape_text, short_number
from lasagne_ext.network.blocks import repeated_blocks
from lasagne_ext.network.graph import first_users, named_layers, parameter_size
from lasagne_ext.network.shapes import parts_of
from lasagne_ext.network.table import Row, network_rows


class Summary(Report):
    """Network as a table: ``print()`` it, or let a notebook show it.

    Attributes
    ----------
    rows : list of Row
        One per layer, in topological order. Where repeated blocks are collapsed, one that announces
        each of them, and only the layers of the first.
    parameters, trainable, parameter_bytes : int
        Number of parameter values, shared ones counted once; how many of them are trainable; and the
        memory that all take.
    multiply_adds, bytes : int
        Sums over all layers of those that are known.
    multiply_adds_known, bytes_known : bool
        Whether these are all.
    batch : int or None
        The batch size they are meant for; None if the network's inputs have several.
    problems : list of str
        A sentence for every layer that cannot tell its shape or fails to give a symbolic output.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import summary
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> table = summary(net)
    >>> table.parameters, table.multiply_adds, table.problems
    (10, 8, [])
    """

    totals = ('parameters', 'trainable', 'parameter_bytes', 'multiply_adds', 'multiply_adds_known', 'bytes',
              'bytes_known', 'batch', 'problems')

    def __init__(self, rows, shown, columns, batch, parameter_bytes, problems):
        super().__init__(shown)
        self.parameters = sum(row.parameters for row in rows)
        self.trainable = sum(row.trainable for row in rows)
        self.parameter_bytes = parameter_bytes
        self.multiply_adds = sum(row.multiply_adds or 0 for row in rows)
        self.multiply_adds_known = all(row.multiply_adds is not None for row in rows)
        self.bytes = sum(row.bytes or 0 for row in rows)
        self.bytes_known = all(row.bytes is not None for row in rows)
        self.batch, self.problems = batch, problems
        self._columns = columns
        self.right = tuple(k for k, column in enumerate(columns) if column in _FLUSH_RIGHT)

    def head(self):
        return list(self._columns)

    def cells(self):
        lines, left = [], 0
        for row in self.rows:
            lines.append(['' if row.block and column not in _ANNOUNCED else _COLUMNS[column](row)
                          for column in self._columns])
            if left and 'name' in self._columns:
                name = self._columns.index('name')
                lines[-1][name] = '| ' + lines[-1][name]
            left = row.block.length if row.block else max(left - 1, 0)
        return lines

    def footer(self):
        lines = ['no parameters']
        if self.parameters:
            frozen = self.parameters - self.trainable
            lines = ['%s, %s, %s' % (
                _counted(self.parameters, 'parameter'), short_number(self.parameter_bytes, 'B'),
                '%s trainable, %s not' % (format(self.trainable, ','), format(frozen, ','))
                if frozen else 'all trainable')]
        lines.append('%s%s multiply-adds, %s%s of outputs for %s' % (
            '' if self.multiply_adds_known else 'at least ', short_number(self.multiply_adds),
            '' if self.bytes_known else 'at least ', short_number(self.bytes, 'B'),
            'one batch' if self.batch is None else 'a batch of %s' % self.batch))
        return '\n'.join(lines + self.problems)

    def emphasis(self, row):
        if row.block:
            return 'strong'
        if row.output_shape is None or _differs(row):
            return 'bad'
        if row.dtype == '?':
            return 'doubtful'
        return 'quiet' if row.trained == 'no' else None

    def __repr__(self):
        return '<Summary of %d rows, %s>' % (len(self.rows), _counted(self.parameters, 'parameter'))


def _counted(number, what):
    return '%s %s%s' % (format(number, ','), what, '' if number == 1 else 's')


def _differs(row):
    """Return whether the actual shape is another than the declared one."""
    actual, declared = parts_of(row.output_shape), parts_of(row.declared_shape)
    if actual is None or declared is None:
        return False
    return len(actual) != len(declared) or any(
        len(one) != len(other) or any(isinstance(size, int) and size != found
                                      for found, size in zip(one, other))
        for one, other in zip(actual, declared))


def _shape_cell(row):
    text = '?' if row.output_shape is None else shape_text(row.output_shape)
    return '%s, declared %s' % (text, shape_text(row.declared_shape)) if _differs(row) else text


def _number_cell(value):
    return '?' if value is None else format(value, ',')


_COLUMNS = OrderedDict([
    ('#', lambda row: str(row.number)),
    ('name', lambda row: 'x %d: %s' % (row.block.times, row.name) if row.block else row.name),
    ('type', lambda row: row.type),
    ('incoming', lambda row: ', '.join(row.incoming)),
    ('output shape', _shape_cell),
    ('parameters', lambda row: format(row.parameters, ',') + (
        ', shared with %s' % ', '.join(row.shared_with) if row.shared_with else '')),
    ('trainable', lambda row: row.trained),
    ('dtype', lambda row: row.dtype),
    ('multiply-adds', lambda row: _number_cell(row.multiply_adds)),
    ('bytes', lambda row: _number_cell(row.bytes))])
_COLUMN_SYNONYMS = {'shape': 'output shape', 'params': 'parameters', 'inputs': 'incoming',
                    'macs': 'multiply-adds', 'flops': 'multiply-adds', 'memory': 'bytes'}
#: Those that are not empty in the line before a repeated block.
_ANNOUNCED = ('#', 'name', 'type')
_FLUSH_RIGHT = ('#', 'parameters', 'multiply-adds', 'bytes')


def summary(layers, inputs=None, columns=None, collapse=False, deterministic=True):
    """Summarise a network: names, types, connections, shapes, parameters and costs of its layers.

    Parameters
    ----------
    layers : Layer or iterable of Layer
        The network's output, or outputs.
    inputs : array or dict, optional
        The value of the network's only input layer; or a dict from input layers, their names or their
        variables, to values. Then shapes are the actual ones, and costs those of these inputs. A shape
        that contradicts the declared one has that beside it.
    columns : sequence of str, optional
        Which columns to show, of '#', 'name', 'type', 'incoming', 'output shape', 'parameters',
        'trainable', 'dtype', 'multiply-adds' and 'bytes'; or 'all' for all of them. By default those
        but 'dtype' and 'bytes', and 'trainable' only if not every parameter is.
    collapse : bool
        Show a block of layers that is repeated without a break only once, behind a line that says how
        often it comes and what the first and the last layer of all are called. The totals are those of
        the whole network.
    deterministic : bool
        Whether layers behave as for prediction, where their outputs and costs depend on it.

    Returns
    -------
    Summary
        Nothing is printed: ``print(summary(net))``, or a notebook's last line, shows the table.

    Raises
    ------
    TypeError
        If `layers` is neither a layer nor made of layers, or an argument is of the wrong kind.
    ValueError
        If `layers` is empty, a column unknown, or an input missing, unknown or of the wrong shape.

    Notes
    -----
    A parameter that several layers use is counted once, in the first of them; the others say with
    whom they share it. Of a parameter that is an expression the shared variables in it count.

    Multiply-adds are the multiplications of the forward pass, and bytes the size of a layer's output;
    both for one batch, of 1 where the batch size is unknown. Multiplications with the zeros of a
    padding count, and those of every time step of a recurrent layer; additions, comparisons,
    divisions and nonlinearities do not. A sampling layer, such as a transformer, has one for each
    output value and input pixel it is made of (4 bilinear ones in an image), besides the coordinates
    of its points. A ``?`` stands for a layer of a class that is not known, nor any of its base
    classes, and for a size that is not; the sum says 'at least'.

    Without `inputs` no value is computed, and a layer that fails is reported below the table. With
    them the shapes are worked out by Theano from the symbolic outputs, which computes values only
    where a shape depends on them.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import summary
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 3, name='out')
    >>> print(summary(net))
      #  name    type        incoming    output shape      parameters    multiply-adds
    ---  ------  ----------  ----------  --------------  ------------  ---------------
      0  in      InputLayer              (None, 4)                  0                0
      1  out     DenseLayer  in          (None, 3)                 15               12
    <BLANKLINE>
    15 parameters, 120 B, all trainable
    12 multiply-adds, 56 B of outputs for a batch of 1
    """
    named = named_layers('summary', layers)
    _check_columns(columns)
    rows, batch, problems = network_rows('summary', named, inputs, deterministic)
    if columns is None:
        frozen = any(row.trained in ('no', 'partly') for row in rows)
        columns = [column for column in _COLUMNS
                   if column not in ('dtype', 'bytes') and (frozen or column != 'trainable')]
    blocks = repeated_blocks(list(named.values())) if collapse else []
    return Summary(rows, _collapsed(rows, blocks), list(_COLUMNS) if columns == 'all' else list(columns),
                   batch, sum(parameter_size(parameter)[1] for parameter in first_users(named.values())),
                   problems)


def _check_columns(columns):
    if columns is None or columns == 'all':
        return
    if isinstance(columns, str) or not hasattr(columns, '__iter__'):
        raise TypeError("summary: columns must be a sequence of names or 'all', got %r" % (columns,))
    if not columns:
        raise ValueError('summary: columns must name at least one column, got %r' % (columns,))
    for column in columns:
        if column not in _COLUMNS:
            raise ValueError('summary: there is no column %r; there are %s%s' % (
                column, ', '.join(map(repr, _COLUMNS)), did_you_mean(column, _COLUMNS, _COLUMN_SYNONYMS)))


def _collapsed(rows, blocks):
    """Return the rows to show, of every repeated block only the first, behind a row that announces it."""
    shown, position = [], 0
    for block in blocks:
        first = rows[block.start:block.start + block.length]
        end = block.start + block.length * block.times
        kind = 'block of %d layers' % block.length if block.length > 1 else first[0].type
        shown += rows[position:block.start]
        shown.append(Row(block.start, '%s ... %s' % (first[0].name, rows[end - 1].name), kind, [], None,
                         None, 0, 0, '', [], '', None, None, block))
        shown += first
        position = end
    return shown + rows[position:]
