"""Files that are written whole or not at all."""
import contextlib
import os


@contextlib.contextmanager
def whole_file(path):
    """Write a file under another name, which takes the place of `path` once all is written.

    Parameters
    ----------
    path : str
        What the file is to be called in the end.

    Yields
    ------
    str
        The name to write to, in the same folder. When the block ends in an error that file is removed,
        and what was at `path` is still there.
    """
    # Not by tempfile, whose files nobody else may read.
    unfinished = '%s.%d.unfinished' % (path, os.getpid())
    try:
        yield unfinished
        os.replace(unfinished, path)
    except OSError as error:
        if error.filename == unfinished:     # nobody knows that name
            error.filename = path
        raise
    finally:
        if os.path.exists(unfinished):
            os.remove(unfinished)
