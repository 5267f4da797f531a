"""Show tables as text on a terminal and as HTML in a notebook."""
import copy
import html
import os
import sys

from tabulate import tabulate

from lasagne_ext.checks import did_you_mean

#: How emphasis looks on a terminal and in HTML, by its meaning. The colours of HTML are as far from white
#: as from the near black of a dark notebook.
_ANSI = {'good': '32', 'bad': '1;31', 'doubtful': '33', 'quiet': '2', 'strong': '1'}
CSS = {'good': 'color:#338a38', 'bad': 'color:#d84343;font-weight:bold', 'doubtful': 'color:#a66d00',
       'quiet': 'opacity:.6', 'strong': 'font-weight:bold'}


class Report:
    """Base class of what debugging tools return: rows that ``print()`` and a notebook show as a table.

    A subclass gives `head`, `cells`, and where it wants them `title`, `footer`, `emphasis` and `totals`.

    Parameters
    ----------
    rows : list of namedtuple
    """

    #: Which columns are flush right, by number.
    right = ()

    #: Attributes that `to_dict` gives beside the rows.
    totals = ()

    def __init__(self, rows):
        self.rows = rows

    def head(self):
        """Return the headings of the columns; none by default."""
        return []

    def cells(self):
        """Return a list of texts for every row."""
        raise NotImplementedError

    def title(self):
        """Return the text above the table; '' for none."""
        return ''

    def footer(self):
        """Return the text below the table; '' for none."""
        return ''

    def emphasis(self, row):
        """Return what a row means: 'good', 'bad', 'doubtful', 'quiet', 'strong' or None."""
        return None

    def to_dict(self):
        """Return the rows, and what else the report says, as plain Python values."""
        return dict(rows=[dict(row._asdict()) for row in self.rows],
                    **{name: copy.copy(getattr(self, name)) for name in self.totals})

    def __len__(self):
        return len(self.rows)

    def __iter__(self):
        return iter(self.rows)

    def __str__(self):
        cells = [[coloured(cell, self.emphasis(row)) for cell in line]
                 for row, line in zip(self.rows, self.cells())]
        head = self.head()
        width = len(head) if head else max(map(len, cells), default=0)
        alignment = ['right' if k in self.right else 'left' for k in range(width)]
        table = tabulate(cells, head, tablefmt='simple' if head else 'plain', disable_numparse=True,
                         colalign=alignment if cells else None)
        table = '\n'.join(line.rstrip() for line in table.splitlines())
        return '\n\n'.join(part for part in (self.title(), table, self.footer()) if part)

    def __repr__(self):
        return '<%s of %d rows>' % (type(self).__name__, len(self.rows))

    def _repr_html_(self):
        def line(tag, cells, style=''):
            return '<tr%s>%s</tr>' % (style, ''.join(
                '<%s style="text-align:%s;white-space:pre-wrap">%s</%s>'
                % (tag, 'right' if k in self.right else 'left', html.escape(cell), tag)
                for k, cell in enumerate(cells)))
        head = '<thead>%s</thead>' % line('th', self.head()) if self.head() else ''
        body = ''
        for row, cells in zip(self.rows, self.cells()):
            emphasis = self.emphasis(row)
            body += line('td', cells, ' style="%s"' % CSS[emphasis] if emphasis else '')
        return '%s<table>%s<tbody>%s</tbody></table>%s' % (
            _paragraph(self.title()), head, body, _paragraph(self.footer()))


class Verdict(Report):
    """Base class of reports that say in one sentence, `verdict`, whether something has `passed`."""

    def __bool__(self):
        return self.passed

    def title(self):
        return self.verdict


def named_entry(entries, name, what='layer'):
    """Return an entry of a dict; raise KeyError with the names that there are."""
    try:
        return entries[name]
    except KeyError:
        raise KeyError('no %s is called %r; there are: %s%s' % (
            what, name, ', '.join(entries), did_you_mean(name, entries))) from None


def _paragraph(text):
    return '<p style="white-space:pre-wrap">%s</p>' % html.escape(text) if text else ''


def coloured(text, emphasis):
    """Return `text` in the colour of its meaning, if it goes to a terminal that wants colours."""
    if not emphasis or not text or not wants_colour():
        return text
    return '\033[%sm%s\033[0m' % (_ANSI[emphasis], text)


def wants_colour():
    """Return whether standard output is a terminal, and nobody has said ``NO_COLOR``."""
    if os.environ.get('NO_COLOR') or os.environ.get('TERM') == 'dumb':
        return False
    return bool(getattr(sys.stdout, 'isatty', lambda: False)())


def shape_text(shape):
    """Return a declared shape, or a tuple, list or dict of them, as text."""
    if isinstance(shape, dict):
        return '{%s}' % ', '.join('%s: %s' % (key, shape_text(part)) for key, part in shape.items())
    if isinstance(shape, (tuple, list)):
        inner = ', '.join(shape_text(size) for size in shape)
        return '(%s,)' % inner if len(shape) == 1 else '(%s)' % inner
    return str(shape)


def short_number(value, unit=''):
    """Return a count with three or four figures and a letter: ``1.23 M``; below 10000 in full."""
    for limit, letter in ((1e12, 'T'), (1e9, 'G'), (1e6, 'M'), (1e4, 'k')):
        if abs(value) >= limit:
            return '%.3g %s%s' % (value / (1e3 if letter == 'k' else limit), letter, unit)
    return ('%d %s' % (value, unit)).rstrip()
