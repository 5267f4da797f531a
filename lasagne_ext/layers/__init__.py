"""Layers to put into any Lasagne network."""
from lasagne_ext.layers.transformer import TransformerLayer

__all__ = ['TransformerLayer']
