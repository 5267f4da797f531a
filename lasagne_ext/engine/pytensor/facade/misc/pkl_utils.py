"""Pickles whose arrays lie apart, in a zip file that NumPy can read."""
from lasagne_ext.engine.pytensor.pickles import (PersistentNdarrayID, PersistentNdarrayLoad,
                                                 PersistentSharedVariableID, StripPickler, dump, load)

from lasagne_ext.engine.pytensor._names import refuse

__getattr__ = refuse(__name__, {
    'PersistentGpuArrayID': 'there are no GPU arrays here; use PersistentNdarrayID',
    'CompatUnpickler': "use pickle.load(f, encoding='latin1')",
    'min_recursion': 'call sys.setrecursionlimit', 'load_reduce': 'it mends Python 2',
    'Pickler': 'use pickle.Pickler', 'zipadd': 'use zipfile'})
