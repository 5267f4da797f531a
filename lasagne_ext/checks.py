"""Validate arguments where they enter: what was got, what was expected, by which layer or function.

Every function takes `caller`, the name to show in front of the message, and `argument`, the name of the
argument. Rooms add their own checks of what only they know; the wording of the common ones is here.
"""
import difflib
import functools
import inspect
import math
import numbers
from typing import Callable, TypeVar

import numpy as np

#: What a decorator takes and gives: type checkers see the signature through it.
Decorated = TypeVar('Decorated')


def closest(name, known, synonyms=None):
    """Return the one of `known` that `name` most likely stands for.

    Parameters
    ----------
    name : object
        What was given.
    known : iterable of str
    synonyms : dict of str to str, optional
        Words of other libraries, in lower case -> one of `known`.

    Returns
    -------
    str or None
        None where nothing is near.
    """
    lower = {str(one).lower(): one for one in known}
    name = str(name).lower()
    meant = (synonyms or {}).get(name)
    if meant is not None and meant in lower.values():
        return meant
    near = difflib.get_close_matches(name, list(lower), 1)
    return lower[near[0]] if near else None


def did_you_mean(name, known, synonyms=None):
    """Return ``"; did you mean 'relu'?"`` for the end of a message, or '' where nothing is near."""
    near = closest(name, known, synonyms)
    return '' if near is None else '; did you mean %r?' % near


def suggest_keywords(caller, synonyms=None) -> Callable[[Decorated], Decorated]:
    """Decorate a function so that an unknown keyword is refused with the one that was probably meant.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    synonyms : dict of str to str, optional
        Words of other libraries, in lower case -> keywords of the function.

    Raises
    ------
    TypeError
        When the decorated function is called with such a keyword.
    """
    def decorate(function):
        parameters = inspect.signature(function).parameters
        options = [name for name, parameter in parameters.items() if parameter.default is not parameter.empty]

        @functools.wraps(function)
        def call(*args, **kwargs):
            for name in kwargs:
                if name not in parameters:
                    raise TypeError('%s: there is no option %r; there are %s%s' % (
                        caller, name, ', '.join(options), did_you_mean(name, options, synonyms)))
            return function(*args, **kwargs)
        return call
    return decorate


def check_choice(caller, argument, value, choices, synonyms=None):
    """Return `value` if it is among `choices`.

    Raises
    ------
    ValueError
        With the choices, and the one that was probably meant.
    """
    if isinstance(value, str) and value in choices:
        return value
    hint = did_you_mean(value, choices, synonyms) if isinstance(value, str) else ''
    raise ValueError('%s: %s must be one of %s, got %r%s'
                     % (caller, argument, ', '.join(map(repr, choices)), value, hint))


def check_flag(caller, argument, value):
    """Return `value` as a bool if it is True or False, of Python or of NumPy."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise TypeError('%s: %s must be True or False, got %r' % (caller, argument, value))


def check_number(caller, argument, value, low, high=math.inf):
    """Return `value` as a float if it is a number from `low` to `high`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError('%s: %s must be a number, got %r' % (caller, argument, value))
    if low <= value <= high and value < math.inf:
        return float(value)
    allowed = 'at least %g' % low if high == math.inf else 'from %g to %g' % (low, high)
    raise ValueError('%s: %s must be %s, got %r' % (caller, argument, allowed, value))


def is_whole(value):
    """Return whether a value is a whole number, and no bool."""
    return isinstance(value, numbers.Integral) and not isinstance(value, (bool, np.bool_))


def check_count(caller, argument, value, least=1):
    """Return `value` as an int if it is a whole number, at least `least`."""
    if not is_whole(value):
        raise TypeError('%s: %s must be a whole number, got %r' % (caller, argument, value))
    if value < least:
        raise ValueError('%s: %s must be at least %d, got %r' % (caller, argument, least, value))
    return int(value)


def shape_agrees(given, actual):
    """Return whether two shapes are equal as far as `given` is known: None stands for any size."""
    return len(given) == len(actual) and all(
        size is None or size == known for size, known in zip(given, actual))
