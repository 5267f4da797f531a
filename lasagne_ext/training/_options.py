"""Options by name, and what other libraries call them."""
import inspect

from lasagne_ext.network.graph import near_miss

#: Words of Keras and torch, and ours.
_ELSEWHERE = {'validation_data': 'validation', 'validation_split': 'validation', 'verbose': 'progress',
              'optimizer': 'updates', 'lr': 'learning_rate', 'mse': 'squared_error',
              'mean_squared_error': 'squared_error', 'mae': 'absolute_error', 'crossentropy':
              'categorical_crossentropy', 'cross_entropy': 'categorical_crossentropy',
              'sparse_categorical_crossentropy': 'categorical_crossentropy', 'bce': 'binary_crossentropy'}


def meant(name, known):
    """`` (did you mean 'updates'?)``, or '' where nothing is near."""
    other = _ELSEWHERE.get(name)
    return ' (here it is %r)' % other if other in known else near_miss(name, known)


def check_options(where, options, function, first):
    """Refuse options that a function does not have.

    Parameters
    ----------
    where : str
        Who speaks.
    options : dict
        By name.
    function : callable
    first : int
        How many of its arguments come before its options.
    """
    known = list(inspect.signature(function).parameters)[first:]
    for name in options:
        if name not in known:
            raise TypeError('%s: there is no option %r%s; there are %s'
                            % (where, name, meant(name, known), ', '.join(known)))
