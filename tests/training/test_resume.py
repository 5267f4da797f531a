"""Training that is killed and resumed in another process gives the same bits as one that was not."""
import os
import signal
import sys

import numpy as np
import pytest

#: Trains straight on, then anew until it is killed, or resumes from what the killed one has saved.
PROGRAM = '''
import os, signal, sys
import lasagne_ext
import lasagne, numpy as np, theano, theano.tensor as T
from lasagne.layers import (DenseLayer, DropoutLayer, InputLayer, get_all_param_values, get_all_params,
                            get_output)
from theano.tensor.shared_randomstreams import RandomStreams
from lasagne_ext.training import (EarlyStopping, ExponentialDecay, compile_functions, fit, load_checkpoint,
                                  save_checkpoint)

task, folder = sys.argv[1:]
EPOCHS, SAVED, BATCHES = 4, 2, 3

def data(dtype):
    rng = np.random.RandomState(7)
    return rng.randn(20, 6).astype(dtype), rng.randint(0, 3, 20).astype('int32')

def network(streams):
    # Another seed when resuming: weights and random streams must come from the checkpoint.
    np.random.seed(2 if task == 'resume' else 1)
    layer = InputLayer((None, 6), T.matrix('x'))
    for number in range(2):
        layer = DropoutLayer(DenseLayer(layer, 8, name='hidden%d' % number))
        if streams == 'RandomStreams':
            layer._srng = RandomStreams(np.random.randint(1000))
    return DenseLayer(layer, 3, nonlinearity=lasagne.nonlinearities.softmax, name='out')

def function(net, updates):
    x, labels = lasagne.layers.get_all_layers(net)[0].input_var, T.ivector()
    loss = lasagne.objectives.categorical_crossentropy(get_output(net), labels).mean()
    return theano.function([x, labels], loss, updates=updates(loss, get_all_params(net), learning_rate=.05))

def by_hand(name, updates, streams, dtype, killed=False):
    path = os.path.join(folder, name + '.npz')
    net = network(streams)
    step = function(net, updates)
    x, labels = data(dtype)
    first = load_checkpoint(path, net, step).epoch if task == 'resume' else 0
    for epoch in range(first, EPOCHS):
        for number in range(BATCHES):
            chosen = np.random.permutation(len(x))[:7]            # from NumPy's own generator
            step(x[chosen], labels[chosen])
            if killed and epoch == SAVED and number == 1:
                return
        if killed:
            save_checkpoint(path, net, step, epoch=epoch + 1)
    keep(name, net)

class Kill:
    def on_batch_end(self, run):
        if run.epoch == SAVED + 1 and run.batch == 2:
            os.kill(os.getpid(), signal.SIGKILL)

def with_fit(name, streams, dtype, killed=False):
    path = os.path.join(folder, name + '.npz')
    net = network(streams)
    functions = compile_functions(net, updates='adam', learning_rate=.05, l2=1e-3)
    x, labels = data(dtype)
    callbacks = [EarlyStopping(patience=3), ExponentialDecay(.9)] + [Kill()] * killed
    saves = killed or task == 'resume'
    history = fit(functions, (x, labels), validation=.2, epochs=EPOCHS, batch_size=5, callbacks=callbacks,
                  progress=False, checkpoint=path if saves else None, resume=True if saves else None)
    keep(name, net, history['loss'], history['val_loss'], history['learning_rate'])

def keep(name, net, *more):
    np.savez(os.path.join(folder, '%s-%s.npz' % (name, task)), *get_all_param_values(net) + list(more))

again = [False] if task == 'resume' else [False, True]
for dtype, streams in (('float32', ('MRG', 'RandomStreams')), ('float64', ('RandomStreams', 'MRG'))):
    with theano.configparser.change_flags(floatX=dtype):
        for updates, stream in zip(('adam', 'momentum'), streams):
            for killed in again:
                by_hand('%s-%s' % (updates, dtype), getattr(lasagne.updates, updates), stream, dtype, killed)
with theano.configparser.change_flags(floatX='float32'):
    for killed in again:
        with_fit('fit', 'MRG', 'float32', killed)
'''


@pytest.mark.skipif(sys.platform == 'win32', reason='processes are killed in another way there')
def test_resumed_training_gives_the_same_bits(run_python, tmp_path):
    fast = {flags: ','.join(filter(None, [os.environ.get(flags), 'mode=FAST_COMPILE']))
            for flags in ('THEANO_FLAGS', 'PYTENSOR_FLAGS')}
    killed = run_python(PROGRAM, 'train', str(tmp_path), check=False, **fast)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    run_python(PROGRAM, 'resume', str(tmp_path), **fast)
    for name in ('adam-float32', 'adam-float64', 'momentum-float32', 'momentum-float64', 'fit'):
        with np.load(str(tmp_path / (name + '-train.npz'))) as straight, \
                np.load(str(tmp_path / (name + '-resume.npz'))) as resumed:
            assert len(straight.files) >= 6
            for array in straight:
                assert straight[array].dtype == resumed[array].dtype
                assert straight[array].tobytes() == resumed[array].tobytes(), name
