"""Updates of shared variables."""
from lasagne_ext.engine.pytensor.updates import OrderedUpdates
