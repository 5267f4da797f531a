"""Python 2 and 3 under one name, as old programs import them."""
from collections import OrderedDict, defaultdict
from functools import partial

PY3 = True


def imap(function, *sequences):
    """``map``."""
    return map(function, *sequences)


def izip(*sequences):
    """``zip``."""
    return zip(*sequences)


def ifilter(function, sequence):
    """``filter``."""
    return filter(function, sequence)
