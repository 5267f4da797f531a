"""Keep compiled functions, so that a second look at a network compiles nothing."""
import threading
import types
import weakref
import zlib

import lasagne
import numpy as np
import theano

#: How many functions are kept at most, in each thread: a compiled function runs in one at a time.
KEPT = 8

#: The settings that a compiled function depends on.
_SETTINGS = ('floatX', 'mode', 'linker', 'optimizer', 'optimizer_including', 'optimizer_excluding',
             'cxx', 'device')

#: What is looked at from the outside only: nobody changes it, or its changes do not matter here.
_OPAQUE = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, type,
           np.ufunc, theano.Variable)

_of_thread = threading.local()


def cached_function(caller, layers, options, build):
    """Return what `build` returned when it was called before for the same network, or returns now.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    layers : iterable of Layer
        All layers of a network.
    options : iterable
        All else that `build` depends on: equal numbers and strings count as the same, anything else
        only if it is the same object.
    build : callable
        Without arguments; compiles a function.

    Notes
    -----
    A network is another one if an attribute of one of its layers is: another nonlinearity, input
    variable or parameter, an entry of a list, the contents of an array, an attribute of a callable
    object such as ``LeakyRectify``. The values of shared variables do not matter. What cannot be seen is
    a function whose closure or globals have changed.

    Nothing is kept alive: a function goes with its network or its loss.
    """
    layers, options = list(layers), list(options)
    entries = _of_thread.__dict__.setdefault('entries', [])
    key = _key(caller, layers, options)
    for entry in list(entries):
        if entry.is_for(key):
            entries.remove(entry)
            entries.append(entry)
            return entry.value
    value = build()
    # A layer may keep something of its own while its output is being built.
    entries.append(_Entry(_key(caller, layers, options), value))
    entries[:] = [entry for entry in entries if entry.alive][-KEPT:]
    return value


class _Entry:
    """Value with weak references to the objects of its key; it is dropped with any of them."""

    def __init__(self, key, value):
        self.alive, self.value = True, value
        entry = weakref.ref(self)
        self._key = [_reference(part, lambda _: _forget(entry())) for part in key]

    def is_for(self, key):
        return self.alive and len(key) == len(self._key) and all(
            _same(reference(), part) for reference, part in zip(self._key, key))


def _forget(entry):
    if entry is not None:
        entry.alive, entry.value = False, None


def _reference(thing, forget):
    try:
        return weakref.ref(thing, forget)
    except TypeError:                      # numbers, strings: small things
        return lambda: thing


def _same(known, given):
    if known is given:
        return True
    plain = (bool, int, float, str, bytes, np.generic)
    return type(known) is type(given) and isinstance(known, plain) and bool(known == given)


def _key(caller, layers, options):
    key = [caller] + [str(getattr(theano.config, name, None)) for name in _SETTINGS]
    for option in options:
        _fingerprint(option, key, set())
    seen = set()
    for layer in layers:
        _fingerprint(layer, key, seen)
    return key


def _parts(container):
    if isinstance(container, dict):
        return [part for pair in container.items() for part in pair]
    return container if isinstance(container, (list, tuple)) else sorted(container, key=str)


def _fingerprint(thing, key, seen):
    """Append what a thing is, and what it is made of, to `key`."""
    if isinstance(thing, (list, tuple, set, frozenset, dict)):
        if id(thing) in seen:              # it holds itself
            return
        seen.add(id(thing))
        key += [type(thing).__name__, len(thing)]
        for part in _parts(thing):
            _fingerprint(part, key, seen)
        seen.remove(id(thing))
        return
    key.append(thing)
    if isinstance(thing, np.ndarray) and not thing.dtype.hasobject:
        key.append(zlib.crc32(np.ascontiguousarray(thing).reshape(-1).view('uint8')))
    elif (isinstance(thing, lasagne.layers.Layer) or callable(thing)) and not isinstance(thing, _OPAQUE):
        if id(thing) not in seen:
            seen.add(id(thing))
            key += [type(thing), getattr(type(thing), 'get_output_for', None)]
            _fingerprint(getattr(thing, '__dict__', {}), key, seen)
