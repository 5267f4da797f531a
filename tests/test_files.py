"""Files that are written whole or not at all."""
import os
import stat

import pytest

from lasagne_ext._files import whole_file


def write(path, text, error=None):
    with whole_file(str(path)) as unfinished, open(unfinished, 'w') as f:
        f.write(text)
        if error is not None:
            raise error


def test_a_file_takes_the_place_of_the_old_one(tmp_path):
    for text in ('old', 'new'):
        write(tmp_path / 'file', text)
        assert (tmp_path / 'file').read_text() == text and os.listdir(str(tmp_path)) == ['file']


def test_the_old_one_survives_an_error(tmp_path):
    write(tmp_path / 'file', 'old')
    with pytest.raises(KeyError):
        write(tmp_path / 'file', 'new', KeyError())
    assert (tmp_path / 'file').read_text() == 'old' and os.listdir(str(tmp_path)) == ['file']


@pytest.mark.skipif(os.name == 'nt', reason='modes of files are otherwise there')
def test_others_may_read_it_as_usual(tmp_path):
    (tmp_path / 'usual').write_text('')
    write(tmp_path / 'file', '')
    modes = {stat.S_IMODE(os.stat(str(tmp_path / name)).st_mode) for name in ('usual', 'file')}
    assert len(modes) == 1


def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        write(tmp_path / 'folder' / 'file', '')
    assert caught.value.filename == str(tmp_path / 'folder' / 'file')
