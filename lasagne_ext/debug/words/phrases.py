"""What a layer does, in words."""
import inspect

from lasagne_ext.debug.words import phrases_flow, phrases_units

_PHRASES = dict(phrases_units.PHRASES, **phrases_flow.PHRASES)


def phrase(layer):
    """What a layer does, as ``convolves it with ...``.

    A class that is not known here is described by its nearest known base or, having none but Lasagne's
    own, by the first line of its documentation.
    """
    for kind in type(layer).__mro__:
        if _is_ours(kind) and kind.__name__ in _PHRASES:
            kinship = '' if _is_ours(type(layer)) else ' (%s is a kind of %s)' % (
                type(layer).__name__, kind.__name__)
            return _PHRASES[kind.__name__](layer) + kinship
    documentation = (type(layer).__doc__ or '').strip()
    if not documentation:
        return 'does what %s.get_output_for says' % type(layer).__name__
    first = inspect.cleandoc(documentation).split('\n\n')[0].replace('\n', ' ').rstrip('.')
    return 'does what its class %s is for ("%s")' % (type(layer).__name__, first)


def _is_ours(kind):
    # Somebody else's class may have the same name and other attributes.
    return kind.__module__.split('.')[0] in ('lasagne', 'lasagne_ext')
