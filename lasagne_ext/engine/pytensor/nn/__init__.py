"""Convolution and pooling, which PyTensor does not have: Ops, functions and their dispatches."""
