"""Draw a network."""
import base64
import html
import os
import re
import shutil
import subprocess
from collections import OrderedDict, namedtuple

from lasagne_ext._files import whole_file
from lasagne_ext.debug.drawing.svg import svg
from lasagne_ext.debug.report import shape_text
from lasagne_ext.network.blocks import repeated_blocks
from lasagne_ext.network.graph import named_layers
from lasagne_ext.network.registry import COLOURS, family_of
from lasagne_ext.network.table import network_rows

#: A box. `lines` is its text; `shared` names the layers that share parameters with it; `times` is how
#: often it comes, 1 but for a collapsed block, and `layers` how many layers it stands for each time.
Node = namedtuple('Node', 'id name type family parameters shared layers times lines')

#: An arrow between the boxes of two ids; its label is the shape of what passes.
Edge = namedtuple('Edge', 'source target label')


class Drawing:
    """Drawing of a network as boxes and arrows: a picture in a notebook, DOT text when printed.

    Attributes
    ----------
    nodes : list of Node
        One for each layer, or each collapsed block, in topological order.
    edges : list of Edge

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import draw
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> picture = draw(net)
    >>> len(picture.nodes), str(picture).splitlines()[0].startswith('digraph')
    (2, True)
    """

    def __init__(self, nodes, edges):
        self.nodes, self.edges = nodes, edges

    def __str__(self):
        lines = ['digraph network {', '  bgcolor="white";',
                 '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontcolor="#1b1b1b"];',
                 '  edge [fontname="Helvetica", fontcolor="#37474f", color="#546e7a"];']
        for node in self.nodes:
            lines.append('  %s [label=%s, fillcolor="%s"%s];' % (
                node.id, _quoted('\n'.join(node.lines)), COLOURS[node.family],
                ', peripheries=2' if node.times > 1 else ''))
        lines += ['  %s -> %s [label=%s];' % (edge.source, edge.target, _quoted(edge.label))
                  for edge in self.edges]
        ids = {node.name: node.id for node in self.nodes}
        for number, node in enumerate(self.nodes):
            lines += ['  %s -> %s [style=dashed, dir=none, constraint=false];'
                      % (ids[other.name], node.id)
                      for other in self.nodes[:number] if other.name in node.shared]
        return '\n'.join(lines + ['}'])

    def __repr__(self):
        return '<Drawing of %s>' % ', '.join(node.name for node in self.nodes)

    def svg(self):
        """Return the picture as an SVG element: by graphviz where its program ``dot`` is there.

        Returns
        -------
        str
            From ``<svg`` to ``</svg>``.
        """
        picture = _by_graphviz(str(self), 'svg')
        if picture is None:
            return svg(self.nodes, self.edges)
        text = picture.decode('utf-8')
        return text[text.index('<svg'):]

    def _repr_svg_(self):
        return self.svg()

    def _repr_html_(self):
        # JupyterLab takes SVG elements out of a notebook that is not trusted, and leaves images in.
        return '<div style="overflow:auto"><img alt="%s" src="data:image/svg+xml;base64,%s"/></div>' % (
            html.escape('Network of ' + ', '.join(node.name for node in self.nodes)),
            base64.b64encode(self.svg().encode('utf-8')).decode('ascii'))

    def save(self, path):
        """Write the picture to a file.

        Parameters
        ----------
        path : str
            Its extension says how: '.svg', '.dot' or '.gv'; or any that graphviz knows, such as
            '.png' or '.pdf', where its program ``dot`` is there.

        Raises
        ------
        ValueError
            If there is no extension, or graphviz is needed and is not there or does not know it.
        """
        path = os.fspath(path)
        kind = os.path.splitext(path)[1][1:].lower()
        if kind in ('dot', 'gv'):
            content = (str(self) + '\n').encode('utf-8')
        elif kind == 'svg':
            content = (self.svg() + '\n').encode('utf-8')
        else:
            content = kind and _by_graphviz(str(self), kind)
            if not content:
                raise ValueError("draw: cannot write %r: '.svg' and '.dot' can always be written, other "
                                 "kinds only if the program 'dot' of graphviz is there and knows them"
                                 % path)
        with whole_file(path) as unfinished, open(unfinished, 'wb') as f:
            f.write(content)

    def to_dict(self):
        """Give the nodes and edges as plain Python values.

        Returns
        -------
        dict
            Of ``'nodes'`` and ``'edges'``, a list of dicts each.
        """
        return {'nodes': [dict(node._asdict()) for node in self.nodes],
                'edges': [dict(edge._asdict()) for edge in self.edges]}


def _quoted(text):
    """Quote text for the DOT language, so that nothing is an escape but the ends of lines."""
    return '"%s"' % text.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')


def _printable(text):
    """Return text without what no XML may hold, nor a line."""
    return re.sub('[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]', ' ', text)


def _by_graphviz(text, kind):
    """Return what the program ``dot`` makes of a DOT text; None if it is not there or cannot."""
    program = shutil.which('dot')
    if program is None:
        return None
    try:
        done = subprocess.run([program, '-T' + kind], input=text.encode('utf-8'), timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


def draw(layers, inputs=None, collapse=False):
    """Draw a network: a box for every layer, an arrow with its shape for every value that passes.

    Parameters
    ----------
    layers : Layer or iterable of Layer
        The network's output, or outputs.
    inputs : array or dict, optional
        The value of the network's only input layer; or a dict from input layers, their names or their
        variables, to values. Then the shapes are the actual ones instead of those declared.
    collapse : bool
        Draw a block of layers that is repeated without a break as one box that says how often.

    Returns
    -------
    Drawing
        A notebook shows it as a picture, ``.svg()`` is that picture, ``.save(path)`` writes it to a
        file, and ``str()`` is the DOT language of graphviz. Nothing of this needs graphviz; where its
        program ``dot`` is there, it makes the picture.

    Raises
    ------
    TypeError
        If `layers` is neither a layer nor made of layers.
    ValueError
        If `layers` is empty, or an input missing, unknown or of the wrong shape.

    Notes
    -----
    A box names the layer, its type and how many parameters it has, and, where no arrow leaves it, the
    shape of its output. Its colour says what kind of layer it is. Layers that share parameters name
    each other; their boxes are dashed, or joined by dashed lines if graphviz draws. The same network
    always gives the same picture.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import draw
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 3, name='out')
    >>> drawing = draw(net)
    >>> drawing
    <Drawing of in, out>
    >>> print(drawing.edges[0])
    Edge(source='n0', target='n1', label='(None, 4)')
    """
    named = named_layers('draw', layers)
    rows, _, _ = network_rows('draw', named, inputs, deterministic=True)
    members = _members(len(rows), repeated_blocks(list(named.values())) if collapse else [])
    box_of = {rows[number].name: k for k, (numbers, _) in enumerate(members) for number in numbers}
    shapes = {row.name: _shape(row.output_shape) for row in rows}
    edges = OrderedDict()
    for row in rows:
        for place, source in enumerate(row.incoming):
            ends = box_of[source], box_of[row.name]
            collapsed = members[ends[1]][1] > 1
            if ends[0] != ends[1]:          # one arrow for all layers in a collapsed block
                edges[ends, source, None if collapsed else place] = Edge(
                    'n%d' % ends[0], 'n%d' % ends[1], shapes[source])
    sharing = _sharing(rows)
    families = [family_of(layer) for layer in named.values()]
    leaving = {edge.source for edge in edges.values()}
    nodes = [_node('n%d' % k, [rows[number] for number in numbers], times, sharing,
                   families[numbers[0]], 'n%d' % k not in leaving)
             for k, (numbers, times) in enumerate(members)]
    return Drawing(nodes, list(edges.values()))


def _members(count, blocks):
    """List for every box the numbers of its layers, and how often they are repeated in it."""
    members, position = [], 0
    for block in blocks:
        end = block.start + block.length * block.times
        members += [([number], 1) for number in range(position, block.start)]
        members.append((list(range(block.start, end)), block.times))
        position = end
    return members + [([number], 1) for number in range(position, count)]


def _sharing(rows):
    """Map the name of every layer to those of all that share parameters with it."""
    sharing = {row.name: set(row.shared_with) for row in rows}
    for row in rows:
        for lender in row.shared_with:
            sharing[lender].add(row.name)
    return sharing


def _shape(shape):
    return '?' if shape is None else _printable(shape_text(shape))


def _node(identity, rows, times, sharing, family, is_output):
    first, last = rows[0], rows[-1]
    length = len(rows) // times
    parameters = sum(row.parameters for row in rows)
    inside = {row.name for row in rows}
    shared = [name for name in sharing if name not in inside
              and any(name in sharing[row.name] for row in rows)]
    lines = [first.name, first.type]
    if times > 1:
        kinds = ', '.join(OrderedDict.fromkeys(row.type for row in rows))
        lines = ['x %d' % times, '%s ... %s' % (first.name, last.name),
                 'block of %d layers' % length if length > 1 else first.type]
        lines += [kinds] if length > 1 else []
    if parameters:
        lines.append('%s parameters' % format(parameters, ','))
    if shared:
        lines.append('shared with %s' % ', '.join(shared))
    if is_output:
        lines.append('gives %s' % _shape(last.output_shape))
    return Node(identity, first.name if times == 1 else lines[1], first.type, family, parameters, shared,
                length, times, list(map(_printable, lines)))
