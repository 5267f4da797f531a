"""Declared shapes against actual ones."""
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (ConcatLayer, Conv2DLayer, DenseLayer, ElemwiseSumLayer, EmbeddingLayer,
                            InputLayer, LSTMLayer, NonlinearityLayer)

from lasagne_ext.debug import check_shapes

FLOAT = theano.config.floatX


class Pool(lasagne.layers.Layer):
    """Halves, and says that it rounds up."""

    def get_output_for(self, input, **kwargs):
        return input[:, :, :input.shape[2] // 2, :input.shape[3] // 2]

    def get_output_shape_for(self, input_shape):
        return input_shape[:2] + tuple((size + 1) // 2 for size in input_shape[2:])


@pytest.fixture
def image():
    return InputLayer((None, 3, 9, 9), name='image')


@pytest.fixture
def x():
    return np.zeros((6, 3, 9, 9), FLOAT)


def verdicts(report):
    return {row.name: row.verdict for row in report.rows}


def first_line(report):
    return str(report).splitlines()[0]


def test_all_is_as_declared(image, x):
    report = check_shapes(DenseLayer(Conv2DLayer(image, 2, 3, name='conv'), 4, name='fc'), x)
    assert first_line(report) == 'check_shapes: every layer gives the shape it declares'
    assert [(row.name, row.declared, row.actual) for row in report.rows] == [
        ('image', (None, 3, 9, 9), (6, 3, 9, 9)), ('conv', (None, 2, 7, 7), (6, 2, 7, 7)),
        ('fc', (None, 4), (6, 4))]
    assert report.problems == report.doubts == [] and set(verdicts(report).values()) == {'ok'}


def test_first_liar_and_consequences(image, x):
    after = NonlinearityLayer(Pool(image, name='pool'), name='after')
    report = check_shapes(after, x)
    assert first_line(report) == "check_shapes: Pool 'pool' declares (None, 3, 5, 5) but gives (6, 3, 4, 4)"
    assert verdicts(report) == {'image': 'ok', 'pool': 'false', 'after': 'consequence'}


def test_two_liars_are_told_apart_from_consequences(image, x):
    second = Pool(NonlinearityLayer(Pool(image, name='pool'), name='between'), name='again')
    report = check_shapes(second, np.zeros((6, 3, 9, 9)))
    # 4 becomes 2, as the second declares for 4; for the 5 it was told it declares 3.
    assert verdicts(report) == {'image': 'ok', 'pool': 'false', 'between': 'consequence',
                                'again': 'consequence'}


def test_a_lie_that_breaks_the_next_layer(image, x):
    report = check_shapes(DenseLayer(Pool(image, name='pool'), 4, name='fc'), x)
    assert first_line(report).startswith("check_shapes: Pool 'pool' declares (None, 3, 5, 5) but gives")
    assert verdicts(report) == {'image': 'ok', 'pool': 'false', 'fc': 'failed'}
    assert '48 numbers per sample came where 75 are expected' in report.problems[1]
    assert report.rows[1].actual == (6, 3, 4, 4) and report.rows[2].actual is None


@pytest.mark.parametrize('declared, given, hint', [
    ((None, 3, 9, 8), (6, 9, 8, 3), 'looks like channels last; transpose(0, 3, 1, 2)'),
    ((None, 9, 8, 3), (6, 3, 9, 8), 'looks like channels first; transpose(0, 2, 3, 1)'),
    ((5, 7, 3), (7, 5, 3), 'looks like the first two axes exchanged (time before batch?); '
                           'transpose(1, 0, 2)')])
def test_wrong_order_of_axes(declared, given, hint):
    net = NonlinearityLayer(InputLayer(declared, name='in'), name='after')
    report = check_shapes(net, np.zeros(given))
    assert first_line(report).startswith("check_shapes: InputLayer 'in' declares ")
    assert 'was given %s: %s' % (given, hint) in first_line(report)
    assert verdicts(report)['after'] == 'consequence'


def test_wrong_rank(image, x):
    class Total(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return input.sum(axis=1)

    report = check_shapes(Total(image, name='total'), x)
    assert first_line(report) == ("check_shapes: Total 'total' declares (None, 3, 9, 9) but gives "
                                  '(6, 9, 9): 3 axes in place of 4')


def test_tuples_of_outputs(image, x):
    class Two(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return input, input.sum(axis=(1, 2, 3))

        def get_output_shape_for(self, input_shape):
            return self.told or (input_shape, input_shape[:1])

    good, bad, vague = Two(image, name='good'), Two(image, name='bad'), Two(image, name='vague')
    good.told, bad.told, vague.told = None, ((None, 3, 9, 9), (None, 2)), (None, 3, 9, 9)
    report = check_shapes([good, bad, vague], x)
    assert verdicts(report) == {'image': 'ok', 'good': 'ok', 'bad': 'false', 'vague': 'ok'}
    assert report.rows[1].actual == ((6, 3, 9, 9), (6,))
    assert 'gives 2 values' in report.rows[3].note
    assert "Two 'bad' declares ((None, 3, 9, 9), (None, 2)) but gives ((6, 3, 9, 9), (6,))" in str(report)


def merged(kind):
    a, b = InputLayer((None, 4), name='a'), InputLayer((None, 4), name='b')
    merge = kind([DenseLayer(a, 3, name='left'), DenseLayer(b, 3, name='right')], name='merge')
    return DenseLayer(merge, 2, name='top')


@pytest.mark.parametrize('kind', [ConcatLayer, ElemwiseSumLayer])
def test_batches_of_different_sizes(kind):
    report = check_shapes(merged(kind), {'a': np.zeros((2, 4)), 'b': np.zeros((3, 4))})
    assert first_line(report).startswith("check_shapes: %s 'merge' (forward) failed in " % kind.__name__)
    assert "batches of different sizes: 2 in InputLayer 'a', 3 in InputLayer 'b'" in first_line(report)
    assert verdicts(report) == {'a': 'ok', 'b': 'ok', 'left': 'ok', 'right': 'ok', 'merge': 'failed',
                                'top': 'not reached'}
    assert report.doubts == ["the first axes of the inputs differ: 2 in InputLayer 'a', 3 in InputLayer 'b'"]


def test_named_dimensions():
    net = merged(ConcatLayer)
    values = {'a': np.zeros((2, 4)), 'b': np.zeros((3, 4))}
    report = check_shapes(net, values, dimensions={'a': ('batch', 'feature'), 'b': ('batch', 'feature')})
    assert first_line(report) == ("check_shapes: the dimension 'batch' is 2 in InputLayer 'a' (axis 0) but "
                                  "3 in InputLayer 'b' (axis 0)")
    values['b'] = np.zeros((2, 4))
    report = check_shapes(net, values, dimensions={'a': ('batch', None), net: ('batch', None)})
    assert report.problems == []


def test_named_dimensions_within_one_layer():
    square = InputLayer((None, None), name='square')
    report = check_shapes(square, np.zeros((2, 3)), dimensions={square: ('side', 'side')})
    assert report.problems == ["the dimension 'side' is 2 in InputLayer 'square' (axis 0) but 3 in "
                               "InputLayer 'square' (axis 1)"]


def test_mask_of_another_length():
    sequence, mask = InputLayer((None, None, 3), name='in'), InputLayer((None, None), name='mask')
    net = LSTMLayer(sequence, 2, mask_input=mask, name='lstm')
    report = check_shapes(net, {'in': np.zeros((2, 5, 3)), 'mask': np.ones((2, 4))},
                          dimensions={'in': ('batch', 'time', None), 'mask': ('batch', 'time')})
    assert first_line(report) == ("check_shapes: the dimension 'time' is 5 in InputLayer 'in' (axis 1) but "
                                  "4 in InputLayer 'mask' (axis 1)")


def test_layer_that_fails_while_it_is_built(image, x):
    class Broken(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            raise ZeroDivisionError('no way')

    report = check_shapes(DenseLayer(Broken(image, name='broken'), 2, name='fc'), x)
    assert first_line(report) == ("check_shapes: Broken 'broken' failed while its output was built: "
                                  'ZeroDivisionError: no way')
    assert verdicts(report) == {'image': 'ok', 'broken': 'failed', 'fc': 'not reached'}


def test_doubles_where_floats_are_asked_for():
    words = InputLayer((None, 4), T.imatrix(), name='words')
    with theano.configparser.change_flags(floatX='float32'):
        net = DenseLayer(DenseLayer(words, 2, name='first'), 2, name='second')
        report = check_shapes(net, np.zeros((2, 4), int))
    assert report.problems == []
    assert report.doubts == ["DenseLayer 'first' gives float64, from int32, though floatX is float32; "
                             'cast its input']


def test_integer_input():
    net = EmbeddingLayer(InputLayer((None, 2), T.imatrix(), name='words'), 5, 3, name='embedding')
    rows = check_shapes(net, np.array([[0, 4]])).rows
    assert [(row.actual, row.dtype) for row in rows] == [((1, 2), 'int32'), ((1, 2, 3), FLOAT)]


def test_layers_without_names_and_shapes_in_place_of_layers(image, x):
    class Ones(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return T.ones((2, 3))

    report = check_shapes([Pool(image), Ones(image)], x)
    assert [row.name for row in report.rows] == ['image', 'Pool1', 'Ones2']
    assert verdicts(report)['Ones2'] == 'false'


def test_plain_values_and_html(image, x):
    report = check_shapes(Pool(image, name='<pool>'), x)
    assert report.to_dict()['rows'][1]['actual'] == (6, 3, 4, 4)
    assert report.to_dict()['problems'] == report.problems
    assert '&lt;pool&gt;' in report._repr_html_() and report.emphasis(report.rows[1]) == 'bad'


@pytest.mark.parametrize('keywords, error, message', [
    ({'dimensions': {'b': ('batch',)}}, ValueError, "dimensions names 'b', which is no layer of this"),
    ({'dimensions': {'a': ('batch',)}}, ValueError, "dimensions of 'a' name 1 axes, but it declares"),
    ({'dimensions': {'a': 'xy'}}, TypeError, "dimensions of 'a' must be a tuple of names or None"),
    ({'dimensions': ['a']}, TypeError, 'dimensions must be a dict'),
    ({'inputs': np.ones(4)}, ValueError, "the input layer 'a' takes 2 dimensions"),
    ({'layers': []}, ValueError, 'at least one layer'), ({'layers': 3}, TypeError, 'got 3')])
def test_bad_arguments(keywords, error, message):
    arguments = dict({'layers': InputLayer((None, 4), name='a'), 'inputs': np.ones((2, 4))}, **keywords)
    with pytest.raises(error, match='check_shapes: .*' + message):
        check_shapes(**arguments)
