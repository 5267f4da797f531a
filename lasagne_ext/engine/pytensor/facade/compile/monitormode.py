"""A mode that calls a function around every Op."""
from lasagne_ext.engine.pytensor.monitor_mode import MonitorMode, detect_nan

__all__ = ['MonitorMode', 'detect_nan']
