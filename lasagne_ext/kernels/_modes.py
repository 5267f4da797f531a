"""The ways to sample, by name; their order is that of the enumerations in sampling.h."""
from collections import namedtuple

#: What the points are: a matrix per image, or coordinates of every point.
POINTS = ('affine', 'projective', 'grid', 'flow')

INTERPOLATIONS = ('nearest', 'bilinear', 'bicubic')

BORDER_MODES = ('zeros', 'nearest', 'mirror', 'reflect', 'wrap')

#: How to sample. `points` is one of POINTS; `cubic` is the coefficient of bicubic interpolation.
SamplingMode = namedtuple('SamplingMode', 'points interpolation border_mode align_corners cubic')
