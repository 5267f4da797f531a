"""Public names are documented as numpydoc asks for, and each has an example."""
import doctest
import importlib
import importlib.util
import inspect
import sys

import pytest

import lasagne_ext  # noqa: F401  (first: makes theano importable)
import theano

PACKAGES = ('blocks', 'datasets', 'debug', 'engine', 'layers', 'network', 'ops', 'training')

#: Asked for nowhere. ES01: an extended summary, where one sentence says all. SA01: See Also, where the text
#: or the page names what belongs together.
NOWHERE = {'ES01', 'SA01'}

#: What functions return and nobody makes by hand: their attributes are described, not how they are made.
RESULTS = {
    'blocks.Block', 'datasets.Dataset', 'datasets.DatasetMean', 'datasets.ImageFolder', 'debug.Description',
    'debug.Drawing', 'debug.Explanation', 'debug.GradCheck', 'debug.ImplementationReport',
    'debug.NumericsReport', 'debug.WatchHistory',
    'debug.Probe', 'debug.ProbeStatistics', 'debug.Profile', 'debug.ShapeReport', 'debug.Summary',
    'debug.Transforms', 'debug.Watcher', 'training.Functions', 'training.Restored', 'training.Run',
    'training.TrainingError'}

#: What `fit` calls where an object has it; described there, and in `Run`, once for all.
HOOKS = {'on_train_begin', 'on_batch_end', 'on_epoch_end', 'on_train_end', 'state', 'set_state'}


def is_op(thing):
    return inspect.isclass(thing) and issubclass(thing, theano.Op)


def public_things():
    """(name, object) of all that is public but the methods of classes."""
    for package in PACKAGES:
        module = importlib.import_module('lasagne_ext.' + package)
        for name in module.__all__:
            yield '%s.%s' % (package, name), getattr(module, name)
    if importlib.util.find_spec('sklearn'):
        for name in ('Classifier', 'Regressor'):
            yield 'training.' + name, getattr(lasagne_ext.training, name)


def public_members():
    """(name, class, attribute) of the methods and properties that public classes define themselves."""
    for name, thing in public_things():
        # The methods of an Op are Theano's interface, and called by Theano.
        if inspect.isclass(thing) and not is_op(thing):
            for attribute, value in sorted(vars(thing).items()):
                if not attribute.startswith('_') and isinstance(
                        value, (type(is_op), property, classmethod, staticmethod)):
                    yield '%s.%s' % (name, attribute), thing, attribute


def left_out(name, thing):
    codes = set(NOWHERE)
    if name in RESULTS:
        codes |= {'PR01'}
    if is_op(thing):                         # made by the functions whose options they take
        codes |= {'PR01'}
        if name.endswith('Grad'):            # and these by theano.grad
            codes |= {'EX01'}
    if inspect.isclass(thing) and issubclass(thing, Exception):
        codes |= {'EX01'}                    # raised, not called
    return codes


@pytest.fixture
def errors():
    """What numpydoc finds in the docstring of a public name, but for some codes."""
    # Installed for the documentation, together with Sphinx, which validation does not need.
    validation = pytest.importorskip('numpydoc.validate')

    def found(name, without):
        return [error for error in validation.validate('lasagne_ext.' + name)['errors'] if error[0] not in without]
    return found


def described_elsewhere(thing, attribute):
    """Whether a method without a docstring is a hook, an attribute of its class, or one of a base class."""
    value = vars(thing)[attribute]
    if attribute in HOOKS:
        return 'training' in thing.__module__
    if isinstance(value, property):
        section = inspect.getdoc(thing).partition('Attributes\n')[2]
        return attribute in section.partition('\n\n')[0].replace(',', ' ').split()
    return any(getattr(vars(base).get(attribute), '__doc__', None) for base in thing.__mro__[1:])


@pytest.mark.parametrize('name, thing', public_things(), ids=lambda value: value if isinstance(value, str) else '')
def test_numpydoc(name, thing, errors):
    assert errors(name, left_out(name, thing)) == []


@pytest.mark.parametrize('name, thing, attribute', public_members(),
                         ids=lambda value: value if isinstance(value, str) and '.' in value else '')
def test_numpydoc_of_methods(name, thing, attribute, errors):
    if getattr(vars(thing)[attribute], '__doc__', None):
        # A class has one example for all of its methods.
        assert errors(name, NOWHERE | {'EX01'}) == []
    else:
        assert described_elsewhere(thing, attribute)


@pytest.mark.parametrize('name, thing', public_things(), ids=lambda value: value if isinstance(value, str) else '')
def test_examples_are_among_those_that_the_tests_run(name, thing):
    documentation = inspect.getdoc(thing)
    assert ('>>> ' in documentation) == ('EX01' not in left_out(name, thing))
    if '>>> ' in documentation:
        module = sys.modules[thing.__module__]
        run = [test.name for test in doctest.DocTestFinder().find(module) if test.examples]
        assert '%s.%s' % (module.__name__, thing.__qualname__) in run


@pytest.mark.parametrize('name', sorted(RESULTS))
def test_what_is_returned_has_its_attributes_described(name):
    assert 'Attributes\n----------' in inspect.getdoc(dict(public_things())[name])


def test_public_names_are_found():
    found = dict(public_things())
    assert RESULTS <= set(found)
    modules = {'lasagne_ext.' + name for name in PACKAGES}
    assert modules == {'lasagne_ext.' + name for name in lasagne_ext.__all__}
