"""Train, evaluate and ask a network with one object, as in Keras."""
import lasagne
import numpy as np

from lasagne_ext import debug
from lasagne_ext.checks import suggest_keywords
from lasagne_ext.datasets import minibatches
from lasagne_ext.training.checkpoint import load_checkpoint, save_checkpoint
from lasagne_ext.training.data import Source
from lasagne_ext.training.functions import compile_functions
from lasagne_ext.training.history import History
from lasagne_ext.training.loop import evaluate, fit

#: Words of Keras and torch.
_SYNONYMS = {'validation_data': 'validation', 'validation_split': 'validation', 'verbose': 'progress',
             'optimizer': 'updates', 'lr': 'learning_rate'}


class Model:
    """Network with the functions that train it, evaluate it and predict with it.

    Parameters
    ----------
    network : Layer or list of Layer
        The output, or several.
    loss, updates, learning_rate, metrics, target, clip, l1, l2, rates, mask : as in `compile_functions`
        What is minimised, and how.

    Attributes
    ----------
    network : Layer or list of Layer
    functions : Functions
    history : History
        Of all that `fit` has done.

    Notes
    -----
    A second call of `fit` goes on training, with all that the first has learned. Nothing is compiled
    twice.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne.nonlinearities import softmax
    >>> from lasagne_ext.datasets import load_digits
    >>> from lasagne_ext.training import Model
    >>> digits = load_digits()
    >>> model = Model(DenseLayer(InputLayer((None, 1, 8, 8)), 10, nonlinearity=softmax), learning_rate=.01)
    >>> history = model.fit(digits.images, digits.labels, epochs=5, progress=False)
    >>> model.evaluate(digits.images, digits.labels)['accuracy'] > .9
    True
    >>> model.predict(digits.images[:3]).shape
    (3, 10)
    >>> model.predict_classes(digits.images[0])
    0
    """

    @suggest_keywords('Model', _SYNONYMS)
    def __init__(self, network, loss='categorical_crossentropy', updates='adam', learning_rate=None,
                 metrics=None, target=None, clip=None, l1=0., l2=0., rates=None, mask=None):
        self.network = network
        self.functions = compile_functions(network, loss, updates, learning_rate, metrics, target, clip, l1,
                                           l2, rates, mask)
        self.history = History()

    @suggest_keywords('fit', _SYNONYMS)
    def fit(self, inputs, targets=None, validation=None, epochs=10, batch_size=None, seed=0, callbacks=(),
            progress=True, checkpoint=None, resume=None, on_nan='raise', transform=None, prefetch=None,
            worker=None):
        """Train the network, or go on training it.

        Parameters
        ----------
        inputs : array, list of array, dict or streaming data set
            Of all input layers; a dict has their names. A streaming data set has the targets, too.
        targets : array or list of array, optional
            Of all outputs.
        validation : float, pair (inputs, targets), or streaming data set, optional
            Data of the same kind; or a share of the data, drawn at random and not trained with.
        epochs, batch_size, seed, callbacks, progress : as in the function `fit`
            How long, with how many examples at a time, and what happens beside.
        checkpoint, resume, on_nan, transform, prefetch, worker : as in the function `fit`
            Checkpoints, and how batches are made.

        Returns
        -------
        History
            Of this call; the attribute `history` has all.
        """
        if isinstance(validation, (tuple, list)) and len(validation) == 2:
            validation = self._join(*validation)
        history = fit(self.functions, self._join(inputs, targets), validation, epochs, batch_size, seed,
                      callbacks, progress, checkpoint, resume, on_nan, transform, prefetch, worker)
        # The history of a checkpoint that training goes on from is in the new one already.
        done = 0 if resume else len(self.history)
        self.history.rows = self.history.rows[:done] + [
            dict(row, epoch=done + row['epoch']) for row in history.rows]
        self.history.interrupted, self.history.stopped = history.interrupted, history.stopped
        return history

    def evaluate(self, inputs, targets=None, batch_size=500):
        """Evaluate loss and metrics, with dropout off.

        Parameters
        ----------
        inputs, targets : as in `fit`
            Data to evaluate with.
        batch_size : int
            How many examples are looked at together.

        Returns
        -------
        dict
            Name -> float; means over all examples.
        """
        source = Source('evaluate', self.functions, self._join(inputs, targets))
        return dict(zip(self.functions.names, evaluate(self.functions, source, batch_size)))

    def predict(self, inputs, batch_size=500):
        """Predict the network's output, with dropout off.

        Parameters
        ----------
        inputs : array, list of array, or dict
            Of all input layers; a dict has their names. An array with one dimension less than the only
            input layer is one example.
        batch_size : int
            How many examples are looked at together.

        Returns
        -------
        array or list of array
            ``(examples, ...)``, or for one example without that axis; a list if the network is one.
        """
        parts, single = self._examples(inputs)
        source = Source('predict', self.functions, parts, targets=False)
        outputs = [self.functions.predict.function(*batch) for batch in minibatches(
            source.data, min(batch_size, len(source)), shuffle=False, prefetch=0)]
        if isinstance(self.network, lasagne.layers.Layer):
            outputs = np.concatenate(outputs)
            return outputs[0] if single else outputs
        outputs = [np.concatenate(parts) for parts in zip(*outputs)]
        return [output[0] for output in outputs] if single else outputs

    def predict_classes(self, inputs, batch_size=500):
        """Predict the most probable class of every example, or of the one given.

        Parameters
        ----------
        inputs, batch_size : as in `predict`
            What is asked.

        Returns
        -------
        int or array of int
            The largest output's number; for a single sigmoid unit 0 or 1.
        """
        def classes(output):
            found = output[..., 0] > .5 if output.shape[-1] == 1 else output.argmax(axis=-1)
            return int(found) if found.ndim == 0 else found.astype(int)
        outputs = self.predict(inputs, batch_size)
        return [classes(output) for output in outputs] if isinstance(outputs, list) else classes(outputs)

    def summary(self, inputs=None, columns=None, collapse=False, deterministic=True):
        """Return the table of the layers, as of ``lasagne_ext.debug.summary``.

        Parameters
        ----------
        inputs, columns, collapse, deterministic : as in that function
            Sizes of the inputs, and what the table shows.

        Returns
        -------
        lasagne_ext.debug.Summary
            To be printed, or shown by a notebook.
        """
        return debug.summary(self.network, inputs, columns, collapse, deterministic)

    def save(self, path):
        """Write parameters, the state of training and the history to one file.

        Parameters
        ----------
        path : str
            Name of the file; what was there is replaced once the new one is whole.
        """
        save_checkpoint(path, self.network, self.functions, epoch=len(self.history),
                        history=self.history.to_dict())

    def load(self, path, parameters_only=False, strict=True, allow_pickle=False):
        """Read what `save`, `save_checkpoint` or a callback has written; training can go on from there.

        Parameters
        ----------
        path : str
            Name of the file.
        parameters_only : bool
            Whether momenta, random states and the history are left as they are, which a file of Lasagne's
            own functions does not have.
        strict, allow_pickle : bool
            As for `load_checkpoint`.

        Returns
        -------
        Model
            This one.
        """
        functions = None if parameters_only else self.functions
        found = load_checkpoint(path, self.network, functions, strict, allow_pickle)
        if not parameters_only:
            self.history = History() if found.history is None else History.from_dict(found.history)
        return self

    def _join(self, inputs, targets):
        """Return inputs and targets as one tuple; a streaming data set, which has both, as it is."""
        if targets is None:
            return inputs
        return (_as_tuple(inputs, len(self.functions.inputs))
                + _as_tuple(targets, len(self.functions.outputs)))

    def _examples(self, inputs):
        """Return the inputs as a tuple, and whether they are one example without its axis."""
        if isinstance(inputs, tuple) and len(self.functions.inputs) == 1:
            raise TypeError('predict: give the inputs alone, got a tuple of %d; write predict(data[0])'
                            % len(inputs))
        parts, shapes = _as_tuple(inputs, len(self.functions.inputs)), list(self.functions.shapes.values())
        if len(shapes) > 1 or isinstance(inputs, dict):
            return parts, False
        array = np.asarray(inputs)
        single = array.ndim == len(shapes[0]) - 1
        return (array[None] if single else array,), single

    def __repr__(self):
        return '<Model: %r, %d epochs>' % (self.functions, len(self.history))


def _as_tuple(given, count):
    """Return what is given for all inputs or outputs as a tuple; a list for one of them is its values."""
    if count > 1 and isinstance(given, (tuple, list)):
        return tuple(given)
    return (given,)
