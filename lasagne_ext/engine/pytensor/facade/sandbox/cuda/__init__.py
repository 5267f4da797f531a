"""The GPU of old Theano, which is never there: ``cuda_enabled`` is False."""
cuda_available = False
cuda_enabled = False
