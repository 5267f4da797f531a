"""Ops and rewrites that both engines run, written once against Theano's API.

The Ops behind convolution, pooling, softmax and random numbers, over the C kernels, and the elementwise
plans of the linker that runs NumPy alone. Nothing here knows which engine it serves: what is imported is
``theano``, Theano itself or the facade over PyTensor, and `static_shapes` covers what the two know of
shapes. An engine plugs these in under Theano's names and adds its forms for other linkers; the engine
`theano` keeps Theano's own. To be read: `static_shapes`, an Op (`convolution`), `elemwise`.
"""
