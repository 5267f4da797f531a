"""Building blocks in the manner of functions, over Lasagne's layers.

Every block is called in one of three ways::

    out, out_test, params, output_shape = convolutional(X, X_test, input_shape, 32, (3, 3))
    out, out_test, params, output_shape = convolutional(X, input_shape, 32, (3, 3))
    net = input_block(input_shape) | convolutional(32, (3, 3)) | activation('relu')

`X` is a variable of the graph for training, `X_test` its counterpart in the graph for prediction, in which
dropout is off; both graphs use the same parameters. A call whose second argument is a shape, or None, has
no `X_test`: then the graph for prediction goes on from what belongs to `X`, that is from the `out_test`
that came with it, or from `X` itself where that is an input. What is returned is the same.

The first argument not being a variable, a block is given its options alone and returns a :class:`Block`.

Shapes are tuples with None for a size that is not known, such as the batch's. The `input_shape` of what a
block has made must be the `output_shape` that came with it; None in it says nothing.

Behind every `out` stands a Lasagne layer, which :func:`layer_of` gives to ``get_output``, ``get_all_params``
and the debugging tools. A variable that no block has made becomes an ``InputLayer``. So does an expression
that a program makes itself of an `out`, unless it comes with the `out_test` of that `out`, or the other way
round: there a new network begins for Lasagne, and only the `params` that were returned tell what came
before. :func:`activation` and :func:`custom` keep it in one piece.

To be read in this order: `chain` calls and chains blocks, `records` remembers the layer behind a variable;
`units`, `images`, `sequences` and `nonlinearities` are the blocks.
"""
from lasagne_ext.blocks.chain import Block, input_block
from lasagne_ext.blocks.images import convolutional, maxpool
from lasagne_ext.blocks.nonlinearities import nonlinearity
from lasagne_ext.blocks.records import layer_of
from lasagne_ext.blocks.sequences import recurrent
from lasagne_ext.blocks.units import activation, custom, dropout, flatten, linear

__all__ = ['Block', 'activation', 'convolutional', 'custom', 'dropout', 'flatten', 'input_block', 'layer_of',
           'linear', 'maxpool', 'nonlinearity', 'recurrent']
