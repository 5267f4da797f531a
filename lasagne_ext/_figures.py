"""Make figures with matplotlib, which is optional."""
import functools
import io
import sys


def new_figure(caller, size):
    """Make a figure tied to no window, which a notebook shows whether or not it has imported pyplot.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    size : tuple of float
        Width and height in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If there is no matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("%s: the picture needs matplotlib (%s); install it with: pip install "
                          "'lasagne-ext[demo]'" % (caller, error)) from error
    figure = Figure(figsize=size, constrained_layout=True)
    figure._repr_png_ = functools.partial(_png, figure)
    return figure


def png_of(draw):
    """Return the picture of the figure that `draw` makes; None if there is no matplotlib."""
    content = io.BytesIO()
    try:
        draw().savefig(content, format='png', dpi=80)
    except ImportError:
        return None
    return content.getvalue()


def _png(figure):
    """Return the picture; None where IPython shows figures itself, as it does once pyplot is imported."""
    pyplot = sys.modules.get('matplotlib.pyplot')
    if pyplot is not None and 'inline' in pyplot.get_backend():
        return None
    content = io.BytesIO()
    figure.savefig(content, format='png', bbox_inches='tight')
    return content.getvalue()
