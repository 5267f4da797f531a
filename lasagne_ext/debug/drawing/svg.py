"""Draw a network as SVG, without the help of any program."""
import html
import unicodedata

from lasagne_ext.debug.drawing.layout import Layout
from lasagne_ext.network.registry import COLOURS

#: Of a fixed-width font at 12 pixels: the width of a letter, and from one line to the next.
_LETTER, _LINE = 7.25, 16

_STYLE = 'font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="12" fill="#1b1b1b"'
_INK = '#546e7a'


def svg(nodes, edges):
    """Draw boxes and arrows.

    Parameters
    ----------
    nodes : list of Node
        In topological order; no text holds a control character.
    edges : list of Edge

    Returns
    -------
    str
        A complete ``<svg>`` element.
    """
    numbers = {node.id: number for number, node in enumerate(nodes)}
    layout = Layout([(max(map(_width, node.lines)) + 24, _LINE * len(node.lines) + 14) for node in nodes],
                    [(numbers[edge.source], numbers[edge.target], _width(edge.label) + 8, _LINE)
                     for edge in edges])
    size = 'width="%d" height="%d" viewBox="0 0 %d %d"' % (2 * (layout.width, layout.height))
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" %s %s>' % (size, _STYLE),
             '<rect width="100%" height="100%" fill="#ffffff"/>']
    parts += [_arrow(line) for line in layout.lines]
    parts += [_label(edge.label, *place) for edge, place in zip(edges, layout.labels)]
    for node, place in zip(nodes, layout.boxes):
        parts += _box(node, *place)
    return '\n'.join(parts + ['</svg>'])


def _width(text):
    wide = sum(unicodedata.east_asian_width(letter) in 'WF' for letter in text)
    return (len(text) + wide) * _LETTER


def _arrow(line):
    """From place to place straight down, in between in a bend that leaves and arrives upright."""
    x, _, y = line[0]
    path = 'M%.1f,%.1f' % (x, y)
    for next_x, top, bottom in line[1:-1]:
        path += _bend(x, y, next_x, top) + ' V%.1f' % bottom
        x, y = next_x, bottom
    end, top, _ = line[-1]
    tip = 'M%.1f,%.1f l-4,-8 h8 z' % (end, top)
    return ('<path d="%s%s" fill="none" stroke="%s" stroke-width="1.3"/><path d="%s" fill="%s"/>'
            % (path, _bend(x, y, end, top - 6), _INK, tip, _INK))


def _bend(x, y, next_x, next_y):
    middle = (y + next_y) / 2
    return ' C%.1f,%.1f %.1f,%.1f %.1f,%.1f' % (x, middle, next_x, middle, next_x, next_y)


def _label(text, x, y):
    width = _width(text)
    return ('<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="#ffffff"/>'
            '<text x="%.1f" y="%.1f" text-anchor="middle" fill="#37474f">%s</text>'
            % (x - width / 2 - 2, y - _LINE / 2, width + 4, _LINE, x, y + 4, html.escape(text)))


def _box(node, x, y):
    width, height = max(map(_width, node.lines)) + 24, _LINE * len(node.lines) + 14
    frame = ('<rect x="%.1f" y="%.1f" width="%.1f" height="%d" rx="5" fill="%s" stroke="%s"%s/>')
    dashes = ' stroke-dasharray="5,3" stroke-width="1.8"' if node.shared else ''
    parts = []
    if node.times > 1:                  # a second sheet behind the first
        parts.append(frame % (x - width / 2 + 5, y - height / 2 + 5, width, height,
                              COLOURS[node.family], _INK, ''))
    parts.append(frame % (x - width / 2, y - height / 2, width, height, COLOURS[node.family], _INK,
                          dashes))
    for number, line in enumerate(node.lines):
        parts.append('<text x="%.1f" y="%.1f" text-anchor="middle"%s>%s</text>'
                     % (x, y - height / 2 + 7 + 12 + number * _LINE,
                        ' font-weight="bold"' if number == 0 else '', html.escape(line)))
    return parts
