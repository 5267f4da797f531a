"""Write ``facade_names.rst``: what became of each public name of Theano on the engine `pytensor`.

To be run on that engine. A name is *refused* where it raises an error, *the same* where it is PyTensor's
own object under the same name, and *adapted* otherwise.
"""
import importlib
import os
import sys
from collections import OrderedDict

HERE = os.path.dirname(os.path.abspath(__file__))

KINDS = ('same', 'adapted', 'refused')

#: Where PyTensor has the namesakes of a Theano module's names.
PEERS = {'theano': ['pytensor', 'pytensor.graph', 'pytensor.graph.basic', 'pytensor.compile'],
         'theano.tensor': ['pytensor.tensor', 'pytensor.tensor.type', 'pytensor.tensor.subtensor',
                           'pytensor.tensor.basic', 'pytensor.tensor.elemwise', 'pytensor.tensor.shape'],
         'theano.tensor.nnet': [], 'theano.gradient': ['pytensor.gradient']}


def theano_names():
    """``{where: [name, ...]}``."""
    names = OrderedDict()
    with open(os.path.join(HERE, 'theano_names.txt')) as f:
        for line in f:
            where, name = line.split()
            names.setdefault(where, []).append(name)
    return names


def examples():
    """A variable of each kind whose attributes are listed, and PyTensor's own attributes of it."""
    import theano
    import theano.tensor as T
    return {'TensorVariable': T.matrix(), 'TensorConstant': T.constant(1.),
            'TensorSharedVariable': theano.shared(0.), 'TensorType': T.dmatrix}


def theirs():
    """Objects of PyTensor's like those of :func:`examples`."""
    import pytensor
    import pytensor.tensor as pt
    return {'TensorVariable': pt.matrix(), 'TensorConstant': pt.constant(1.),
            'TensorSharedVariable': pytensor.shared(0.), 'TensorType': pt.dmatrix}


def kind_of(where, name):
    """One of `KINDS`, and for a refused name what to use instead."""
    from lasagne_ext.engine.pytensor.tensor.adoption import original
    variables = examples()
    holder = variables[where] if where in variables else importlib.import_module(where)
    try:
        value = getattr(holder, name)
    except (AttributeError, NotImplementedError) as error:
        return 'refused', str(error).partition('": ')[2]
    except Exception:                            # an attribute that raises for this value alone
        return 'adapted', ''
    if where in variables:
        if not hasattr(theirs()[where], name):
            return 'adapted', ''
        ours = getattr(type(holder), name, None)
        module = getattr(ours, '__module__', None) or getattr(getattr(ours, 'fget', None), '__module__', '')
        return ('adapted' if str(module).startswith('lasagne_ext') else 'same'), ''
    peers = [getattr(importlib.import_module(peer), name, None) for peer in PEERS[where]]
    return ('same' if any(original(value) is peer for peer in peers) else 'adapted'), ''


def classify():
    """``{where: {name: (kind, replacement)}}``."""
    return OrderedDict((where, OrderedDict((name, kind_of(where, name)) for name in names))
                       for where, names in theano_names().items())


def table(classified):
    """The page."""
    title = 'Theano\'s names on the engine pytensor'
    total = [kind for names in classified.values() for kind, _ in names.values()]
    lines = [title, '=' * len(title), '',
             'Every public name of Theano 1.0.5 in these places. *Same*: PyTensor\'s own, which means what '
             'Theano means. *Adapted*: Theano\'s arguments, defaults and results, on top of PyTensor. '
             '*Refused*: an error that says what to use.', '',
             '%d names: %s.' % (len(total), ', '.join(
                 '%d %s (%.0f %%)' % (total.count(kind), kind, 100 * total.count(kind) / len(total))
                 for kind in KINDS)), '',
             'Written by ``docs/facade_names.py``.', '']
    for where, names in classified.items():
        lines += [where, '-' * len(where), '']
        for kind in KINDS[:2]:
            chosen = ['``%s``' % name for name, (found, _) in names.items() if found == kind]
            if chosen:
                lines += ['%s (%d): %s' % (kind.capitalize(), len(chosen), ', '.join(chosen)), '']
        refused = [(name, instead) for name, (kind, instead) in names.items() if kind == 'refused']
        if refused:
            lines += ['Refused (%d):' % len(refused), '']
            lines += ['- ``%s``%s' % (name, ': ' + instead if instead else '') for name, instead in refused]
            lines.append('')
    return '\n'.join(lines)


def main():
    import lasagne_ext  # noqa: F401
    classified = classify()
    with open(os.path.join(HERE, 'facade_names.rst'), 'w') as f:
        f.write(table(classified))
    unexplained = [(where, name) for where, names in classified.items()
                   for name, (kind, instead) in names.items() if kind == 'refused' and not instead]
    for where, name in unexplained:
        print('refused without a word:', where, name, file=sys.stderr)
    return 1 if unexplained else 0


if __name__ == '__main__':
    sys.exit(main())
