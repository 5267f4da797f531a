"""Types of variables."""
from pytensor.link.c.type import (CDataType, CDataTypeConstant, CEnumType, CType, EnumList, EnumType,
                                  Generic, generic)
from pytensor.graph.utils import MethodNotDefined

#: A type of one's own defines ``filter``, and whatever else differs from equality of values.
Type = PureType = CType
