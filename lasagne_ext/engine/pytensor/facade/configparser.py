"""Changing settings for a while."""
import functools

from theano.configdefaults import config

from lasagne_ext.engine.pytensor._names import refuse


class change_flags:
    """Settings for the duration of a ``with`` block, or of a decorated function's calls.

    Parameters
    ----------
    args : dict, optional
        Settings by their full names.
    **kwargs
        Settings by name.
    """

    def __init__(self, args=(), **kwargs):
        self._settings = {**dict(args), **kwargs}
        self._active = []

    def __call__(self, function):
        @functools.wraps(function)
        def changed(*args, **kwargs):
            with change_flags(self._settings):
                return function(*args, **kwargs)
        return changed

    def __enter__(self):
        context = config.change_flags(**self._settings)
        context.__enter__()
        self._active.append(context)

    def __exit__(self, *error):
        self._active.pop().__exit__(*error)


_SETTINGS_ARE_FIXED = 'the settings are fixed here; keep your own in a variable'
_NO_FILE = 'theano.config has every setting; str(theano.config) lists them'

__getattr__ = refuse(__name__, dict(
    dict.fromkeys(['AddConfigVar', 'BoolParam', 'ConfigParam', 'EnumStr', 'FloatParam', 'IntParam',
                   'StrParam', 'TypedParam'], _SETTINGS_ARE_FIXED),
    **dict.fromkeys(['THEANO_FLAGS', 'THEANO_FLAGS_DICT', 'TheanoConfigParser', 'config_files_from_theanorc',
                     'fetch_val_for_key', 'get_config_hash', 'parse_config_string', 'theano_cfg',
                     'theano_raw_cfg', 'TheanoConfigWarning'], _NO_FILE)))
