"""Training, epoch after epoch: what it computes, how it ends, and how it goes on."""
import json
import os
import signal
import subprocess
import sys
import threading

import lasagne_ext  # noqa: F401  (first: makes theano importable)
import lasagne
import numpy as np
import pytest
import theano
from lasagne.layers import DenseLayer, DropoutLayer, InputLayer
from lasagne.nonlinearities import softmax

from lasagne_ext.datasets import minibatches
from lasagne_ext.datasets.prefetch import can_fork
from lasagne_ext.engine import functions_keep_lock
from lasagne_ext.training import (CheckpointError, EarlyStopping, StepDecay, TrainingError, compile_functions,
                                  fit, load_checkpoint, save_checkpoint)

pytestmark = pytest.mark.usefixtures('fast_compile')


@pytest.fixture
def data(rng):
    images = rng.randn(50, 3).astype(theano.config.floatX)
    return images, (images[:, 0] > 0).astype('int32')


def functions(seed=0, dropout=False, **options):
    lasagne.random.set_rng(np.random.RandomState(seed))
    try:
        layer = InputLayer((None, 3), name='in')
        if dropout:
            layer = DropoutLayer(layer, .25, name='dropout')
        net = DenseLayer(layer, 2, nonlinearity=softmax, name='out')
    finally:
        lasagne.random.set_rng(np.random)
    return compile_functions(net, **options)


def values(made):
    return lasagne.layers.get_all_param_values(made.network)


def same(first, second):
    return all(np.array_equal(*pair) for pair in zip(first, second))


def test_it_is_the_loop_one_would_write(data):
    made, by_hand = functions(), functions()
    history = fit(made, data, validation=(data[0][:7], data[1][:7]), epochs=3, batch_size=16, seed=5,
                  progress=False)
    for epoch in range(3):
        losses = [(by_hand.train(*batch)[0], len(batch[0])) for batch in minibatches(data, 16, seed=5,
                                                                                     epoch=epoch)]
        assert len(losses) == 4 and losses[-1][1] == 2
        # The smaller last batch counts by its size.
        assert np.isclose(history['loss'][epoch], sum(loss * size for loss, size in losses) / 50)
        assert np.isclose(history['val_loss'][epoch], by_hand.validate(data[0][:7], data[1][:7])[0])
    assert same(values(made), values(by_hand))
    assert history['epoch'] == [1, 2, 3] and history.stopped is None and not history.interrupted


def test_validation_in_batches_is_validation_in_one(data):
    made = functions(learning_rate=0.)
    history = fit(made, data, validation=data, epochs=1, batch_size=16, progress=False)
    loss, accuracy = made.validate(*data)
    assert np.isclose(history['val_loss'][0], loss) and np.isclose(history['val_accuracy'][0], accuracy)


def test_a_share_for_validation_is_not_trained_with(data):
    images, labels = data
    numbered = np.arange(150.).reshape(50, 3)
    trained = []

    def note(batch, rng):
        trained.extend(batch[0][:, 0])
        return batch
    history = fit(functions(), (numbered, labels), validation=.2, epochs=1, batch_size=8, transform=note,
                  worker='thread', progress=False)
    assert len(trained) == 40 and len(set(trained)) == 40 and 'val_loss' in history.rows[0]


class Streaming:
    """Reads what is asked for, and remembers what that was."""

    def __init__(self, images, labels):
        self.images, self.labels, self.read = images, labels, 0

    def __len__(self):
        return len(self.images)

    def __getitem__(self, indices):
        self.read += len(indices)
        return self.images[indices], self.labels[indices]


def test_streaming_data_and_prefetching_change_nothing(data):
    made, source = functions(), Streaming(*data)
    apart = functions_keep_lock() and can_fork()
    fit(made, data, epochs=2, batch_size=16, progress=False)
    for options in (dict(), dict(worker='thread'), dict(prefetch=0), dict(prefetch=3, worker='thread')):
        source.read = 0
        again = functions()
        fit(again, source, validation=source, epochs=2, batch_size=16, progress=False, **options)
        assert same(values(made), values(again))
        # A process reads a copy.
        assert source.read == (4 * 50 if options or not apart else 0)
    fit(functions(), source, validation=.2, epochs=1, batch_size=16, progress=False)


def test_a_checkpoint_of_another_network_is_not_replaced(data, tmp_path):
    path = str(tmp_path / 'net.npz')
    fit(functions(), data, epochs=1, batch_size=16, progress=False, checkpoint=path)
    with open(path, 'rb') as f:
        content = f.read()
    other = DenseLayer(InputLayer((None, 3), name='in'), 2, nonlinearity=softmax, name='other')
    with pytest.raises(CheckpointError, match='another network would be lost; give another name'):
        fit(compile_functions(other), data, epochs=1, batch_size=16, progress=False, checkpoint=path)
    with open(path, 'rb') as f:
        assert f.read() == content
    fit(functions(), data, epochs=1, batch_size=16, progress=False, checkpoint=path)
    (tmp_path / 'net.npz').write_bytes(content[:-9])
    fit(compile_functions(other), data, epochs=1, batch_size=16, progress=False, checkpoint=path)


def test_a_forgotten_softmax_is_told(data):
    net = DenseLayer(InputLayer((None, 3), name='in'), 2, name='out')
    with pytest.raises(TrainingError, match="output layer 'out' has the nonlinearity rectify.*softmax"):
        fit(compile_functions(net), data, epochs=20, batch_size=16, progress=False)


@pytest.mark.parametrize('shape, given, remedy', [
    ((None, 1, 4, 5), (6, 4, 5, 1), r'write images.transpose\(0, 3, 1, 2\)'),
    ((None, 1, 4, 5), (6, 4, 5), r'write images\[:, None\]'),
    ((None, 1, 4, 5), (6, 20), r'write images.reshape\(-1, 1, 4, 5\)'),
    ((None, 1, 4, 5), (6, 21), r'shape \(6, 21\)$')])
def test_the_usual_mistakes_of_shape_come_with_their_remedy(shape, given, remedy):
    net = DenseLayer(InputLayer(shape, name='in'), 2, nonlinearity=softmax, name='out')
    with pytest.raises(ValueError, match=remedy):
        fit(compile_functions(net), (np.zeros(given), np.zeros(len(np.zeros(given)), int)), progress=False)


def test_labels_of_a_single_output_are_0_and_1(data):
    net = DenseLayer(InputLayer((None, 3), name='in'), 1, nonlinearity=lasagne.nonlinearities.sigmoid)
    with pytest.raises(ValueError, match='label 2 of sample .*there are 2 classes, 0 to 1'):
        fit(compile_functions(net), (data[0], data[1] * 2), progress=False)


def test_a_transform_may_give_inputs_their_shape(data):
    wide = np.repeat(data[0], 2, axis=1), data[1]

    def narrow(batch, rng):
        return batch[0][:, ::2], batch[1]
    made, again = functions(), functions()
    fit(made, data, validation=data, epochs=1, batch_size=16, progress=False)
    fit(again, wide, validation=data, epochs=1, batch_size=16, transform=narrow, progress=False)
    assert same(values(made), values(again))
    for options in (dict(), dict(transform=lambda batch, rng: batch), dict(transform=narrow, validation=.2)):
        with pytest.raises(ValueError, match="fit: the input 'in' has the shape .* got an array of shape"):
            fit(functions(), wide, epochs=1, batch_size=16, progress=False, **options)
    with pytest.raises(ValueError, match='label 2 of sample'):
        fit(functions(), (wide[0], wide[1] + 1), batch_size=16, transform=narrow, progress=False)


def test_few_examples_are_one_batch(data):
    batches = []
    fit(functions(), data, epochs=1, progress=False, callbacks=lambda run, row: batches.append(run.batches))
    assert batches == [1]


def test_inputs_by_name(data):
    made, again = functions(), functions()
    fit(made, data, epochs=1, batch_size=16, progress=False)
    fit(again, ({'in': data[0]}, data[1]), epochs=1, batch_size=16, progress=False)
    assert same(values(made), values(again))


def test_a_vector_of_targets_for_one_output(data):
    net = DenseLayer(InputLayer((None, 3)), 1, W=lasagne.init.Constant(0), nonlinearity=None)
    made = compile_functions(net, 'squared_error', learning_rate=.1)
    history = fit(made, (data[0], data[0].sum(axis=1)), epochs=40, batch_size=10, progress=False)
    assert history['loss'][-1] < .01


def test_masked_steps_do_not_count_in_the_mean_over_an_epoch(rng):
    steps, mask = InputLayer((None, 4), name='steps'), InputLayer((None, 4), name='mask')
    net = lasagne.layers.ElemwiseSumLayer([steps, mask], coeffs=[1, 0])
    net = lasagne.layers.ScaleLayer(net) if hasattr(lasagne.layers, 'ScaleLayer') else DenseLayer(net, 4)
    made = compile_functions(net, 'squared_error', learning_rate=0., mask='mask')
    data = rng.rand(6, 4), (rng.rand(6, 4) > .5).astype(float), rng.rand(6, 4)
    predicted = made.predict(*data[:2])
    history = fit(made, data, epochs=1, batch_size=2, progress=False)
    assert np.isclose(history['loss'][0], ((predicted - data[2]) ** 2)[data[1] == 1].mean(), rtol=1e-5)


@pytest.mark.parametrize('where', ['first', 'later'])
def test_a_loss_that_is_not_finite_ends_training_with_what_was_good(data, where):
    made = functions(dropout=True)
    good = []

    def poison(batch, rng):
        images, labels = batch
        if where == 'first' or good:
            images = np.where(images == data[0][7], np.nan, images)
        return images, labels

    def remember(run, row):
        good.append([variable.get_value() for variable in list(made.parameters) + list(made.state.values())])
    before = values(made) + [variable.get_value() for variable in made.state.values()]
    with pytest.raises(TrainingError) as caught:
        fit(made, data, epochs=3, batch_size=10, callbacks=remember, transform=poison, progress=False)
    error, epoch = caught.value, 1 if where == 'first' else 2
    assert error.epoch == epoch and 1 <= error.batch <= 5 and len(error.history) == epoch - 1
    assert 'the loss became nan in epoch %d, batch %d of 5' % (epoch, error.batch) in str(error)
    assert ('those of the end of epoch 1' if good else 'those of the beginning') in str(error)
    now = values(made) + [variable.get_value() for variable in made.state.values()]
    assert same(now, good[-1] if good else before)
    history = fit(made, data, epochs=3, batch_size=10, transform=poison, on_nan='stop', progress=False)
    assert 'training stopped: the loss became nan in epoch 1, batch' in history.stopped


def test_a_parameter_that_is_not_finite_is_found_before_it_is_saved(data, tmp_path):
    path, made = str(tmp_path / 'model.npz'), functions(updates='sgd', learning_rate=.1)
    fit(made, data, epochs=1, batch_size=50, checkpoint=path, progress=False)
    made.learning_rate.set_value(np.asarray(np.inf, made.learning_rate.dtype))
    before = values(made)
    with pytest.raises(TrainingError, match="W of layer 'out' was NaN or infinite at the end of epoch 1"):
        # The step of the only batch spoils what no further batch looks at.
        fit(made, data, epochs=1, batch_size=50, checkpoint=path, progress=False)
    assert same(values(made), before)
    assert load_checkpoint(path, made.network).epoch == 1 and np.isfinite(made.network.W.get_value()).all()


def test_validation_that_is_not_finite_ends_training(data):
    images = data[0].copy()
    images[3] = np.nan
    with pytest.raises(TrainingError, match='validation loss became nan in epoch 1'):
        fit(functions(), data, validation=(images, data[1]), batch_size=16, progress=False)


def test_resumed_training_is_the_same_to_the_last_bit(data, tmp_path):
    def run(made, epochs, **options):
        return fit(made, data, validation=.2, epochs=epochs, batch_size=16, progress=False,
                   callbacks=[EarlyStopping(patience=9, restore_best=False), StepDecay(2, .5)], **options)
    path = str(tmp_path / 'model.npz')
    whole, first, second = functions(dropout=True), functions(dropout=True), functions(3, dropout=True)
    expected = run(whole, 5)
    run(first, 3, checkpoint=path, resume=True)                 # there is none yet
    history = run(second, 5, checkpoint=path, resume=True)
    assert same(values(whole), values(second))
    assert all(np.array_equal(ours.get_value(), theirs.get_value())
               for ours, theirs in zip(whole.state.values(), second.state.values()))
    for name in ('epoch', 'loss', 'val_loss', 'val_accuracy', 'learning_rate'):
        assert history[name] == expected[name]
    assert len(run(functions(dropout=True), 5, resume=path)) == 5           # nothing is left to do


def test_resuming_differently_is_said(data, tmp_path):
    path = str(tmp_path / 'model.npz')
    fit(functions(), data, epochs=1, batch_size=16, checkpoint=path, progress=False)
    with pytest.warns(UserWarning, match='made with batch_size=16, seed=0, this is batch_size=10, seed=1'):
        fit(functions(), data, epochs=2, batch_size=10, seed=1, resume=path, progress=False)


def test_what_cannot_be_resumed_from_is_refused(data, tmp_path):
    made, path = functions(), str(tmp_path / 'model.npz')
    save_checkpoint(path, made.network, made)
    before = lasagne.layers.get_all_param_values(made.network)
    made_otherwise = [value + 1 for value in before]
    lasagne.layers.set_all_param_values(made.network, made_otherwise)
    with pytest.raises(ValueError, match='is not a checkpoint that fit has written'):
        fit(made, data, batch_size=16, resume=path, progress=False)
    after = lasagne.layers.get_all_param_values(made.network)
    assert all(np.array_equal(*pair) for pair in zip(after, made_otherwise))
    with pytest.raises(CheckpointError, match='no such file'):
        fit(made, data, batch_size=16, resume=str(tmp_path / 'other.npz'), progress=False)
    with pytest.raises(ValueError, match='resume=True needs a checkpoint'):
        fit(made, data, batch_size=16, resume=True, progress=False)
    with pytest.raises(ValueError, match='one file, got checkpoint='):
        fit(made, data, batch_size=16, resume=True, checkpoint='model-{epoch}.npz', progress=False)


PROGRAM = '''
import json, sys, time
import lasagne_ext, lasagne, numpy as np
from lasagne.layers import DenseLayer, InputLayer, get_all_param_values
from lasagne_ext.training import compile_functions, fit
net = DenseLayer(InputLayer((None, 3)), 2, nonlinearity=lasagne.nonlinearities.softmax)
rng = np.random.RandomState(0)
images, labels = rng.randn(40, 3), rng.randint(2, size=40)
best = []
class Talk:
    def on_batch_end(self, run):
        if run.epoch == 3 and run.batch == 2:
            print('ready', flush=True)
            time.sleep(60 if 'slow' in sys.argv else 0)
            while 'slow' not in sys.argv and not interrupted(run):
                time.sleep(.01)
    def on_epoch_end(self, run, row):
        row['val_loss'] = [2., 1., 3.][run.epoch - 1]
        if run.epoch == 2:
            best.extend(run.parameters())
def interrupted(run):
    import signal
    return signal.getsignal(signal.SIGINT).__self__.requested
import signal
handler = signal.getsignal(signal.SIGINT)
try:
    history = fit(compile_functions(net), (images, labels), validation=(images, labels) if 'judged' in
                  sys.argv else None, epochs=10 ** 6, batch_size=10, callbacks=Talk(), progress=False)
except KeyboardInterrupt:
    print('second', signal.getsignal(signal.SIGINT) is handler)
else:
    print(json.dumps([history.interrupted, history.stopped, len(history),
                      signal.getsignal(signal.SIGINT) is handler,
                      not best or all(map(np.array_equal, best, get_all_param_values(net)))]))
'''


@pytest.mark.parametrize('arguments, signals', [(['judged'], 1), ([], 1), (['slow'], 2)])
def test_ctrl_c(tmp_path, arguments, signals):
    path = tmp_path / 'program.py'
    path.write_text(PROGRAM)
    environment = dict(os.environ, THEANO_FLAGS=os.environ.get('THEANO_FLAGS', '') + ',mode=FAST_COMPILE')
    process = subprocess.Popen([sys.executable, str(path)] + arguments, stdout=subprocess.PIPE,
                               env=environment, universal_newlines=True)
    try:
        assert process.stdout.readline() == 'ready\n'
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
            if signals > 1:
                threading.Event().wait(.5)                      # two signals at once would be one
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    if signals == 2:
        assert output == 'second True\n'
        return
    interrupted, stopped, epochs, restored, is_best = json.loads(output)
    assert interrupted and stopped == 'interrupted in epoch 3, after batch 2 of 4'
    assert epochs == 2 and restored
    assert is_best == (arguments == ['judged'])                 # without validation the last one is kept


def test_the_best_before_a_checkpoint_is_kept_too(data, tmp_path):
    path, best = str(tmp_path / 'model.npz'), []

    def judge(run, row):
        row['val_loss'] = [2., 1., 3., 4.][run.epoch - 1]
        if run.epoch == 2:
            best.extend(run.parameters())
        if run.epoch == 4:
            signal.raise_signal(signal.SIGINT)
    arguments = dict(validation=data, batch_size=16, callbacks=judge, progress=False)
    fit(functions(), data, epochs=3, checkpoint=path, **arguments)
    made = functions(1)
    history = fit(made, data, epochs=9, resume=path, **arguments)
    assert history.stopped == 'interrupted after epoch 4' and len(history) == 4
    assert same(values(made), best)


def test_training_in_another_thread_leaves_ctrl_c_alone(data):
    handlers, made = [], functions()

    def look(run, row):
        handlers.append(signal.getsignal(signal.SIGINT))
    thread = threading.Thread(target=fit, args=(made, data), kwargs=dict(
        epochs=1, batch_size=16, callbacks=look, progress=False))
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGINT)]


def test_the_handler_comes_back_when_a_callback_fails(data):
    before = signal.getsignal(signal.SIGINT)

    def fail(run, row):
        assert signal.getsignal(signal.SIGINT) is not before
        raise RuntimeError('of the callback')
    with pytest.raises(RuntimeError, match='of the callback'):
        fit(functions(), data, batch_size=16, callbacks=fail, progress=False)
    assert signal.getsignal(signal.SIGINT) is before


def test_the_bar_shows_the_metrics_or_nothing(data, capsys):
    fit(functions(), data, validation=.2, epochs=2, batch_size=16, progress=False)
    assert capsys.readouterr() == ('', '')
    history = fit(functions(), data, validation=.2, epochs=2, batch_size=16)
    output, bar = capsys.readouterr()
    assert output == ''
    assert 'epoch 2/2: 100%' in bar and '6/6' in bar
    assert 'loss=%.4g, accuracy=%.4g, val_loss=%.4g' % tuple(
        history[name][-1] for name in ('loss', 'accuracy', 'val_loss')) in bar


@pytest.mark.parametrize('change, error, message', [
    (lambda x, y: dict(data=(x, y + 1)), ValueError,
     'label 2 of sample [0-9]+ is out of range: there are 2 classes, 0 to 1'),
    (lambda x, y: dict(data=(x, y - 1)), ValueError, 'label -1 of sample'),
    (lambda x, y: dict(data=(x, y + .5)), ValueError, 'labels must be whole numbers, got [01].5'),
    (lambda x, y: dict(data=(x, np.eye(2)[y])), ValueError, 'write labels.argmax.axis=1., or .* compile_functions target='),
    (lambda x, y: dict(data=(x, y.astype(str))), TypeError, 'target must hold numbers, got dtype <U'),
    (lambda x, y: dict(data=(x, y[1:])), ValueError, 'same length, got shapes'),
    (lambda x, y: dict(data=(x[:, 1:], y)), ValueError, "input 'in' has the shape .*, got an array of shape"),
    (lambda x, y: dict(data=(x.astype(str), y)), TypeError, "input 'in' must hold numbers"),
    (lambda x, y: dict(data=(x,)), ValueError, 'data must be 2 arrays: in, then 1 for targets'),
    (lambda x, y: dict(data=({'im': x}, y)), ValueError, 'inputs must be in; got im'),
    (lambda x, y: dict(data=x), TypeError, 'data must be a tuple of arrays'),
    (lambda x, y: dict(data=(x[:0], y[:0])), ValueError, 'no data'),
    (lambda x, y: dict(data=Streaming(x, y + 1)), ValueError, 'label 2 of sample'),
    (lambda x, y: dict(data=(x, 2 * np.eye(2)[y]), functions=functions(target=theano.tensor.matrix())),
     ValueError, 'targets of categorical_crossentropy must be from 0 to 1, but there is 2'),
    (lambda x, y: dict(batch_size=51), ValueError, 'batch_size=51 is larger than the data, which have 50'),
    (lambda x, y: dict(batch_size=45, validation=.2), ValueError, 'batch_size=45 is larger .* have 40'),
    (lambda x, y: dict(validation=1.5), ValueError, 'between 0 and 1, got 1.5'),
    (lambda x, y: dict(validation=(x, y + 1)), ValueError, 'validation: label 2 of sample'),
    (lambda x, y: dict(validation=True), TypeError, 'validation: data must be'),
    (lambda x, y: dict(epochs=0), ValueError, 'epochs must be at least 1'),
    (lambda x, y: dict(epochs=1.), TypeError, 'epochs must be a whole number'),
    (lambda x, y: dict(seed=-1), ValueError, 'seed must be at least 0'),
    (lambda x, y: dict(transform=3), TypeError, 'transform must be callable, got 3'),
    (lambda x, y: dict(worker='proces'), ValueError,
     "worker must be one of 'thread', 'process', got 'proces'; did you mean 'process'"),
    (lambda x, y: dict(callbacks=[3]), TypeError, 'a callback must be a function'),
    (lambda x, y: dict(callbacks=EarlyStopping), TypeError, 'an object, got the class EarlyStopping'),
    (lambda x, y: dict(on_nan='ignore'), ValueError, "on_nan must be one of 'raise', 'stop'"),
    (lambda x, y: dict(functions=fit), TypeError, 'functions must be what compile_functions gives')])
def test_bad_arguments_are_refused_before_training(data, change, error, message):
    made = functions()
    before = values(made)
    arguments = dict(functions=made, data=data, epochs=1, batch_size=16, progress=False)
    arguments.update(change(*data))
    with pytest.raises(error, match='fit: .*' + message):
        fit(**arguments)
    assert same(values(made), before) or isinstance(arguments['data'], Streaming)
