"""Default updates of the states of random streams."""
import warnings


def set_default_update(state, new_state):
    """Let functions that read a shared variable update it, unless told otherwise."""
    with warnings.catch_warnings():
        # PyTensor plans to drop default updates.
        warnings.simplefilter('ignore', DeprecationWarning)
        state.default_update = new_state
