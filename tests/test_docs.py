"""The pages in docs whose examples run."""
import doctest
import os

import pytest

import lasagne_ext  # noqa: F401  (first: makes theano importable)
import theano

DOCS = os.path.join(os.path.dirname(__file__), os.pardir, 'docs')


@pytest.mark.parametrize('page', ['debugging.rst'])
def test_examples_run(page, nothing_compiled):
    with theano.configparser.change_flags(floatX='float64'):      # what their output shows
        results = doctest.testfile(os.path.join(DOCS, page), module_relative=False)
    assert results.attempted > 0 and results.failed == 0
