"""Times of Ops and of functions."""
from pytensor.compile.debug.profiling import ProfileStats
