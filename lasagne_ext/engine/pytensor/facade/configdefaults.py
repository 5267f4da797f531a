"""``theano.config``: PyTensor's settings under Theano's names."""
import contextlib

import pytensor

from lasagne_ext.engine.pytensor import flags, modes, test_values

#: Theano's settings without a counterpart, and what they are here. They may be set to that alone.
FIXED = {'device': 'cpu', 'force_device': False, 'int_division': 'int', 'warn.round': False,
         'init_gpu_device': '', 'print_active_device': True}

#: Settings that change nothing here, kept as they are given.
IGNORED = {
    'assert_no_cpu_op': 'ignore', 'cache_optimizations': False, 'compute_test_value_opt': 'off',
    'conv.assert_shape': False, 'deterministic': 'default', 'dnn.enabled': 'False',
    'gpuarray.preallocate': 0.0, 'lib.cnmem': 0.0, 'nvcc.fastmath': False, 'numpy.seterr_all': 'ignore',
    'pickle_test_value': True, 'print_test_value': False, 'reoptimize_unpickled_function': False,
    'scan.debug': False, 'unittests.rseed': 666, 'warn.ignore_bug_before': 'all',
    'gpu.local_elemwise_fusion': True, 'tensor.local_elemwise_fusion': True,
    'experimental.unpickle_gpu_on_cpu': False, 'experimental.local_alloc_elemwise': False}


class Config:
    """Settings as attributes; those with a dot in their name by way of a section."""

    def __init__(self, section='', own=None):
        vars(self)['_section'] = section
        vars(self)['_own'] = {**FIXED, **IGNORED} if own is None else own

    def _full(self, name):
        return '%s.%s' % (self._section, name) if self._section else name

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        name = self._full(name)
        if name == 'compute_test_value':
            return test_values.get_mode()
        if name in ('linker', 'mode'):
            return modes.get_setting(name)
        if name in self._own:
            return self._own[name]
        if name in flags.SHARED:
            return getattr(pytensor.config, name.replace('.', '__'))
        if any(other.startswith(name + '.') for other in (*flags.SHARED, *self._own)):
            return Config(name, self._own)
        raise AttributeError('theano.config has no setting %r on the engine "pytensor"' % name)

    def __setattr__(self, name, value):
        name = self._full(name)
        if name in FIXED:
            self._set_fixed(name, value)
        elif name == 'compute_test_value':
            test_values.set_mode(value)
        elif name in ('linker', 'mode'):
            modes.set_setting(*flags.translated(name, value))
        elif name in self._own:
            self._own[name] = value
        elif name in flags.SHARED:
            setattr(pytensor.config, *flags.translated(name, value))
        else:
            raise AttributeError('theano.config has no setting %r on the engine "pytensor"' % name)

    @staticmethod
    def _set_fixed(name, value):
        if name in ('device', 'force_device'):
            flags.warn_of_device(str(value))
        elif value != FIXED[name]:
            raise ValueError('theano.config.%s is %r on the engine "pytensor" and cannot be %r'
                             % (name, FIXED[name], value))

    @contextlib.contextmanager
    def change_flags(self, **settings):
        """Change settings for the duration of a ``with`` block; ``__`` stands for the dot."""
        before = {}
        try:
            for name, value in settings.items():
                holder, name = self._holder(name)
                before[holder, name] = getattr(holder, name)
                setattr(holder, name, value)
            yield
        finally:
            for (holder, name), value in before.items():
                setattr(holder, name, value)

    def _holder(self, name):
        section, _, last = name.replace('__', '.').rpartition('.')
        return (Config(section, self._own) if section else self), last

    def __str__(self):
        names = sorted({*flags.SHARED, *self._own, 'compute_test_value'})
        lines = []
        for name in names:
            holder, last = self._holder(name)
            lines.append('%s = %s' % (name, getattr(holder, last)))
        return '\n'.join(lines)


config = Config()
