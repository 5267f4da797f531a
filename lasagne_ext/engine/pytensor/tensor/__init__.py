"""What stands behind ``theano.tensor``: variables and types, and functions that PyTensor has otherwise.

First `variables`, the classes; then `conversion` and the functions by subject.
"""
