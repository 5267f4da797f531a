"""Differences, statistics and comparisons of values."""
