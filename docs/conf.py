"""Settings of Sphinx: ``nox -s docs``, or ``sphinx-build docs FOLDER`` with ``pip install '.[docs]'``."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import lasagne_ext  # noqa: E402  (first: makes theano importable)

try:
    # nbsphinx runs pandoc, and pip can bring it.
    import pypandoc
except ImportError:
    pass
else:
    os.environ['PATH'] += os.pathsep + os.path.dirname(pypandoc.get_pandoc_path())

project = 'lasagne_ext'
author = 'The lasagne_ext authors'
copyright = author
version = release = lasagne_ext.__version__

extensions = ['sphinx.ext.autodoc', 'sphinx.ext.autosummary', 'sphinx.ext.mathjax', 'sphinx.ext.viewcode',
              'numpydoc', 'nbsphinx', 'sphinx_repository']
exclude_patterns = ['_build', '**.ipynb_checkpoints']
nitpicky = True
#: Quotation marks are code as often as not: border_mode='zeros'.
smartquotes = False
#: What belongs to other packages; their own pages are not asked for, so that building needs no network.
nitpick_ignore_regex = [(r'py:.*', r'(lasagne|theano|pytensor|numpy|sklearn)\..*'),
                        (r'py:.*', r'(collections|abc|builtins)\..*'),
                        (r'py:class', r'object|dict|list|tuple|[A-Z]\w*(Error|Warning)')]

autosummary_generate = False
#: Lasagne's text about a method that ours only overrides says nothing about ours.
autodoc_inherit_docstrings = False
autodoc_member_order = 'bysource'
viewcode_follow_imported_members = True
#: autodoc lists the members itself.
numpydoc_show_class_members = False

#: The tests execute the notebooks.
nbsphinx_execute = 'never'
nbsphinx_codecell_lexer = 'ipython3'
#: Nothing in a notebook is interactive.
nbsphinx_requirejs_path = ''

html_theme = 'furo'
html_title = 'lasagne_ext ' + release
html_static_path = ['_static']
html_css_files = ['lasagne_ext.css']
html_show_sphinx = False
html_copy_source = False
#: What is not called Python is as often a command line or an output.
highlight_language = 'none'
pygments_style = 'friendly'
pygments_dark_style = 'github-dark'
