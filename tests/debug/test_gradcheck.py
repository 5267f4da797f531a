"""Gradients against finite differences: right ones pass, wrong ones are found and named."""
from collections import OrderedDict

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (Conv2DLayer, DenseLayer, DropoutLayer, EmbeddingLayer, InputLayer, LSTMLayer,
                            MaxPool2DLayer, MergeLayer, NonlinearityLayer, get_output)

from lasagne_ext import ops
from lasagne_ext.debug import gradcheck, gradgradcheck

pytestmark = pytest.mark.usefixtures('nothing_compiled')


class Cube(theano.Op):
    """The third power; its gradient is multiplied by `factor` in the entries `wrong`."""

    __props__ = ('factor', 'wrong')

    def __init__(self, factor=1., wrong=None):
        self.factor, self.wrong = factor, wrong

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return theano.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = np.asarray(inputs[0] ** 3)

    def grad(self, inputs, grads):
        gradient = 3 * inputs[0] ** 2 * grads[0]
        if self.wrong is None:
            return [gradient * self.factor]
        return [T.set_subtensor(gradient[self.wrong], self.factor * gradient[self.wrong])]


def dense(units=3, **options):
    return DenseLayer(InputLayer((None, 4), name='in'), units, name='fc', **options)


def test_a_function_passes(rng):
    report = gradcheck(lambda x, y: T.tanh(x * y).sum(axis=0), [rng.randn(3, 2), rng.randn(3, 2)], seed=3)
    assert report and report.passed and not report.failed and not report.kinks
    assert report.compared == 2 * 2 * 6 and report.worst_error < 1e-9
    assert str(report).splitlines()[0].startswith(
        'gradcheck of a function: passed: 24 derivatives, worst relative error ')
    assert str(report).splitlines()[-1] == 'seed 3' and len(report.rows) == 5
    assert {row.input for row in report} <= {'x', 'y'}


def test_an_op_passes(rng):
    report = gradcheck(Cube(), rng.randn(2, 3))
    assert report and 'the Op Cube' in report.verdict and report.rows[0].input == 'x'


def test_wrong_factor():
    report = gradcheck(Cube(2.), [np.array([[1., 2], [.5, 0]])], seed=0, worst=4)
    assert not report and not report.passed and report.failed == 3
    assert report.verdict.startswith('gradcheck of the Op Cube')
    assert 'FAILED: d out[0, 1] / d x[0, 1]: analytic 24, numeric 12; 3 of 16 derivatives are wrong' \
        in report.verdict
    assert [row.wrong for row in report] == [True, True, True, False]
    assert {row.index for row in report.rows[:3]} == {(0, 0), (0, 1), (1, 0)}
    row = report.rows[0]
    assert (row.analytic, row.input, row.output_index) == (24, 'x', (0, 1))
    np.testing.assert_allclose([row.numeric, row.error, row.relative], [12, 12, .5])


@pytest.mark.parametrize('factor', [1 + 1e-4, 0, -1, np.nan, np.inf])
def test_one_wrong_entry_among_few(rng, factor):
    report = gradcheck(Cube(factor, (1, 2)), rng.uniform(1, 2, (3, 4)), worst=20)
    # Not even zero times NaN is zero: that is wrong for every output.
    assert report.failed == (1 if np.isfinite(factor) else 12)
    assert {row.index for row in report if row.wrong} == {(1, 2)}
    assert (report.rows[0].index, report.rows[0].output_index) == ((1, 2), (1, 2))


@pytest.mark.parametrize('seed', range(3))
def test_one_wrong_entry_among_thousands(rng, seed):
    """One that is not drawn is searched for."""
    report = gradcheck(Cube(1.5, (31, 17)), rng.uniform(1, 2, (40, 50)), seed=seed, sample=8)
    assert not report
    assert (31, 17) in [row.index for row in report if row.wrong]
    assert report.compared < 50


def test_wrong_gradient_of_a_parameter_inside_a_network(rng):
    class Scaled(lasagne.layers.Layer):
        def __init__(self, incoming, **kwargs):
            super().__init__(incoming, **kwargs)
            self.scale = self.add_param(lasagne.init.Uniform(range=(1, 2)), (3,), name='scale')

        def get_output_for(self, input, **kwargs):
            return input * Cube(2., 1)(self.scale)

    report = gradcheck(Scaled(dense(), name='scaled'), rng.randn(2, 4), worst=20)
    wrong = [row for row in report if row.wrong]
    assert wrong and {(row.input, row.index) for row in wrong} == {('scaled.scale', (1,))}
    assert report.verdict.startswith("gradcheck of Scaled 'scaled': FAILED: d scaled[")


def test_a_dense_layer_and_all_its_parameters(rng):
    layer = dense()
    before = [p.get_value() for p in layer.get_params()]
    own = dict(vars(layer))
    report = gradcheck(layer, rng.randn(2, 4), worst=1000)
    assert report and {row.input for row in report} == {'in', 'fc.W', 'fc.b'}
    assert report.compared == 6 * (8 + 12 + 3) and report.worst_error < 1e-8 and not report.note
    assert all(np.array_equal(a, p.get_value()) for a, p in zip(before, layer.get_params()))
    assert vars(layer) == own and all(p.dtype == theano.config.floatX for p in layer.get_params())


def test_a_network_in_float32_is_checked_in_float64(rng):
    """Differences as good as that are out of reach of float32."""
    with theano.configparser.change_flags(floatX='float32'):
        layer = dense(nonlinearity=T.tanh)
        assert layer.W.dtype == 'float32'
        report = gradcheck(layer, rng.randn(2, 4).astype('float32'))
        assert theano.config.floatX == 'float32' and layer.W.dtype == 'float32'
    assert report and report.worst_error < 1e-8 and not report.note


def test_a_parameter_in_a_closure(rng):
    """Nobody can exchange it there, so the graph is changed."""
    with theano.configparser.change_flags(floatX='float32'):
        scale = theano.shared(np.float32(1.5), 'scale')
        layer = NonlinearityLayer(InputLayer((None, 3), name='in'), lambda x: x * scale, name='scaled')
        layer.add_param(scale, ())
        report = gradcheck(layer, rng.randn(2, 3))
    assert report and 'scaled.scale' in {row.input for row in gradcheck(layer, rng.randn(2, 3), worst=99)}


def test_float32_inside_is_said():
    report = gradcheck(lambda x: T.exp(T.cast(x, 'float32')), np.array([.3, -1.2]))
    assert report and 'works in float32, so the tolerances are those of float32' in str(report)
    wrong = gradcheck(lambda x: Cube(1.1)(T.cast(x, 'float32')), np.array([.3, -1.2]))
    assert wrong.failed == 2


def test_kinks_are_left_out_and_counted():
    report = gradcheck(T.nnet.relu, np.array([0., 1, -1, 0]))
    assert report and report.kinks == 2 and report.compared == 14
    assert report.verdict.endswith(', 2 at kinks left out')


@pytest.mark.parametrize('distance', [1e-12, 3e-9, 1e-7, 3e-6, 2.6e-4, 3.3e-4, 4.9e-4, 9e-4])
def test_next_to_a_kink_nothing_wrong_is_said(distance):
    for x in (distance, -distance):
        assert gradcheck(lambda x: abs(x) + x, np.array([x])).failed == 0


@pytest.mark.parametrize('x', [1e-2, .5, 30.])
@pytest.mark.parametrize('function', [T.sqr, T.exp, T.sin, lambda x: 1 / x, T.sqrt, T.log,
                                      lambda x: T.sin(40 * x), lambda x: T.exp(-5 * x)])
def test_a_wrong_gradient_is_never_taken_for_a_kink(x, function):
    def wrong(x, share):
        return share * function(x) + (1 - share) * theano.gradient.disconnected_grad(function(x))

    assert gradcheck(lambda x: wrong(x, 1), np.array([x])).compared == 1
    report = gradcheck(lambda x: wrong(x, .99), np.array([x]))
    assert report.failed == 1 and not report.kinks


def positive(x):
    """A rectifier whose derivative at 0 is 0."""
    return T.switch(x > 0, x, 0)


def test_kinks_that_cancel_along_a_line():
    """Along x this is x, but next to the point its derivative there is 0, 1 or 2."""
    report = gradcheck(lambda x, y: positive(x) - positive(y - x), [np.zeros(()), np.zeros(())], seed=0)
    assert not report.failed and report.kinks == 2


def test_wrong_values_of_a_smooth_function_at_a_kink_are_wrong():
    """Here the derivative is 1 all around, though the graph has kinks."""
    assert gradcheck(lambda x: positive(x) - positive(-x), np.zeros(())).failed == 1
    assert gradcheck(lambda x: T.switch(T.eq(x, 0), 0, x), np.zeros(1)).failed == 1


def test_a_kink_beside_it_excuses_no_wrong_gradient():
    report = gradcheck(lambda x, y: positive(x) + Cube(1.01)(y), [np.zeros(()), np.ones(())])
    assert report.failed == 1 and report.kinks == 1 and report.rows[0].input == 'y'


def test_a_function_with_steps(rng):
    """Where one entry leaps, others are not compared less strictly."""
    report = gradcheck(lambda x: T.stack([T.floor(x[0]), 1e-3 * x[0], T.nnet.relu(x[0])]), np.zeros(1))
    assert report.compared == 1 and report.kinks == 2


def test_all_at_kinks_is_no_success():
    report = gradcheck(T.nnet.relu, np.zeros(1))
    assert not report and 'nothing could be compared: the function has kinks at all 1 entries' in str(report)


@pytest.mark.parametrize('on_grid', [False, True])
def test_affine_transform(rng, on_grid):
    theta = np.array([[1, 0, 0, 0, 1, 0.]]) + (0 if on_grid else .03 * rng.uniform(.5, 1, (1, 6)))
    report = gradcheck(lambda image, theta: ops.affine_transform(image, theta, (4, 4)),
                       [rng.randn(1, 1, 4, 4), theta])
    assert report and (report.kinks > 16 if on_grid else report.kinks < 16)


def test_large_outputs_with_kinks(rng):
    """The entries of an output without a kink count even where others have one."""
    x = rng.randn(100)
    x[::10] = 0
    report = gradcheck(lambda x, s: T.nnet.relu(x) * s, [x, np.array(1.5)], sample=100)
    assert report and report.kinks == 10 and report.compared > 180
    wrong = gradcheck(lambda x, s: T.nnet.relu(x) * Cube(1.01)(s), [x, np.array(1.5)], sample=100)
    assert {row.input for row in wrong if row.wrong} == {'s'} and wrong.rows[0].output_index is None
    assert 'd (a random sum of out) / d s' in wrong.verdict


def test_several_outputs(rng):
    x = rng.randn(2, 3)
    report = gradcheck(lambda x: [T.exp(x), x.argmax(axis=1), Cube(3.)(x)], x, worst=100)
    assert {row.output for row in report if row.wrong} == {'out2'}
    assert {row.output for row in report} == {'out0', 'out2'}
    named = gradcheck(lambda x: OrderedDict([('a', x + 1), ('b', x.sum())]), {'x': x}, worst=100)
    assert named and {row.output for row in named} == {'a', 'b'}


def test_outputs_that_do_not_depend_on_an_input(rng):
    report = gradcheck(lambda x, y: [x * 2, y * 3], [rng.randn(2), rng.randn(2)], worst=100)
    assert report and report.compared == 16


def test_a_gradient_that_was_cut_off_is_found(rng):
    report = gradcheck(theano.gradient.disconnected_grad, rng.randn(2))
    assert report.failed == 2 and report.rows[0].analytic == 0


@pytest.mark.parametrize('order', [gradcheck, gradgradcheck])
def test_whole_numbers_are_not_differentiated(order):
    net = EmbeddingLayer(InputLayer((None, 2), T.imatrix(), name='in'), 5, 3, name='words')
    report = order(net, np.array([[0, 4]]), worst=1000)
    assert report and not any(row.input == 'in' for row in report)


def test_several_layers_at_once(rng):
    first = dense()
    second = DenseLayer(first, 2, name='top')
    report = gradcheck([first, second], rng.randn(2, 4), worst=1000)
    assert report and {row.output for row in report} == {'fc', 'top'}


def test_layer_with_two_inputs_and_a_tuple_of_outputs(rng):
    class Both(MergeLayer):
        def get_output_shape_for(self, input_shapes):
            return tuple(input_shapes)

        def get_output_for(self, inputs, **kwargs):
            return inputs[0] * 2, inputs[0] + inputs[1] ** 2

    left, right = InputLayer((None, 2), name='left'), InputLayer((None, 2))
    report = gradcheck(Both([left, right]), {'left': rng.randn(3, 2), right: rng.randn(3, 2)}, worst=999)
    assert report and {row.output for row in report} == {'Both2[0]', 'Both2[1]'}
    assert {row.input for row in report} == {'left', 'input1'}


def test_convolution_pooling_and_a_dense_layer(rng):
    layer = Conv2DLayer(InputLayer((None, 1, 5, 6), name='in'), 2, 2, name='conv')
    report = gradcheck(DenseLayer(MaxPool2DLayer(layer, 2), 2, name='out'), rng.randn(2, 1, 5, 6), sample=12,
                       worst=1000)
    assert report and {row.input for row in report} == {'in', 'conv.W', 'conv.b', 'out.W', 'out.b'}


def test_lstm(rng):
    layer = LSTMLayer(InputLayer((None, 2, 2), name='in'), 2, name='lstm')
    report = gradcheck(layer, rng.randn(1, 2, 2), sample=4, worst=10 ** 4)
    assert report and len({row.input for row in report}) == 1 + len(layer.get_params())


def test_batch_norm(rng):
    if not hasattr(lasagne.layers, 'batch_norm'):
        pytest.skip('this Lasagne has no batch normalisation')
    net = lasagne.layers.batch_norm(dense())
    layer = lasagne.layers.get_all_layers(net)[-2]
    before = layer.mean.get_value()
    x = rng.randn(6, 4)
    for deterministic in (True, False):
        assert gradcheck(net, x, deterministic=deterministic)
    np.testing.assert_array_equal(layer.mean.get_value(), before)


def test_dropout_is_found_out(rng):
    net = DropoutLayer(dense(), name='dropped')
    assert gradcheck(net, rng.randn(2, 4))
    report = gradcheck(net, rng.randn(2, 4), deterministic=False)
    assert not report and 'not deterministic: two evaluations of dropped[' in report.verdict
    assert report.verdict.endswith('is a dropout left on?') and not report.rows


def test_gradient_that_is_not_deterministic(rng):
    class Noisy(Cube):
        def grad(self, inputs, grads):
            return [grads[0] * T.shared_randomstreams.RandomStreams(1).uniform(inputs[0].shape)]

    report = gradcheck(Noisy(), rng.randn(3))
    assert not report and 'not deterministic: two evaluations of (d out / d x)[' in report.verdict


def test_values_that_are_not_finite():
    report = gradcheck(T.log, np.array([[1., 2], [0, 1]]))
    assert report.verdict.endswith('FAILED: out[1, 0] is -inf at the point given')
    report = gradcheck(T.sqrt, {'x': np.array([1., 0])})
    assert 'FAILED: d out[1] / d x[1]: analytic inf' in report.verdict


def test_second_derivatives(rng):
    report = gradgradcheck(lambda x, w: T.tanh(T.dot(x, w)), [rng.randn(2, 3), rng.randn(3, 2)],
                           worst=10 ** 4)
    assert report and report.worst_error < 1e-7 and report.verdict.startswith('gradgradcheck of a function: ')
    assert {row.output for row in report} == {'(d out / d x)', '(d out / d w)'}
    assert {row.input for row in report} == {'x', 'w', 'cotangent of out'}
    assert gradgradcheck(dense(2), rng.randn(1, 4))


def test_wrong_second_derivative(rng):
    class Half(Cube):
        def grad(self, inputs, grads):
            return [3 * grads[0] * inputs[0] * theano.gradient.disconnected_grad(inputs[0])]

    x = rng.uniform(1, 2, 3)
    assert gradcheck(Half(), x)
    report = gradgradcheck(Half(), x)
    assert report.failed == 3 and all(row.input == 'x' for row in report if row.wrong)


def test_no_derivative():
    class First(Cube):
        def grad(self, inputs, grads):
            return [theano.gradient.grad_not_implemented(self, 0, inputs[0], 'too hard')]

    class None_(Cube):
        grad = property()

    class Square(Cube):
        def grad(self, inputs, grads):
            return [First()(inputs[0]) * grads[0]]

    x = np.array([1., 2])
    assert 'FAILED: out has no gradient: ' in gradcheck(None_(), x).verdict
    report = gradcheck(First(), x)
    assert 'FAILED: out has no gradient: ' in report.verdict and 'too hard' in report.verdict
    report = gradgradcheck(Square(), x)
    assert 'gradgradcheck of the Op Square' in report.verdict and 'has no gradient: ' in report.verdict
    assert 'too hard' in report.verdict


def test_gradient_of_another_shape(rng):
    class Flat(Cube):
        def grad(self, inputs, grads):
            return [T.concatenate([grads[0], grads[0]])]

    verdict = gradcheck(Flat(), rng.randn(3)).verdict
    assert 'the gradient of out to x has shape (6,) instead of (3,)' in verdict


def test_the_seed_repeats_it(rng):
    x = rng.randn(20, 30)
    first, second = (gradcheck(Cube(), x, seed=7, sample=5) for _ in range(2))
    assert first.to_dict() == second.to_dict() and first.seed == 7
    again = gradcheck(Cube(), x, sample=5)
    assert 'seed %d' % again.seed in str(again) and again.seed != 7
    repeated = gradcheck(Cube(), x, sample=5, seed=again.seed)
    assert repeated.rows == again.rows


def test_nothing_is_drawn_from_the_global_generator(rng):
    before = np.random.get_state()[1].tolist()
    gradcheck(Cube(), rng.randn(3))
    assert np.random.get_state()[1].tolist() == before


def test_raising():
    with pytest.raises(AssertionError, match=r'(?s)FAILED: d out\[0\] .*seed 5'):
        gradcheck(Cube(2.), np.array([1.]), seed=5, raise_exception=True)
    assert gradcheck(Cube(), np.array([1.]), raise_exception=True)


def test_tolerances_and_step(rng):
    x = rng.uniform(1, 2, 3)
    assert not gradcheck(Cube(1.001), x) and gradcheck(Cube(1.001), x, rtol=.01)
    assert gradcheck(Cube(), x, eps=1e-2)


def test_shown_as_text_and_html():
    report = gradcheck(Cube(2.), {'x': np.array([1.])}, seed=0)
    assert [line.split()[:2] for line in str(report).splitlines()[2:5:2]] == [['derivative', 'of'],
                                                                            ['out[0]', 'x[0]']]
    assert '<td' in report._repr_html_() and 'color:' in report._repr_html_()
    plain = report.to_dict()
    assert plain['failed'] == 1 and plain['rows'][0]['index'] == (0,) and type(plain['passed']) is bool


@pytest.mark.parametrize('thing, inputs, error, message', [
    (3, np.ones(2), TypeError, 'fn_or_layer must be a function of symbolic variables, an Op or a Lasagne'),
    (T.tanh, [], ValueError, 'inputs must hold at least one array, got none'),
    (T.tanh, np.array([1j]), TypeError, "must be an array of real numbers, got dtype complex128"),
    (T.sqr, np.array([1, 2]), ValueError, 'nothing to differentiate: no input or parameter is of a floating'),
    (lambda x: x > 1, np.ones(2), ValueError, 'nothing to differentiate: no output is of a floating type'),
    (lambda x: 5, np.ones(2), TypeError, 'the function must give symbolic outputs, got 5'),
    ([], np.ones(2), TypeError, 'fn_or_layer must be'),
    (dense(), np.ones(4), ValueError, "the input layer 'in' takes 2 dimensions"),
    (dense(), {}, ValueError, "no value was given for the input layer 'in'")])
def test_bad_arguments(thing, inputs, error, message):
    for check in (gradcheck, gradgradcheck):
        with pytest.raises(error, match='%s: .*%s' % (check.__name__, message)):
            check(thing, inputs)


@pytest.mark.parametrize('options, error, message', [
    ({'worst': 0}, ValueError, 'worst must be at least 1, got 0'),
    ({'sample': 1.5}, TypeError, 'sample must be a whole number, got 1.5'),
    ({'rtol': -1}, ValueError, 'rtol must be at least 0'),
    ({'eps': 0.}, ValueError, 'eps must be more than 0')])
def test_bad_options(options, error, message):
    with pytest.raises(error, match='gradcheck: ' + message):
        gradcheck(T.tanh, np.ones(2), **options)


def test_networks_work_after_a_failed_check(rng):
    """What was exchanged for the check is put back when building it fails."""
    class Broken(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            raise RuntimeError('broken')

    layer = dense()
    with pytest.raises(RuntimeError, match='broken'):
        gradcheck(Broken(layer), rng.randn(2, 4))
    assert layer.W in theano.gof.graph.inputs([get_output(layer)])
