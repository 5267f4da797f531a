"""Networks as scikit-learn's estimators: for pipelines, cross-validation and grid search."""
import numpy as np

try:
    from sklearn.base import ClassifierMixin, RegressorMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, check_X_y
except ImportError as error:
    raise ImportError("lasagne_ext.training.Classifier and Regressor need scikit-learn (%s); mend it with: "
                      'pip install scikit-learn' % error) from None

from lasagne_ext.training._estimator import Estimator


class Classifier(ClassifierMixin, Estimator):
    """A network that tells classes apart, as an estimator of scikit-learn.

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
        probabilities = self._predicted(X)
        if probabilities.shape[1] < len(self.classes_):          # a single sigmoid unit
            probabilities = np.hstack([1 - probabilities, probabilities])
        return probabilities

    def predict(self, X):
        """The most probable class.

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

    def _fresh_model(self):
        model = super()._fresh_model()
        units = model.network.output_shape[-1]
        if units != self._outputs and not (units == 1 and self._outputs <= 2):
            raise ValueError('Classifier: the network has %s outputs, but y has %d classes'
                             % (units, self._outputs))
        return model


class Regressor(RegressorMixin, Estimator):
    """A network that predicts numbers, as an estimator of scikit-learn.

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
        """The predicted numbers, in the shape of those given to `fit`.

        Parameters
        ----------
        X : array (examples, ...)
            The examples.

        Returns
        -------
        array (examples,) or (examples, targets)
            One for every example, or one for each of its targets.
        """
        predicted = self._predicted(X)
        return predicted[:, 0] if self._vector and predicted.ndim == 2 else predicted

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _more_tags(self):                  # what scikit-learn before 1.6 asks for
        return {'multioutput': True}
