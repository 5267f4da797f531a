"""Networks as scikit-learn's estimators: for pipelines, cross-validation and grid search."""
import copy
import inspect

import lasagne
import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_array, check_is_fitted, check_X_y
except ImportError as error:
    raise ImportError("lasagne_ext.training.Classifier and Regressor need scikit-learn (%s); mend it with: "
                      'pip install scikit-learn' % error) from None

from lasagne_ext.training.model import Model


class _Estimator(BaseEstimator):
    """Base class of both estimators; a subclass says how targets are encoded."""

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
        self.model_ = self._build_model()
        examples = max(1, int((1 - (self.validation or 0)) * len(X)))
        self.history_ = self.model_.fit(
            self._reshape(X), y, epochs=self.epochs, batch_size=min(self.batch_size, examples),
            validation=self.validation, seed=self.seed, progress=self.progress,
            # scikit-learn fits clones with the same callbacks, which remember what they have seen.
            callbacks=copy.deepcopy(list(self.callbacks or ())))
        return self

    def _build_model(self):
        """Build a network with weights that follow from the seed, whatever was drawn before."""
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

    def _reshape(self, X):
        """Return rows of features in the shape of the network's input."""
        shapes = self.model_.functions.shapes
        if len(shapes) != 1:
            raise ValueError('%s: the network must have one input layer, not %s'
                             % (type(self).__name__, ', '.join(shapes)))
        shape, = shapes.values()
        if X.ndim == len(shape) or None in shape[1:] or X[0].size != np.prod(shape[1:]):
            return X
        return X.reshape((len(X),) + tuple(shape[1:]))

    def _predict(self, X):
        check_is_fitted(self)
        X = check_array(X, allow_nd=True)
        if X.shape[1:] != self._shape:
            raise ValueError('X has %d features, but %s is expecting %d features as input'
                             % (X[0].size, type(self).__name__, int(np.prod(self._shape))))
        return self.model_.predict(self._reshape(X))

    def __getstate__(self):
        """Return parameters in place of compiled functions; `build` makes the network again."""
        state = dict(super().__getstate__())
        if 'model_' in state:
            state['model_'] = lasagne.layers.get_all_param_values(state['model_'].network)
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        if hasattr(self, 'model_'):
            values, self.model_ = self.model_, self._build_model()
            lasagne.layers.set_all_param_values(self.model_.network, values)


class Classifier(ClassifierMixin, _Estimator):
    """Classify with a network, as an estimator of scikit-learn.

    Parameters
    ----------
    build : callable
        Makes a new network and returns its output layer, with a softmax over the classes, or a single
        sigmoid unit for two. Where it has parameters called `shape` and `outputs`, they are given the
        shape of an example and the number of classes.
    loss, updates, learning_rate : as in `compile_functions`
        What is minimised, and how; for a single sigmoid unit the loss is 'binary_crossentropy'.
    epochs, batch_size : int
        As for `fit`; a batch is never larger than the data.
    validation : float, optional
        A share of the data, drawn at random and not trained with.
    callbacks : sequence
        As for `fit`.
    build_options : dict, optional
        More arguments of `build`, such as the number of units.
    compile_options : dict, optional
        More arguments of `compile_functions`, such as `l2`.
    seed : int
        Of the weights, of dropout and of the order of the examples.
    progress : bool
        Whether to show a bar.

    Attributes
    ----------
    classes_ : array
        As they stand in y; in the order of the network's outputs.
    model_ : Model
    history_ : History
    n_features_in_ : int

    Notes
    -----
    Rows of features take the shape of the input layer by themselves. To be used in several processes, and
    to be pickled, `build` must be a function of a module.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne.nonlinearities import softmax
    >>> from lasagne_ext.training import Classifier
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import MinMaxScaler
    >>> def build(units=32):
    ...     hidden = DenseLayer(InputLayer((None, 64)), units)
    ...     return DenseLayer(hidden, 10, nonlinearity=softmax)
    >>> pipeline = make_pipeline(MinMaxScaler(), Classifier(build, learning_rate=.01, epochs=5))
    >>> scores = cross_val_score(pipeline, *load_digits(return_X_y=True), cv=3)
    >>> bool(scores.min() > .85)
    True
    """

    def __init__(self, build, loss='categorical_crossentropy', updates='adam', learning_rate=None, epochs=10,
                 batch_size=128, validation=None, callbacks=(), build_options=None, compile_options=None,
                 seed=0, progress=False):
        super().__init__(build, loss, updates, learning_rate, epochs, batch_size, validation, callbacks,
                         build_options, compile_options, seed, progress)

    def fit(self, X, y):
        """Train a new network.

        Parameters
        ----------
        X : array (examples, ...)
            The examples.
        y : array (examples,)
            Numbers or names of classes.

        Returns
        -------
        Classifier
            This one.
        """
        X, y = check_X_y(X, y, allow_nd=True)
        check_classification_targets(y)
        self.n_features_in_ = X.shape[1]
        self.classes_, labels = np.unique(y, return_inverse=True)
        self._fit(X, labels.astype('int32'), len(self.classes_))
        return self

    def predict_proba(self, X):
        """Predict the probabilities of the classes.

        Parameters
        ----------
        X : array (examples, ...)
            The examples.

        Returns
        -------
        array (examples, classes)
            In the order of `classes_`.
        """
        probabilities = self._predict(X)
        if probabilities.shape[1] < len(self.classes_):          # a single sigmoid unit
            probabilities = np.hstack([1 - probabilities, probabilities])
        return probabilities

    def predict(self, X):
        """Predict the most probable class.

        Parameters
        ----------
        X : array (examples, ...)
            The examples.

        Returns
        -------
        array (examples,)
            As in `classes_`.
        """
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _build_model(self):
        model = super()._build_model()
        units = model.network.output_shape[-1]
        if units != self._outputs and not (units == 1 and self._outputs <= 2):
            raise ValueError('Classifier: the network has %s outputs, but y has %d classes'
                             % (units, self._outputs))
        return model


class Regressor(RegressorMixin, _Estimator):
    """Predict numbers with a network, as an estimator of scikit-learn.

    Parameters
    ----------
    build : callable
        Makes a new network and returns its output layer. Where it has parameters called `shape` and
        `outputs`, they are given the shape of an example and the number of targets.
    loss, updates, learning_rate : as in `compile_functions`
        What is minimised, and how.
    epochs, batch_size : int
        As for `fit`; a batch is never larger than the data.
    validation : float, optional
        A share of the data, drawn at random and not trained with.
    callbacks : sequence
        As for `fit`.
    build_options : dict, optional
        More arguments of `build`.
    compile_options : dict, optional
        More arguments of `compile_functions`, such as `l2`.
    seed : int
        Of the weights, of dropout and of the order of the examples.
    progress : bool
        Whether to show a bar.

    Attributes
    ----------
    model_ : Model
    history_ : History
    n_features_in_ : int

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.training import Regressor
    >>> from sklearn.datasets import make_regression
    >>> X, y = make_regression(200, 5, random_state=0)
    >>> def build(shape):
    ...     return DenseLayer(InputLayer((None,) + shape), 1, nonlinearity=None)
    >>> bool(Regressor(build, learning_rate=1., epochs=30, batch_size=32).fit(X, y).score(X, y) > .99)
    True
    """

    def __init__(self, build, loss='squared_error', updates='adam', learning_rate=None, epochs=10,
                 batch_size=128, validation=None, callbacks=(), build_options=None, compile_options=None,
                 seed=0, progress=False):
        super().__init__(build, loss, updates, learning_rate, epochs, batch_size, validation, callbacks,
                         build_options, compile_options, seed, progress)

    def fit(self, X, y):
        """Train a new network.

        Parameters
        ----------
        X : array (examples, ...)
            The examples.
        y : array (examples,) or (examples, targets)
            The numbers to be predicted.

        Returns
        -------
        Regressor
            This one.
        """
        X, y = check_X_y(X, y, allow_nd=True, multi_output=True, y_numeric=True)
        self.n_features_in_, self._vector = X.shape[1], y.ndim == 1
        self._fit(X, y, 1 if self._vector else y.shape[1])
        return self

    def predict(self, X):
        """Predict numbers, in the shape of those given to `fit`.

        Parameters
        ----------
        X : array (examples, ...)
            The examples.

        Returns
        -------
        array (examples,) or (examples, targets)
            One for every example, or one for each of its targets.
        """
        predicted = self._predict(X)
        return predicted[:, 0] if self._vector and predicted.ndim == 2 else predicted

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _more_tags(self):                  # what scikit-learn before 1.6 asks for
        return {'multioutput': True}
