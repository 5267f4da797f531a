"""Variables and types behind ``theano.tensor``, and functions that PyTensor has otherwise.

First `variables`, the classes; then `conversion` and the functions by subject.
"""
