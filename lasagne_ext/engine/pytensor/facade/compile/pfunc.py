"""Old home of ``Param``, ``pfunc`` and ``rebuild_collect_shared``."""

from lasagne_ext.engine.pytensor.border import rebuild_collect_shared
from lasagne_ext.engine.pytensor.functions import In, Param
from lasagne_ext.engine.pytensor.functions import function as pfunc
