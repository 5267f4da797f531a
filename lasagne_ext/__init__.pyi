# What editors and type checkers see, while __getattr__ imports these packages when they are first asked for.
from typing import Any

from lasagne_ext import (blocks as blocks, datasets as datasets, debug as debug, engine as engine, kernels as kernels,
                         layers as layers, network as network, ops as ops, training as training)

__version__: str

def load_ipython_extension(ipython: Any) -> None: ...
def unload_ipython_extension(ipython: Any) -> None: ...
