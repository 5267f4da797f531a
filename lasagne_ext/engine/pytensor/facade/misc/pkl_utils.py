"""Zip files that NumPy can read: a pickle named ``pkl``, and arrays named after variables.

Their members are the same on both engines, and so are files that hold arrays alone.
"""
import io
import pickle
import zipfile

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable

from lasagne_ext.engine.pytensor._names import refuse


class PersistentNdarrayID:
    """Write the arrays that a pickler meets into a zip file, as ``array_0``, ``array_1``, ...

    Parameters
    ----------
    zip_file : zipfile.ZipFile
    """

    def __init__(self, zip_file):
        self.zip_file = zip_file
        self.count = 0
        self.seen = {}

    def _resolve_name(self, array):
        self.count += 1
        return 'array_%d' % (self.count - 1)

    def __call__(self, obj):
        if type(obj) is not np.ndarray:
            return None
        if id(obj) not in self.seen:
            name = self._resolve_name(obj)
            with self.zip_file.open(name, 'w', force_zip64=True) as f:
                np.lib.format.write_array(f, obj)
            # The object is kept, since another one could get its id.
            self.seen[id(obj)] = 'ndarray.%s' % name, obj
        return self.seen[id(obj)][0]


class PersistentSharedVariableID(PersistentNdarrayID):
    """Name the arrays of shared variables after these.

    Parameters
    ----------
    zip_file : zipfile.ZipFile
    allow_unnamed : bool
        Whether shared variables may be without a name.
    allow_duplicates : bool
        Whether two may have the same one; they become ``x``, ``x_2``, ...

    Raises
    ------
    ValueError
        When called, if a shared variable's name is not allowed.
    """

    def __init__(self, zip_file, allow_unnamed=True, allow_duplicates=True):
        super().__init__(zip_file)
        self.allow_unnamed, self.allow_duplicates = allow_unnamed, allow_duplicates
        self._names, self._uses = {}, {}

    def _resolve_name(self, array):
        name = self._names.get(id(array))
        if name is None:
            return super()._resolve_name(array)
        self._uses[name] = self._uses.get(name, 0) + 1
        if self._uses[name] == 1:
            return name
        if not self.allow_duplicates:
            raise ValueError('two shared variables are called %r' % name)
        return '%s_%d' % (name, self._uses[name])

    def __call__(self, obj):
        if isinstance(obj, SharedVariable):
            if obj.name == 'pkl':
                raise ValueError('a shared variable cannot be pickled under the name "pkl"')
            if obj.name:
                self._names[id(obj.container.storage[0])] = obj.name
            elif not self.allow_unnamed:
                raise ValueError('the shared variable %r has no name' % obj)
        return super().__call__(obj)


class PersistentNdarrayLoad:
    """Read the arrays that a pickle refers to from its zip file.

    Parameters
    ----------
    zip_file : zipfile.ZipFile
    """

    def __init__(self, zip_file):
        self.zip_file = zip_file
        self.cache = {}

    def __call__(self, persid):
        kind, _, name = persid.partition('.')
        if name not in self.cache:
            with self.zip_file.open(name) as f:
                if kind == 'gpuarray':
                    pickle.load(f)               # the name of the GPU, in front of the array
                self.cache[name] = np.lib.format.read_array(f)
        return self.cache[name]


class StripPickler(pickle.Pickler):
    """Pickler that leaves out where variables were made, and other tags.

    Parameters
    ----------
    file : file
    protocol : int
    extra_tag_to_remove : str, optional
        One more tag to be left out.
    """

    def __init__(self, file, protocol=0, extra_tag_to_remove=None):
        super().__init__(file, protocol)
        self._tags = ['trace'] + ([extra_tag_to_remove] if extra_tag_to_remove else [])

    def reducer_override(self, obj):
        tag = getattr(obj, 'tag', None)
        if tag is not None:
            for name in self._tags:
                vars(tag).pop(name, None)
        return NotImplemented


class _Pickler(pickle.Pickler):
    def __init__(self, file, protocol, name_of):
        super().__init__(file, protocol)
        self._name_of = name_of

    def persistent_id(self, obj):
        return self._name_of(obj)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, array_of):
        super().__init__(file)
        self._array_of = array_of

    def persistent_load(self, persid):
        return self._array_of(persid)


def dump(obj, file_handler, protocol=pickle.DEFAULT_PROTOCOL, persistent_id=PersistentSharedVariableID):
    """Pickle an object into a zip file, its arrays apart.

    Parameters
    ----------
    obj : object
    file_handler : file
        Open for writing bytes.
    protocol : int
    persistent_id : callable
        Class of what names and writes the arrays.
    """
    # In memory first: a zip file takes one member at a time, and the arrays come in between.
    buffer = io.BytesIO()
    with zipfile.ZipFile(file_handler, 'w', zipfile.ZIP_DEFLATED, allowZip64=True) as zip_file:
        _Pickler(buffer, protocol, persistent_id(zip_file)).dump(obj)
        zip_file.writestr('pkl', buffer.getvalue())


def load(f, persistent_load=PersistentNdarrayLoad):
    """Read what :func:`dump` has written.

    Parameters
    ----------
    f : file
        Open for reading bytes.
    persistent_load : callable
        Class of what reads the arrays.
    """
    with zipfile.ZipFile(f, 'r') as zip_file, zip_file.open('pkl') as pickled:
        return _Unpickler(pickled, persistent_load(zip_file)).load()


__getattr__ = refuse(__name__, {
    'PersistentGpuArrayID': 'there are no GPU arrays here; use PersistentNdarrayID',
    'CompatUnpickler': "use pickle.load(f, encoding='latin1')",
    'min_recursion': 'call sys.setrecursionlimit', 'load_reduce': 'it mends Python 2',
    'Pickler': 'use pickle.Pickler', 'zipadd': 'use zipfile'})
