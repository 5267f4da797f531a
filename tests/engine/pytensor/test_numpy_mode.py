"""The linker `numpy` on PyTensor: what its graphs hold, its storage, what it refuses."""
import numpy as np
import pytest

pytest.importorskip('pytensor')

import pytensor  # noqa: E402
import pytensor.tensor as pt  # noqa: E402
from pytensor.tensor.elemwise import Elemwise  # noqa: E402

from lasagne_ext.engine.pytensor.modes import get_mode  # noqa: E402
from lasagne_ext.engine.runtime.elemwise import NumPyElemwise  # noqa: E402


def test_runtime_broadcasting_is_refused():
    x, y = pt.vectors('xy')
    f = pytensor.function([x, y], x + y, mode=get_mode('NUMPY'))
    with pytest.raises(ValueError):
        f(np.ones(3, x.dtype), np.ones(1, x.dtype))


def test_graphs_of_the_linker_hold_no_other_elemwise():
    x = pt.matrix('x')
    f = pytensor.function([x], pytensor.grad(pt.tanh(x).sum() ** 2, x), mode=get_mode('NUMPY'))
    kinds = {type(node.op) for node in f.maker.fgraph.apply_nodes if isinstance(node.op, Elemwise)}
    assert kinds == {NumPyElemwise}


def test_storage_is_reused_only_where_it_fits():
    x = pt.matrix('x')
    f = pytensor.function([x], (pt.exp(x) + 1).sum(axis=0), mode=get_mode('NUMPY'))
    for shape in ((2, 3), (4, 3), (2, 3), (1, 1)):
        np.testing.assert_allclose(f(np.zeros(shape, x.dtype)), 2 * shape[0] * np.ones(shape[1]))


def test_results_are_the_callers_own():
    x = pt.vector('x')
    f = pytensor.function([x], x + 1, mode=get_mode('NUMPY'))
    first = f(np.zeros(2, x.dtype))
    f(np.ones(2, x.dtype))
    assert first.tolist() == [1, 1]
