"""Reading files and exchanging arrays between processes: not part of this engine."""
from lasagne_ext.engine.pytensor._names import refuse

_MPI = 'exchange arrays outside of graphs, for example by mpi4py'

#: Names that Theano has here -> what to use instead.
REFUSED = dict({'LoadFromDisk': 'read the file by numpy.load and put it into theano.shared',
                'load': 'read the file by numpy.load and put it into theano.shared'},
               **dict.fromkeys(['MPIRecv', 'MPIRecvWait', 'MPISend', 'MPISendWait', 'irecv', 'isend',
                                'mpi_cmps', 'mpi_keys', 'mpi_send_wait_cmp', 'mpi_send_wait_key',
                                'mpi_tag_cmp', 'mpi_tag_key', 'recv', 'send'], _MPI))

mpi_enabled = False

__getattr__ = refuse(__name__, REFUSED)
