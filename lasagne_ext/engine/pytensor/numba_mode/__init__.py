"""Forms of our Ops for the linker numba, each imported once Numba is."""
