"""Mode that stops at the first NaN."""
from pytensor.compile.debug.nanguardmode import NanGuardMode, contains_inf, contains_nan
