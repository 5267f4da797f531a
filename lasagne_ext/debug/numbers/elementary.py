"""Sampling taken apart: the graph of elementary operations that computes the same."""
from collections import OrderedDict

import numpy as np
import theano
import theano.tensor as T

from lasagne_ext.ops import _symbolic
from lasagne_ext.ops._sampler import ForwardSampler, Sampler
from lasagne_ext.ops.antialias import FootprintSample


def is_sampling(outputs):
    """Whether an Op of this package samples in the graph of `outputs`."""
    return any(isinstance(node.op, Sampler) for node in _nodes(outputs))


def elementary(outputs):
    """`outputs` by name, all sampling being done by elementary operations.

    Raises
    ------
    NotImplementedError
        If there is a gradient Op among them, for which no such graph stands by itself.
    """
    replacements = []
    for node in _nodes(outputs.values()):
        if isinstance(node.op, ForwardSampler):
            replacements.append((node.outputs[0], _sampled(node.op, node)))
        elif isinstance(node.op, FootprintSample):
            replacements.append((node.outputs[0], _footprint_sampled(node.op, node)))
        elif isinstance(node.op, Sampler):
            raise NotImplementedError('%s is a gradient' % type(node.op).__name__)
    return OrderedDict(zip(outputs, theano.clone(list(outputs.values()), replace=replacements)))


def _nodes(outputs):
    outputs = list(outputs)
    return theano.gof.graph.io_toposort(theano.gof.graph.inputs(outputs), outputs)


def _sampled(op, node):
    image, points = node.inputs[:2]
    output = node.outputs[0]
    coordinates = _coordinates(op, image, points, output)
    return _like(_symbolic.sampled(image, coordinates, op.mode), coordinates, output)


def _footprint_sampled(op, node):
    image, points, footprint = node.inputs
    output = node.outputs[0]
    rank = image.ndim - 2
    coordinates = _coordinates(op, image, points, output)
    spread = T.cast(footprint, 'float64').reshape((coordinates.shape[0], -1, rank, rank))
    return _like(_symbolic.footprint_sampled(image, coordinates, spread, op.mode), coordinates, output)


def _coordinates(op, image, points, output):
    """Where the Op samples, in pixels: ``(N, rank, P)``."""
    rank = image.ndim - 2
    flat = op.generator.flat(T.cast(points, 'float64'), rank)
    coordinates, _ = op.generator.pixels(flat, T.zeros_like(flat), rank, image.shape[:1:-1],
                                      output.shape[:-rank - 1:-1], op.options.align_corners)
    return coordinates


def _like(values, coordinates, output):
    """The values in the shape of the Op's output; points that are nowhere get a gradient of NaN."""
    nowhere = T.or_(T.isnan(coordinates), T.isinf(coordinates)).any(axis=1, keepdims=True)
    nothing = T.sum(T.switch(nowhere, np.nan, 0.) * coordinates, axis=1)
    values += T.cast(nothing, values.dtype).dimshuffle(0, 'x', 1)
    return T.patternbroadcast(values.reshape(output.shape, ndim=output.ndim), output.broadcastable)
