"""Printing a value while the network runs."""
import lasagne
from theano.printing import Print

from lasagne_ext.debug.describe import describe


def _print_description(op, value):
    print('%s: %s' % (op.message, describe(value)), flush=True)


class PrintLayer(lasagne.layers.Layer):
    """Pass a value on unchanged and print one line about it every time it is computed.

    Parameters
    ----------
    incoming : Layer or tuple
        Whose value is printed.
    name : str, optional
        What is printed before the description; by default the incoming layer's name, or its class.
    **kwargs
        Any of Lasagne's own.

    Notes
    -----
    The line holds shape, dtype, range, mean, standard deviation, and the counts of zeros, NaN and
    Inf.

    **Printing can change numbers.** Theano rewrites some pairs of operations into a form that does
    not overflow, and does not see them through a print: ``categorical_crossentropy(softmax([[-1000,
    0]]), [0])`` is 1000, and inf with a print on the softmax. Where that matters use
    :func:`lasagne_ext.debug.probe`, which changes nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import InputLayer, get_output
    >>> from lasagne_ext.debug import PrintLayer
    >>> image = InputLayer((None, 2), name='image')
    >>> shown = PrintLayer(image)
    >>> value = get_output(shown).eval({image.input_var: np.zeros((1, 2))})
    image: (1, 2) float64, min 0 max 0 mean 0 std 0, 2 zero, 0 NaN, 0 Inf
    """

    def __init__(self, incoming, name=None, **kwargs):
        super().__init__(incoming, name=name, **kwargs)

    def get_output_for(self, input, **kwargs):
        source = self.input_layer
        message = self.name or getattr(source, 'name', None) or type(source or self).__name__
        return Print(message, global_fn=_print_description)(input)
