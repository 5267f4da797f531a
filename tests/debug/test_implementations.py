"""The same by every path: kernels, reference, elementary graph; Python and C code."""
import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext import kernels, ops
from lasagne_ext.debug import compare_implementations as compare
from lasagne_ext.kernels import sampling

pytestmark = pytest.mark.usefixtures('nothing_compiled')


def values(rng, dtype='float64', points=6):
    image = rng.randn(2, 2, 5, 6).astype(dtype)
    numbers = np.eye(3).ravel()[:points] if points in (6, 9) else 0
    return [image, (numbers + .1 * rng.randn(2, points)).astype(dtype)]


def isas():
    return kernels.library.runnable_isas() if kernels.library else []


CASES = {'affine': (6, lambda image, theta: ops.affine_transform(image, theta, (3, 4))),
         'options': (6, lambda image, theta: ops.affine_transform(
             image, 3 * theta, (3, 4), interpolation='bicubic', border_mode='mirror')),
         'antialias': (6, lambda image, theta: ops.affine_transform(image, 3 * theta, (3, 4), antialias=True,
                                                                    outside_grad=.5)),
         'projective': (9, lambda image, H: ops.projective_transform(image, H, (3, 4))),
         'tps': (8, lambda image, moves: ops.tps_transform(image, moves, (3, 4), control_points=4))}


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('case', sorted(CASES))
def test_sampling_agrees_on_every_path(rng, case, dtype):
    points, function = CASES[case]
    report = compare(function, values(rng, dtype, points))
    assert report and report.passed, str(report)
    paths = ['the kernels, %s%s' % (isa, ' (in use)' if isa == kernels.library.isa else '')
             for isa in isas()] + ['the elementary graph']
    assert [row.path for row in report][::3] == paths
    assert {row.verdict for row in report} <= {'same', 'equal'} and report.reference == 'the NumPy reference'
    assert max(row.roundings for row in report) < 100


@pytest.mark.parametrize('op, points', [
    (ops.flow_warp, lambda rng: rng.randn(2, 2, 3, 4)),
    (ops.grid_sample, lambda rng: rng.uniform(-1.5, 1.5, (2, 3, 3, 4, 2))),
    (ops.GridSample(ops.SamplerOptions('nearest', 'wrap')),
     lambda rng: rng.uniform(-1.5, 1.5, (2, 3, 4, 2)))])
def test_points_one_by_one(rng, op, points):
    report = compare(op, {'input': rng.randn(2, 1, 4, 5), 'points' if isinstance(op, theano.Op) else (
        'flow' if op is ops.flow_warp else 'grid'): points(rng)})
    assert report, str(report)
    assert len(report) == 3 * (len(isas()) + 1)


def test_volumes_and_footprints(rng):
    image = rng.randn(1, 1, 3, 4, 3)
    theta = np.eye(3, 4).reshape(1, 12) * 2 + .1 * rng.randn(1, 12)
    assert compare(lambda image, theta: ops.affine_transform(image, theta, (2, 3, 2), antialias=True),
                   [image, theta])


def test_on_the_grid_and_where_points_are_not_finite(rng):
    """The kinks have the right-hand derivative by every path, and nowhere is nowhere."""
    image, theta = values(rng)
    theta[0], theta[1, 1] = [1, 0, 0, 0, 1, 0], np.nan
    report = compare(lambda image, theta: ops.affine_transform(image, theta, (5, 6)), [image, theta])
    assert report, str(report)


def test_a_gradient_op_has_no_elementary_graph(rng):
    report = compare(ops.AffineTransformGrad(), values(rng) + [rng.randn(2, 2, 2, 3)])
    assert report if isas() else 'there is no other path' in report.verdict
    assert 'the elementary graph: none, AffineTransformGrad is a gradient' in str(report)


@pytest.mark.skipif(kernels.library is None, reason='no compiled kernels')
def test_a_wrong_kernel_is_found(rng, monkeypatch):
    right = sampling.sample

    def sample(*arguments):
        output = right(*arguments)
        if kernels.library is not None and kernels.library.isa == isas()[-1]:
            output.ravel()[3] += 1e-6
        return output

    monkeypatch.setattr(sampling, 'sample', sample)
    report = compare(CASES['affine'][1], values(rng), seed=0)
    assert not report and report.verdict.startswith(
        'compare_implementations of a function: DIFFERENT: out by the kernels, %s' % isas()[-1])
    wrong = [row for row in report if row.verdict == 'DIFFERENT']
    assert len(wrong) == 1 and wrong[0].what == 'out'
    np.testing.assert_allclose(wrong[0].difference, 1e-6, rtol=1e-6)
    assert 1e8 < wrong[0].roundings < 1e11


@pytest.mark.parametrize('fails', [False, True])
def test_the_library_in_use_stays(rng, fails):
    before = kernels.library
    image, theta = values(rng)
    if fails:
        theta[0] = np.nan
        with pytest.raises(ValueError, match='theta is not finite'):
            compare(lambda x, t: ops.affine_transform(x, t, (2, 2), check_finite=True), [image, theta])
    else:
        compare(CASES['affine'][1], [image, theta])
    assert kernels.library is before


def test_without_compiled_kernels(rng, monkeypatch):
    monkeypatch.setattr(kernels, 'library', None)
    report = compare(CASES['affine'][1], values(rng))
    assert report and {row.path for row in report} == {'the elementary graph'}
    assert 'no compiled kernels' in str(report)


def test_other_ops_by_python_and_c_code_and_optimized(rng):
    report = compare(lambda x, k: (T.nnet.softmax(T.dot(x, x.T)), x[k]),
                     [rng.randn(3, 3), np.array([2, 0])])
    assert report and report.reference == 'Python code'
    paths = {row.path for row in report}
    assert paths == {'FAST_COMPILE', 'FAST_RUN'} | ({'C code'} if theano.config.cxx else set())
    assert {row.what for row in report} == {'out0', 'out1', 'd out0 / d x', 'd out1 / d x'}


class Doubled(theano.Op):
    """An Op that an optimizer could have got wrong: the first call and later ones differ."""

    __props__ = ()
    calls = 0

    def make_node(self, x):
        return theano.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        Doubled.calls += 1
        output_storage[0][0] = inputs[0] * (2 + (Doubled.calls > 1))

    def grad(self, inputs, grads):
        return [2 * grads[0]]


def test_other_ops_that_differ(rng):
    Doubled.calls = 0
    report = compare(Doubled(), np.array([1., 3]), seed=0)
    assert not report and 'DIFFERENT: out by ' in report.verdict
    assert {row.what for row in report if row.verdict == 'DIFFERENT'} == {'out'}
    assert report.rows[0].difference == 3


def test_nan_on_one_side():
    class Moody(Doubled):
        def perform(self, node, inputs, output_storage):
            Doubled.calls += 1
            output_storage[0][0] = inputs[0] * (np.nan if Doubled.calls > 1 else 1)

    Doubled.calls = 0
    assert compare(Moody(), np.ones(2)).rows[0].verdict == 'DIFFERENT'


def test_shown(rng):
    report = compare(CASES['affine'][1], values(rng), seed=4)
    lines = str(report).splitlines()
    assert lines[0].startswith('compare_implementations of a function: ')
    assert 'the NumPy reference' in lines[0]
    assert lines[2].split() == ['path', 'what', 'difference', 'roundings', 'verdict']
    assert lines[-1] == 'seed 4' and '<table>' in report._repr_html_()
    assert report.to_dict()['rows'][0]['what'] == 'out' and report.to_dict()['passed'] is True


@pytest.mark.parametrize('op, inputs, error, message', [
    (3, np.ones(2), TypeError, 'op must be a function of symbolic variables or an Op, got 3'),
    (T.tanh, [], ValueError, 'inputs must hold at least one array'),
    (T.tanh, ['a'], TypeError, 'must be an array of real numbers, got dtype <U1'),
    (lambda x: None, np.ones(2), TypeError, 'the function must give symbolic outputs, got None')])
def test_bad_arguments(op, inputs, error, message):
    with pytest.raises(error, match='compare_implementations: .*' + message):
        compare(op, inputs)


def test_the_name_that_pages_of_version_0_1_use():
    from lasagne_ext.debug import compare_paths
    assert compare_paths is compare
