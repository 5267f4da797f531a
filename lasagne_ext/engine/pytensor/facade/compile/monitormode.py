"""A mode that calls a function around every Op."""
from pytensor.compile.debug.monitormode import MonitorMode, detect_nan

__all__ = ['MonitorMode', 'detect_nan']
