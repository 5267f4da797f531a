"""How a layer is called in messages."""


def called(layer):
    """The layer's class, and its name where it has one: ``TransformerLayer 'stn'``."""
    kind = type(layer).__name__
    return "%s '%s'" % (kind, layer.name) if layer.name else kind
