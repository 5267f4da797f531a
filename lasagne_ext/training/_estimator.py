"""What a classifier and a regressor for scikit-learn have in common."""
import copy
import inspect

import lasagne
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_is_fitted

from lasagne_ext.training.model import Model


class Estimator(BaseEstimator):
    """What both have in common; a subclass says how targets are encoded."""

    def __init__(self, build, loss, updates, learning_rate, epochs, batch_size, validation, callbacks,
                 build_options, compile_options, seed, progress):
        self.build = build
        self.loss = loss
        self.updates = updates
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation = validation
        self.callbacks = callbacks
        self.build_options = build_options
        self.compile_options = compile_options
        self.seed = seed
        self.progress = progress

    def _fit(self, X, y, outputs):
        self._outputs, self._shape = outputs, X.shape[1:]
        self.model_ = self._fresh_model()
        self.history_ = self.model_.fit(
            self._shaped(X), y, epochs=self.epochs, batch_size=min(self.batch_size, self._training_size(X)),
            validation=self.validation, seed=self.seed, progress=self.progress,
            callbacks=copy.deepcopy(list(self.callbacks or ())))
        return self

    def _training_size(self, X):
        return max(1, int((1 - (self.validation or 0)) * len(X)))

    def _fresh_model(self):
        """A network with weights that follow from the seed, whatever was drawn before."""
        if not callable(self.build):
            raise TypeError('%s: build must be a function that returns a new network, got %r'
                            % (type(self).__name__, self.build))
        offered = {'shape': self._shape, 'outputs': self._outputs}
        try:
            wanted = inspect.signature(self.build).parameters
        except ValueError:
            wanted = ()
        arguments = {name: value for name, value in offered.items() if name in wanted}
        arguments.update(self.build_options or {})
        before = lasagne.random.get_rng()
        lasagne.random.set_rng(np.random.RandomState(self.seed))
        try:
            network = self.build(**arguments)
        finally:
            lasagne.random.set_rng(before)
        if not isinstance(network, lasagne.layers.Layer):
            raise TypeError('%s: build must return the output layer of a new network, got %r'
                            % (type(self).__name__, network))
        return Model(network, self.loss, self.updates, learning_rate=self.learning_rate,
                     **(self.compile_options or {}))

    def _shaped(self, X):
        """Rows of features in the shape of the network's input."""
        shapes = self.model_.functions.shapes
        if len(shapes) != 1:
            raise ValueError('%s: the network must have one input layer, not %s'
                             % (type(self).__name__, ', '.join(shapes)))
        shape, = shapes.values()
        if X.ndim == len(shape) or None in shape[1:] or X[0].size != np.prod(shape[1:]):
            return X
        return X.reshape((len(X),) + tuple(shape[1:]))

    def _predicted(self, X):
        check_is_fitted(self)
        X = check_array(X, allow_nd=True)
        if X.shape[1:] != self._shape:
            raise ValueError('X has %d features, but %s is expecting %d features as input'
                             % (X[0].size, type(self).__name__, int(np.prod(self._shape))))
        return self.model_.predict(self._shaped(X))

    def __getstate__(self):
        """Parameters in place of compiled functions; `build` makes the network again."""
        state = dict(super().__getstate__())
        if 'model_' in state:
            state['model_'] = lasagne.layers.get_all_param_values(state['model_'].network)
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        if hasattr(self, 'model_'):
            values, self.model_ = self.model_, self._fresh_model()
            lasagne.layers.set_all_param_values(self.model_.network, values)
