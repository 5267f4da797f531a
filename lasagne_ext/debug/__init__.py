"""Tools that let a person see inside a network."""
from lasagne_ext.debug.describe import Description, describe
from lasagne_ext.debug.draw import Drawing, draw
from lasagne_ext.debug.explain import Explanation, explain
from lasagne_ext.debug.printing import PrintLayer
from lasagne_ext.debug.probe import Probe, probe
from lasagne_ext.debug.summary import Summary, summary

__all__ = ['Description', 'Drawing', 'Explanation', 'PrintLayer', 'Probe', 'Summary', 'describe', 'draw',
           'explain', 'probe', 'summary']
