"""The shape of the house: who may import whom, what is documented."""
import ast
import doctest
import importlib
import inspect
import os

import pytest

import lasagne_ext  # noqa: F401  (first: makes theano importable)
import theano

ROOT = os.path.dirname(lasagne_ext.__file__)
ENGINE = lasagne_ext.engine.report()['engine'].split()[0]
OTHER_ENGINE, = {'theano', 'pytensor'} - {ENGINE}
FACADE = 'lasagne_ext.engine.pytensor.facade'


def source_files():
    for folder, _, names in os.walk(ROOT):
        for name in names:
            if name.endswith('.py'):
                path = os.path.join(folder, name)
                yield path, os.path.relpath(path, ROOT)[:-3].replace(os.sep, '.')


def module_names():
    """All modules that can be imported on this engine, those of the facade as programs know them."""
    for path, name in source_files():
        name = ('lasagne_ext.' + name).replace('.__init__', '')
        if not name.startswith(('lasagne_ext.engine.' + OTHER_ENGINE, 'lasagne_ext.__main__')):
            yield name.replace(FACADE, 'theano')


#: What each part may import of the others, itself always included.
MAY_IMPORT = {
    'checks': set(), 'kernels': {'checks'}, 'engine': {'checks', 'kernels'}, 'ops': {'checks', 'kernels'},
    'layers': {'checks', 'ops'}, 'network': {'checks', 'engine'},
    'debug': {'_figures', '_files', 'checks', 'engine', 'kernels', 'layers', 'network', 'ops'},
    'datasets': {'_files', 'checks', 'engine', 'kernels'}, '_figures': set(), '_files': set(),
    'demo': {'_files', 'datasets', 'debug', 'layers', 'network', 'ops'},
    'training': {'_figures', '_files', 'checks', 'datasets', 'debug', 'engine', 'network'}, 'blocks': {'checks'},
    '__main__': {'datasets', 'demo', 'engine', 'kernels'}}

#: What each package that the debugging tools share may import of the others and of the tools.
DEBUG_MAY_IMPORT = {'diagnosis': {'describe', 'report'}, 'drawing': set(), 'gradients': set()}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, 'imports are absolute'
            yield node.module
            yield from ('%s.%s' % (node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize('path, module', list(source_files()), ids=lambda value: os.path.basename(value))
def test_imports_follow_the_arrows(path, module):
    part = module.split('.')[0]
    if part == '__init__':
        return
    with open(path) as f:
        names = list(imported(ast.parse(f.read())))
    parts = {name.split('.')[1] for name in names if name.startswith('lasagne_ext.')}
    known = {name.split('.')[0] for _, name in source_files()}
    assert parts & known <= MAY_IMPORT[part] | {part}


def test_no_module_is_imported_by_what_it_imports():
    """Imports inside functions count: one that is written there to break a circle is a circle."""
    modules = {('lasagne_ext.' + name).replace('.__init__', ''): path for path, name in source_files()}
    modules.pop('lasagne_ext')                               # it knows its packages by name, lazily
    imports = {}
    for name, path in modules.items():
        with open(path) as f:
            imports[name] = {target for target in imported(ast.parse(f.read())) if target in modules} - {name}
    # Whoever asks for a module of a package has not asked for all that the package offers.
    for name, targets in imports.items():
        imports[name] = {target for target in targets
                         if not any(other.startswith(target + '.') for other in targets)}
    remaining = dict(imports)
    while True:
        leaves = [name for name, targets in remaining.items() if not targets & set(remaining)]
        if not leaves:
            break
        for name in leaves:
            del remaining[name]
    assert not remaining


@pytest.mark.parametrize('package', sorted(DEBUG_MAY_IMPORT))
def test_what_debugging_tools_share_does_not_know_the_tools(package):
    imports = set()
    for path, module in source_files():
        if module.startswith('debug.%s.' % package):
            with open(path) as f:
                imports.update(name.split('.')[2] for name in imported(ast.parse(f.read()))
                               if name.startswith('lasagne_ext.debug.'))
    assert imports - {package} == DEBUG_MAY_IMPORT[package]


@pytest.mark.parametrize('path, module', list(source_files()), ids=lambda value: os.path.basename(value))
def test_only_the_engine_asks_which_theano_it_is(path, module):
    with open(path) as f:
        text = f.read()
    if not module.startswith('engine'):
        assert 'theano.__version__' not in text and 'pytensor' not in text


@pytest.mark.parametrize('name', sorted(module_names()))
def test_examples_run(name, request):
    if 'jax' in name:
        pytest.importorskip('jax')
    if not name.startswith(('lasagne_ext.engine', 'theano')):
        request.getfixturevalue('nothing_compiled')
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner()
    with theano.configparser.change_flags(floatX='float64'):      # what their output shows
        for test in doctest.DocTestFinder().find(module):
            documented = getattr(module, test.name[len(name) + 1:].partition('.')[0], module)
            # A facade's function that is PyTensor's has PyTensor's examples.
            if not getattr(inspect.unwrap(documented), '__module__', name).startswith('pytensor'):
                runner.run(test)
    assert runner.failures == 0


def public_objects():
    for name in ('ops', 'layers', 'debug', 'network', 'datasets', 'blocks', 'training'):
        module = importlib.import_module('lasagne_ext.' + name)
        for public in module.__all__:
            yield '%s.%s' % (name, public), getattr(module, public)


@pytest.mark.parametrize('name, thing', list(public_objects()),
                         ids=lambda value: value if isinstance(value, str) else '')
def test_public_names_are_documented(name, thing):
    documentation = inspect.getdoc(thing)
    assert documentation and documentation.splitlines()[0].endswith('.')
    if inspect.isfunction(thing):
        assert 'Examples\n--------' in documentation
        for parameter in inspect.signature(thing).parameters:
            assert '%s' % parameter in documentation
        if inspect.signature(thing).parameters:
            assert 'Parameters\n----------' in documentation
