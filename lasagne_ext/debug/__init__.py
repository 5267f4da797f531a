"""Tools that let a person see inside a network."""
from lasagne_ext.debug.describe import Description, describe
from lasagne_ext.debug.draw import Drawing, draw
from lasagne_ext.debug.errors import LayerError, layer_errors
from lasagne_ext.debug.explain import Explanation, explain
from lasagne_ext.debug.numerics import NumericsReport, check_numerics
from lasagne_ext.debug.printing import PrintLayer
from lasagne_ext.debug.probe import Probe, probe
from lasagne_ext.debug.shapes import ShapeReport, check_shapes
from lasagne_ext.debug.summary import Summary, summary

__all__ = ['Description', 'Drawing', 'Explanation', 'LayerError', 'NumericsReport', 'PrintLayer', 'Probe',
           'ShapeReport', 'Summary', 'check_numerics', 'check_shapes', 'describe', 'draw', 'explain',
           'layer_errors', 'probe', 'summary']
