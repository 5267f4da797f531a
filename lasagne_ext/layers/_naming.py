"""How a layer is called in messages."""


def called(layer):
    """The layer's class, and its name where it has one: ``TransformerLayer 'stn'``."""
    return name_of(type(layer), layer.name)


def name_of(kind, name):
    """The same for a layer that is still to be made."""
    return "%s '%s'" % (kind.__name__, name) if name else kind.__name__
