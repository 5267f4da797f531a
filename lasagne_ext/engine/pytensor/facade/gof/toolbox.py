"""Features of a function's graph."""
from pytensor.graph.features import (AlreadyThere, Bookkeeper, Feature, History,
                                     PreserveVariableAttributes, ReplaceValidate, Validator)
