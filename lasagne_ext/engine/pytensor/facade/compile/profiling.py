"""Where the time goes."""
from pytensor.compile.debug.profiling import ProfileStats

__all__ = ['ProfileStats']
