"""Settings of Theano: the user's, and ours where the user has none."""
import configparser
import contextlib
import os
import shlex
import sys


def flags_from_environment():
    """Read ``THEANO_FLAGS`` as Theano does, into ``{name: value}``."""
    lexer = shlex.shlex(os.environ.get('THEANO_FLAGS', ''), posix=True)
    lexer.whitespace = ','
    lexer.whitespace_split = True
    try:
        pairs = [entry.strip().split('=', 1) for entry in lexer]
    except ValueError:
        return {}                            # Theano itself complains of an open quotation
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def flags_from_files():
    """Read the files named by ``THEANORC`` (or ``~/.theanorc``) into ``{name: value}``."""
    names = os.environ.get('THEANORC', '~/.theanorc').split(os.pathsep)
    if 'THEANORC' not in os.environ and sys.platform == 'win32':
        names.append('~/.theanorc.txt')
    parser = configparser.ConfigParser()
    try:
        parser.read([os.path.expanduser(name) for name in names])
    except configparser.Error:
        return {}                            # Theano itself complains of a malformed file
    return {option if section == 'global' else '%s.%s' % (section, option):
            _filled_in(parser, section, option)
            for section in parser.sections() for option in parser.options(section)}


def _filled_in(parser, section, option):
    """Return an option with ``%(USER)s`` and its like filled in, or as it stands (a compiledir_format)."""
    names = {name: os.environ.get(name, '') for name in ('LSCRATCH', 'TMPDIR', 'TEMP', 'TMP')}
    names.update(USER=os.environ.get('USER') or os.path.basename(os.path.expanduser('~')),
                 PID=str(os.getpid()))
    try:
        return parser.get(section, option, vars=names)
    except configparser.InterpolationError:
        return parser.get(section, option, raw=True)


def user_flags():
    """Return everything that the user has set; the environment wins over the files."""
    flags = flags_from_files()
    flags.update(flags_from_environment())
    return flags


def cache_directory():
    """Return our folder inside the one where Theano keeps what it compiles."""
    base = user_flags().get('base_compiledir')
    if base is None and sys.platform == 'win32' and os.environ.get('LOCALAPPDATA'):
        base = os.path.join(os.environ['LOCALAPPDATA'], 'Theano')
    return os.path.join(os.path.realpath(os.path.expanduser(base or '~/.theano')), 'lasagne_ext')


@contextlib.contextmanager
def theano_flags(defaults, forced):
    """Let Theano, imported inside, see `defaults` wherever the user has set nothing, and `forced` anyway.

    Theano reads ``THEANO_FLAGS`` once, when it is imported, and the environment wins over the
    files there, so only flags that the user has set nowhere may be added to it. The environment
    is put back afterwards: programs started from this one inherit nothing.
    """
    chosen = user_flags()
    added_flags = ['%s="%s"' % (name, value) for name, value in defaults.items() if name not in chosen]
    with added('THEANO_FLAGS', added_flags, ['%s=%s' % pair for pair in forced.items()]):
        yield


@contextlib.contextmanager
def added(variable, before, after=()):
    """Put settings before and after those that an environment variable holds, for a ``with`` block."""
    held = os.environ.get(variable)
    os.environ[variable] = ','.join([*before, *([held] if held else []), *after])
    try:
        yield
    finally:
        if held is None:
            del os.environ[variable]
        else:
            os.environ[variable] = held
