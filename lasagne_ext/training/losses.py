"""Losses and metrics by name, and the one number that they give for a batch."""
import re

import lasagne
import theano
import theano.tensor as T

from lasagne_ext.checks import check_number, did_you_mean


def categorical_crossentropy(prediction, target):
    """Return one value for each vector of probabilities; targets are labels, or such vectors."""
    if target.ndim == prediction.ndim:
        return lasagne.objectives.categorical_crossentropy(prediction, target)
    # Theano takes labels for a matrix of probabilities only.
    flat = prediction if prediction.ndim == 2 else prediction.reshape((-1, prediction.shape[-1]))
    loss = lasagne.objectives.categorical_crossentropy(flat, target.flatten())
    return loss if prediction.ndim == 2 else loss.reshape(target.shape)


def absolute_error(prediction, target):
    """Return ``|p - t|``."""
    return abs(prediction - target)


def huber_loss(prediction, target):
    """Return half the square of a difference up to 1, and the difference less a half beyond."""
    difference = abs(prediction - target)
    return T.switch(difference <= 1, difference ** 2 / 2, difference - .5)


def binary_hinge_loss(prediction, target):
    """Return ``max(0, 1 - p)`` where the target is 1, ``max(0, 1 + p)`` where it is 0."""
    return T.maximum(0, 1 - (2 * target - 1) * prediction)


def multiclass_hinge_loss(prediction, target):
    """Return how far the best wrong class comes closer than 1 to the right one."""
    right = target > .5 if target.ndim == prediction.ndim else _one_hot(prediction, target)
    best_wrong = T.switch(right, -float('inf'), prediction).max(axis=-1)
    return T.maximum(0, 1 + best_wrong - T.switch(right, prediction, 0).sum(axis=-1))


def _one_hot(prediction, labels):
    return T.eq(T.arange(prediction.shape[-1]), T.shape_padright(labels))


LOSSES = {'categorical_crossentropy': categorical_crossentropy,
          'binary_crossentropy': lasagne.objectives.binary_crossentropy,
          'squared_error': lasagne.objectives.squared_error, 'absolute_error': absolute_error,
          'huber_loss': huber_loss, 'binary_hinge_loss': binary_hinge_loss,
          'multiclass_hinge_loss': multiclass_hinge_loss}

#: Words of Keras and torch.
_SYNONYMS = {'mse': 'squared_error', 'mean_squared_error': 'squared_error', 'mae': 'absolute_error',
             'crossentropy': 'categorical_crossentropy', 'cross_entropy': 'categorical_crossentropy',
             'sparse_categorical_crossentropy': 'categorical_crossentropy', 'bce': 'binary_crossentropy'}

#: Losses that want class labels where nothing else is said, by number along the last axis.
LABEL_LOSSES = ('categorical_crossentropy', 'multiclass_hinge_loss')

#: Losses whose targets, where they have the shape of the prediction, are shares of classes.
CLASS_LOSSES = LABEL_LOSSES + ('binary_crossentropy', 'binary_hinge_loss')

#: From which prediction on a binary class is 1, by the loss.
_THRESHOLDS = {'binary_crossentropy': .5, 'binary_hinge_loss': 0.}


def get_loss(loss):
    """Return the function behind a loss given by name; a callable is its own.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or unknown.
    """
    if callable(loss):
        return loss
    if not isinstance(loss, str):
        raise TypeError('compile_functions: loss must be a name or a callable (prediction, target), got %r'
                        % (loss,))
    if loss not in LOSSES:
        raise ValueError('compile_functions: there is no loss %r; there are %s, or give a callable '
                         '(prediction, target)%s' % (loss, ', '.join(sorted(LOSSES)),
                                                     did_you_mean(loss, LOSSES, _SYNONYMS)))
    return LOSSES[loss]


def get_metrics(metrics, loss, target, columns):
    """Return the metrics of one output as a list of (name, callable).

    Parameters
    ----------
    metrics : None, str, callable, dict, or sequence of str and callable
        None for what suits the loss.
    loss : str or callable
    target : variable
    columns : int or None
        Size of the last axis of the prediction.
    """
    if metrics is None:
        labels = loss in LABEL_LOSSES or target.dtype.startswith(('int', 'uint'))
        metrics = ['accuracy'] if labels or loss in _THRESHOLDS else []
    if isinstance(metrics, dict):
        pairs = list(metrics.items())
    else:
        given = [metrics] if isinstance(metrics, str) or callable(metrics) else metrics
        pairs = [(metric if isinstance(metric, str) else getattr(metric, '__name__', str(metric)), metric)
                 for metric in given]
    return [(name, _get_metric(metric, loss, columns)) for name, metric in pairs]


def _get_metric(metric, loss, columns):
    if callable(metric):
        return metric
    if not isinstance(metric, str):
        raise TypeError('compile_functions: metrics must be names or callables (prediction, target), got %r'
                        % (metric,))
    if metric == 'accuracy':
        binary = columns == 1 or isinstance(loss, str) and loss in _THRESHOLDS
        threshold = _THRESHOLDS.get(loss, .5) if isinstance(loss, str) else .5
        return lambda prediction, target: _accuracy(prediction, target, binary, threshold)
    top = re.match(r'top_([1-9]\d*)$', metric)
    if top:
        return lambda prediction, target: _is_in_top(prediction, target, int(top.group(1)))
    if metric not in LOSSES:
        known = ['accuracy', 'top_5'] + sorted(LOSSES)
        raise ValueError('compile_functions: there is no metric %r; there are %s (top_ with any number), '
                         'or give a callable (prediction, target)%s'
                         % (metric, ', '.join(known), did_you_mean(metric, known, _SYNONYMS)))
    return LOSSES[metric]


def _accuracy(prediction, target, binary, threshold):
    if target.ndim < prediction.ndim:
        return T.eq(prediction.argmax(axis=-1), target)
    if binary:
        return T.eq(prediction > threshold, target > .5)
    return T.eq(prediction.argmax(axis=-1), target.argmax(axis=-1))


def _is_in_top(prediction, target, count):
    """Return whether the right class is among the first ones; of equal predictions it counts as the last."""
    right = target > .5 if target.ndim == prediction.ndim else _one_hot(prediction, target)
    value = T.switch(right, prediction, 0).sum(axis=-1, keepdims=True)
    return (prediction < value).sum(axis=-1) >= prediction.shape[-1] - count


def masked_mean(values, mask=None):
    """Return the mean over a batch, over all values or over those that the mask lets count.

    Parameters
    ----------
    values : variable
        Scalar, or one value for each example, step or element.
    mask : variable, optional
        Weights for the leading axes.
    """
    values = T.cast(values, theano.config.floatX)
    if values.ndim == 0:
        return values
    if mask is None:
        return values.mean()
    if values.ndim < mask.ndim:
        raise ValueError('compile_functions: a loss or metric has %d dimensions, fewer than the mask with '
                         '%d; it must have a value for each of its entries' % (values.ndim, mask.ndim))
    values = values.mean(axis=tuple(range(mask.ndim, values.ndim))) if values.ndim > mask.ndim else values
    # A batch in which nothing counts has the loss 0, not 0/0.
    return (values * mask).sum() / T.maximum(mask.sum(), 1e-7)


def regularization_penalty(outputs, l1, l2):
    """Return what regularisation adds to the loss; 0 if nothing is asked for."""
    total = 0
    for name, weight in (('l1', l1), ('l2', l2)):
        if check_number('compile_functions', name, weight, 0):
            total += lasagne.utils.floatX(weight) * lasagne.regularization.regularize_network_params(
                outputs, getattr(lasagne.regularization, name))
    return total
