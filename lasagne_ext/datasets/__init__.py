"""Read data to learn from, cut them into parts, distort them, and hand them out in batches.

`data` says what a data set is, and cuts and maps it; `digits`, `folders` and `series` read or make some.
`batches` hands them out, with `prefetch` making batches ahead of time; `distortions` and `means` change them.
"""
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
