"""Nonlinearities by name, with those that an old Lasagne lacks."""
import lasagne
import theano.tensor as T

from lasagne_ext.checks import did_you_mean


class SELU:
    """Scaled exponential linear units: scale * x where x > 0, else scale * scale_neg * (exp(x) - 1)."""

    def __init__(self, scale=1, scale_neg=1):
        self.scale, self.scale_neg = scale, scale_neg

    def __call__(self, x):
        return self.scale * T.switch(x > 0, x, self.scale_neg * T.expm1(T.minimum(x, 0)))


class ScaledTanH:
    """Scaled hyperbolic tangent: ``scale_out * tanh(scale_in * x)``."""

    def __init__(self, scale_in=1, scale_out=1):
        self.scale_in, self.scale_out = scale_in, scale_out

    def __call__(self, x):
        return T.tanh(x * self.scale_in) * self.scale_out


def elu(x):
    """Return x where it is positive, else ``exp(x) - 1``: exponential linear units."""
    # Not even the branch that is not taken may overflow: its gradient would be 0 times infinity.
    return T.switch(x > 0, x, T.expm1(T.minimum(x, 0)))


def softplus(x):
    """Return ``log(1 + exp(x))``."""
    return T.nnet.softplus(x)


#: Constants with which mean 0 and variance 1 are kept (Klambauer et al. 2017).
_SELU = SELU(1.0507009873554804934193349852946, 1.6732632423543772848170429916717)

_OURS = {'elu': elu, 'selu': _SELU, 'softplus': softplus, 'SELU': SELU, 'ScaledTanH': ScaledTanH,
         'ScaledTanh': ScaledTanH}
_NAMES = ('sigmoid', 'softmax', 'tanh', 'rectify', 'leaky_rectify', 'very_leaky_rectify', 'linear',
          'identity', 'LeakyRectify') + tuple(_OURS)
_KNOWN = {name: getattr(lasagne.nonlinearities, name, _OURS.get(name)) for name in _NAMES}
_KNOWN['relu'] = lasagne.nonlinearities.rectify


def nonlinearity(name, **options):
    """Return a nonlinearity by its name, for blocks and for Lasagne's layers.

    Parameters
    ----------
    name : str or callable
        One of Lasagne's: 'sigmoid', 'softmax', 'tanh', 'rectify' or 'relu', 'leaky_rectify',
        'very_leaky_rectify', 'elu', 'selu', 'softplus', 'linear' or 'identity'; one of its classes,
        'LeakyRectify', 'SELU' or 'ScaledTanH'; or a function of a variable, which is returned as it is.
        Those that Lasagne 0.1 lacks are added.
    **options
        Of a class: ``leakiness``; ``scale`` and ``scale_neg``; ``scale_in`` and ``scale_out``.

    Returns
    -------
    callable
        A function of a variable, which keeps its shape.

    Raises
    ------
    TypeError, ValueError
        If there is none of that name, or it has no such options.

    Examples
    --------
    >>> from lasagne_ext.blocks import nonlinearity
    >>> nonlinearity('relu').__name__
    'rectify'
    >>> nonlinearity('LeakyRectify', leakiness=.2).leakiness
    0.2
    """
    return find_nonlinearity('nonlinearity', name, options)


def find_nonlinearity(caller, name, options):
    """Return a nonlinearity by its name; `caller` is the name to show in error messages."""
    if callable(name) and not options:
        return name
    if not isinstance(name, str):
        raise TypeError('%s: the nonlinearity must be a name or a function of a variable%s, got %r'
                        % (caller, ', and options need a name' if callable(name) else '', name))
    if name not in _KNOWN:
        raise ValueError('%s: there is no nonlinearity %r; there are %s%s'
                         % (caller, name, ', '.join(map(repr, sorted(_KNOWN))), did_you_mean(name, _KNOWN)))
    found = _KNOWN[name]
    if not isinstance(found, type):
        if options:
            raise TypeError('%s: the nonlinearity %r has no options, got %s; %s have'
                            % (caller, name, ', '.join(options), "'LeakyRectify', 'SELU' and 'ScaledTanH'"))
        return found
    try:
        return found(**options)
    except TypeError as error:
        raise TypeError('%s: %s' % (caller, error)) from None
