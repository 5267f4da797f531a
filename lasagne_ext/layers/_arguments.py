"""Validate a layer's constructor arguments, and name the layer in the messages."""
import functools
import inspect
import re
from typing import Callable

import lasagne
import theano

from lasagne_ext.checks import Decorated, closest

#: Other libraries' words for the same thing, to be suggested when somebody uses them.
_SYNONYMS = {'padding_mode': 'border_mode', 'mode': 'interpolation', 'size': 'output_shape',
             'out_size': 'output_shape', 'input': 'incoming'}

#: How Python refuses an argument by its name.
_REFUSED = re.compile(r"(?:unexpected keyword argument|multiple values for (?:keyword )?argument) '(\w+)'")


def called(layer):
    """Return the layer's class, and its name if it has one: ``TransformerLayer 'stn'``."""
    return name_of(type(layer), layer.name)


def name_of(kind, name):
    """Return the same for a layer that is still to be made, of a class."""
    return "%s '%s'" % (kind.__name__, name) if name else kind.__name__


def takes_layers(*arguments) -> Callable[[Decorated], Decorated]:
    """Decorate a layer's ``__init__``, to refuse bad arguments as all messages do.

    Only what Python or Lasagne would refuse is refused. What a class derived from the layer, or one
    that stands beside it, takes for its own is not looked at.

    Parameters
    ----------
    *arguments : str
        Those that are layers or their shapes.
    """
    def decorate(init):
        positions = list(inspect.signature(init).parameters)[1:]

        @functools.wraps(init)
        def __init__(self, *args, **kwargs):
            caller = name_of(type(self), kwargs.get('name'))
            given = dict(kwargs, **dict(zip(positions, args)))
            for argument in arguments:
                if argument in given:
                    check_incoming(caller, argument, given[argument])
            try:
                init(self, *args, **kwargs)
            except TypeError as error:
                known = _arguments_of(type(self))
                wrong = _refused(error, [name for name in kwargs if name not in known])
                if wrong is None:
                    raise
                raise TypeError('%s: there is no argument %r; %s'
                                % (caller, wrong, _suggestion(wrong, known))) from None

        __init__.names_arguments = True
        return __init__

    return decorate


def check_incoming(caller, argument, incoming):
    """Refuse what is neither a layer nor a shape."""
    if isinstance(incoming, tuple) or hasattr(type(incoming), 'output_shape') or \
            hasattr(incoming, 'output_shape'):
        return
    got = 'a Theano expression; wrap it in an InputLayer' if isinstance(incoming, theano.Variable) \
        else repr(incoming) if incoming is None or isinstance(incoming, (list, str, int)) \
        else 'an object of type %s' % type(incoming).__name__
    raise TypeError('%s: %s must be a layer, or a tuple that is its shape; got %s' % (caller, argument, got))


def _refused(error, unknown):
    """Return the one of unknown arguments for which Python raised an error, or None."""
    found = _REFUSED.search(str(error))
    if found:
        return found.group(1) if found.group(1) in unknown else None
    # One that must be given is missing, if it is given by a name that is not quite its own.
    missing = 'required positional' in str(error) and error.__traceback__.tb_next is None
    return unknown[0] if missing and unknown else None


def _arguments_of(kind):
    """Return the names of the arguments that a layer can be made with."""
    known = []
    for each in kind.__mro__:
        init = vars(each).get('__init__')
        if init is None or _between(each, init):
            continue
        parameters = list(inspect.signature(init).parameters.values())[1:]
        known += [p.name for p in parameters
                  if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name not in known
                  and not (each in (lasagne.layers.MergeLayer, lasagne.layers.Layer)
                           and p.name in ('incoming', 'incomings'))]
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return known


def _between(kind, init):
    """Tell whether a class of ours only serves others, which fill in its arguments."""
    return kind.__module__.startswith('lasagne_ext.layers.') and not hasattr(init, 'names_arguments')


def _suggestion(wrong, known):
    near = closest(wrong, known, _SYNONYMS)
    return 'there are %s' % ', '.join(map(repr, known)) if near is None else 'did you mean %r?' % near
