"""Types of tensors, the variables they make, and which classes those are of."""
import pickle

import numpy as np
import pytest

import theano
import theano.tensor as T

LETTERS = {'b': 'int8', 'w': 'int16', 'i': 'int32', 'l': 'int64', 'f': 'float32', 'd': 'float64',
           'c': 'complex64', 'z': 'complex128'}
PATTERNS = {'scalar': (), 'vector': (False,), 'matrix': (False, False), 'row': (True, False),
            'col': (False, True), 'tensor3': (False,) * 3, 'tensor4': (False,) * 4,
            'tensor5': (False,) * 5, 'tensor6': (False,) * 6, 'tensor7': (False,) * 7}


@pytest.mark.parametrize('kind', PATTERNS)
def test_every_kind_of_variable(kind):
    for letter, dtype in LETTERS.items():
        variable = getattr(T, letter + kind)('x')
        assert (variable.name, variable.dtype, variable.broadcastable) == ('x', dtype, PATTERNS[kind])
        assert getattr(T, letter + kind).dtype == dtype
    for variable in (getattr(T, kind)('x', 'int16'), getattr(T, kind)(name='x', dtype='int16')):
        assert (variable.name, variable.dtype, variable.broadcastable) == ('x', 'int16', PATTERNS[kind])
    assert getattr(T, kind)().dtype == theano.config.floatX


def test_several_variables_at_once():
    assert [x.name for x in T.matrices('a', 'b')] == [x.name for x in T.matrices('ab')] == ['a', 'b']
    assert T.matrices('a').name == 'a'
    assert [x.dtype for x in T.fvectors(3)] == ['float32'] * 3
    assert [x.ndim for x in T.dtensor4s(['p', 'q'])] == [4, 4]
    assert len({id(x) for x in T.scalars(4)}) == 4


def test_a_pattern_holds_truths_and_no_lengths():
    assert T.TensorType('float32', (0, 1, 7)).broadcastable == (False, True, True)
    assert T.TensorType('float32', [0] * 3) == T.ftensor3
    function = theano.function([x := T.TensorType('float32', (0, 0))('x')], x.sum(0))
    assert function(np.ones((2, 3), 'float32')).tolist() == [2, 2, 2]


def test_arguments_of_a_type():
    kind = T.TensorType(dtype='floatX', broadcastable=(True,), name='weights')
    assert (kind.dtype, kind.ndim, kind.name) == (theano.config.floatX, 1, 'weights')
    assert T.TensorType('int8', (True,)).clone(dtype='int16').dtype == 'int16'
    assert T.TensorType('int8', (True,)).clone(broadcastable=(False, True)).broadcastable == (False, True)
    assert T.tensor('int8', (True,), name='t').name == 't'
    assert T.Tensor is T.TensorType
    with pytest.raises(TypeError):
        T.TensorType('no such dtype', ())
    with pytest.raises(TypeError):
        T.TensorType('int8')


def test_types_are_compared_by_value_and_pickled():
    kind = T.TensorType('float32', (False, True))
    assert kind == T.fcol and kind != T.fmatrix and hash(kind) == hash(T.fcol)
    assert pickle.loads(pickle.dumps(kind)) == kind
    copy = pickle.loads(pickle.dumps(T.fcol('x')))
    assert (copy.name, copy.type) == ('x', T.fcol)


def test_values_of_a_type():
    assert T.fmatrix.filter([[1, 2]]).dtype == 'float32'
    assert T.fmatrix.is_valid_value(np.ones((1, 2), 'float32'))
    assert not T.fmatrix.is_valid_value(np.ones(2, 'float32'))
    with pytest.raises(TypeError):
        T.fmatrix.filter(np.ones((1, 2)), strict=True)
    with pytest.raises(TypeError):
        T.frow.filter(np.ones((2, 2), 'float32'))
    assert T.fmatrix.filter(np.ones((1, 2)), allow_downcast=True).dtype == 'float32'
    assert T.fmatrix.values_eq_approx(np.ones(2), np.ones(2) + 1e-9)
    assert T.imatrix.value_zeros((2, 3)).tolist() == [[0] * 3] * 2
    assert T.fmatrix.value_validity_msg(np.ones(2))
    assert isinstance(T.fmatrix.make_variable(), T.fmatrix.Variable)


SHARED, CONSTANT, INPUT = theano.shared(np.ones(3)), T.constant([1., 2]), T.matrix()


@pytest.mark.parametrize('variable, classes', [
    (INPUT, {'TensorVariable', 'Variable', '_tensor_py_operators'}),
    (T.exp(INPUT), {'TensorVariable', 'Variable', '_tensor_py_operators'}),
    (CONSTANT, {'TensorConstant', 'Constant', 'Variable', '_tensor_py_operators'}),
    (SHARED, {'Variable', '_tensor_py_operators'})], ids=['input', 'output', 'constant', 'shared'])
def test_classes_of_variables(variable, classes):
    for name in ('TensorVariable', 'TensorConstant', 'Constant', 'Variable', '_tensor_py_operators'):
        assert isinstance(variable, getattr(T, name)) == (name in classes)
    assert isinstance(variable.type, T.TensorType)
    assert isinstance(variable, theano.Variable)
    assert isinstance(variable, T.sharedvar.TensorSharedVariable) == (variable is SHARED)


def test_shared_numbers_are_a_class_of_their_own():
    for value in (1, 1., np.float32(1)):
        shared = theano.shared(value)
        assert isinstance(shared, T.sharedvar.ScalarSharedVariable)
        assert not isinstance(shared, T.sharedvar.TensorSharedVariable)
        assert pickle.loads(pickle.dumps(shared)).get_value() == 1
    assert isinstance(theano.shared(np.ones(())), T.sharedvar.TensorSharedVariable)
    assert not isinstance(SHARED, T.sharedvar.ScalarSharedVariable)


def test_constructors_of_shared_variables():
    row = T._shared(np.ones((1, 3)), 'r', broadcastable=(True, False))
    assert (row.name, row.broadcastable) == ('r', (True, False))
    assert T._shared(np.ones((1, 3))).broadcastable == (False, False)
    with pytest.raises(TypeError):
        T._shared(1.)
    value = np.ones(3)
    assert T._shared(value, borrow=True).get_value(borrow=True) is value
    assert T.sharedvar.scalar_constructor(np.float32(2)).dtype == 'float32'


def test_variables_made_by_their_class():
    variable = T.TensorVariable(T.fmatrix, name='x')
    assert (variable.name, variable.type, variable.owner) == ('x', T.fmatrix, None)
    assert isinstance(variable, T.TensorVariable)
    assert T.TensorConstant(T.fvector, np.ones(2, 'float32')).data.tolist() == [1, 1]


def test_a_class_of_variables_may_be_derived():
    class Labelled(T.TensorVariable):
        """A variable with a label."""

    variable = Labelled(T.fmatrix, None)
    assert isinstance(variable, Labelled) and isinstance(variable, T.TensorVariable)
    assert not isinstance(T.fmatrix(), Labelled)
    assert issubclass(Labelled, T.TensorVariable) and issubclass(T.TensorVariable, T.Variable)
    assert not issubclass(T.TensorConstant, T.TensorVariable)


def test_what_a_variable_tells_of_itself():
    x = T.fmatrix('x')
    y = T.exp(x)
    assert (x.ndim, x.dtype, x.broadcastable, x.name) == (2, 'float32', (False, False), 'x')
    assert y.owner.op == T.exp and y.owner.inputs == [x] and x.owner is None
    assert isinstance(y.owner.op, T.Elemwise) and y.owner.inputs[0] in y.get_parents()[0].inputs
    copy = x.clone()
    assert copy is not x and copy.type == x.type and copy.name == 'x'
    x.tag.note = 3
    assert x.tag.note == 3


def test_dtypes_by_kind():
    assert set(T.float_dtypes) == {'float16', 'float32', 'float64'}
    assert set(T.int_dtypes) == {'int8', 'int16', 'int32', 'int64'}
    assert set(T.uint_dtypes) == {'uint8', 'uint16', 'uint32', 'uint64'}
    assert set(T.integer_dtypes) == set(T.int_dtypes + T.uint_dtypes)
    assert set(T.discrete_dtypes) == set(T.integer_dtypes + ['bool'])
    assert set(T.continuous_dtypes) == set(T.float_dtypes + T.complex_dtypes)
    assert set(T.all_dtypes) == set(T.discrete_dtypes + T.continuous_dtypes)
    assert T.float_types == (T.fscalar, T.dscalar) and T.int_matrix_types[2] == T.imatrix
