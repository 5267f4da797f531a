"""The picture of a network, as DOT text and as SVG."""
import base64
import itertools
import os
import re
import shutil
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import theano
from lasagne.layers import (ConcatLayer, DenseLayer, DropoutLayer, ElemwiseSumLayer, InputLayer,
                            MergeLayer)

from lasagne_ext.debug import draw
from lasagne_ext.debug.drawing.layout import Layout
from lasagne_ext.network.registry import COLOURS

AWKWARD = 'a "quoted" <b>\\n & \n line \x07 { | } é 層'


@pytest.fixture
def no_graphviz(monkeypatch):
    monkeypatch.setattr(shutil, 'which', lambda program: None)


def branches():
    source = InputLayer((None, 4), name='in')
    left = DenseLayer(source, 3, name='left')
    right = DenseLayer(source, 3, W=left.W, b=left.b, name='right')
    return ElemwiseSumLayer([left, DropoutLayer(right, name='noise')], name='sum')


def dot_statements(drawing):
    """Declared nodes and the ends of edges, of a text checked line by line."""
    first, *lines, last = str(drawing).split('\n')
    assert (first, last) == ('digraph network {', '}')
    quoted = r'"(?:[^"\\]|\\.)*"'
    attributes = r'\[\w+=(?:%s|\w+)(?:, \w+=(?:%s|\w+))*\]' % (quoted, quoted)
    declared, ends = set(), []
    for line in lines:
        found = re.fullmatch(r'  (?:(n\d+) -> (n\d+)|(n\d+)|node|edge) %s;|  bgcolor="white";' % attributes,
                             line)
        assert found, line
        if found.group(3):
            declared.add(found.group(3))
        elif found.group(1):
            ends.append(found.group(1, 2))
    return declared, ends


def test_dot_of_real_networks(real_network):
    name, net = real_network
    for collapse in (False, True):
        drawing = draw(net, collapse=collapse)
        declared, ends = dot_statements(drawing)
        assert len(declared) == len(drawing.nodes) and len(ends) >= len(drawing.edges) > 0
        assert {end for pair in ends for end in pair} <= declared


def test_golden_branches(golden, float64, no_graphviz):
    drawing = draw(branches())
    golden('draw_branches.dot', str(drawing))
    golden('draw_branches.svg', drawing.svg())


def test_boxes_and_arrows():
    drawing = draw(branches())
    assert [node.name for node in drawing.nodes] == ['in', 'left', 'right', 'noise', 'sum']
    assert [(edge.source, edge.target) for edge in drawing.edges] == [
        ('n0', 'n1'), ('n0', 'n2'), ('n2', 'n3'), ('n1', 'n4'), ('n3', 'n4')]
    assert drawing.edges[3].label == '(None, 3)'
    lines = {node.name: node.lines for node in drawing.nodes}
    assert lines['left'] == ['left', 'DenseLayer', '15 parameters', 'shared with right']
    assert lines['right'] == ['right', 'DenseLayer', 'shared with left']
    assert lines['sum'] == ['sum', 'ElemwiseSumLayer', 'gives (None, 3)']


def test_the_same_source_twice():
    source = InputLayer((None, 4))
    drawing = draw(ConcatLayer([source, source]))
    assert [(edge.source, edge.target) for edge in drawing.edges] == [('n0', 'n1')] * 2


def test_shared_parameters_are_joined_by_a_dashed_line():
    assert '  n1 -> n2 [style=dashed, dir=none, constraint=false];' in str(draw(branches())).split('\n')


def test_actual_shapes(nothing_compiled):
    drawing = draw(branches(), np.zeros((5, 4), theano.config.floatX))
    assert [edge.label for edge in drawing.edges] == ['(5, 4)', '(5, 4)', '(5, 3)', '(5, 3)', '(5, 3)']


def test_collapsed_blocks(real_network):
    name, net = real_network
    whole, drawing = draw(net), draw(net, collapse=True)
    times = [node.times for node in drawing.nodes if node.times > 1]
    assert times == ([2, 3, 5, 2] if name == 'residual' else [])
    assert sum(node.layers * node.times for node in drawing.nodes) == len(whole.nodes)
    assert sum(node.parameters for node in drawing.nodes) == sum(node.parameters for node in whole.nodes)
    if name == 'residual':
        block = next(node for node in drawing.nodes if node.times > 1)
        assert block.lines[0] == 'x 2' and block.lines[2] == 'block of 5 layers'
        assert 'peripheries=2' in str(drawing)


def test_svg_is_well_formed_and_says_everything(real_network, no_graphviz):
    drawing = draw(real_network[1])
    root = ElementTree.fromstring(drawing.svg())
    texts = {element.text for element in root.iter('{http://www.w3.org/2000/svg}text')}
    assert texts >= {line for node in drawing.nodes for line in node.lines}
    assert texts >= {edge.label for edge in drawing.edges}


def boxes_of(svg):
    """(left, top, right, bottom) of everything with a frame or a label's ground."""
    for element in ElementTree.fromstring(svg).iter('{http://www.w3.org/2000/svg}rect'):
        if element.get('x'):
            x, y, width, height = (float(element.get(key)) for key in ('x', 'y', 'width', 'height'))
            yield x, y, x + width, y + height


def test_nothing_overlaps(real_network, no_graphviz):
    boxes = list(boxes_of(draw(real_network[1]).svg()))
    for one, other in itertools.combinations(boxes, 2):
        assert (one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1])


def test_lines_pass_between_the_boxes():
    """A box of a line of boxes never lies where an edge goes on beyond that line."""
    sizes = [(100, 40)] * 6
    edges = [(0, 1, 50, 16), (1, 2, 50, 16), (2, 5, 50, 16), (0, 3, 50, 16), (3, 5, 50, 16),
             (0, 4, 50, 16), (4, 5, 50, 16), (0, 5, 50, 16)]
    layout = Layout(sizes, edges)
    for line in layout.lines:
        for x, top, bottom in line[1:-1]:
            for centre, middle in layout.boxes:
                assert not (abs(x - centre) < 50 and top < middle < bottom)
    assert all(0 < x < layout.width and 0 < y < layout.height for x, y in layout.boxes + layout.labels)


def test_a_single_box(no_graphviz):
    drawing = draw(InputLayer((None, 4), name='in'))
    assert drawing.edges == [] and len(list(boxes_of(drawing.svg()))) == 1


def test_awkward_names(no_graphviz):
    drawing = draw(DenseLayer(InputLayer((1, 2), name=AWKWARD), 2, name=AWKWARD))
    dot_statements(drawing)
    texts = [element.text for element in
             ElementTree.fromstring(drawing.svg()).iter('{http://www.w3.org/2000/svg}text')]
    assert 'a "quoted" <b>\\n &   line   { | } é 層' in texts
    assert len(str(drawing).split('\n')) == 8


@pytest.mark.skipif(shutil.which('dot') is None, reason='graphviz is not installed')
def test_graphviz_understands_the_text(tmp_path):
    drawing = draw(DenseLayer(InputLayer((1, 2), name=AWKWARD), 2, name='out'), collapse=True)
    svg = drawing.svg()
    ElementTree.fromstring(svg)
    assert svg.startswith('<svg') and '層' in svg and 'graphviz' not in svg.lower().split('<g')[0]
    drawing.save(str(tmp_path / 'net.png'))
    assert (tmp_path / 'net.png').read_bytes().startswith(b'\x89PNG')


def test_a_graphviz_that_fails_is_done_without(monkeypatch, tmp_path):
    program = tmp_path / 'dot'
    program.write_text('#!/bin/sh\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setattr(shutil, 'which', lambda name: str(program))
    ElementTree.fromstring(draw(branches()).svg())


def test_drawing_twice_gives_the_same(no_graphviz):
    one, other = draw(branches()), draw(branches())
    assert (str(one), one.svg()) == (str(other), other.svg())


def test_no_hash_decides(run_python):
    code = ('import lasagne_ext\nfrom lasagne.layers import *\nfrom lasagne_ext.debug import draw\n'
            'n = InputLayer((None, 4))\n'
            'a = [DenseLayer(n, 4, name="d%d" % k) for k in range(3)]\n'
            'b = [DenseLayer(n, 4, W=a[0].W, b=a[1].b, name="e%d" % k) for k in range(3)]\n'
            'd = draw(ConcatLayer(a + b))\nimport shutil\nshutil.which = lambda name: None\n'
            'print(d, d.svg())')
    folder = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.pathsep.join([folder] + [p for p in (os.environ.get('PYTHONPATH'),) if p])
    one, other = (run_python(code, PYTHONHASHSEED=seed, PYTHONPATH=path).stdout for seed in '12')
    assert one == other and 'shared with' in one


def test_save(tmp_path, no_graphviz):
    drawing = draw(branches())
    drawing.save(tmp_path / 'net.svg')
    drawing.save(str(tmp_path / 'net.dot'))
    assert (tmp_path / 'net.svg').read_text(encoding='utf-8') == drawing.svg() + '\n'
    assert (tmp_path / 'net.dot').read_text(encoding='utf-8') == str(drawing) + '\n'
    for name in ('net.png', 'net'):
        with pytest.raises(ValueError, match="^draw: cannot write '.*%s': '.svg' and '.dot' can" % name):
            drawing.save(str(tmp_path / name))
    assert sorted(os.listdir(str(tmp_path))) == ['net.dot', 'net.svg']


def test_notebook(no_graphviz):
    drawing = draw(branches())
    assert drawing._repr_svg_() == drawing.svg()
    # No SVG element, which would not be shown before the notebook is trusted.
    image, = ElementTree.fromstring(drawing._repr_html_())
    kind, content = image.get('src').split(',')
    assert image.tag == 'img' and kind == 'data:image/svg+xml;base64'
    assert base64.b64decode(content).decode('utf-8') == drawing.svg()
    assert image.get('alt') == 'Network of ' + ', '.join(node.name for node in drawing.nodes)


def test_to_dict():
    content = draw(branches()).to_dict()
    assert content['nodes'][1]['family'] == 'dense' and content['nodes'][1]['shared'] == ['right']
    assert content['edges'][0] == {'source': 'n0', 'target': 'n1', 'label': '(None, 4)'}


def test_text_can_be_read_on_every_colour():
    def luminance(colour):
        parts = [int(colour[k:k + 2], 16) / 255 for k in (1, 3, 5)]
        parts = [p / 12.92 if p <= .03928 else ((p + .055) / 1.055) ** 2.4 for p in parts]
        return .2126 * parts[0] + .7152 * parts[1] + .0722 * parts[2]

    for colour in COLOURS.values():
        assert (luminance(colour) + .05) / (luminance('#1b1b1b') + .05) >= 7     # WCAG's AAA
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_a_tuple_of_outputs_and_a_shape_in_place_of_a_layer(no_graphviz):
    class Both(MergeLayer):
        def get_output_shape_for(self, input_shapes):
            return tuple(input_shapes)

        def get_output_for(self, inputs, **kwargs):
            return tuple(inputs)

    drawing = draw(Both([DenseLayer((None, 4), 3), InputLayer((None, 2))]))
    assert drawing.nodes[-1].lines == ['Both2', 'Both', 'gives ((None, 3), (None, 2))']
    ElementTree.fromstring(drawing.svg())


@pytest.mark.parametrize('layers, error, message', [
    ([], ValueError, '^draw: layers must hold at least one layer'), (3, TypeError, '^draw: layers must be')])
def test_bad_input(layers, error, message):
    with pytest.raises(error, match=message):
        draw(layers)


def test_bad_values():
    with pytest.raises(ValueError, match="^draw: the input layer 'in' takes 2 dimensions"):
        draw(branches(), np.zeros(3))
