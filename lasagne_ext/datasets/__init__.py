"""Data to learn from: read, cut into parts, distorted, and handed out in batches."""
from lasagne_ext.datasets.batches import minibatches
from lasagne_ext.datasets.data import (Dataset, DatasetError, DatasetWarning, Mapped, Subset, check_labels,
                                       mapped, split)
from lasagne_ext.datasets.digits import load_digits, load_mnist
from lasagne_ext.datasets.distortions import distort, scatter
from lasagne_ext.datasets.folders import ImageFolder, load_image_folder
from lasagne_ext.datasets.means import DatasetMean, compute_mean
from lasagne_ext.datasets.series import adding_problem, pad_sequences, sequences

__all__ = ['Dataset', 'DatasetError', 'DatasetMean', 'DatasetWarning', 'ImageFolder', 'Mapped', 'Subset',
           'adding_problem', 'check_labels', 'compute_mean', 'distort', 'load_digits', 'load_image_folder',
           'load_mnist', 'mapped', 'minibatches', 'pad_sequences', 'scatter', 'sequences', 'split']
