"""Mode that checks every Op while it runs."""
from pytensor.compile.debug.debugmode import (BadDestroyMap, BadOptimization, BadThunkOutput, BadViewMap,
                                              DebugMode, DebugModeError, InvalidValueError,
                                              StochasticOrder)
