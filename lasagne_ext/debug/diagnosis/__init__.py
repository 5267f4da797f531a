"""Diagnose a network: what looks suspicious, why a function fails, where NaN and Inf come from."""
