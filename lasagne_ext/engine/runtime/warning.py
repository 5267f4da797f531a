"""Warnings at the line that called an engine, however many of its functions lie between."""
import sys
import warnings

#: Packages whose frames are an engine's own.
_ENGINE = ('lasagne_ext.engine.', 'theano.', 'pytensor.')


def warn_caller(message, category=UserWarning):
    """Warn at the innermost line that is no engine's."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and (frame.f_globals.get('__name__', '') + '.').startswith(_ENGINE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
