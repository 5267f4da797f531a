"""Layers to put into any Lasagne network.

Each holds its options and applies one operation of :mod:`lasagne_ext.ops`. Read ``_transforming.py``, the base
of those with a localization network, and then ``transformer.py``; the others differ in little.
"""
from lasagne_ext.layers.glimpses import MultiGlimpseLayer
from lasagne_ext.layers.grid import GridLayer
from lasagne_ext.layers.inverse import InverseTransformerLayer
from lasagne_ext.layers.localization import localization
from lasagne_ext.layers.projective import ProjectiveTransformerLayer
from lasagne_ext.layers.sampling import FlowWarpLayer, GridSampleLayer
from lasagne_ext.layers.tps import TPSTransformerLayer
from lasagne_ext.layers.transformer import TransformerLayer

__all__ = ['FlowWarpLayer', 'GridLayer', 'GridSampleLayer', 'InverseTransformerLayer',
           'MultiGlimpseLayer', 'ProjectiveTransformerLayer', 'TPSTransformerLayer',
           'TransformerLayer', 'localization']
