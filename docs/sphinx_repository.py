"""What the pages in this folder need of Sphinx beyond its own extensions.

The pages are read in two places: on a code host, as files of the repository, and on the built site. So
they link each other, the notebooks and the examples as the files they are, relative to the file they
stand in. Here such links become links between pages, and one that leads nowhere is a warning. A directive
describes all public names of a package.
"""
import importlib
import inspect
import os
import re
import shutil
from urllib.parse import unquote

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)

#: Pages that include a file from outside this folder.
INCLUDED = {'README.rst': 'index', 'CHANGES.rst': 'changes', 'CONTRIBUTING.rst': 'contributing'}


def copy_notebooks(app):
    """Sphinx reads nothing outside its folder, and the notebooks lie beside it."""
    source, target = os.path.join(app.srcdir, os.pardir, 'notebooks'), os.path.join(app.srcdir, 'notebooks')
    os.makedirs(target, exist_ok=True)
    names = {name for name in os.listdir(source) if name.endswith('.ipynb')}
    for name in set(os.listdir(target)) - names:
        if name.endswith('.ipynb'):
            os.remove(os.path.join(target, name))
    for name in names:
        path = os.path.join(source, name), os.path.join(target, name)
        # A new date would make Sphinx read it again.
        if not os.path.exists(path[1]) or os.path.getmtime(path[0]) > os.path.getmtime(path[1]):
            shutil.copy2(*path)


def file_of(docname, suffix):
    """Where in the repository a page comes from."""
    return docname + suffix if docname.startswith('notebooks/') else 'docs/' + docname + suffix


def page_of(path, found):
    """The page that a file of the repository becomes, or None."""
    if path in INCLUDED:
        return INCLUDED[path]
    name, suffix = os.path.splitext(path)
    docname = name[len('docs/'):] if name.startswith('docs/') else name
    return docname if suffix in ('.rst', '.ipynb') and docname in found else None


def slug(fragment):
    """A title as it stands after ``#``; Jupyter's ``Bad-values`` and Sphinx's ``bad-values`` are one."""
    return re.sub(r'[^a-z0-9]+', '-', unquote(fragment).lower()).strip('-')


class to_page(nodes.Inline, nodes.TextElement):
    """A link to another page, while that page may not have been read yet."""


class RepositoryLinks(SphinxTransform):
    """Links to files of the repository become links to pages, or to copies of the files."""

    default_priority = 450                     # after AnonymousHyperlinks, before what nbsphinx does

    def apply(self, **options):
        for node in list(self.document.findall(nodes.reference)):
            uri = node.get('refuri', '')
            if uri and not re.match(r'[a-z]+:', uri) and not uri.startswith('#'):
                self.replace(node, *(uri.split('#', 1) + [''])[:2])

    def replace(self, node, filename, fragment):
        here = file_of(self.env.docname, os.path.splitext(self.env.doc2path(self.env.docname))[1])
        base = self.included_from(node) or os.path.dirname(here)
        path = os.path.normpath(os.path.join(base, unquote(filename))).replace(os.sep, '/')
        page = page_of(path, self.env.found_docs)
        root = os.path.join(self.env.srcdir, os.pardir)
        if page is not None:
            link = to_page('', *node.children, page=page, fragment=fragment)
        elif os.path.isfile(os.path.join(root, path)):
            link = addnodes.download_reference('', '', *node.children, refdoc=self.env.docname,
                                               reftarget='/../' + path, refexplicit=True)
        elif os.path.isdir(os.path.join(root, path)):
            link = nodes.inline('', '', *node.children)
        else:
            logger.warning('there is no file %s in the repository', path, location=node)
            return
        node.replace_self(link)

    def included_from(self, node):
        """The folder of an included file, '' for the repository's own; None where nothing is included."""
        while node is not None and not getattr(node, 'source', None):
            node = node.parent
        name = os.path.basename(getattr(node, 'source', None) or '')
        return '' if name in INCLUDED else None


def keep_contents(app, doctree):
    """furo refuses a table of contents on a page, since it has one beside it; a code host has none."""
    for topic in doctree.findall(nodes.topic):
        if 'contents' in topic['classes']:
            topic['classes'].append('this-will-duplicate-information-and-it-is-still-useful-here')


class NestedCode(SphinxTransform):
    """Code inside bold text or a link: Markdown has it, reStructuredText has not and shows its marks."""

    default_priority = 460

    def apply(self, **options):
        if not self.env.docname.startswith('notebooks/'):
            return
        for text in list(self.document.findall(nodes.Text)):
            parts = re.split('``(.+?)``', text.astext())
            is_code = isinstance(text.parent, (nodes.literal, nodes.literal_block, nodes.raw))
            if len(parts) > 1 and not is_code:
                text.parent.replace(text, [nodes.literal('', part) if number % 2 else nodes.Text(part)
                                           for number, part in enumerate(parts) if part])


class PageLinks(SphinxPostTransform):
    """When all pages are known: the page, and the section on it."""

    default_priority = 5                       # before Sphinx resolves references

    def run(self, **kwargs):
        for node in list(self.document.findall(to_page)):
            page, fragment = node['page'], node['fragment']
            target = self.section(page, fragment) if fragment else ''
            if target is None:
                logger.warning('the page %s has no section %r', page, fragment, location=node)
                target = ''
            node.replace_self(make_refnode(self.app.builder, self.env.docname, page, target,
                                           node.children))

    def section(self, page, fragment):
        for section in self.env.get_doctree(page).findall(nodes.section):
            for name in section['ids']:
                if slug(name) == slug(fragment):
                    return name
        return None


#: Sections of a package's page, and what stands in them.
TITLES = {'function': 'Functions', 'class': 'Classes', 'exception': 'Errors and warnings'}


def kind_of(thing):
    if not inspect.isclass(thing):
        return 'function'
    return 'exception' if issubclass(thing, Exception) else 'class'


def of_others(thing):
    """The classes of other packages that a class is made of, from near to far; they have pages elsewhere."""
    return [base for base in thing.__mro__ if not base.__module__.startswith('lasagne_ext')]


def described(name, thing):
    """The lines that make autodoc describe it, with what it has from classes that are not public."""
    kind = kind_of(thing)
    lines = ['.. auto%s:: %s' % (kind, name)]
    if kind == 'function':
        return lines
    others = of_others(thing)
    # The methods of an Op are for Theano to call.
    if 'Op' not in [base.__name__ for base in others]:
        lines += ['   :members:', '   :inherited-members: ' + ', '.join(base.__name__ for base in others)]
    return lines + ([] if others[0] is object else ['   :show-inheritance:'])


def show_foreign_bases(app, name, thing, options, bases):
    """Nobody can look up a class that is not public; what lies behind it may be known from Lasagne."""
    bases[:] = of_others(thing)[:1]


def skip_foreign_members(app, what, name, thing, skip, options):
    """A base class may put methods into ours: scikit-learn's does."""
    if not getattr(thing, '__module__', None) or thing.__module__.startswith('lasagne_ext'):
        return None
    return True


class PublicNames(SphinxDirective):
    """``.. public-names:: PACKAGE [FURTHER ...]``: a table of all public names, and each of them."""

    required_arguments = 1
    optional_arguments = 99

    def run(self):
        package, *further = self.arguments
        module = importlib.import_module(package)
        groups = {title: [] for title in TITLES.values()}
        for name in sorted([*module.__all__, *further], key=str.lower):
            thing = getattr(module, name)
            groups[TITLES[kind_of(thing)]].append(name)
        groups = {title: names for title, names in groups.items() if names}
        lines = ['.. currentmodule:: ' + package, '']
        for title, names in groups.items():
            lines += ['.. rubric:: ' + title, '', '.. autosummary::', '   :nosignatures:', '']
            lines += ['   ' + name for name in names] + ['']
        for title, names in groups.items():
            lines += [title, '-' * len(title), '']
            for name in names:
                lines += described(name, getattr(module, name)) + ['']
        return self.parse_text_to_nodes('\n'.join(lines), allow_section_headings=True)


def setup(app):
    app.connect('builder-inited', copy_notebooks)
    app.connect('doctree-read', keep_contents)
    app.connect('autodoc-process-bases', show_foreign_bases)
    app.connect('autodoc-skip-member', skip_foreign_members)
    app.add_node(to_page)
    app.add_transform(RepositoryLinks)
    app.add_transform(NestedCode)
    app.add_post_transform(PageLinks)
    app.add_directive('public-names', PublicNames)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
