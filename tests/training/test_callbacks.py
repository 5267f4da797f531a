"""What happens after each epoch: early stopping, schedules, checkpoints, watching."""
import lasagne_ext  # noqa: F401  (first: makes theano importable)
import lasagne
import numpy as np
import pytest
from lasagne.layers import DenseLayer, InputLayer
from lasagne.nonlinearities import softmax

from lasagne_ext.training import (Checkpoint, CosineDecay, EarlyStopping, ExponentialDecay, ReduceOnPlateau,
                                  StepDecay, Watch, compile_functions, fit, load_checkpoint)

pytestmark = pytest.mark.usefixtures('fast_compile')


class Told:
    """Replaces a column of the history by values given beforehand."""

    def __init__(self, name, values):
        self.name, self.values = name, values

    def on_epoch_end(self, run, row):
        row[self.name] = self.values[run.epoch - 1]


@pytest.fixture
def data(rng):
    images = rng.randn(40, 3)
    return images, (images[:, 0] > 0).astype('int32')


def functions(**options):
    net = DenseLayer(InputLayer((None, 3), name='in'), 2, nonlinearity=softmax, name='out')
    return compile_functions(net, updates='sgd', learning_rate=options.pop('learning_rate', .125), **options)


def trained(data, callbacks, epochs=6, made=None, **options):
    return fit(made or functions(), data, epochs=epochs, batch_size=20, callbacks=callbacks, progress=False,
               **options)


def test_early_stopping_restores_the_best(data):
    made, seen = functions(), []
    stopping = EarlyStopping('val_loss', patience=2)
    history = trained(data, [Told('val_loss', [3., 2., 1., 1.5, 1., 0.]), stopping,
                             lambda run, row: seen.append(run.parameters())], made=made, validation=.25)
    assert len(history) == 5 and stopping.best_epoch == 3 and stopping.best == 1.
    assert 'stopped early: val_loss has not been better than 1, of epoch 3, for 2 epochs' in history.stopped
    assert not history.interrupted
    for value, best, last in zip(lasagne.layers.get_all_param_values(made.network), seen[2], seen[4]):
        assert np.array_equal(value, best) and not np.array_equal(value, last)


def test_early_stopping_without_restoring_keeps_the_last(data):
    made, seen = functions(), []
    trained(data, [Told('loss', [1., 2., 2.]), EarlyStopping('loss', patience=2, restore_best=False),
                   lambda run, row: seen.append(run.parameters())], made=made)
    assert len(seen) == 3
    assert np.array_equal(lasagne.layers.get_all_param_values(made.network)[0], seen[2][0])


@pytest.mark.parametrize('options, values, epochs', [
    (dict(monitor='accuracy'), [.1, .2, .3, .3, .3], 5),        # larger is better
    (dict(monitor='accuracy', mode='min'), [.1, .2, .3], 3),
    (dict(monitor='loss', min_delta=.5), [3., 2.4, 2., 1.95, 9.], 4),
    (dict(monitor='loss'), [3., float('nan'), float('nan')], 3)])
def test_when_early_stopping_stops(data, options, values, epochs):
    history = trained(data, [Told(options['monitor'], values + [0.] * 5),
                             EarlyStopping(patience=2, **options)])
    assert len(history) == epochs


def test_early_stopping_starts_afresh_with_each_training(data):
    stopping = EarlyStopping('loss', patience=1)
    for _ in range(2):
        assert len(trained(data, [Told('loss', [2., 1., 1.]), stopping])) == 3


def test_what_was_stopped_early_stays_stopped_when_resumed(data, tmp_path):
    path = str(tmp_path / 'model.npz')
    callbacks = [Told('loss', [1., 2., 0., 0.]), EarlyStopping('loss', patience=1)]
    first, second = functions(), functions()
    trained(data, callbacks, made=first, checkpoint=path)
    callbacks = [Told('loss', [1., 2., 0., 0.]), EarlyStopping('loss', patience=1)]
    history = trained(data, callbacks, made=second, resume=path)
    assert len(history) == 2 and 'stopped early' in history.stopped
    assert np.array_equal(first.network.W.get_value(), second.network.W.get_value())


@pytest.mark.parametrize('schedule, factors', [
    (StepDecay(2, .5), [1, 1, .5, .5, .25, .25]),
    (ExponentialDecay(.5), [1, .5, .25, .125, .0625, .03125]),
    (CosineDecay(4), [1, (1 + np.sqrt(.5)) / 2, .5, (1 - np.sqrt(.5)) / 2, 0, 0]),
    (CosineDecay(2, end=.5), [1, .75, .5, .5, .5, .5])])
def test_schedules(data, schedule, factors):
    history = trained(data, schedule)
    assert np.allclose(history['learning_rate'], .125 * np.array(factors), atol=1e-7)


def test_reduce_on_plateau(data):
    losses = [4., 3., 3., 3., 2., 3., 3., 3., 3.]
    history = trained(data, [Told('loss', losses), ReduceOnPlateau('loss', .5, patience=2, min_rate=.05)], 9)
    assert np.allclose(history['learning_rate'], [.125] * 4 + [.0625] * 3 + [.05] * 2)


def test_the_learning_rate_is_the_one_that_was_used(data):
    made = functions()
    before = made.network.b.get_value()

    def nothing_learned(run, row):
        assert row['learning_rate'] == 0 and np.array_equal(made.network.b.get_value(), before)
    made.learning_rate.set_value(np.asarray(0, made.learning_rate.dtype))
    trained(data, [StepDecay(1), nothing_learned], 2, made)


def test_checkpoint_writes_every_so_many_epochs(data, tmp_path):
    trained(data, Checkpoint(str(tmp_path / 'at-{epoch:02d}.npz'), every=2), 5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['at-02.npz', 'at-04.npz']


def test_checkpoint_of_the_best_only(data, tmp_path):
    path, made = str(tmp_path / 'best.npz'), functions()
    trained(data, [Checkpoint(path, best_only=True, monitor='loss'), Told('loss', [3., 1., 2., 0., 1., 1.])],
            made=made)
    last = made.network.W.get_value()
    restored = load_checkpoint(path, made.network)
    assert restored.epoch == 4 and not np.array_equal(made.network.W.get_value(), last)


def test_checkpoints_are_written_when_all_others_are_done(data, tmp_path):
    path = str(tmp_path / 'model.npz')
    trained(data, [Checkpoint(path), ExponentialDecay(.5)], 2)
    made = functions()
    load_checkpoint(path, made.network, made)
    assert made.learning_rate.get_value() == .125 / 4


def test_watch_records_each_epoch(data):
    watching = Watch(data[0][:8], every=2)
    trained(data, watching, 4)
    assert sorted({row.epoch for row in watching.watcher.history.rows}) == [0, 2, 4]


def test_functions_and_objects_are_told_of_each_moment(data):
    class Everything:
        heard = []

        def on_train_begin(self, run):
            self.heard.append(('begin', run.epoch, run.batches, run.names))

        def on_batch_end(self, run):
            assert run.loss > 0
            self.heard.append((run.epoch, run.batch))

        def on_epoch_end(self, run, row):
            self.heard.append(row['loss'])
            return run.epoch < 2

        def on_train_end(self, run):
            self.heard.append('end')
    history = trained(data, Everything(), 5)
    names = ['epoch', 'loss', 'accuracy', 'seconds', 'learning_rate']
    first, second = history['loss']
    assert Everything.heard == [('begin', 0, 2, names), (1, 1), (1, 2), first, (2, 1), (2, 2), second, 'end']
    assert history.stopped == 'stopped by Everything' and list(history.rows[0]) == names

    def enough(run, row):
        run.stop = 'enough'
    assert trained(data, enough).stopped == 'enough'


def test_a_rule_without_a_learning_rate_cannot_be_scheduled(data):
    made = functions(learning_rate=None)
    made.learning_rate = None
    for schedule in (StepDecay(1), ReduceOnPlateau('loss')):
        with pytest.raises(ValueError, match='without a learning_rate'):
            trained(data, schedule, made=made)
    assert 'learning_rate' not in trained(data, (), 1, made).rows[0]


@pytest.mark.parametrize('make, message', [
    (lambda: EarlyStopping(patience=0), 'EarlyStopping: patience must be at least 1'),
    (lambda: EarlyStopping(patience=1.5), 'EarlyStopping: patience must be a whole number'),
    (lambda: EarlyStopping(min_delta=-1), 'EarlyStopping: min_delta must be at least 0'),
    (lambda: EarlyStopping(mode='up'), "EarlyStopping: mode must be one of 'min', 'max'"),
    (lambda: StepDecay(0), 'StepDecay: every must be at least 1'),
    (lambda: StepDecay(1, 2), 'StepDecay: factor must be more than 0 and at most 1'),
    (lambda: ExponentialDecay(0), 'ExponentialDecay: factor must be more than 0'),
    (lambda: CosineDecay(3, end=2), 'CosineDecay: end must be at least 0 and at most 1'),
    (lambda: ReduceOnPlateau(min_rate=-1), 'ReduceOnPlateau: min_rate must be at least 0'),
    (lambda: Checkpoint('model-{}.npz'), 'Checkpoint: path=.* no braces but those of {epoch}'),
    (lambda: Checkpoint('model.npz', every=0), 'Checkpoint: every must be at least 1')])
def test_bad_arguments_are_refused(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


@pytest.mark.parametrize('callback', [EarlyStopping(), ReduceOnPlateau(), Checkpoint('x', best_only=True)])
def test_a_column_that_will_not_be_there_is_refused(data, callback):
    with pytest.raises(ValueError, match="monitor='val_loss'.*give fit validation data"):
        trained(data, callback)
