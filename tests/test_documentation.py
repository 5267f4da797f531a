"""The documentation holds together: links, tables of contents, every public name; and the built pages.

What needs no Sphinx always runs. The rest looks at the pages that ``nox -s docs`` has built, in the folder
that the environment variable ``LASAGNE_EXT_DOCS`` names.
"""
import glob
import html.parser
import importlib
import json
import os
import re
import urllib.parse

import pytest

import lasagne_ext  # noqa: F401  (first: makes theano importable)

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
DOCS = os.path.join(ROOT, 'docs')
BUILT = os.environ.get('LASAGNE_EXT_DOCS')

#: Public, and not in ``__all__``: they need scikit-learn.
OPTIONAL = {'training': ('Classifier', 'Regressor')}

PACKAGES = ('blocks', 'datasets', 'debug', 'engine', 'layers', 'network', 'ops', 'training')


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as f:
        return f.read()


def files(*patterns):
    """Names relative to the repository; what a build has left in docs is not part of it."""
    found = sorted(os.path.relpath(path, ROOT).replace(os.sep, '/')
                   for pattern in patterns for path in glob.glob(os.path.join(ROOT, pattern)))
    return [name for name in found if not name.startswith(('docs/_build', 'docs/notebooks'))]


PAGES = files('*.rst', 'docs/*.rst', 'docs/*/*.rst')
NOTEBOOKS = files('notebooks/*.ipynb')


def public_names():
    for package in PACKAGES:
        names = importlib.import_module('lasagne_ext.' + package).__all__
        for name in [*names, *OPTIONAL.get(package, ())]:
            yield 'lasagne_ext.%s.%s' % (package, name)


# Without Sphinx

def local(links):
    """Those that lead to a file of the repository, without what follows ``#``."""
    for link in links:
        if not re.match(r'[a-z]+:|#', link):
            yield urllib.parse.unquote(link.split('#')[0])


def links_of_page(text):
    """Links, pictures, and files that are included, of reStructuredText."""
    yield from re.findall(r'`[^`<]*<([^`>\s]+)>`__?', text)
    yield from re.findall(r'^\s*\.\. _[^:]+: (\S+)$', text, re.M)
    yield from re.findall(r'^\s*\.\. (?:image|figure|include|literalinclude):: (\S+)', text, re.M)


def links_of_notebook(text):
    for cell in json.loads(text)['cells']:
        if cell['cell_type'] == 'markdown':
            source = ''.join(cell['source'])
            # Code shown as code links nothing.
            source = re.sub(r'```.*?```|`[^`\n]*`', '', source, flags=re.S)
            yield from re.findall(r'\]\(([^)\s]+)[^)]*\)', source)
            yield from re.findall(r'(?:href|src)="([^"]+)"', source)


def existing(folder, links):
    return [link for link in local(links) if not os.path.exists(os.path.join(ROOT, folder, link))]


@pytest.mark.parametrize('page', PAGES)
def test_links_of_a_page_lead_to_files(page):
    assert existing(os.path.dirname(page), links_of_page(read(page))) == []


@pytest.mark.parametrize('notebook', NOTEBOOKS)
def test_links_of_a_notebook_lead_to_files(notebook):
    assert existing('notebooks', links_of_notebook(read(notebook))) == []


def test_a_missing_file_is_noticed():
    text = 'See `one <docs/gallery.rst>`_, `two <docs/none.rst#there>`_ and `three <https://x.org/y.rst>`_.'
    assert existing('', links_of_page(text)) == ['docs/none.rst']
    cell = {'cell_type': 'markdown', 'source': ['[a](../docs/none.rst#x) `[b](no)` [c](../README.rst)']}
    assert existing('docs', links_of_notebook(json.dumps({'cells': [cell]}))) == ['../docs/none.rst']


def listed_in_tables_of_contents():
    for page in files('docs/*.rst', 'docs/*/*.rst'):
        for block in re.findall(r'^\.\. toctree::\n((?:[ \t]+\S.*\n|\n)*)', read(page), re.M):
            for entry in re.findall(r'^\s+([\w/*]+)$', block, re.M):
                yield os.path.normpath(os.path.join(os.path.dirname(page), entry)).replace(os.sep, '/')


def test_every_page_is_in_a_table_of_contents():
    pages = {os.path.splitext(page)[0] for page in files('docs/*.rst', 'docs/*/*.rst')}
    listed = list(listed_in_tables_of_contents())
    assert len(listed) == len(set(listed))
    assert set(listed) - {'docs/notebooks/*'} == pages - {'docs/index'}
    assert 'docs/notebooks/*' in listed


def test_every_package_has_a_page_of_all_its_names():
    assert set(PACKAGES) == set(lasagne_ext.__all__)
    for package in PACKAGES:
        directive, = re.findall(r'^\.\. public-names:: (.+)$', read('docs/api/%s.rst' % package), re.M)
        assert directive.split() == ['lasagne_ext.' + package, *OPTIONAL.get(package, ())]


@pytest.mark.parametrize('page', files('*.rst', 'docs/*.rst'))
def test_page_is_plain(page):
    """A code host knows nothing of Sphinx. The page that holds the tables of contents is for Sphinx only."""
    docutils = pytest.importorskip('docutils.core')
    if page != 'docs/index.rst':
        docutils.publish_doctree(read(page), source_path=os.path.join(ROOT, page),
                                 settings_overrides={'halt_level': 2, 'report_level': 2,
                                                     'file_insertion_enabled': True})


def test_commands_of_benchmarks_are_there():
    text = read('docs/benchmarks.rst') + read('README.rst') + read('CONTRIBUTING.rst')
    named = set(re.findall(r'benchmarks/\w+\.py', text))
    assert named == set(files('benchmarks/*.py'))


# What Sphinx has built

@pytest.fixture
def built():
    if not BUILT:
        pytest.skip('nox -s docs builds the pages and names their folder in LASAGNE_EXT_DOCS')
    return os.path.abspath(BUILT)


class Links(html.parser.HTMLParser):
    """What a page of HTML links, and what in it can be linked."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], {'', 'top'}
        with open(path, encoding='utf-8') as f:
            self.feed(f.read())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.update(attributes[name] for name in ('id', 'name') if attributes.get(name))
        self.links += [attributes[name] for name in ('href', 'src') if attributes.get(name)]


def test_every_local_link_and_anchor_of_the_site_is_there(built):
    names = glob.glob(os.path.join(built, '**', '*.html'), recursive=True)
    pages = {os.path.normpath(name): Links(name) for name in names}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = os.path.normpath(os.path.join(os.path.dirname(path), urllib.parse.unquote(parts.path))
                                      if parts.path else path)
            if not os.path.isfile(target):
                broken.append((os.path.relpath(path, built), link))
            elif target in pages and urllib.parse.unquote(parts.fragment) not in pages[target].anchors:
                broken.append((os.path.relpath(path, built), link))
    assert len(pages) > 20 and broken == []


def test_every_public_name_can_be_linked(built):
    inventory = pytest.importorskip('sphinx.util.inventory')
    with open(os.path.join(built, 'objects.inv'), 'rb') as f:
        content = inventory.InventoryFile.load(f, '', lambda base, uri: uri)
    known = {name for kind, names in content.items() if kind.startswith('py:') for name in names}
    assert [name for name in public_names() if name not in known] == []


def test_every_notebook_has_a_page(built):
    for notebook in NOTEBOOKS:
        assert os.path.exists(os.path.join(built, os.path.splitext(notebook)[0] + '.html'))


def test_marks_of_code_are_not_shown(built):
    for path in glob.glob(os.path.join(built, 'notebooks', '*.html')):
        with open(path, encoding='utf-8') as f:
            text = re.sub(r'<pre.*?</pre>|<code.*?</code>', '', f.read(), flags=re.S)
        assert re.findall('.*``.*', text) == []


class Search:
    """The index that the search page searches, asked as the search page asks it: by stems of words."""

    def __init__(self, built):
        with open(os.path.join(built, 'searchindex.js'), encoding='utf-8') as f:
            text = f.read()
        self.index = json.loads(text[text.index('(') + 1:text.rindex(')')])
        self.stem = pytest.importorskip('sphinx.search.en').SearchEnglish({}).stem

    def pages(self, word):
        """Names of the pages with that word in their text, their title, or a name they describe."""
        found = set()
        for part in ('terms', 'titleterms'):
            numbers = self.index[part].get(self.stem(word.lower()), [])
            found.update([numbers] if isinstance(numbers, int) else numbers)
        for objects in self.index['objects'].values():
            found.update(entry[0] for entry in objects if word.lower() in entry[4].lower())
        return {self.index['docnames'][number] for number in found}


@pytest.mark.parametrize('word, pages', [
    ('downsample', {'engines', 'troubleshooting', 'changes'}),
    ('NaN', {'debugging', 'troubleshooting', 'api/debug', 'notebooks/06_debugging'}),
    ('shape', {'debugging', 'conventions', 'api/debug', 'notebooks/06_debugging'}),
    ('border_mode', {'api/layers', 'api/ops', 'gallery'}),
    ('BLAS', {'install', 'engines'}),
    ('checkpoint', {'training', 'api/training'}),
    ('gradcheck', {'debugging', 'api/debug', 'writing_layers'})])
def test_search_finds_the_pages(built, word, pages):
    assert pages - Search(built).pages(word) == set()


def test_search_does_not_find_what_is_not_there(built):
    assert Search(built).pages('zebra') == set()


def test_titles_of_pages_are_found(built):
    titles = Search(built).index['alltitles']
    assert {'Installation', 'Engines', 'Benchmarks', 'Gallery'} <= set(titles)
