"""Folders of images: what is read, when, in what order; what is skipped, what refused."""
import builtins
import os
import shutil

import numpy as np
import pytest

from lasagne_ext.datasets import (DatasetError, DatasetWarning, compute_mean, load_image_folder,
                                  minibatches, split)

Image = pytest.importorskip('PIL.Image')


def write(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(str(path), **options)


@pytest.fixture
def pixels(rng):
    """Colours of the six images in `folder`, (rows, columns, 3)."""
    return rng.randint(0, 256, (6, 5, 4, 3)).astype('uint8')


@pytest.fixture
def folder(tmp_path, pixels):
    """Two classes of three images; 10.png comes before 2.png, and what is in a folder within after."""
    root = tmp_path / 'images'
    names = ('ape/10.png', 'ape/2.PNG', 'ape/more/0.bmp', 'bee/a.tif', 'bee/b.ppm', 'bee/c.png')
    for name, image in zip(names, pixels):
        write(root / name, image)
    for name in ('README.txt', 'ape/Thumbs.db', 'ape/.hidden.png', 'bee/notes.txt', '.cache/x.png'):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b'no image')
    return root


def load(folder, *args, **options):
    return load_image_folder(str(folder), *args, **options)


def test_images_labels_and_order(folder, pixels):
    found = load(folder)
    assert found.classes == ('ape', 'bee') and found.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.labels.dtype == 'int32' and found.image_shape == (3, 5, 4) and len(found) == 6
    assert [os.path.basename(path) for path in found.paths] == ['10.png', '2.PNG', '0.bmp', 'a.tif', 'b.ppm',
                                                                'c.png']
    assert not hasattr(found, 'shape')                          # or it would pass for an array
    images, labels = found[:]
    assert images.dtype == 'float32' and labels.dtype == 'int32'
    np.testing.assert_array_equal(images, np.moveaxis(pixels, 3, 1) / np.float32(255))
    assert repr(found) == '<ImageFolder: 6 images of shape (3, 5, 4) in 2 classes, 0 files skipped>'


def test_indices_are_those_of_numpy(folder):
    found = load(folder)
    whole = found[:]
    for indices in ([4, 0], np.array([5, 5]), slice(1, 6, 2), np.arange(6) % 2 == 0, [-1], []):
        images, labels = found[indices]
        np.testing.assert_array_equal(images, whole.images[indices])
        np.testing.assert_array_equal(labels, whole.labels[indices])
    assert found[3].images.shape == (1, 3, 5, 4)
    with pytest.raises(IndexError):
        found[[6]]


def test_nothing_is_read_before_it_is_asked_for(folder, pixels):
    found = load(folder)
    write(folder / 'ape/10.png', 255 - pixels[0])
    images, _ = found[[0]]
    np.testing.assert_array_equal(images[0], np.moveaxis(255 - pixels[0], 2, 0) / np.float32(255))


def test_grey(folder, pixels):
    images, _ = load(folder, channels=1)[:]
    assert images.shape == (6, 1, 5, 4)
    luma = pixels @ np.array([.299, .587, .114]) / 255
    np.testing.assert_allclose(images[:, 0], luma, atol=1.1 / 255)


def test_scaled(folder, pixels):
    write(folder / 'bee/large.png', np.full((40, 30, 3), 51, 'uint8'))
    images, _ = load(folder, size=(10, 8))[:]
    assert images.shape == (7, 3, 10, 8) and 0 <= images.min() and images.max() <= 1
    np.testing.assert_allclose(images[-1], .2, atol=1e-6)
    np.testing.assert_allclose(images[:6].mean(axis=(2, 3)), pixels.mean(axis=(1, 2)) / 255, atol=.05)


@pytest.mark.parametrize('mode, name', [('L', 'png'), ('1', 'png'), ('P', 'gif'), ('RGBA', 'png'),
                                        ('LA', 'png'), ('CMYK', 'jpg'), ('L', 'jpg')])
def test_modes(tmp_path, mode, name):
    grey = np.zeros((8, 8), 'uint8')
    grey[:, 4:] = 255
    image = Image.fromarray(grey).convert('RGB') if mode == 'CMYK' else Image.fromarray(grey)
    (tmp_path / 'a').mkdir()
    image.convert(mode).save(str(tmp_path / 'a' / ('x.' + name)))
    for channels in (1, 3):
        images, _ = load(tmp_path, channels=channels)[:]
        np.testing.assert_allclose(images[0], np.broadcast_to(grey / 255, (channels, 8, 8)), atol=.03)


@pytest.mark.parametrize('size', [None, (6, 4)])
def test_sixteen_bits(tmp_path, size):
    deep = np.linspace(0, 65535, 12).astype('uint16').reshape(3, 4)
    write(tmp_path / 'a/deep.png', deep)
    images, _ = load(tmp_path, size=size)[:]
    assert images.shape[1] == 3
    if size is None:
        np.testing.assert_allclose(images[0, 2], deep / 65535, atol=1e-6)
    else:
        np.testing.assert_allclose(images.mean(), deep.mean() / 65535, atol=.02)


def test_a_second_folder_with_the_same_labels(folder, tmp_path):
    other = tmp_path / 'other'
    shutil.copytree(str(folder / 'bee'), str(other / 'bee'))
    assert load(other).labels.tolist() == [0, 0, 0]
    found = load(other, classes=('ape', 'bee'))
    assert found.labels.tolist() == [1, 1, 1] and found.classes == ('ape', 'bee')
    with pytest.raises(DatasetError, match='bee: is not among the classes ape, beer; did you mean .beer.'):
        load(other, classes=('ape', 'beer'))
    with pytest.raises(ValueError, match='classes must differ'):
        load(other, classes=('bee', 'bee'))


def test_streams_through_the_other_tools(folder, pixels):
    found = load(folder)
    np.testing.assert_allclose(compute_mean(found, batch_size=4).mean,
                               np.moveaxis(pixels, 3, 1).mean(axis=0) / 255, rtol=1e-6)
    training, test = split(found, (4, 2), stratify=True)
    assert test.labels.tolist() in ([0, 1], [1, 0]) and test.classes == ('ape', 'bee')
    seen = sum(images.sum() for part in (training, test) for images, _ in minibatches(part, 2))
    np.testing.assert_allclose(seen, pixels.sum() / 255, rtol=1e-5)


def damage(folder, how):
    """Make bee/b.png a broken file."""
    path = folder / 'bee/b.png'
    os.rename(str(folder / 'bee/b.ppm'), str(folder / 'bee/b.ppm.old'))
    write(path, np.arange(60, dtype='uint8').reshape(5, 4, 3))
    content = path.read_bytes()
    path.write_bytes({'empty': b'', 'text': b'<html>404</html>', 'header': content[:20],
                      'cut': content[:-30], 'checksum': content[:60] + b'xxxx' + content[64:]}[how])


@pytest.mark.parametrize('how', ['empty', 'text', 'header'])
@pytest.mark.parametrize('verify', [False, True])
def test_a_file_that_is_no_image(folder, how, verify):
    damage(folder, how)
    with pytest.raises(DatasetError, match='b.png: cannot be read as an image: '):
        load(folder, verify=verify)
    with pytest.warns(DatasetWarning, match='load_image_folder: left out 1 of 6 files; the first: .*b.png'):
        found = load(folder, broken='skip', verify=verify)
    assert len(found) == 5 == len(found[:].images)
    assert [os.path.basename(path) for path in found.skipped] == ['b.png']
    assert '1 files skipped' in repr(found)


@pytest.mark.parametrize('how', ['cut', 'checksum'])
def test_a_damaged_image(folder, how):
    damage(folder, how)
    with pytest.raises(DatasetError, match='b.png: cannot be read'):
        load(folder, verify=True)
    with pytest.warns(DatasetWarning):
        assert len(load(folder, verify=True, broken='skip')) == 5
    found = load(folder)
    with pytest.raises(DatasetError, match='b.png: cannot be read'):
        found[:]


def test_a_damaged_image_makes_its_batch_smaller(folder):
    damage(folder, 'cut')
    found = load(folder, broken='skip')
    assert len(found) == 6 and not found.skipped
    with pytest.warns(DatasetWarning, match=r'left out: .*b.png: cannot be read .*\(1 so far\)'):
        batches = list(minibatches(found, 3, shuffle=False, prefetch=0))
    assert [len(labels) for _, labels in batches] == [3, 2]
    assert [path[-5:] for path in found.skipped] == ['b.png']
    images, labels = found[[5, 4, 3]]
    np.testing.assert_array_equal(images, np.concatenate([found[5].images, found[3].images]))
    assert labels.tolist() == [1, 1] and len(found.skipped) == 1


def test_a_file_that_has_gone_is_refused_though_broken_ones_are_skipped(folder):
    found = load(folder, broken='skip')
    (folder / 'bee/c.png').unlink()
    with pytest.raises(DatasetError, match='c.png'):
        found[[5]]


def test_a_class_with_nothing_but_broken_files(folder):
    for name in os.listdir(str(folder / 'bee')):
        (folder / 'bee' / name).write_bytes(b'x')
    with pytest.raises(DatasetError, match='bee: not one of its images can be read; the last: .*c.png'):
        load(folder, broken='skip')


def test_images_of_several_sizes(folder):
    write(folder / 'ape/odd.png', np.zeros((6, 4, 3), 'uint8'))
    with pytest.raises(DatasetError, match='odd.png: has 6 x 4 pixels, but .*10.png has 5 x 4; give a size'):
        load(folder)


def test_no_such_folder(tmp_path):
    with pytest.raises(DatasetError, match='nowhere: there is no such folder'):
        load(tmp_path / 'nowhere')
    with pytest.raises(DatasetError, match='holds nothing; expected a folder for each class'):
        load(tmp_path)
    (tmp_path / 'x.png').write_bytes(b'x')
    with pytest.raises(DatasetError, match='x.png: is a file, not a folder'):
        load(tmp_path / 'x.png')
    with pytest.raises(DatasetError, match='holds files, but no folders; expected'):
        load(tmp_path)


def test_a_class_without_images(folder):
    (folder / 'cat').mkdir()
    (folder / 'cat' / 'notes.txt').write_text('none yet')
    with pytest.raises(DatasetError, match='cat: holds no images'):
        load(folder)


def test_floating_point_images(tmp_path):
    write(tmp_path / 'a/x.tif', np.linspace(0, 3, 12, dtype='float32').reshape(3, 4))
    with pytest.raises(DatasetError, match='floating point numbers of unknown range'):
        load(tmp_path)[:]


@pytest.mark.parametrize('options, error, message', [
    ({'size': 5}, TypeError, r'size must be \(rows, columns\), got 5'),
    ({'size': (5, 0)}, ValueError, 'size must be at least 1, got 0'),
    ({'channels': 4}, ValueError, r'channels must be 3 \(colour\) or 1 \(grey\), got 4'),
    ({'broken': 'ignore'}, ValueError, "broken must be one of 'refuse', 'skip', got 'ignore'")])
def test_refused(folder, options, error, message):
    with pytest.raises(error, match='load_image_folder: ' + message):
        load(folder, **options)


def test_without_pillow(folder, monkeypatch):
    def absent(name, *args, **kwargs):
        if name.split('.')[0] == 'PIL':
            raise ImportError('No module named PIL')
        return imported(name, *args, **kwargs)
    imported = builtins.__import__
    monkeypatch.setattr(builtins, '__import__', absent)
    with pytest.raises(DatasetError, match='need Pillow .* pip install pillow'):
        load(folder)
