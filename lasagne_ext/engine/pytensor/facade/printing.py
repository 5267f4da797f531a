"""Printing graphs, and values while a function runs."""
from pytensor.printing import (
    VALID_ASSOC, DefaultPrinter, IgnorePrinter, LeafPrinter, OperatorPrinter, PatternPrinter, PPrinter,
    PrinterState, default_colorCodes, default_printer, greek, leaf_printer, min_informative_str, pp,
    pprint, pydotprint, special, use_ascii)

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.printing import (
    FunctionPrinter, Print, debugprint, hex_digest, position_independent_str, var_descriptor)

_PYDOT = 'call pydotprint, which says what is missing'

__getattr__ = refuse(__name__, {'pydot_imported': _PYDOT, 'pydot_imported_msg': _PYDOT})
