"""A network in the manner of Keras, and as an estimator of scikit-learn."""
import pickle

import lasagne_ext
import lasagne
import numpy as np
import pytest
from lasagne.layers import DenseLayer, DropoutLayer, InputLayer
from lasagne.nonlinearities import sigmoid, softmax

from lasagne_ext.datasets import load_digits
from lasagne_ext.training import CheckpointError, EarlyStopping, Model

pytestmark = pytest.mark.usefixtures('fast_compile')


def build(units=16, outputs=10):
    hidden = DropoutLayer(DenseLayer(InputLayer((None, 1, 8, 8), name='images'), units, name='hidden'), .2)
    return DenseLayer(hidden, outputs, nonlinearity=softmax, name='digit')


def straight(shape, outputs):
    return DenseLayer(InputLayer((None,) + shape), outputs, nonlinearity=softmax)


def line(shape, outputs):
    return DenseLayer(InputLayer((None,) + shape), outputs, nonlinearity=None)


@pytest.fixture
def digits():
    pytest.importorskip('sklearn')
    images, labels = load_digits()
    return images[:400], labels[:400]


def test_keras_manner(digits):
    model = Model(build(), learning_rate=.01)
    history = model.fit(*digits, epochs=6, batch_size=50, validation=(digits[0][:9], digits[1][:9]),
                        progress=False)
    assert len(history) == 6 and 'val_loss' in history.rows[0]
    judged = model.evaluate(*digits, batch_size=150)
    assert list(judged) == ['loss', 'accuracy'] and judged['accuracy'] > .7
    loss, accuracy = model.functions.validate(*digits)
    assert np.isclose(judged['loss'], loss) and np.isclose(judged['accuracy'], accuracy)
    probabilities = model.predict(digits[0], batch_size=150)
    assert probabilities.shape == (400, 10) and np.allclose(probabilities.sum(axis=1), 1)
    assert np.isclose((model.predict_classes(digits[0]) == digits[1]).mean(), judged['accuracy'])
    assert str(model.summary()) == str(lasagne_ext.debug.summary(model.network))
    assert repr(model) == '<Model: <Functions of digit: images -> loss, accuracy>, 6 epochs>'


def test_one_example_has_one_class(digits):
    model = Model(build())
    found = model.predict_classes(digits[0][3])
    assert isinstance(found, int) and found == model.predict_classes(digits[0])[3]
    assert model.predict(digits[0][3]).shape == (10,)
    assert model.predict_classes({'images': digits[0][:4]}).shape == (4,)


def test_training_again_goes_on(digits):
    model = Model(build())
    first = model.fit(*digits, epochs=2, progress=False)
    after = model.functions.state['update0'].get_value()
    second = model.fit(*digits, epochs=1, progress=False)
    assert len(first) == 2 and len(second) == 1 and model.history['epoch'] == [1, 2, 3]
    assert second['loss'][0] < first['loss'][0]
    assert not np.array_equal(model.functions.state['update0'].get_value(), after)


def test_saved_and_loaded_models_go_on_alike(digits, tmp_path):
    path = str(tmp_path / 'model.npz')
    model, other = Model(build()), Model(build())
    model.fit(*digits, epochs=2, progress=False)
    model.save(path)
    assert other.load(path) is other and len(other.history) == 2
    assert np.array_equal(other.predict(digits[0]), model.predict(digits[0]))
    for each in (model, other):
        each.fit(*digits, epochs=1, progress=False)
    assert np.array_equal(other.predict(digits[0]), model.predict(digits[0]))
    assert other.history['loss'] == model.history['loss']


def test_resumed_history_is_not_counted_twice(digits, tmp_path):
    path = str(tmp_path / 'model.npz')
    Model(build()).fit(*digits, epochs=2, checkpoint=path, progress=False)
    model = Model(build())
    model.fit(*digits, epochs=3, resume=path, progress=False)
    assert model.history['epoch'] == [1, 2, 3]


def test_several_inputs_and_outputs(rng):
    first, second = InputLayer((None, 4), name='first'), InputLayer((None, 2), name='second')
    joined = lasagne.layers.ConcatLayer([first, second])
    model = Model([DenseLayer(joined, 3, nonlinearity=softmax, name='kind'),
                   DenseLayer(joined, 1, nonlinearity=sigmoid, name='large')],
                  ['categorical_crossentropy', 'binary_crossentropy'])
    inputs, targets = [rng.rand(20, 4), rng.rand(20, 2)], [rng.randint(3, size=20), rng.randint(2, size=20)]
    model.fit(inputs, targets, epochs=1, batch_size=10, progress=False)
    assert list(model.evaluate(inputs, targets)) == ['loss', 'kind_accuracy', 'large_accuracy']
    kind, large = model.predict(inputs)
    assert kind.shape == (20, 3) and large.shape == (20, 1)
    classes = model.predict_classes({'first': inputs[0], 'second': inputs[1]})
    assert np.array_equal(classes[0], kind.argmax(axis=1)) and np.array_equal(classes[1], large[:, 0] > .5)


def test_words_of_other_libraries_are_known(digits):
    net = DenseLayer(InputLayer((None, 1, 8, 8)), 10, nonlinearity=lasagne.nonlinearities.softmax)
    with pytest.raises(TypeError, match="^Model: there is no option 'optimizer'; .*; did you mean 'updates'"):
        Model(net, optimizer='adam')
    with pytest.raises(TypeError, match="^Model: .* 'learning_rat'; .*; did you mean 'learning_rate'"):
        Model(net, learning_rat=.1)
    with pytest.raises(ValueError, match="no loss 'mse'; .*; did you mean 'squared_error'"):
        Model(net, loss='mse')
    model = Model(net)
    with pytest.raises(TypeError, match="^fit: .* 'validation_data'; .*; did you mean 'validation'"):
        model.fit(*digits, validation_data=digits)
    with pytest.raises(TypeError, match='predict: give the inputs alone, got a tuple of 2'):
        model.predict(tuple(digits))


def test_parameters_alone_can_be_loaded(digits, tmp_path):
    model, path = Model(build()), str(tmp_path / 'plain.npz')
    np.savez(path, *lasagne.layers.get_all_param_values(model.network))
    other = Model(build())
    with pytest.raises(CheckpointError, match='parameters_only=True'):
        other.load(path)
    assert other.load(path, parameters_only=True) is other
    assert (other.predict(digits[0][:5]) == model.predict(digits[0][:5])).all()


def test_bad_input_is_refused(digits):
    model = Model(build())
    for call in (model.predict, model.predict_classes):
        with pytest.raises(ValueError, match="predict: the input 'images' has the shape"):
            call(digits[0][:, :, 1:])
    with pytest.raises(ValueError, match='evaluate: .*same length'):
        model.evaluate(digits[0], digits[1][1:])


@pytest.fixture
def estimators():
    pytest.importorskip('sklearn')
    from lasagne_ext.training import estimators
    return estimators


def test_cross_validation_and_pipeline(estimators):
    from sklearn.datasets import load_digits
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler
    classifier = estimators.Classifier(build, learning_rate=.01, epochs=6, batch_size=32)
    scores = cross_val_score(make_pipeline(MinMaxScaler(), classifier),
                             *(part[:400] for part in load_digits(return_X_y=True)), cv=2)
    assert len(scores) == 2 and scores.min() > .6


def test_grid_search_over_the_network(estimators, rng):
    from sklearn.model_selection import GridSearchCV
    X = rng.rand(60, 64)
    search = GridSearchCV(estimators.Classifier(build, epochs=2, learning_rate=.01), {
        'build_options': [{'units': 2, 'outputs': 2}, {'units': 8, 'outputs': 2}]}, cv=2)
    search.fit(X, X[:, 0] > .5)
    assert search.best_params_['build_options']['outputs'] == 2 and len(search.cv_results_['params']) == 2


def test_classes_keep_their_names(estimators, rng):
    from sklearn.base import clone
    X = rng.randn(80, 3)
    names = np.array(['no', 'yes'])[(X[:, 0] > 0).astype(int)]
    stopping = EarlyStopping('loss', patience=30)
    classifier = estimators.Classifier(straight, learning_rate=.1, epochs=40, callbacks=[stopping])
    copied = clone(classifier)
    assert copied.get_params()['epochs'] == 40 and copied.set_params(epochs=3).epochs == 3
    classifier.fit(X, names)
    assert list(classifier.classes_) == ['no', 'yes'] and classifier.score(X, names) > .9
    assert classifier.predict_proba(X).shape == (80, 2) and stopping.best is None
    again = clone(classifier).fit(X, names)                     # the seed decides, not what was drawn before
    assert np.array_equal(again.predict_proba(X), classifier.predict_proba(X))
    loaded = pickle.loads(pickle.dumps(classifier))
    assert np.array_equal(loaded.predict_proba(X), classifier.predict_proba(X))


def test_two_classes_need_one_unit_only(estimators, rng):
    X = rng.randn(80, 3)
    classifier = estimators.Classifier(
        lambda: DenseLayer(InputLayer((None, 3)), 1, nonlinearity=sigmoid), 'binary_crossentropy',
        learning_rate=.1, epochs=30).fit(X, X[:, 1] > 0)
    probabilities = classifier.predict_proba(X)
    assert np.allclose(probabilities.sum(axis=1), 1) and classifier.score(X, X[:, 1] > 0) > .9


def test_regression_of_one_or_several_numbers(estimators, rng):
    X = rng.randn(60, 3)
    y = X @ rng.randn(3, 2)
    regressor = estimators.Regressor(line, learning_rate=.1, epochs=60, batch_size=20, validation=.2)
    assert regressor.fit(X, y).score(X, y) > .9 and regressor.predict(X).shape == (60, 2)
    assert regressor.fit(X, y[:, 0]).score(X, y[:, 0]) > .9 and regressor.predict(X).shape == (60,)
    assert 'val_loss' in regressor.history_.rows[0]


def test_estimators_refuse_what_does_not_fit(estimators, rng):
    from sklearn.exceptions import NotFittedError
    X, y = rng.randn(30, 3), np.arange(30) % 3
    with pytest.raises(ValueError, match='the network has 10 outputs, but y has 3 classes'):
        estimators.Classifier(lambda: DenseLayer(InputLayer((None, 3)), 10, nonlinearity=softmax)).fit(X, y)
    with pytest.raises(TypeError, match='build must return the output layer'):
        estimators.Classifier(lambda: None).fit(X, y)
    with pytest.raises(NotFittedError):
        estimators.Classifier(straight).predict(X)
    with pytest.raises(ValueError, match='2 features, but Classifier is expecting 3'):
        estimators.Classifier(straight, epochs=1).fit(X, y).predict(X[:, 1:])


@pytest.mark.parametrize('kind, make', [('Classifier', straight), ('Regressor', line)])
def test_conventions_of_scikit_learn(estimators, kind, make):
    checks = pytest.importorskip('sklearn.utils.estimator_checks')
    estimator = getattr(estimators, kind)(make, epochs=2)
    wanted = {'check_no_attributes_set_in_init', 'check_dict_unchanged', 'check_estimators_pickle',
              'check_fit2d_1sample', 'check_estimators_nan_inf', 'check_estimators_unfitted',
              'check_n_features_in', 'check_classifiers_one_label', 'check_dont_overwrite_attributes',
              'check_fit_score_takes_y', 'check_set_params', 'check_estimator_sparse_array'}
    if hasattr(checks, 'estimator_checks_generator'):
        pairs = checks.estimator_checks_generator(estimator)
    else:                                                       # before scikit-learn 1.6
        pairs = checks.check_estimator(estimator, generate_only=True)
    done = [check(each) for each, check in pairs if check.func.__name__ in wanted]
    assert len(done) >= 8


def test_without_scikit_learn_the_rest_works(run_python):
    done = run_python('''
import sys
sys.modules['sklearn'] = None
import lasagne_ext
from lasagne_ext import training
assert training.fit
try:
    training.Classifier
except ImportError as error:
    print(error)
try:
    training.nothing
except AttributeError as error:
    print(error)
''')
    assert 'Regressor need scikit-learn' in done.stdout and 'pip install scikit-learn' in done.stdout
    assert "has no attribute 'nothing'" in done.stdout
