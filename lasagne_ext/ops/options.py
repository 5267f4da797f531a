"""Options of the sampler: the values that each takes, what it means and how it is refused, once for all."""
import inspect
import re
from collections import namedtuple

from lasagne_ext.checks import Decorated, check_choice, check_flag, check_number
from lasagne_ext.kernels import sampling

#: Other libraries' words for the same thing, to be suggested when somebody uses them.
_SYNONYMS = {'border': 'nearest', 'replicate': 'nearest', 'edge': 'nearest', 'clamp': 'nearest',
             'constant': 'zeros', 'zero': 'zeros', 'symmetric': 'reflect',
             'circular': 'wrap', 'linear': 'bilinear', 'trilinear': 'bilinear', 'cubic': 'bicubic',
             'tricubic': 'bicubic'}

_OPTIONS = 'interpolation border_mode align_corners cubic antialias outside_grad check_finite'


class SamplerOptions(namedtuple('SamplerOptions', _OPTIONS)):
    """Options of the sampler: those that all sampling functions and layers take, checked.

    Parameters
    ----------
    interpolation : {'bilinear', 'nearest', 'bicubic'}
        How a value between pixels is made, along every axis, those of a volume too.
    border_mode : {'nearest', 'zeros', 'mirror', 'reflect', 'wrap'}
        What lies outside the image: its nearest pixel; zeros; its mirror image, without the
        outermost pixels or ('reflect') with them; or the image again, with the period of its size.
    align_corners : bool
        Whether the normalised coordinates -1 and 1 are the centres of the corner pixels, or their
        outer edges.
    cubic : float
        Coefficient of bicubic interpolation, from -1 to 0; that of Keys is -0.5.
    antialias : bool
        Average over what an output pixel covers of the input, so that shrinking does not alias.
    outside_grad : float
        Strength, at least 0, of a pull: where a point has left the image, its gradient also leads
        back, by so much times the sum over channels of the absolute gradient of its value.
    check_finite : bool
        Raise an error at run time where to sample is NaN or Inf. Otherwise such a point comes out as
        NaN.
    caller : str
        Name to show in error messages.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong kind. The message says which values there are.

    Examples
    --------
    >>> from lasagne_ext.ops import SamplerOptions
    >>> SamplerOptions(border_mode='zeros').border_mode
    'zeros'
    >>> SamplerOptions(border_mode='replicate')
    Traceback (most recent call last):
    ValueError: SamplerOptions: border_mode must be one of 'zeros', 'nearest', 'mirror', 'reflect', \
'wrap', got 'replicate'; did you mean 'nearest'?
    """

    __slots__ = ()

    def __new__(cls, interpolation='bilinear', border_mode='nearest', align_corners=True, cubic=-.75,
                antialias=False, outside_grad=0., check_finite=False, *, caller='SamplerOptions'):
        align_corners = check_flag(caller, 'align_corners', align_corners)
        return super().__new__(
            cls, check_choice(caller, 'interpolation', interpolation, sampling.INTERPOLATIONS, _SYNONYMS),
            _check_border_mode(caller, border_mode, align_corners), align_corners,
            check_number(caller, 'cubic', cubic, -1, 0), check_flag(caller, 'antialias', antialias),
            check_number(caller, 'outside_grad', outside_grad, 0),
            check_flag(caller, 'check_finite', check_finite))


def _check_border_mode(caller, value, align_corners):
    """Validate a border mode; torch's 'reflection' stands for one of ours or for another."""
    if isinstance(value, str) and value.lower() == 'reflection':
        raise ValueError(
            "%s: border_mode must be one of %s, got %r; did you mean %r? (torch's 'reflection' is 'mirror' "
            "with align_corners=True and 'reflect' with False)" % (
                caller, ', '.join(map(repr, sampling.BORDER_MODES)), value,
                'mirror' if align_corners else 'reflect'))
    return check_choice(caller, 'border_mode', value, sampling.BORDER_MODES, _SYNONYMS)


def document_options(thing: Decorated) -> Decorated:
    """Decorate a function or class, to fill the descriptions of options into its docstring.

    A line ``{border_mode}`` becomes the description of that option, a line ``{sampler_options}``
    those of all options that have no line of their own, in order.
    """
    if thing.__doc__:                        # Python's option -OO leaves none
        documentation = inspect.cleandoc(thing.__doc__)
        own = set(re.findall(r'^\{(\w+)\}$', documentation, re.M))
        documentation = documentation.replace('{sampler_options}', '\n'.join(
            text for name, text in _DESCRIPTIONS.items() if name not in own))
        for name in own & set(_DESCRIPTIONS):
            documentation = documentation.replace('{%s}' % name, _DESCRIPTIONS[name])
        thing.__doc__ = documentation + '\n'
    return thing


def _descriptions():
    """Split the class's own description of its parameters by option."""
    section = inspect.cleandoc(SamplerOptions.__doc__ or '').partition('Parameters\n----------\n')[2]
    entries = re.finditer(r'^(\w+) : .*(?:\n +.*)*', section, re.M)
    return {entry[1]: entry[0] for entry in entries if entry[1] in SamplerOptions._fields}


_DESCRIPTIONS = _descriptions()
