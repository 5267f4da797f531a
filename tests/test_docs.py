"""The pages of the documentation: every example in them runs."""
import doctest
import glob
import os

import pytest

import lasagne_ext  # noqa: F401  (first: makes theano importable)
import theano

DOCS = os.path.join(os.path.dirname(__file__), os.pardir, 'docs')


def pages_with_examples():
    for path in sorted(glob.glob(os.path.join(DOCS, '*.rst'))):
        with open(path, encoding='utf-8') as f:
            if '>>> ' in f.read():
                yield os.path.basename(path)


@pytest.mark.parametrize('page', list(pages_with_examples()))
def test_examples_run(page, nothing_compiled):
    with theano.configparser.change_flags(floatX='float64'):      # what their output shows
        results = doctest.testfile(os.path.join(DOCS, page), module_relative=False)
    assert results.attempted > 0 and results.failed == 0
