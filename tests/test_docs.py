"""The pages in docs whose examples run."""
import doctest
import glob
import os
import re

import pytest

import lasagne_ext  # noqa: F401  (first: makes theano importable)
import theano

DOCS = os.path.join(os.path.dirname(__file__), os.pardir, 'docs')


@pytest.mark.parametrize('page', ['debugging.rst', 'training.rst'])
def test_examples_run(page, nothing_compiled):
    with theano.configparser.change_flags(floatX='float64'):      # what their output shows
        results = doctest.testfile(os.path.join(DOCS, page), module_relative=False)
    assert results.attempted > 0 and results.failed == 0


@pytest.mark.parametrize('page', sorted(map(os.path.basename, glob.glob(os.path.join(DOCS, '*.rst')))))
def test_what_a_page_shows_and_links_is_there(page):
    with open(os.path.join(DOCS, page), encoding='utf-8') as f:
        text = f.read()
    for path in re.findall(r'image:: (\S+)', text) + re.findall(r'`[^`]*<([^`>:]+)>`_', text):
        assert os.path.exists(os.path.join(DOCS, path)), path
