"""Pickles without the traces of where variables were made."""
import io
import pickle

import pytest

pytest.importorskip('pytensor')

from theano.misc.pkl_utils import StripPickler  # noqa: E402
from theano.tensor import dvector  # noqa: E402


def test_strip_pickler():
    file = io.BytesIO()
    x = dvector('x')
    StripPickler(file, protocol=2).dump((x, x * 2))
    assert b'test_pickles.py' not in file.getvalue()
    x2, y2 = pickle.loads(file.getvalue())
    assert y2.eval({x2: [1.]}).tolist() == [2]
