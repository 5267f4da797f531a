"""Of what kind a layer is, and the colour that stands for it."""

#: The fill of a box by family: light, so that dark text can be read on all of them.
COLOURS = {
    'input': '#eceff1', 'convolution': '#bbdefb', 'pooling': '#b2ebf2', 'dense': '#c8e6c9',
    'recurrent': '#e1bee7', 'normalisation': '#f0f4c3', 'merge': '#ffe0b2', 'shape': '#d7ccc8',
    'noise': '#f8bbd0', 'transformer': '#ffcdd2', 'other': '#ffffff'}

_BY_MODULE = {
    'input': 'input', 'conv': 'convolution', 'corrmm': 'convolution', 'local': 'convolution',
    'pool': 'pooling', 'dense': 'dense', 'embedding': 'dense', 'recurrent': 'recurrent',
    'normalization': 'normalisation', 'merge': 'merge', 'shape': 'shape', 'noise': 'noise'}

#: Classes that their module says nothing or the wrong thing about.
_BY_CLASS = {
    'NonlinearityLayer': 'other', 'BiasLayer': 'normalisation', 'ScaleLayer': 'normalisation',
    'TransformerLayer': 'transformer', 'TPSTransformerLayer': 'transformer',
    'Pool2DDNNLayer': 'pooling', 'Pool3DDNNLayer': 'pooling', 'MaxPool2DCCLayer': 'pooling',
    'SpatialPyramidPoolingDNNLayer': 'pooling', 'Conv2DCCLayer': 'convolution',
    'NINLayer_c01b': 'dense', 'ShuffleBC01ToC01BLayer': 'shape', 'ShuffleC01BToBC01Layer': 'shape',
    'MergeLayer': 'merge'}


def family_of(layer):
    """The family of a layer, a key of `COLOURS`; that of its nearest base class that has one."""
    for kind in type(layer).__mro__:
        package, _, module = kind.__module__.partition('.')
        if kind.__module__.startswith('lasagne_ext.layers.'):
            return 'transformer'
        if package == 'lasagne':
            family = _BY_CLASS.get(kind.__name__) or _BY_MODULE.get(module.split('.')[-1])
            if family:
                return family
    return 'other'
