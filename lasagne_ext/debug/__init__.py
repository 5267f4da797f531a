"""Tools that let a person see inside a network."""
from lasagne_ext.debug.describe import Description, describe
from lasagne_ext.debug.printing import PrintLayer
from lasagne_ext.debug.probe import Probe, probe
from lasagne_ext.debug.summary import Summary, summary

__all__ = ['Description', 'PrintLayer', 'Probe', 'Summary', 'describe', 'probe', 'summary']
