"""Types of slices and of None."""
from pytensor.tensor.type_other import (MakeSlice, NoneConst, NoneTypeT, SliceConstant, SliceType,
                                        as_int_none_variable, make_slice, none_type_t, slicetype)
