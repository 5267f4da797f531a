"""Updates of shared variables."""
from lasagne_ext.engine.pytensor.updates import OrderedUpdates

__all__ = ['OrderedUpdates']
