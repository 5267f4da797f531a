"""Mode that calls a function around every Op."""
from lasagne_ext.engine.pytensor.monitor_mode import MonitorMode, detect_nan
