"""Every name of PyTensor's that is not public, each with the reason why it is used.

Public is what PyTensor documents, or exports without an underscore from ``pytensor``, ``pytensor.tensor``
and their submodules. What stands here may change in any release; the rest of the package imports it from
here, so that a new release of PyTensor is checked by reading this file. Checked with 3.3.5 to 3.3.8.
"""
from pytensor.graph.basic import Variable

#: The counter that numbers variables as they are made (``auto_name``): tells a variable that a call has
#: made from one that it was given.
variable_numbers = Variable.__count__

#: Where PyTensor's variables have their operators and methods from. The facade's classes list them anew,
#: so that results are the facade's; Theano has it under the same name in ``theano.tensor.var``.
from pytensor.tensor.variable import _tensor_py_operators as TensorOperators  # noqa: E402, F401
