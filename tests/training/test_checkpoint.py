import errno
import os
import pickle
import subprocess
import sys
import zipfile

import hypothesis
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from lasagne.layers import (DenseLayer, DropoutLayer, InputLayer, LSTMLayer, get_all_param_values,
                            get_all_params, get_output)
from theano.tensor.shared_randomstreams import RandomStreams

from lasagne_ext import _files
from lasagne_ext.training import CheckpointError, checkpoint, load_checkpoint, save_checkpoint, serialization
from lasagne_ext.training.restore import Assignment, apply_assignments
from lasagne_ext.training.variables import named_parameters, training_state

KILL = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, 'benchmarks', 'kill.py')


def network(units=5, classes=3, name='hidden', streams=None):
    layer = DenseLayer(InputLayer((None, 4), T.matrix('x')), units, name=name)
    dropout = DropoutLayer(layer)
    if streams is not None:
        dropout._srng = streams
    return DenseLayer(dropout, classes, nonlinearity=lasagne.nonlinearities.softmax, name='out')


def values(net):
    return [value.tobytes() for value in get_all_param_values(net)]


def training_function(net, updates=lasagne.updates.adam):
    labels = T.ivector('labels')
    loss = lasagne.objectives.categorical_crossentropy(get_output(net), labels).mean()
    x = lasagne.layers.get_all_layers(net)[0].input_var
    return theano.function([x, labels], loss, updates=updates(loss, get_all_params(net, trainable=True), .1))


def step(function, rng):
    function(rng.randn(6, 4).astype(theano.config.floatX), rng.randint(0, 3, 6).astype('int32'))


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / 'model.npz')


def refused(path, net, *messages, **kwargs):
    """Assert that nothing changes, and that the file and all messages are in the error."""
    before = values(net)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path, net, **kwargs)
    assert values(net) == before
    text = str(caught.value)
    assert text.startswith('load_checkpoint: ') and str(path) in text
    for message in messages:
        assert message in text


# What a file holds

@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_parameters_epoch_history_and_extra_come_back(path, dtype):
    with theano.configparser.change_flags(floatX=dtype):
        net, other = network(), network()
    history = {'rows': [{'epoch': 1, 'loss': .1}, {'epoch': 2, 'loss': float('inf')}]}
    save_checkpoint(path, net, epoch=2, history=history, extra={'best': np.arange(3.)})
    restored = load_checkpoint(path, other)
    assert values(net) == values(other)
    assert other.W.get_value().dtype == dtype
    assert (restored.epoch, restored.history) == (2, history)
    assert restored.extra['best'].tolist() == [0, 1, 2]
    assert (restored.missing, restored.unused) == ([], [])
    assert restored.versions['Lasagne'] == lasagne.__version__


def test_arrays_are_named_after_layers_and_need_no_pickle(path):
    save_checkpoint(path, network())
    with np.load(path, allow_pickle=False) as arrays:
        shapes = {name: arrays[name].shape for name in arrays if name.startswith('parameters')}
    assert shapes == {'parameters/hidden/W': (4, 5), 'parameters/hidden/b': (5,),
                      'parameters/out/W': (5, 3), 'parameters/out/b': (3,)}


def test_layers_are_found_by_name_not_by_place(path):
    def two(swapped):
        layer = InputLayer((None, 4))
        branches = [DenseLayer(layer, 4, name=name) for name in ('left', 'right')[::-1 if swapped else 1]]
        return lasagne.layers.ConcatLayer(branches), dict((branch.name, branch) for branch in branches)
    (net, layers), (other, others) = two(False), two(True)
    save_checkpoint(path, net)
    load_checkpoint(path, other)
    assert (layers['left'].W.get_value() == others['left'].W.get_value()).all()


def test_names_of_any_kind(path):
    names = ['a/b', 'a', '../é', 'W.npy', ' ', 'file', '~array', 'a' * 200]

    def chain():
        layer = InputLayer((None, 2))
        for name in names:
            layer = DenseLayer(layer, 2, name=name)
        return layer
    net, other = chain(), chain()
    save_checkpoint(path, net)
    load_checkpoint(path, other)
    assert values(net) == values(other)


def test_shared_parameters_are_held_once():
    first = DenseLayer(InputLayer((None, 4)), 4, name='first')
    second = DenseLayer(first, 4, W=first.W, name='second')
    named = named_parameters('test', second)
    assert {layer: list(of_layer) for layer, of_layer in named.items()} == {
        'first': ['W', 'b'], 'second': ['b']}


def test_parameters_of_recurrent_layers_and_of_expressions_have_names():
    shared = theano.shared(np.ones((4, 3)), 'weights')
    layer = LSTMLayer(InputLayer((None, None, 2)), 4, name='lstm')
    named = named_parameters('test', DenseLayer(layer, 3, W=abs(shared), name='out', num_leading_axes=2)
                             if lasagne.__version__ != '0.1' else layer)
    assert 'W_hid_to_ingate' in named['lstm'] and len(named['lstm']) == len(layer.get_params())
    assert lasagne.__version__ == '0.1' or list(named['out']) == ['weights', 'b']


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.sampled_from([np.float32(.1), np.float64(.1), np.int8(-3), np.bool_(True), np.float16(2)])
    | arrays(st.sampled_from(['float32', 'int64', 'uint8', 'bool', 'complex64', '>f8']),
             array_shapes(min_dims=0, min_side=0, max_side=3)),
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=3).map(tuple)
    | st.dictionaries(st.text(max_size=3) | st.integers() | st.sampled_from(['~array', '~', '1']), inner,
                      max_size=4), max_leaves=12)


def same(a, b):
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for pair in zip(a, b):
            same(*pair)
    elif isinstance(a, dict):
        same(list(a.items()), list(b.items()))
    else:
        assert a == b or a != a and b != b


@hypothesis.given(plain_values)
def test_plain_values_come_back_as_they_were(value):
    packer = serialization.Packer()
    text = serialization.dumps(packer.pack(value, ('extra',)))
    same(serialization.loads(text, packer.arrays), value)


@pytest.mark.parametrize('make', [
    lambda: np.random.RandomState(3), lambda: np.random.default_rng(3),
    lambda: np.random.Generator(np.random.Philox(3)), lambda: np.random.Generator(np.random.MT19937(3)),
    lambda: np.random.Generator(np.random.SFC64(3))])
def test_random_states_go_on_where_they_were(path, make):
    rng, net = make(), network()
    rng.normal(size=3)
    save_checkpoint(path, net, extra={'rng': rng})
    restored = load_checkpoint(path, net).extra['rng']
    assert (restored.normal(size=9) == rng.normal(size=9)).all()
    assert (restored.permutation(9) == rng.permutation(9)).all()


# What training changes besides

@pytest.mark.parametrize('updates, count', [('adam', 9), ('momentum', 4)])
@pytest.mark.parametrize('streams', [None, RandomStreams])
def test_state_of_updates_and_random_streams(fast_compile, path, rng, updates, count, streams):
    def trained(steps, seed):
        net = network(streams=streams and streams(seed))
        function = training_function(net, getattr(lasagne.updates, updates))
        for _ in range(steps):
            step(function, rng)
        return net, function
    net, function = trained(3, 1)
    state = training_state(function, net)
    assert list(state) == ['random0'] + ['update%d' % number for number in range(count)]
    save_checkpoint(path, net, function)
    other, other_function = trained(1, 2)
    load_checkpoint(path, other, other_function)
    assert values(net) == values(other)
    seed = rng.randint(1000)
    for one in (function, other_function):
        np.random.RandomState(seed)
        step(one, np.random.RandomState(seed))
    assert values(net) == values(other)
    for a, b in zip(state.values(), training_state(other_function, other).values()):
        a, b = (variable.get_value(return_internal_type=True) for variable in (a, b))
        same(*(value.get_state() if isinstance(value, np.random.RandomState) else value for value in (a, b)))


def test_named_variables_keep_their_names(fast_compile):
    net = network()
    counter = theano.shared(0, 'counter')
    function = theano.function([], [], updates=[(counter, counter + 1), (net.W, net.W + 1)])
    assert training_state(function, net) == {'counter': counter}


def test_running_averages_are_parameters_not_state(fast_compile):
    layers = pytest.importorskip('lasagne.layers')
    if not hasattr(layers, 'BatchNormLayer'):
        pytest.skip('this Lasagne has no batch normalisation')
    net = layers.BatchNormLayer(DenseLayer(InputLayer((None, 4)), 3))
    x = T.matrix()
    function = theano.function([x], get_output(net, x, batch_norm_update_averages=True))
    before = net.mean.get_value()
    function(np.ones((2, 4), theano.config.floatX))
    assert (before != net.mean.get_value()).any()
    assert not training_state(function, net)


def test_what_a_function_keeps_to_itself_is_saved_or_refused(fast_compile):
    count = T.iscalar('count')
    function = theano.function([theano.compile.In(count, value=0, update=count + 1)], count)
    if any(isinstance(given.variable, theano.compile.SharedVariable)
           for given in function.maker.expanded_inputs):
        assert list(training_state(function, network())) == ['count']
        return
    with pytest.raises(ValueError, match='training_state: .* count to itself'):
        training_state(function, network())


def test_generators_of_numpy_and_lasagne(fast_compile, path):
    net = network()
    function = training_function(net, lasagne.updates.sgd)
    ours = np.random.RandomState(5)
    before = lasagne.random.get_rng()
    lasagne.random.set_rng(ours)
    try:
        save_checkpoint(path, net, function)
        expected = np.random.normal(), ours.normal()
        load_checkpoint(path, net)
        assert np.random.normal() != expected[0], 'parameters alone touch no generator'
        load_checkpoint(path, net, function)
        assert (np.random.normal(), ours.normal()) == expected
        lasagne.random.set_rng(np.random)
        load_checkpoint(path, net, function)
        assert lasagne.random.get_rng().normal() == expected[1]
    finally:
        lasagne.random.set_rng(before)


# Writing

def test_contents_are_on_disk_before_the_name(path, monkeypatch):
    calls = []
    for name in ('fsync', 'replace'):
        original = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, name=name, original=original: (
            calls.append(name), original(*args))[1])
    save_checkpoint(path, network())
    assert calls[:2] == ['fsync', 'replace']
    assert calls[2:] == ([] if sys.platform == 'win32' else ['fsync'])


@pytest.mark.skipif(sys.platform == 'win32', reason='needs a limit on the size of files')
def test_a_full_disk_leaves_the_old_checkpoint(path, tmp_path):
    import resource
    net = network()
    save_checkpoint(path, net, epoch=1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
    try:
        with pytest.raises(CheckpointError, match='save_checkpoint: .*model.npz: cannot be written: .*not '
                                                  'been touched') as caught:
            save_checkpoint(path, net, epoch=2, extra={'much': np.zeros(10000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.__cause__.errno == errno.EFBIG
    assert os.listdir(str(tmp_path)) == ['model.npz']
    assert load_checkpoint(path, net).epoch == 1


def test_an_interrupt_leaves_the_old_checkpoint(path, tmp_path, monkeypatch):
    net = network()
    save_checkpoint(path, net, epoch=1)
    original = np.lib.format.write_array

    def interrupted(member, array, **kwargs):
        original(member, array, **kwargs)
        raise KeyboardInterrupt
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(np.lib.format, 'write_array', interrupted)
        save_checkpoint(path, net, epoch=2)
    assert os.listdir(str(tmp_path)) == ['model.npz']
    assert load_checkpoint(path, net).epoch == 1


def test_only_leftovers_of_dead_processes_are_removed(path, tmp_path):
    dead = subprocess.Popen([sys.executable, '-c', ''])
    dead.wait()
    leftover = _files._UNFINISHED % (_files._machine_name(), dead.pid, '01ab')
    others = [_files._UNFINISHED % (_files._machine_name(), os.getpid(), '01ab'),
              _files._UNFINISHED % ('another.' + _files._machine_name(), dead.pid, '01ab'),
              'x' + leftover, leftover + '.npz', leftover.replace('-01ab', '')]
    for name in [leftover] + others:
        (tmp_path / name).write_bytes(b'')
    save_checkpoint(path, network())
    assert sorted(os.listdir(str(tmp_path))) == sorted(others + ['model.npz'])


@pytest.mark.skipif(sys.platform == 'win32', reason='links need rights there')
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / 'runs').mkdir()
    link = tmp_path / 'latest.npz'
    link.symlink_to(tmp_path / 'runs' / 'model.npz')
    save_checkpoint(link, network())
    assert link.is_symlink() and os.listdir(str(tmp_path / 'runs')) == ['model.npz']


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
def test_killed_while_writing(run_python):
    if not os.path.exists(KILL):
        pytest.skip('the program comes with the sources only')
    done = run_python.command([sys.executable, KILL, '--kills', '8', '--megabytes', '.5'])
    assert '8 kills' in done.stdout and 'every file whole' in done.stdout


@pytest.mark.parametrize('folder, reason', [('nowhere', 'No such file'), ('file', 'Not a directory')])
def test_nowhere_to_write(tmp_path, folder, reason):
    (tmp_path / 'file').write_text('')
    with pytest.raises(CheckpointError, match='save_checkpoint: .*cannot be written: ' + reason):
        save_checkpoint(tmp_path / folder / 'model.npz', network())


# Reading what is no checkpoint

@pytest.fixture(scope='module')
def whole_file(tmp_path_factory):
    path = tmp_path_factory.mktemp('whole') / 'model.npz'
    save_checkpoint(path, network(2, 2), epoch=1, history={'loss': [.1, .2]}, extra={'a': np.arange(3)})
    return path.read_bytes()


def test_cut_off_at_any_byte(path, whole_file):
    net = network(2, 2)

    @hypothesis.settings(max_examples=300)
    @hypothesis.given(st.integers(0, len(whole_file) - 1)
                      | st.integers(len(whole_file) - 60, len(whole_file) - 1))
    def check(size):
        with open(path, 'wb') as f:
            f.write(whole_file[:size])
        refused(path, net, 'empty' if size == 0 else '')
    check()


def test_any_byte_changed(path, whole_file):
    """Either it is noticed, or it is one that says nothing, such as the time of a file in the archive."""
    with open(path, 'wb') as f:
        f.write(whole_file)
    net, expected = network(2, 2), network(2, 2)
    assert load_checkpoint(path, expected).epoch == 1

    @hypothesis.settings(max_examples=300)
    @hypothesis.given(st.integers(0, len(whole_file) - 1), st.integers(1, 255))
    def check(place, change):
        content = bytearray(whole_file)
        content[place] ^= change
        with open(path, 'wb') as f:
            f.write(content)
        before = values(net)
        try:
            restored = load_checkpoint(path, net)
        except CheckpointError as error:
            assert path in str(error)
            assert values(net) == before
        else:
            assert values(net) == values(expected)
            assert (restored.epoch, restored.history) == (1, {'loss': [.1, .2]})
            assert restored.extra['a'].tolist() == [0, 1, 2]
    check()


def test_no_such_file(tmp_path):
    refused(tmp_path / 'model.npz', network(), 'there is no such file')
    refused(tmp_path / 'runs' / 'model.npz', network(), 'there is no such folder as %s' % (tmp_path / 'runs'))
    refused(tmp_path, network(), 'cannot be read')


@pytest.mark.parametrize('content, message', [
    (b'', 'is empty'), (b'epoch,loss\n', 'is no archive'), (b'PK\3\4 and so on', 'is damaged or was cut off'),
    (b'\x93NUMPY\1\0', 'single array'), (pickle.dumps({}), 'allow_pickle=True')])
def test_other_files(path, content, message):
    with open(path, 'wb') as f:
        f.write(content)
    refused(path, network(), message)


def test_an_archive_of_something_else(path):
    np.savez(path, images=np.zeros(3), labels=np.zeros(3))
    refused(path, network(), 'neither written by save_checkpoint', 'it holds images, labels')
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('readme.txt', 'Hello')
    refused(path, network(), 'is damaged')


def test_a_newer_format(path, monkeypatch):
    net = network()
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, 'FORMAT', 2)
        save_checkpoint(path, net)
    refused(path, net, 'in format 2; this one', 'reads up to format 1: install a newer')


def test_a_description_that_makes_no_sense(path):
    for content in ([], {}, {'format': 1}, {'format': 'x'}, {'~array': 'none'}, {'~Generator': {}}):
        np.savez(path, lasagne_ext=serialization.dumps(content))
        refused(path, network(), 'what describes its arrays cannot be understood')


# Checkpoints of something else

def test_other_shapes(path):
    save_checkpoint(path, network())
    refused(path, network(6), 'hidden.W: shape (4, 5) in the file, (4, 6) here',
            'out.W: shape (5, 3) in the file, (6, 3) here', 'nothing has been changed')


def test_other_names(path):
    save_checkpoint(path, network(name='hidden1'))
    refused(path, network(name='hidden_1'),
            "the network has a layer 'hidden_1', the file has none of that name, but has 'hidden1'",
            "the file has a layer 'hidden1', the network has none of that name, but has 'hidden_1'")
    save_checkpoint(path, DenseLayer(InputLayer((None, 4)), 3, b=None, name='a'))
    refused(path, DenseLayer(InputLayer((None, 4)), 3, name='a'), 'the network has a.b, the file has not')
    many = InputLayer((None, 2))
    for number in range(20):
        many = DenseLayer(many, 2, name='number%d' % number)
    refused(path, many, 'and 13 more')


def test_names_may_differ_where_that_is_allowed(path):
    net, other = network(), network(name='new')
    save_checkpoint(path, net)
    before = other.input_layer.input_layer.W.get_value()
    restored = load_checkpoint(path, other, strict=False)
    assert (other.W.get_value() == net.W.get_value()).all()
    assert (other.input_layer.input_layer.W.get_value() == before).all()
    assert (restored.missing, restored.unused) == (['new.W', 'new.b'], ['hidden.W', 'hidden.b'])
    refused(path, network(6, name='new'), 'out.W: shape', strict=False)
    refused(path, DenseLayer(InputLayer((None, 2)), 1), 'no parameter in common', strict=False)


def test_precision_is_converted_and_said(path):
    nets = []
    for dtype in ('float64', 'float32'):
        with theano.configparser.change_flags(floatX=dtype):
            nets.append(network())
    double, single = nets
    save_checkpoint(path, double)
    with pytest.warns(UserWarning, match='model.npz: converted from float64 to float32'):
        load_checkpoint(path, single)
    assert (single.W.get_value() == double.W.get_value().astype('float32')).all()
    double.b.set_value(np.full(3, 1e300))
    save_checkpoint(path, double)
    refused(path, single, 'out.b: float64 in the file, with values that float32 here cannot hold')


def test_other_training(fast_compile, path):
    net = network()
    adam, momentum = training_function(net), training_function(net, lasagne.updates.momentum)
    save_checkpoint(path, net)
    refused(path, net, 'holds parameters only', functions=adam)
    save_checkpoint(path, net, momentum)
    before = np.random.get_state()[1].tolist()
    refused(path, net, 'of another training', "'update8' is only here", functions=adam)
    assert np.random.get_state()[1].tolist() == before
    sgd = training_function(net, lasagne.updates.sgd)
    refused(path, net, "'update0' is only in the file", functions=sgd)
    other = training_function(network(streams=RandomStreams(1)), lasagne.updates.momentum)
    assert load_checkpoint(path, net).epoch is None
    with pytest.raises(CheckpointError, match='random0: ndarray in the file, RandomState here'):
        load_checkpoint(path, net, type('Functions', (), {
            'network': net, 'state': training_state(other, network())}))


def test_all_or_nothing_even_if_one_is_refused():
    first, second = theano.shared(1.), theano.shared(2.)

    def refuse(value):
        if value != 2:
            raise MemoryError('no more')
        second.set_value(value)
    pairs = [Assignment('first', first.set_value, np.array(3.), np.array(1.)),
             Assignment('second', refuse, np.array(3.), np.array(2.))]
    with pytest.raises(CheckpointError, match='load: a.npz: second was refused: no more; nothing'):
        apply_assignments('load', 'a.npz', pairs)
    assert first.get_value() == 1


# What Lasagne's own functions make

@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_savez_of_all_values(path, save):
    net, other = network(), network()
    save(path, *get_all_param_values(net))
    restored = load_checkpoint(path, other)
    assert values(net) == values(other)
    assert (restored.epoch, restored.history, restored.extra) == (None, None, {})
    refused(path, network(6), 'hidden.W (the 1. array): shape (4, 5) in the file, (4, 6) here')
    refused(path, DenseLayer(network(), 2), '4 arrays in the file, 6 parameters in the network')


def test_savez_without_the_star(path):
    net, other = network(), network()
    array = np.empty(4, object)
    array[:] = get_all_param_values(net)
    np.savez(path, array)
    refused(path, other, 'without a star', 'allow_pickle=True')
    load_checkpoint(path, other, allow_pickle=True)
    assert values(net) == values(other)


@pytest.mark.parametrize('wrap', [list, lambda given: {'param values': given, 'synset': ['cat']}])
@pytest.mark.parametrize('protocol', [0, 1, 2, pickle.HIGHEST_PROTOCOL])
def test_pickled_lists(tmp_path, protocol, wrap):
    net, other = network(), network()
    path = tmp_path / 'model.params'
    path.write_bytes(pickle.dumps(wrap(get_all_param_values(net)), protocol))
    refused(path, other, 'is a pickle')
    load_checkpoint(path, other, allow_pickle=True)
    assert values(net) == values(other)


def test_pickles_of_python_2(tmp_path):
    net = DenseLayer(InputLayer((None, 1)), 2, b=None)
    value = np.array([[-1.5, 2]], 'float32')
    path = tmp_path / 'model.pkl'
    path.write_bytes(
        b'\x80\x02]cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R'
        b'(K\x01K\x01K\x02\x86cnumpy\ndtype\nU\x02f4K\0K\x01\x87R'
        b'(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89U\x08'
        + value.tobytes() + b'tba.')
    if net.W.get_value().dtype == 'float64':
        with pytest.warns(UserWarning, match='converted'):
            load_checkpoint(path, net, allow_pickle=True)
    else:
        load_checkpoint(path, net, allow_pickle=True)
    assert net.W.get_value().tolist() == value.tolist()


@pytest.mark.parametrize('content, message', [
    (pickle.dumps({'a': 1}), 'holds a pickled dict'), (pickle.dumps([1, 2])[:-3], 'cannot be unpickled'),
    (b'\x80\x02cno_such_module\nx\n.', 'cannot be unpickled: ModuleNotFoundError'),
    (pickle.dumps([np.zeros(3)]), '1 arrays in the file, 4 parameters')])
def test_other_pickles(path, content, message):
    with open(path, 'wb') as f:
        f.write(content)
    refused(path, network(), message, allow_pickle=True)


def test_lists_hold_no_training(fast_compile, path):
    net = network()
    np.savez(path, *get_all_param_values(net))
    refused(path, net, 'holds parameters only', functions=training_function(net))


# Arguments

@pytest.mark.parametrize('arguments, kind, message', [
    ({'epoch': 1.5}, TypeError, 'epoch must be a whole number'),
    ({'epoch': -1}, ValueError, 'epoch must be at least 0'),
    ({'history': [1]}, TypeError, 'history must be a dict'),
    ({'extra': 3}, TypeError, 'extra must be a dict'),
    ({'extra': {'f': [0, len]}}, TypeError, 'extra/f/1 is of type builtin_function_or_method; a checkpoint'),
    ({'extra': {'a': np.array([None])}}, TypeError, r'extra/a is of type ndarray \(object\)'),
    ({'extra': {'a': np.ma.masked_array([1], [True])}}, TypeError, 'extra/a is of type MaskedArray'),
    ({'extra': {'a': {1, 2}}}, TypeError, 'extra/a is of type set'),
    ({'extra': {'a': np.random.RandomState(np.random.PCG64(1))}}, TypeError, 'is of type RandomState'),
    ({'functions': len}, TypeError, 'functions must be what compile_functions returns')])
def test_refused_arguments(path, arguments, kind, message):
    with pytest.raises(kind, match='save_checkpoint: .*' + message):
        save_checkpoint(path, network(), **arguments)
    assert not os.path.exists(path)


def test_functions_of_another_network(path):
    net = network()
    functions = type('Functions', (), {'network': network(), 'state': {}})
    for function in (save_checkpoint, load_checkpoint):
        with pytest.raises(ValueError, match='%s: functions were compiled for another' % function.__name__):
            function(path, net, functions)


def test_paths_of_any_kind(tmp_path):
    net = network()
    for path in (tmp_path / 'a.npz', os.fsencode(str(tmp_path / 'b.npz'))):
        save_checkpoint(path, net)
        load_checkpoint(path, net)
    with pytest.raises(TypeError, match='load_checkpoint: path must be the name of a file, got 3.5'):
        load_checkpoint(3.5, net)


def test_history_objects(path):
    class History:
        def to_dict(self):
            return {'rows': []}
    net = network()
    save_checkpoint(path, net, history=History())
    assert load_checkpoint(path, net).history == {'rows': []}
