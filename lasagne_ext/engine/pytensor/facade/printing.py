from pytensor.printing import *
from pytensor.printing import Print, debugprint, pp, pprint
