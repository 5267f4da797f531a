"""Train, save and resume networks.

`compile_functions` makes the functions of a network (`functions`, with `losses`, `updates`, `variables`).
`fit` trains it (`loop`, with `data`, `run`, `callbacks`, `schedules`, `progress`, `history`).
`save_checkpoint` and `load_checkpoint` keep what was learned (`checkpoint`, with `serialization`, `restore`,
`legacy_files`); `Model` has all of this in one object.

`Classifier` and `Regressor`, estimators for scikit-learn, are here as well if that is installed.
"""
from lasagne_ext.training.callbacks import Checkpoint, EarlyStopping, Watch
from lasagne_ext.training.checkpoint import CheckpointError, Restored, load_checkpoint, save_checkpoint
from lasagne_ext.training.functions import Functions, compile_functions
from lasagne_ext.training.history import History
from lasagne_ext.training.loop import fit
from lasagne_ext.training.model import Model
from lasagne_ext.training.run import Run, TrainingError
from lasagne_ext.training.schedules import CosineDecay, ExponentialDecay, ReduceOnPlateau, StepDecay

__all__ = ['Checkpoint', 'CheckpointError', 'CosineDecay', 'EarlyStopping', 'ExponentialDecay', 'Functions',
           'History', 'Model', 'ReduceOnPlateau', 'Restored', 'Run', 'StepDecay', 'TrainingError', 'Watch',
           'compile_functions', 'fit', 'load_checkpoint', 'save_checkpoint']


def __getattr__(name):
    if name in ('Classifier', 'Regressor'):
        from lasagne_ext.training import estimators    # imports scikit-learn, an optional dependency
        return getattr(estimators, name)
    raise AttributeError('module %r has no attribute %r' % (__name__, name))
