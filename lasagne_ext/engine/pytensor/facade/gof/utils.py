"""Small things that Ops written for Theano import."""
from pytensor.graph.utils import (MethodNotDefined, Scratchpad, add_tag_trace, get_variable_trace_string,
                                  simple_extract_stack)

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import (
    difference, flatten, from_return_values, hash_from_code, to_return_values)

scratchpad = Scratchpad


def uniq(sequence):
    """Return the elements of `sequence` without repetitions, in order."""
    return list(dict.fromkeys(sequence))


def unique(sequence):
    """Return whether no element of `sequence` comes twice."""
    return len(set(sequence)) == len(sequence)


def remove(predicate, collection):
    """Return the elements of `collection` for which `predicate` is false."""
    return [element for element in collection if not predicate(element)]


_PYTHON = 'plain Python does the same'

__getattr__ = refuse(__name__, dict.fromkeys(
    ['ABORT', 'ANY_TYPE', 'D', 'FAILURE', 'c_cpp_keywords', 'FALL_THROUGH', 'Keyword', 'MetaObject',
     'RETRY', 'comm_guard',
     'deprecated', 'give_variables_names', 'hash_from_file', 'hashtype', 'hist', 'memoize', 'object2',
     'simple_types', 'toposort', 'type_guard', 'undef', 'with_metaclass'], _PYTHON))
