"""Pickles as Theano writes them: read where they can be, refused with the remedy where not."""
import io
import pickle

import numpy as np
import pytest

pytest.importorskip('pytensor')

import lasagne_ext  # noqa: E402, F401
import theano  # noqa: E402
import theano.tensor as T  # noqa: E402


class Old:
    """Stands for an instance of one of Theano's classes."""

    def __init__(self, module, name, /, **state):
        self.module, self.name, self.state = module, name, state


class OldPickler(pickle._Pickler):
    """Writes :class:`Old` as Theano's classes are written: made without arguments, then given a state."""

    def save(self, obj, save_persistent_id=True):
        if not isinstance(obj, Old):
            return super().save(obj, save_persistent_id)
        self.write(pickle.GLOBAL + ('%s\n%s\n' % (obj.module, obj.name)).encode())
        self.write(pickle.EMPTY_TUPLE + pickle.NEWOBJ)
        self.save(obj.state)
        self.write(pickle.BUILD)


def read(old):
    buffer = io.BytesIO()
    OldPickler(buffer, 2).dump(old)
    return pickle.loads(buffer.getvalue())


def old_type(dtype='float32', broadcastable=(False, True)):
    return Old('theano.tensor.type', 'TensorType', dtype=dtype, broadcastable=broadcastable, name=None,
               numpy_dtype=np.dtype(dtype), sparse_grad=False)


def old_tag():
    return Old('theano.gof.utils', 'scratchpad', trace=[])


def test_a_type_is_the_ordinary_one():
    assert read(old_type()) == T.TensorType('float32', (False, True))
    assert type(read(old_type())) is type(T.fmatrix)


def test_a_variable():
    x = read(Old('theano.tensor.var', 'TensorVariable', type=old_type(), tag=old_tag(), owner=None,
                 index=None, name='x', auto_name='auto_1'))
    assert x.name == 'x' and isinstance(x, T.TensorVariable)
    assert theano.function([x], x * 2)(np.ones((3, 1), 'float32')).tolist() == [[2]] * 3


def test_a_shared_variable_with_its_value():
    value = np.array([[1.], [2.]], 'float32')
    kind = old_type()
    container = Old('theano.gof.link', 'Container', type=kind, name='w', storage=[value], readonly=False,
                    strict=False, allow_downcast=None)
    w = read(Old('theano.tensor.sharedvar', 'TensorSharedVariable', type=kind, tag=old_tag(), owner=None,
                 index=None, name='w', auto_name='auto_2', container=container))
    assert isinstance(w, theano.compile.SharedVariable) and w.get_value().tolist() == value.tolist()
    theano.function([], updates=[(w, w + 1)])()
    assert w.get_value().tolist() == [[2], [3]]
    w.set_value(np.zeros((5, 1), 'float32'))
    again = pickle.loads(pickle.dumps(w))
    assert again.get_value().shape == (5, 1)


def test_a_graph_is_refused_with_the_remedy():
    with pytest.raises(pickle.UnpicklingError, match='get_all_param_values'):
        read(Old('theano.gof.graph', 'Apply', op=None, inputs=[], outputs=[]))


def test_a_compiled_function_is_refused_with_the_remedy():
    with pytest.raises(ModuleNotFoundError, match='function_module.*get_all_param_values'):
        read(Old('theano.compile.function_module', 'Function'))


def test_graphs_made_here_are_pickled_as_ever():
    x = T.matrix('x')
    x2, y2 = pickle.loads(pickle.dumps((x, T.exp(x).sum())))
    assert theano.function([x2], y2)(np.zeros((1, 1), x.dtype)) == 1
