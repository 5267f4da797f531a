"""Helpers."""
from pytensor.tensor.utils import hash_from_ndarray, shape_of_variables
