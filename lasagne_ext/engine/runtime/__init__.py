"""What runs functions on both engines, written once against Theano's API.

The Ops behind convolution, pooling and random numbers, over the C kernels, and the linker that runs
NumPy alone. Nothing here knows which engine it serves: what is imported is ``theano``, Theano itself or
the facade. Each engine plugs in what it needs, and adds its forms for other linkers. To be read:
`static_shapes`, then the Ops.
"""
