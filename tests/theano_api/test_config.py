"""Settings, from the program and from outside."""
import pytest
import theano
import theano.tensor as T


def test_floatX_decides_what_a_matrix_is():
    with theano.configparser.change_flags(floatX='float32'):
        assert T.matrix().dtype == 'float32'
    with theano.change_flags(floatX='float64'):
        assert T.matrix().dtype == 'float64'


def test_floatX_is_put_back_after_an_error():
    before = theano.config.floatX
    with pytest.raises(KeyError), theano.change_flags(floatX='float32'):
        raise KeyError
    assert theano.config.floatX == before


def test_change_flags_decorates():
    @theano.change_flags(floatX='float32')
    def matrix():
        return T.matrix()
    assert matrix().dtype == 'float32'


def test_settings_that_programs_read():
    assert theano.config.device == 'cpu'
    assert theano.config.compute_test_value in ('off', 'ignore')
    assert isinstance(theano.config.blas.ldflags, str)
    assert str(theano.config.mode) and theano.config.optimizer and theano.config.linker
    assert 'floatX' in str(theano.config)


def test_a_misspelt_setting_is_refused():
    with pytest.raises(AttributeError):
        theano.config.flaotX
    with pytest.raises(Exception):
        theano.config.floatX = 'float17'


def test_flags_of_the_environment(run_python):
    done = run_python('import lasagne_ext, theano\nprint(theano.config.floatX, theano.config.mode, '
                      'theano.config.exception_verbosity, theano.config.on_unused_input)',
                      THEANO_FLAGS='floatX=float32,mode=FAST_COMPILE,exception_verbosity=high,'
                                   'on_unused_input=ignore')
    assert done.stdout.split() == ['float32', 'FAST_COMPILE', 'high', 'ignore']


def test_a_theanorc(run_python, tmp_path):
    file = tmp_path / 'theanorc'
    file.write_text('[global]\nfloatX = float32\n[blas]\nldflags =\n')
    done = run_python('import lasagne_ext, theano\nprint(theano.config.floatX)', THEANORC=str(file))
    assert done.stdout.split() == ['float32']
