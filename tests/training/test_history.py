"""The table and the plot of a training."""
import lasagne_ext  # noqa: F401  (first: makes theano importable)
import pytest

from lasagne_ext.training import History

ROWS = [{'epoch': 1, 'loss': 2., 'accuracy': .5, 'val_loss': 3., 'val_accuracy': .25, 'seconds': 1.},
        {'epoch': 2, 'loss': 1., 'accuracy': .75, 'val_loss': 2., 'val_accuracy': .75, 'seconds': 1.},
        {'epoch': 3, 'loss': .5, 'accuracy': .875, 'val_loss': float('nan'), 'val_accuracy': .75,
         'seconds': 1.}]


def test_it_is_a_table():
    history = History(ROWS)
    history.stopped = 'stopped early'
    lines = str(history).splitlines()
    assert lines[0].split() == ['epoch', 'loss', 'accuracy', 'val_loss', 'val_accuracy', 'seconds']
    assert lines[3].split() == ['2', '1', '0.75', '2', '0.75', '1']
    assert lines[-1] == 'stopped early' and len(history) == 3
    assert repr(history) == '<History of 3 epochs>'
    page = history._repr_html_()
    assert page.count('<tr') == 4 and 'stopped early' in page and '>0.875<' in page


def test_no_epoch_is_said_in_words():
    assert str(History()) == 'no epoch'
    assert History()._repr_html_().startswith('<table>')


def test_columns_and_the_best_row():
    history = History(ROWS)
    assert history['loss'] == [2., 1., .5]
    assert history.best()['epoch'] == 2 and history.best('val_accuracy')['epoch'] == 2
    assert history.best('loss', 'max')['epoch'] == 1
    with pytest.raises(KeyError, match="no column 'los'.*did you mean 'loss'"):
        history['los']
    with pytest.raises(ValueError, match="mode must be one of 'min', 'max', got 'up'"):
        history.best('loss', 'up')
    with pytest.raises(ValueError, match='no value that is a number'):
        History(ROWS[2:]).best()


def test_epochs_may_differ_in_their_columns():
    history = History(ROWS[:1] + [{'epoch': 2, 'loss': 1.}])
    assert history['val_loss'] == [3., None]
    assert str(history).splitlines()[3].split() == ['2', '1']


def test_it_comes_back_from_plain_values():
    history = History(ROWS[:2])
    history.interrupted, history.stopped = True, 'interrupted in epoch 3'
    content = history.to_dict()
    content['rows'][0]['loss'] = 0                              # a copy
    again = History.from_dict(history.to_dict())
    assert again.to_dict() == history.to_dict() and history['loss'][0] == 2.
    assert again.interrupted and again.stopped == 'interrupted in epoch 3'


def test_plot_draws_training_and_validation():
    pytest.importorskip('matplotlib')
    figure = History(ROWS).plot()
    loss, accuracy = figure.axes
    assert (loss.get_title(), accuracy.get_title()) == ('loss', 'accuracy')
    training, validation = loss.lines
    assert list(training.get_ydata()) == [2., 1., .5] and list(validation.get_ydata())[:2] == [3., 2.]
    assert list(training.get_xdata()) == [1, 2, 3]
    assert figure._repr_png_().startswith(b'\x89PNG')            # what a notebook asks for
    from matplotlib.figure import Figure
    own = Figure().subplots(1, 2)
    assert History(ROWS).plot(own) is own[0].figure
    with pytest.raises(ValueError, match='1 axes for loss, accuracy'):
        History(ROWS).plot(own[0])
    assert len(History().plot().axes) == 1
