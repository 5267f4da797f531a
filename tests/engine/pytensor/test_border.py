"""Names of PyTensor's that may change in any release are used by way of one file."""
import ast
import os

import pytest

pytest.importorskip('pytensor')

import lasagne_ext  # noqa: E402

ROOT = os.path.dirname(lasagne_ext.__file__)

#: Where PyTensor's documentation has its names from.
DOCUMENTED = {
    'pytensor', 'pytensor.compile', 'pytensor.compile.builders', 'pytensor.compile.debug',
    'pytensor.compile.debug.debugmode', 'pytensor.compile.debug.nanguardmode',
    'pytensor.compile.debug.profiling', 'pytensor.compile.io', 'pytensor.compile.mode', 'pytensor.compile.ops',
    'pytensor.compile.sharedvalue', 'pytensor.conditional.op', 'pytensor.gradient', 'pytensor.graph.basic',
    'pytensor.graph.features', 'pytensor.graph.fg', 'pytensor.graph.op', 'pytensor.graph.replace',
    'pytensor.graph.rewriting', 'pytensor.graph.rewriting.basic', 'pytensor.graph.rewriting.db',
    'pytensor.graph.traversal', 'pytensor.graph.utils', 'pytensor.link.basic', 'pytensor.link.c.op',
    'pytensor.link.c.params_type', 'pytensor.link.c.type', 'pytensor.link.jax', 'pytensor.link.jax.dispatch',
    'pytensor.link.numba.dispatch.basic', 'pytensor.link.vm', 'pytensor.printing', 'pytensor.raise_op',
    'pytensor.scalar', 'pytensor.scalar.basic', 'pytensor.scalar.math', 'pytensor.scan.basic',
    'pytensor.scan.checkpoints', 'pytensor.scan.op'}

#: Everything there that is no rewrite is documented with ``pytensor.tensor``, where most of it is found.
TENSOR = 'pytensor.tensor'
NOT_OF_TENSOR = ('rewriting', 'reshape', 'linalg.')


def is_documented(module):
    if module == TENSOR or module.startswith(TENSOR + '.'):
        return not module[len(TENSOR) + 1:].startswith(NOT_OF_TENSOR)
    return module in DOCUMENTED


def trees():
    for folder, _, names in os.walk(ROOT):
        for name in names:
            if name.endswith('.py') and name != 'border.py':
                path = os.path.join(folder, name)
                with open(path) as f:
                    yield os.path.relpath(path, ROOT), ast.parse(f.read())


def test_no_private_name_is_imported_elsewhere():
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or '').partition('.')[0] == 'pytensor':
                private = [alias.name for alias in node.names if alias.name.startswith('_')]
                if private or not is_documented(node.module):
                    found.append((path, node.module, private))
    assert found == []


def test_no_private_attribute_is_used_elsewhere():
    """But for those that the package itself defines, and for the hook of objects that can be made tensors."""
    every = list(trees())
    own = {'_as_TensorVariable'}
    for _, tree in every:
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                own.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                own.add(node.attr)
            elif isinstance(node, ast.keyword):
                own.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                own.add(node.id)
            elif isinstance(node, ast.alias):
                own.add(node.asname or node.name)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                own.add(node.value)                         # vars(self)['_section']
    found = [(path, ast.unparse(node)) for path, tree in every for node in ast.walk(tree)
             if isinstance(node, ast.Attribute) and node.attr.startswith('_')
             and not node.attr.startswith('__') and node.attr not in own
             and path.startswith(os.path.join('engine', 'pytensor'))]
    assert found == []
