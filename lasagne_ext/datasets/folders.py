"""Images in folders, a folder for each class, read from the disk when they are asked for."""
import os
import struct
import warnings
import zlib
from collections import OrderedDict

import numpy as np

from lasagne_ext.checks import check_choice, check_count, did_you_mean
from lasagne_ext.datasets.data import Dataset, DatasetError, DatasetWarning

#: Files with other endings are no images; folders and files whose names start with a dot neither.
EXTENSIONS = ('.png', '.jpg', '.jpeg', '.bmp', '.gif', '.tif', '.tiff', '.ppm', '.pgm', '.pbm', '.webp')

#: What Pillow raises for damaged files of one format or another.
_DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error,
           zlib.error)
_MODES = {1: 'L', 3: 'RGB'}


class ImageFolder:
    """Streaming data set of the images in a folder. Made by :func:`load_image_folder`.

    ``folder[indices]`` reads these images, in this order, and returns a `Dataset`: images ``(number,
    channels, rows, columns)``, float32 in [0, 1], and labels, int32. Indices are what NumPy takes: an
    array of int or bool, a slice; an int counts as a list of one.

    Attributes
    ----------
    classes : tuple of str
        The folders' names; a label is the position of a name.
    labels : array of int32
        The label of every image.
    paths : list of str
        The file of every image.
    image_shape : tuple
        (channels, rows, columns) of all images.
    skipped : OrderedDict
        Path -> reason, for every file left out since it is broken.

    Examples
    --------
    >>> import os, tempfile
    >>> from PIL import Image
    >>> from lasagne_ext.datasets import load_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.mkdir(os.path.join(folder, 'cats'))
    ...     Image.new('L', (4, 6)).save(os.path.join(folder, 'cats', '1.png'))
    ...     images = load_image_folder(folder, channels=1)
    ...     print(images.classes, images.image_shape, images[[0]].labels)
    ('cats',) (1, 6, 4) [0]
    """

    def __init__(self, classes, labels, paths, image_shape, skip, skipped):
        self.classes, self.labels, self.paths = classes, labels, paths
        self.image_shape, self.skipped = image_shape, skipped
        self._skip = skip

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, indices):
        chosen = np.atleast_1d(np.arange(len(self))[indices])
        images = np.empty((len(chosen),) + self.image_shape, dtype='float32')
        read = []
        for index in chosen:
            try:
                images[len(read)] = read_image(self.paths[index], self.image_shape)
            except DatasetError as error:
                # What was there and is gone is another trouble than a damaged image.
                if not self._skip or not os.path.exists(self.paths[index]):
                    raise
                self._leave_out(self.paths[index], error)
            else:
                read.append(index)
        return Dataset(images[:len(read)], self.labels[read])

    def _leave_out(self, path, error):
        if path not in self.skipped:
            self.skipped[path] = str(error)
            warnings.warn('left out: %s (%d so far)' % (error, len(self.skipped)), DatasetWarning,
                          stacklevel=3)

    def __repr__(self):
        return '<ImageFolder: %d images of shape %s in %d classes, %d files skipped>' % (
            len(self), self.image_shape, len(self.classes), len(self.skipped))


def load_image_folder(directory, size=None, channels=3, broken='refuse', verify=False, classes=None):
    """Find the images in a folder of one folder for each class; they are read when they are asked for.

    Parameters
    ----------
    directory : str
        The folder. The names of the folders in it, sorted, are the classes; images may lie in folders
        within those. What has not the ending of an image (``.png``, ``.jpg``, ``.jpeg``, ``.bmp``,
        ``.gif``, ``.tif``, ``.tiff``, ``.ppm``, ``.pgm``, ``.pbm``, ``.webp``) or is hidden is no image.
    size : tuple of int, optional
        (rows, columns) to which images are scaled, their proportions not being kept; by default all must
        have the same size already.
    channels : {3, 1}
        3 for red, green and blue, 1 for grey.
    broken : {'refuse', 'skip'}
        What happens to a file that cannot be read as an image: an error, or it is left out, with a
        warning, and listed in the attribute `skipped`.
    verify : bool
        Read every image once now, so that all broken files are found. Otherwise only their first bytes
        are, and a file that turns out broken later makes the batch that it is part of smaller, or is
        refused then.
    classes : sequence of str, optional
        The folders' names in the order of the labels, for a second folder whose labels must mean the
        same, though it may lack classes.

    Returns
    -------
    ImageFolder
        A streaming data set, for :func:`minibatches`, :func:`split` and :func:`compute_mean`. The order
        is that of the classes, and within a class of the files' names.

    Raises
    ------
    DatasetError
        If there is no such folder, no folder in it, or one without images or not among `classes`; if the
        images differ in size; if a file is broken and not skipped; if Pillow is not installed.
    TypeError, ValueError
        If another argument is not what it should be.

    Notes
    -----
    Grey values of 16 bits keep their precision. Transparency is ignored, and so is the orientation noted
    by a camera. Shrinking averages over the pixels it covers, growing is bilinear.

    Examples
    --------
    >>> import os, tempfile
    >>> from PIL import Image
    >>> from lasagne_ext.datasets import load_image_folder, minibatches
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, colour in (('cats', 'red'), ('dogs', 'blue')):
    ...         os.mkdir(os.path.join(folder, name))
    ...         Image.new('RGB', (20, 30), colour).save(os.path.join(folder, name, '1.png'))
    ...     images = load_image_folder(folder)
    ...     print(images, images.classes)
    ...     for batch, labels in minibatches(images, 2, shuffle=False):
    ...         print(batch.shape, batch[:, :, 0, 0].tolist(), labels.tolist())
    <ImageFolder: 2 images of shape (3, 30, 20) in 2 classes, 0 files skipped> ('cats', 'dogs')
    (2, 3, 30, 20) [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]] [0, 1]
    """
    _import_pillow()
    check_choice('load_image_folder', 'broken', broken, ('refuse', 'skip'))
    if channels not in _MODES:
        raise ValueError('load_image_folder: channels must be 3 (colour) or 1 (grey), got %r' % (channels,))
    if size is not None:
        if not isinstance(size, (tuple, list)) or len(size) != 2:
            raise TypeError('load_image_folder: size must be (rows, columns), got %r' % (size,))
        size = tuple(check_count('load_image_folder', 'size', edge) for edge in size)
    names = _class_folders(directory)
    classes = _check_classes(directory, names, classes)
    sizes, labels, skipped = OrderedDict(), [], OrderedDict()
    for name in names:
        known = len(sizes)
        for path in _image_files(os.path.join(directory, name)):
            try:
                sizes[path] = _image_size(path, channels, size, verify)
            except DatasetError as error:
                if broken == 'refuse':
                    raise
                skipped[path] = str(error)
        labels += [classes.index(name)] * (len(sizes) - known)
        if len(sizes) == known:
            raise DatasetError('%s: not one of its images can be read; the last: %s'
                               % (os.path.join(directory, name), list(skipped.values())[-1]))
    if skipped:
        warnings.warn('load_image_folder: left out %d of %d files; the first: %s'
                      % (len(skipped), len(skipped) + len(sizes), next(iter(skipped.values()))),
                      DatasetWarning, stacklevel=2)
    return ImageFolder(classes, np.array(labels, dtype='int32'), list(sizes),
                       (channels,) + (size or _common_size(sizes)), broken == 'skip', skipped)


def _import_pillow():
    """Import Pillow's main module, which also knows all formats."""
    try:
        from PIL import Image
    except ImportError as error:
        raise DatasetError('image folders need Pillow (%s); mend it with: pip install pillow'
                           % error) from None
    return Image


def _class_folders(directory):
    """Return the names of the folders in a folder."""
    if not os.path.isdir(directory):
        raise DatasetError('%s: %s' % (directory, 'is a file, not a folder' if os.path.exists(directory)
                                       else 'there is no such folder'))
    visible = sorted(name for name in os.listdir(directory) if not name.startswith('.'))
    names = [name for name in visible if os.path.isdir(os.path.join(directory, name))]
    if not names:
        raise DatasetError('%s: holds %s; expected a folder for each class, with its images'
                           % (directory, 'nothing' if not visible else 'files, but no folders'))
    return names


def _check_classes(directory, names, classes):
    """Return the classes in the order of their labels; refuse folders that are not among them."""
    if classes is None:
        return tuple(names)
    classes = tuple(classes)
    if len(set(classes)) < len(classes):
        raise ValueError('load_image_folder: classes must differ, got %r' % (classes,))
    for name in names:
        if name not in classes:
            raise DatasetError('%s: is not among the classes %s%s' % (
                os.path.join(directory, name), ', '.join(map(str, classes)), did_you_mean(name, classes)))
    return classes


def _image_files(folder):
    """Return the paths of the images in a folder and those in it, sorted; refuse it if there is none."""
    found = []
    for inside, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith('.')]
        found += [os.path.join(inside, name) for name in names
                  if name.lower().endswith(EXTENSIONS) and not name.startswith('.')]
    if not found:
        raise DatasetError('%s: holds no images' % folder)
    return sorted(found, key=lambda path: path.split(os.sep))


def _image_size(path, channels, size, verify):
    """Return (rows, columns) of an image, which is read whole if that is asked for."""
    found = _with_image(path, lambda image: image.size[::-1])
    if verify:
        read_image(path, (channels,) + (size or found))
    return found


def _common_size(sizes):
    """Return the size that all images have."""
    (first, size), *others = sizes.items()
    for path, other in others:
        if other != size:
            raise DatasetError('%s: has %d x %d pixels, but %s has %d x %d; give a size, to which all '
                               'images are scaled' % ((path,) + other + (first,) + size))
    return size


def read_image(path, shape):
    """Return the image in a file, ``shape = (channels, rows, columns)``, float32 in [0, 1].

    Raises
    ------
    DatasetError
        If it cannot be read; the message says why.
    """
    return _with_image(path, lambda image: _pixels(image, shape))


def _with_image(path, function):
    """Return what a function gives for the image of a file."""
    Image = _import_pillow()
    try:
        with Image.open(path) as image:
            return function(image)
    except _DECODING_ERRORS + (Image.DecompressionBombError,) as error:
        raise DatasetError('%s: cannot be read as an image: %s' % (path, error)) from None


def _pixels(image, shape):
    channels, rows, columns = shape
    deep = image.mode.startswith('I')                           # grey values of 16 bits
    if image.mode == 'F':
        raise ValueError('its grey values are floating point numbers of unknown range')
    if deep:
        # What converts them to 8 bits cuts off instead of dividing.
        image = image.convert('F')
    elif image.mode != _MODES[channels]:
        image = image.convert(_MODES[channels])
    if image.size != (columns, rows):
        image = image.resize((columns, rows), _import_pillow().BILINEAR)
    pixels = np.asarray(image, dtype='float32')
    if deep and not (0 <= pixels.min() and pixels.max() <= 65535):
        raise ValueError('its grey values have more than 16 bits')
    pixels = pixels / np.float32(65535 if deep else 255)
    return np.broadcast_to(np.moveaxis(pixels.reshape(rows, columns, -1), 2, 0), shape)
