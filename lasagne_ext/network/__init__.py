"""Graph library: walk a network, name its layers, and know what they take, give, cost and do.

``graph`` finds, names and chooses layers; ``inputs``, ``expressions`` and ``shapes`` say what goes in and
what comes out; ``registry`` knows what a layer class does and costs: ``lasagne_layers`` and
``sampling_layers`` enter Lasagne's and ours, :func:`register_layer` those of one's own. ``table`` and
``blocks`` put it together; ``function_cache`` and ``graph_copy`` serve the tools that compile.
"""
from lasagne_ext.network import lasagne_layers, sampling_layers  # noqa: F401  (they register layers)
from lasagne_ext.network.registry import register_layer

__all__ = ['register_layer']
