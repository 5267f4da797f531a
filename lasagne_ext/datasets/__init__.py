"""Data to learn from: read, cut into parts, distorted, and handed out in batches."""
from lasagne_ext.datasets._data import Dataset, DatasetError, DatasetWarning, check_labels
from lasagne_ext.datasets.batches import minibatches
from lasagne_ext.datasets.digits import load_digits, load_mnist
from lasagne_ext.datasets.distortions import distort
from lasagne_ext.datasets.folders import ImageFolder, load_image_folder
from lasagne_ext.datasets.mapping import Mapped, mapped
from lasagne_ext.datasets.means import DatasetMean, compute_mean
from lasagne_ext.datasets.scattering import scatter
from lasagne_ext.datasets.series import adding_problem, pad_sequences, sequences
from lasagne_ext.datasets.splits import Subset, split

__all__ = ['Dataset', 'DatasetError', 'DatasetMean', 'DatasetWarning', 'ImageFolder', 'Mapped', 'Subset',
           'adding_problem', 'check_labels', 'compute_mean', 'distort', 'load_digits', 'load_image_folder',
           'load_mnist', 'mapped', 'minibatches', 'pad_sequences', 'scatter', 'sequences', 'split']
