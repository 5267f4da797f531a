"""Names of ``theano.tensor``: there, or refused by name; and PyTensor goes on working with our methods."""
import importlib
import inspect

import numpy as np
import pytest

pytest.importorskip('pytensor')
import pytensor  # noqa: E402
import pytensor.tensor as pt  # noqa: E402
import theano.tensor as T  # noqa: E402

from lasagne_ext.engine.pytensor import modes  # noqa: E402
from lasagne_ext.engine.pytensor.tensor import broadcast  # noqa: E402

pytestmark = pytest.mark.usefixtures('fast_compile')

MODULES = ['basic', 'blas', 'elemwise', 'extra_ops', 'fft', 'fourier', 'inplace', 'io', 'nlinalg', 'opt',
           'sharedvar', 'slinalg', 'sort', 'subtensor', 'type', 'type_other', 'utils', 'var', 'xlogx']

#: Names from the scan of real programs.
USED = '''addbroadcast unbroadcast patternbroadcast TensorType col icol batched_dot batched_tensordot tensordot
    set_subtensor inc_subtensor stack roll cumsum topk extra_ops.repeat extra_ops.to_one_hot sort
    nlinalg.matrix_inverse nlinalg.svd TensorVariable grad jacobian hessian Rop Lop verify_grad
    consider_constant nnet signal shared_randomstreams elemwise.Elemwise opt.register_canonicalize
    opt.register_specialize opt.register_stabilize inv abs_ sqr'''.split()


@pytest.mark.parametrize('name', USED)
def test_names_that_programs_use(name):
    found = T
    for part in name.split('.'):
        found = getattr(found, part)
    assert found is not None and name.split('.')[0] in dir(T)


@pytest.mark.parametrize('module', MODULES)
def test_every_name_listed_is_there(module):
    module = importlib.import_module('theano.tensor.' + module)
    for name in dir(module):
        assert hasattr(module, name)


@pytest.mark.parametrize('module', ['', '.basic', '.io', '.subtensor'])
def test_refused_names_say_what_to_use(module):
    refused = {**T.basic.REFUSED, **T.io.REFUSED, **T.subtensor.REFUSED}
    module = importlib.import_module('theano.tensor' + module)
    for name in getattr(module, 'REFUSED', refused):
        with pytest.raises(AttributeError, match=name) as error:
            getattr(module, name)
        assert 'use' in str(error.value) or len(str(error.value)) > 60


def test_unknown_names():
    with pytest.raises(AttributeError, match='no_such_name'):
        T.no_such_name
    with pytest.raises(ImportError):
        importlib.import_module('theano.tensor.no_such_module')


def test_functions_that_are_not_modules():
    assert inspect.isfunction(T.sort) and inspect.isfunction(T.var)


def test_pytensors_own_graphs():
    x = pt.matrix('x', dtype='float64', shape=(3, 4))
    cost = pt.special.log_softmax(x, axis=1).sum() + pt.linalg.norm(x) + (x.squeeze() @ x.T).max(axis=(0, 1))
    value = np.random.RandomState(2).rand(3, 4)
    gradient = pytensor.function([x], pytensor.grad(cost, x))(value)
    assert gradient.shape == (3, 4) and np.isfinite(gradient).all()
    assert pt.max(x, axis=()).type.shape == (3, 4)
    sums = pt.vectorize(lambda row: row[::2].sum(), signature='(a)->()')(x)
    np.testing.assert_allclose(pytensor.function([x], sums)(value), value[:, ::2].sum(1))


@pytest.mark.parametrize('mode', ['FAST_COMPILE', 'NUMBA', 'JAX'])
def test_unbroadcast_in_every_mode(mode):
    if mode != 'FAST_COMPILE':
        pytest.importorskip(mode.lower())
    x = pt.row('x', dtype='float64')
    y = broadcast.unbroadcast(x * 2, 0)
    assert y.type.shape == (None, None)
    cost = (y ** 2).sum()
    values = pytensor.function([x], [y, pytensor.grad(cost, x)], mode=modes.get_mode(mode))(np.array([[1., 2]]))
    assert [np.asarray(value).tolist() for value in values] == [[[2, 4]], [[8, 16]]]


def test_unsigned_negation_and_whole_quotients_in_full_compilation():
    x, f = pt.vector('x', dtype='uint8'), pt.vector('f', dtype='float64')
    mode = modes.Mode(linker='py', optimizer='fast_run')
    assert pytensor.function([x], -x, mode=mode)([3]).tolist() == [253]
    assert pytensor.function([f], f // 1, mode=mode)([1.5, -.5]).tolist() == [1, -1]
    i = pt.vector('i', dtype='int8')
    for inputs, output in ([i], i // 1), ([f], f / 1), ([f], -(-f)):
        function = pytensor.function(inputs, output, mode=mode)
        assert function([3]).tolist() == [3]
        assert not any(hasattr(node.op, 'scalar_op') for node in function.maker.fgraph.toposort())
