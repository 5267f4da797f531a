"""Block for sequences: recurrent layers."""
import lasagne
from lasagne.layers import SliceLayer

from lasagne_ext.blocks.chain import block, construct_layer, has_option
from lasagne_ext.blocks.nonlinearities import find_nonlinearity
from lasagne_ext.blocks.records import check_variable, find_record
from lasagne_ext.checks import check_choice, check_count

_KINDS = {'simple': 'RecurrentLayer', 'lstm': 'LSTMLayer', 'gru': 'GRULayer'}


@block
def recurrent(num_units, kind='simple', nonlinearity=None, backwards=False, only_return_final=False,
              mask=None, learn_init=False, name=None, **options):
    """Read a sequence step by step, and give what units remember at every step.

    Parameters
    ----------
    X, X_test : Variable
        Input in the graph for training and in that for prediction. Without `X_test`, that which belongs to
        `X`; without both, a :class:`Block` is returned.
    input_shape : tuple of int and None
        ``(batch, steps, features)``; batch and steps need not be known.
    num_units : int
        How many units.
    kind : {'simple', 'lstm', 'gru'}
        Units that see their own last output; that have a memory cell with gates; or gated recurrent units.
    nonlinearity : str or callable, optional
        A name that :func:`nonlinearity` knows, or a function; by default that of Lasagne's layer,
        'rectify' for 'simple' and 'tanh' for 'lstm'. The kind 'gru' has it in its gates.
    backwards : bool
        Whether to read from the last step to the first; the output has the order of the input all the same.
    only_return_final : bool
        Whether to give the last step read only, ``(batch, num_units)``.
    mask : Variable, optional
        ``(batch, steps)``, 1 where a sequence has a step and 0 behind its end, for sequences of unequal
        lengths; the same in both graphs.
    learn_init : bool
        Whether the state before the first step is learnt; else it stays 0.
    name : str, optional
        Of the layer.
    **options
        More of Lasagne's RecurrentLayer, LSTMLayer or GRULayer, such as ``grad_clipping`` and
        ``unroll_scan``.

    Returns
    -------
    out, out_test : Variable
        The units' values at every step, or at the last one.
    params : list of shared variable
        The trainable ones.
    output_shape : tuple of int and None
        ``(batch, steps, num_units)``, or without the steps.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong kind, or `input_shape` not that of `X`.

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.blocks import recurrent
    >>> X = T.tensor3('X')
    >>> recurrent(X, X, (None, None, 4), 7, 'gru')[-1]
    (None, None, 7)
    >>> recurrent(X, X, (None, None, 4), 7, 'lstm', only_return_final=True)[-1]
    (None, 7)
    """
    caller = 'recurrent'
    check_count(caller, 'num_units', num_units)
    check_choice(caller, 'kind', kind, tuple(_KINDS))
    layer_class = getattr(lasagne.layers, _KINDS[kind])
    options = dict(options, backwards=backwards, learn_init=learn_init)
    if name is not None:                     # Lasagne's RecurrentLayer adds to a name that it is given
        options['name'] = name
    if nonlinearity is not None:
        if kind == 'gru':
            raise TypeError("%s: the kind 'gru' has its nonlinearities in its gates; give hidden_update="
                            'lasagne.layers.Gate(W_cell=None, nonlinearity=...)' % caller)
        options['nonlinearity'] = find_nonlinearity(caller, nonlinearity, {})
    if mask is not None:
        check_variable(caller, 'mask', mask)
    # Lasagne 0.1 has no such option; there the step is cut out behind the layer.
    sliced = only_return_final and not has_option(layer_class, 'only_return_final')
    if only_return_final and not sliced:
        options['only_return_final'] = True

    def make(incoming):
        shape = incoming.output_shape
        if len(shape) < 3 or None in shape[2:]:
            raise ValueError('%s: the input must have the shape (batch, steps, features), features known; '
                             'got %r' % (caller, shape))
        steps = None if mask is None else find_record('recurrent: mask', mask, None, shape[:2]).layer
        layer = construct_layer(caller, layer_class, incoming, num_units, mask_input=steps, **options)
        # The step read last is the first one of a sequence that is read backwards.
        return SliceLayer(layer, 0 if backwards else -1, axis=1) if sliced else layer
    return make
