"""Nothing of anybody else's is different in a process because lasagne_ext was imported."""
import pytest

pytest.importorskip('pytensor')

#: A photograph of other packages, as ``{place: what is there}``: attributes of modules and of classes, what
#: dictionaries, lists and sets of modules hold, who answers to a dispatching function, settings, and what
#: each of PyTensor's modes does to a graph. Values that are compared are plain, others stand for themselves.
PHOTOGRAPH = r'''
import importlib
import sys
import warnings

OTHERS = ('pytensor', 'numpy', 'scipy', 'numba', 'jax', 'IPython', 'pymc')

for name in ('pytensor', 'pytensor.tensor', 'pytensor.compile.debug.debugmode', 'pytensor.scan.checkpoints',
             'pytensor.compile.debug.nanguardmode', 'pytensor.compile.debug.monitormode', 'numpy.random',
             'pytensor.tensor.fourier', 'pytensor.tensor.fft', 'pytensor.sparse', 'scipy.special',
             'pytensor.link.numba.dispatch', 'pytensor.link.jax.dispatch', 'IPython'):
    try:
        importlib.import_module(name)
    except ImportError:
        pass

kept = []


def sight(value):
    """What is compared: a plain value itself, of anything else which object it is."""
    if isinstance(value, (bool, int, float, complex, str, bytes, type(None))):
        return repr(value)                   # nan is not equal to itself
    kept.append(value)                       # or another object could get its number
    return id(value)


def photograph():
    seen = {}
    # First what is worked out, and then kept in modules, when it is asked for.
    import numpy
    import pytensor
    from pytensor.compile import mode as modes
    for name in pytensor.config._config_var_dict:
        seen['pytensor.config', name] = sight(getattr(pytensor.config, name))
    for name, mode in modes.predefined_modes.items():
        seen['mode', name, 'rewrites'] = rewrites(mode.optimizer)
    for function in (modes.get_default_mode, lambda: modes.get_mode('FAST_RUN')):
        mode = function()
        seen['mode', 'default', function.__name__] = (type(mode).__name__, type(mode.linker).__name__,
                                                      rewrites(mode.optimizer))
    for kind, printer in pytensor.printing.pprint.printers:
        kept.append(kind)
    seen['pytensor.printing', 'printers'] = len(pytensor.printing.pprint.printers)
    seen['numpy', 'errors'] = str(numpy.geterr()), sight(numpy.geterrcall())
    seen['numpy', 'printing'] = str(numpy.get_printoptions())
    seen['numpy', 'random'] = str(numpy.random.get_state())
    for name in ('displayhook', 'excepthook', 'unraisablehook', 'stdout', 'stderr'):
        seen['sys', name] = sight(getattr(sys, name))
    seen['sys', 'recursion limit'] = sys.getrecursionlimit()
    seen['warnings', 'filters'] = tuple(map(str, warnings.filters))
    for name, module in sorted(sys.modules.items()):
        package = name.partition('.')[0]
        if package not in OTHERS or module is None:
            continue
        for attribute, value in list(vars(module).items()):
            seen[name, attribute] = sight(value)
            if isinstance(value, type) and str(value.__module__).partition('.')[0] == package:
                for own, member in list(vars(value).items()):
                    seen[value.__module__, value.__qualname__, own] = sight(member)
            elif isinstance(value, dict) and not attribute.startswith('__'):
                for key, member in list(value.items()):
                    seen[name, attribute, repr(key)[:200]] = sight(member)
            elif isinstance(value, (list, tuple, set, frozenset)):
                seen[name, attribute, 'members'] = tuple(map(id, value))
            if hasattr(value, 'registry') and hasattr(value, 'dispatch'):
                for kind, function in list(value.registry.items()):
                    seen[name, attribute, 'dispatch', kind.__module__ + '.' + kind.__qualname__] = sight(function)
    return seen


def rewrites(rewriter):
    """Names of all that a rewriter consists of, in order."""
    rewriter = vars(rewriter).get('_rewriter', rewriter)
    parts = list(getattr(rewriter, 'data', ()) or getattr(rewriter, 'rewrites', ()) or ())
    for name in ('local_optimizers_all', 'local_optimizers_map', 'global_rewriters', 'final_rewriters',
                 'cleanup_rewriters'):
        found = getattr(rewriter, name, ())
        parts += [part for part in (found if isinstance(found, (list, tuple)) else ())]
    tracker = getattr(rewriter, 'node_tracker', None)
    if tracker is not None:
        for rules in (tracker.tracked_types, tracker.tracked_instances):
            parts += sorted({rule for found in rules.values() for rule in found}, key=str)
        parts += tracker.untracked_rewrites
    inner = getattr(rewriter, 'node_rewriter', None)
    if inner is not None:
        parts.append(inner)
    return (str(getattr(rewriter, 'name', rewriter)), *map(rewrites, parts))


before = photograph()
%s
after = photograph()
modules = {place[0] for place in before}
for place in sorted(set(before) | set(after), key=str):
    if place[0] in modules and before.get(place) != after.get(place):
        print('/'.join(place))
'''

#: Everything that the package has.
IMPORTS = r'''
import lasagne_ext
import theano
import theano.tensor as T
import lasagne_ext.layers
import pkgutil
from lasagne_ext.engine.pytensor import _finder
for info in pkgutil.walk_packages([_finder.FACADE], 'theano.'):
    importlib.import_module(info.name)
'''

#: What is different, each with the reason why that is no harm.
DOCUMENTED = (
    # Forms of our own Ops for Numba and JAX.
    '/dispatch/lasagne_ext.', '/dispatch/theano.',
    # Python remembers with a class how its instances are copied.
    '/__slotnames__',
    # Weak references by which Numba knows its types again.
    '/_typecache',
    # Lasagne 0.1 calls Theano's convolution by an old argument name; the filter holds for its modules alone.
    'warnings/filters')


def differences(run_python, code):
    done = run_python(PHOTOGRAPH % code, LASAGNE_EXT_ENGINE='pytensor')
    return [line for line in done.stdout.splitlines() if not any(known in line for known in DOCUMENTED)]


def test_nothing_is_different_after_the_import(run_python):
    assert differences(run_python, IMPORTS) == []


def test_a_change_would_be_seen(run_python):
    code = '''
import pytensor
from pytensor.tensor.variable import _tensor_py_operators
_tensor_py_operators.max = lambda self, axis=None: None
pytensor.config.linker = 'vm'
pytensor.compile.mode.predefined_linkers['mine'] = None
'''
    found = differences(run_python, code)
    assert 'pytensor.tensor.variable/_tensor_py_operators/max' in found
    assert 'pytensor.config/linker' in found
    assert "pytensor.compile.mode/predefined_linkers/'mine'" in found


def test_logarithm_of_a_sum_of_exponentials(run_python):
    done = run_python('''
import lasagne_ext, theano, theano.tensor as T
v = T.dvector()
f = theano.function([v], T.log(T.sum(T.exp(v))))
print(repr(float(f([800., 800.]))), round(float(f([-900., -901.])), 8))
''', LASAGNE_EXT_ENGINE='pytensor')
    assert done.stdout.split() == ['800.6931471805599', '-899.68673831'] and done.stderr == ''


def test_reductions_take_pytensors_arguments():
    import numpy as np
    import pytensor
    import pytensor.tensor as pt
    import theano.tensor as T
    value = np.array([[800., 800.], [-900., -901.]])
    expected = [800.6931471805599, -899.6867383124818]
    for x in (pt.dmatrix(), T.dmatrix()):
        f = pytensor.function([x], [pt.logsumexp(x, axis=-1), x.max(initial=-np.inf), x.min(axis=0, initial=np.inf)])
        lse, largest, smallest = f(value)
        np.testing.assert_allclose(lse, expected, rtol=1e-14)
        assert largest == 800 and smallest.tolist() == [-900, -901]


def test_a_variable_of_somebody_elses_stays_what_it_is():
    import pytensor
    import pytensor.tensor as pt
    import theano
    import theano.tensor as T
    mine = pt.dmatrix(), pt.exp(pt.dvector()), pytensor.shared(1.), pt.constant(2.)
    classes = [type(variable) for variable in mine]
    for variable in mine:
        assert T.as_tensor_variable(variable) is variable
        T.sum(variable), T.stack([variable, variable]), variable + T.dscalar(), theano.clone(variable)
        theano.scan(lambda i, shared: shared.sum(), sequences=T.arange(2), non_sequences=variable)
        if variable.type.ndim == 0:
            T.grad(variable * T.dscalar(), variable, disconnected_inputs='ignore')
        theano.function([], variable * 0, givens={}, on_unused_input='ignore') if variable.owner is None and (
            not isinstance(variable, T.TensorVariable)) else None
    assert [type(variable) for variable in mine] == classes


def test_whatever_the_facade_makes_is_the_facades():
    import numpy as np
    import theano
    import theano.tensor as T
    from lasagne_ext.engine.pytensor.tensor.variables import TensorMethods
    x, w = T.matrix(), theano.shared(np.eye(3))
    sums, _ = theano.scan(lambda row, before: row.sum() + before, sequences=x, outputs_info=T.zeros(()))
    made = [x, w, w.sum(), x.T, x.shape, x[0], 1 - x, -x, x > 0, T.constant(1), T.as_tensor_variable([1, 2]),
            T.exp(x), T.dot(x, w), T.grad((x ** 2).sum(), x), sums, T.nnet.relu(x), T.nnet.softmax(x), x.type(),
            T.nnet.conv2d(T.tensor4(), T.tensor4()), T.switch(x > 0, x, 0), T.stack([x, x]), T.fmatrix('y'),
            theano.clone(x.sum()), T.elemwise.Elemwise(theano.scalar.exp)(x), T.TensorType('int8', (True,))(),
            T.set_subtensor(x[0], 1.), *T.max_and_argmax(x), theano.ifelse.ifelse(x.sum(), x, -x),
            theano.OpFromGraph([x], [x * 2])(x), T.shared_randomstreams.RandomStreams(1).normal((2,)),
            theano.printing.Print('x')(x)]
    assert [variable for variable in made if not isinstance(variable, TensorMethods)] == []


def test_a_graph_of_the_facades_runs_in_pytensors_modes():
    import numpy as np
    import pytensor
    import theano.tensor as T
    x, w = T.dmatrix(), T.dmatrix()
    y = T.nnet.relu(T.dot(x, w)).sum(axis=[0]).max()
    values = np.arange(6.).reshape(2, 3), np.ones((3, 2))
    for mode in (None, 'FAST_COMPILE', 'NUMBA', 'CVM', 'FAST_RUN'):
        f = pytensor.function([x, w], [y, *T.grad(y, [x, w])], mode=mode)
        got = f(*values)
        assert got[0] == 15 and got[1].shape == (2, 3)


MODEL = '''
import numpy as np
import pymc as pm
%s
with pm.Model() as model:
    rate = pm.Normal('rate', 0., 1.)
    scale = pm.HalfNormal('scale', 1.)
    pm.Normal('seen', rate, scale, observed=np.linspace(-1, 2, 11))
    weights = pm.Dirichlet('weights', np.ones(3))
%s
point = model.initial_point()
print(repr(float(model.compile_logp()(point))))
print(model.compile_dlogp()(point).tolist())
with model:
    found = pm.find_MAP(progressbar=False)
    trace = pm.sample(5, tune=5, chains=1, cores=1, random_seed=1, progressbar=False,
                      compute_convergence_checks=False)
print({name: np.asarray(value).tolist() for name, value in sorted(found.items())})
print(trace.posterior['rate'].values.tolist())
'''


@pytest.fixture(scope='module')
def pymc_alone(tmp_path_factory):
    """What PyMC prints without lasagne_ext."""
    pytest.importorskip('pymc')
    return []


@pytest.mark.parametrize('first, last', [('import lasagne_ext, theano, lasagne', ''),
                                         ('', 'import lasagne_ext, theano, lasagne')],
                         ids=['lasagne_ext first', 'PyMC first'])
def test_pymc_gives_the_same(run_python, pymc_alone, first, last):
    if not pymc_alone:
        pymc_alone.append(run_python(MODEL % ('', ''), LASAGNE_EXT_ENGINE='pytensor').stdout)
    model = MODEL if not first else first + MODEL
    assert run_python(model % ('', last), LASAGNE_EXT_ENGINE='pytensor').stdout == pymc_alone[0]
    assert len(pymc_alone[0].splitlines()) == 4
