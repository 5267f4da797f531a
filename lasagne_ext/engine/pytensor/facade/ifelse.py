from pytensor.ifelse import ifelse
