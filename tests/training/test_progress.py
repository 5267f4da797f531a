"""The progress bar where it is not on a terminal."""
import sys

import pytest

from lasagne_ext.training.progress import Progress


def test_in_a_notebook_one_line_is_replaced(monkeypatch):
    display = pytest.importorskip('IPython.display')
    shown = []

    class Handle:
        def update(self, content, raw):
            shown.append(content['text/plain'])

    monkeypatch.setitem(sys.modules, 'ipykernel', sys)
    monkeypatch.setattr('IPython.get_ipython', lambda: object())
    monkeypatch.setattr(display, 'display', lambda content, raw, display_id: Handle())
    with Progress(True, 2, 3, 0) as bar:
        for epoch in (1, 2):
            bar.epoch(epoch)
            for _ in range(3):
                bar.batch(.5)
            bar.row({'epoch': epoch, 'loss': .25, 'seconds': 1.})
    assert shown[0].startswith('compiling') and len(shown) > 2
    assert shown[-1].startswith('epoch 2/2: 100%') and '6/6' in shown[-1] and 'loss=0.25' in shown[-1]
    assert not any('\r' in line or '\n' in line for line in shown)


def test_elsewhere_it_goes_to_standard_error(capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, 'ipykernel', raising=False)
    with Progress(True, 1, 1, 0) as bar:
        bar.epoch(1)
        bar.batch(.5)
    out, err = capsys.readouterr()
    assert out == '' and 'epoch 1/1' in err
