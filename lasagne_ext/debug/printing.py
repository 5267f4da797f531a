"""Print a value, or its gradient, while the network runs."""
import itertools
import pickle
import warnings

import lasagne
import numpy as np
import theano

from lasagne_ext.checks import check_count
from lasagne_ext.debug.describe import array_text
from lasagne_ext.network import register_layer

_warned = False


class PrintWarning(UserWarning):
    """Warning that a print in a graph keeps Theano from rewriting it there, which can change numbers."""


def _warn():
    global _warned
    if not _warned:
        _warned = True
        warnings.warn('a print in the graph keeps Theano from rewriting the graph there, and can change '
                      'the numbers: the loss of a saturated softmax becomes inf. Use '
                      'lasagne_ext.debug.probe to see values without changing any', PrintWarning,
                      stacklevel=3)


#: What can be printed, by name.
_TEXTS = {'describe': array_text, 'shape': lambda value: '%s %s' % (value.shape, value.dtype), 'values': str}


class _Printer:
    """Options of showing values; checked once, and common to a value and its gradient.

    A copy of a network prints where the network does: files are not copied.
    """

    def __init__(self, caller, what, every, file, sink, gradients):
        if not (callable(what) or isinstance(what, str) and what in _TEXTS):
            raise ValueError('%s: what must be %s, or a function of an array that returns text; got %r'
                             % (caller, ', '.join(map(repr, _TEXTS)), what))
        if file is not None and not callable(getattr(file, 'write', None)):
            raise TypeError('%s: file must have a method write(text), got %r' % (caller, file))
        if sink is not None and not callable(sink):
            raise TypeError('%s: sink must be a function of a name and an array, got %r' % (caller, sink))
        if sink is not None and (file is not None or what != 'describe'):
            raise ValueError('%s: give either sink, which gets arrays, or file and what, which make '
                             'lines of them' % caller)
        self.what, self.file, self.sink = what, file, sink
        self.every = check_count(caller, 'every', every)
        self.gradients = bool(gradients)

    def show(self, name, value):
        if self.sink is not None:
            self.sink(name, np.array(value))
            return
        value = value.view()
        value.flags.writeable = False
        text = self.what(value) if callable(self.what) else _TEXTS[self.what](value)
        print('%s:%s%s' % (name, '\n' if '\n' in str(text) else ' ', text), file=self.file, flush=True)

    def __deepcopy__(self, memo):
        return self

    def __getstate__(self):
        for name in ('what', 'file', 'sink'):
            try:
                pickle.dumps(getattr(self, name))
            except Exception as error:
                raise TypeError('a print cannot be pickled with %s=%r (%s); a function must have a name '
                                'in its module, and without file it prints to standard output'
                                % (name, getattr(self, name), error)) from None
        return dict(vars(self))


class _Print(theano.Op):
    """Identity that shows its input each n-th time.

    It has no ``__props__``: two prints are never the same, even of one value, and both stay.
    """

    view_map = {0: [0]}

    def __init__(self, name, printer):
        self.name, self.printer = name, printer
        self._start()

    def _start(self):
        # Functions that share the print count together, also when they run at the same time.
        self._count = itertools.count()

    def __getstate__(self):
        return {'name': self.name, 'printer': self.printer}

    def __setstate__(self, state):
        vars(self).update(state)
        self._start()

    def __str__(self):
        return 'Print{%s}' % self.name

    def make_node(self, value):
        if not isinstance(value, theano.Variable):
            value = theano.tensor.as_tensor_variable(value)
        return theano.Apply(self, [value], [value.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0]
        if next(self._count) % self.printer.every == 0:
            self.printer.show(self.name, np.asarray(inputs[0]))

    def grad(self, inputs, output_grads):
        gradient, = output_grads
        if self.printer.gradients and not isinstance(gradient.type, theano.gradient.DisconnectedType):
            gradient = _Print('gradient of ' + self.name, self.printer)(gradient)
        return [gradient]

    def R_op(self, inputs, eval_points):
        return eval_points

    def infer_shape(self, node, input_shapes):
        return input_shapes

    def do_constant_folding(self, node):
        return False

    def c_code_cache_version(self):
        return (1,)


def print_value(x, name=None, what='describe', every=1, file=None, sink=None, gradients=False):
    """Print one line about a symbolic value whenever it is computed.

    Parameters
    ----------
    x : Variable
        Of any dtype and rank.
    name : str, optional
        What stands before the line; by default the variable's name.
    what : {'describe', 'shape', 'values'} or callable
        What is printed: the line of :func:`lasagne_ext.debug.describe`, shape and dtype, all values as
        NumPy prints them, or the text that a function makes of the (read-only) array.
    every : int
        Print the first time and each `every`-th from then on. All functions that were compiled with
        the value count together.
    file : optional
        Where to: anything with a method ``write(text)``; by default standard output.
    sink : callable, optional
        In place of printing: is called with the name and a copy of the array.
    gradients : bool
        Whether to do the same with the gradient, as ``gradient of NAME``, when the backward pass runs.
        It is counted by itself.

    Returns
    -------
    Variable
        The same value; only what is computed from this one prints.

    Raises
    ------
    TypeError, ValueError
        If `x` is no variable, or an argument is none of those named.

    Warns
    -----
    PrintWarning
        Once in a process, for the reason below. Silence it by
        ``warnings.simplefilter('ignore', lasagne_ext.debug.PrintWarning)``.

    Notes
    -----
    **Printing can change numbers.** Theano rewrites some pairs of operations into a form that does
    not overflow, and does not see them through a print: ``categorical_crossentropy(softmax([[-1000,
    0]]), [0])`` is 1000, and inf with a print on the softmax. Where that matters use
    :func:`lasagne_ext.debug.probe`, which changes nothing.

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.debug import print_value
    >>> x = T.dvector('x')
    >>> y = print_value(x, 'x', gradients=True) ** 2
    >>> slope = T.grad(y.sum(), x).eval({x: [1., 2.]})
    x: (2,) float64, min 1 max 2 mean 1.5 std 0.5, 0 NaN, 0 Inf
    gradient of x: (2,) float64, min 2 max 4 mean 3 std 1, 0 NaN, 0 Inf
    """
    if not isinstance(x, theano.Variable):
        raise TypeError('print_value: expected a symbolic variable, got %r' % (x,))
    printer = _Printer('print_value', what, every, file, sink, gradients)
    _warn()
    return _Print(str(name or x.name or x), printer)(x)


class PrintLayer(lasagne.layers.Layer):
    """Pass a value on unchanged and print one line about it every time it is computed.

    Parameters
    ----------
    incoming : Layer or tuple
        Whose value is printed.
    name : str, optional
        What is printed before the description; by default the incoming layer's name, or its class.
    what, every, file, sink, gradients : as in `print_value`
        What is printed, how often, and where; see :func:`lasagne_ext.debug.print_value`.
    **kwargs
        Any of Lasagne's own.

    Notes
    -----
    By default the line holds shape, dtype, range, mean, standard deviation, and the counts of zeros,
    NaN and Inf.

    **Printing can change numbers.** Theano rewrites some pairs of operations into a form that does
    not overflow, and does not see them through a print: ``categorical_crossentropy(softmax([[-1000,
    0]]), [0])`` is 1000, and inf with a print on the softmax. Where that matters use
    :func:`lasagne_ext.debug.probe`, which changes nothing. The first print of a process says so by a
    ``PrintWarning``.

    A network with such a layer can be copied and pickled; with `file`, `sink` or a function as `what` it
    can be pickled only if these can, which open files cannot.

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

    def __init__(self, incoming, name=None, what='describe', every=1, file=None, sink=None,
                 gradients=False, **kwargs):
        super().__init__(incoming, name=name, **kwargs)
        self._printer = _Printer('PrintLayer', what, every, file, sink, gradients)
        _warn()

    def get_output_for(self, input, **kwargs):
        source = self.input_layer
        name = self.name or getattr(source, 'name', None) or type(source or self).__name__
        return _Print(name, self._printer)(input)


register_layer(PrintLayer, multiply_adds=0, phrase='changes nothing, and prints what passes through')
