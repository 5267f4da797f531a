"""Tools that let a person see inside a network.

Each is one function in the file of its name and returns a report: read ``summary`` first, then ``report``, on
which all stand. What several share is in ``diagnosis`` (why something fails, where NaN comes from, what looks
suspicious), ``drawing``, ``gradients`` and ``statistics``; what is known of networks in
:mod:`lasagne_ext.network`.
"""
from lasagne_ext.debug.describe import Description, describe
from lasagne_ext.debug.draw import Drawing, draw
from lasagne_ext.debug.errors import LayerError, layer_errors
from lasagne_ext.debug.explain import Explanation, explain
from lasagne_ext.debug.gradcheck import GradCheck, gradcheck, gradgradcheck
from lasagne_ext.debug.implementations import ImplementationReport, compare_implementations
from lasagne_ext.debug.numerics import NumericsReport, check_numerics
from lasagne_ext.debug.printing import PrintLayer, PrintWarning, print_value
from lasagne_ext.debug.probe import Probe, probe
from lasagne_ext.debug.probe_statistics import ProbeStatistics, probe_statistics
from lasagne_ext.debug.profile import Profile, profile
from lasagne_ext.debug.shapes import ShapeReport, check_shapes
from lasagne_ext.debug.show_transform import Transforms, show_transform
from lasagne_ext.debug.summary import Summary, summary
from lasagne_ext.debug.watch import Watcher, WatchHistory, watch

#: What pages and notebooks of version 0.1 call it.
compare_paths = compare_implementations

__all__ = ['Description', 'Drawing', 'Explanation', 'GradCheck', 'ImplementationReport', 'LayerError',
           'NumericsReport', 'PrintLayer', 'PrintWarning', 'Probe', 'ProbeStatistics', 'Profile',
           'ShapeReport', 'Summary', 'Transforms', 'WatchHistory', 'Watcher', 'check_numerics',
           'check_shapes', 'compare_implementations', 'describe', 'draw', 'explain', 'gradcheck',
           'gradgradcheck', 'layer_errors', 'print_value', 'probe', 'probe_statistics', 'profile',
           'show_transform', 'summary', 'watch']
