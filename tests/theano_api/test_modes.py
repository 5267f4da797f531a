"""Modes that watch what a function does."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.compile.debugmode import DebugMode
from theano.compile.monitormode import MonitorMode, detect_nan
from theano.compile.nanguardmode import NanGuardMode


def test_nan_guard_mode_stops_at_the_first():
    x = T.dvector('x')
    guard = NanGuardMode(nan_is_error=True, inf_is_error=True, big_is_error=False)
    f = theano.function([x], T.log(x) * 2, mode=guard)
    np.testing.assert_allclose(f([1.]), [0.])
    with pytest.raises(AssertionError):
        f([-1.])


def test_monitor_mode_sees_every_op():
    seen = []
    x = T.dvector('x')
    f = theano.function([x], T.exp(x).sum(), mode=MonitorMode(
        pre_func=lambda i, node, fn: seen.append((i, node)),
        post_func=lambda i, node, fn: seen.append((i, node, fn.outputs[0][0].copy()))))
    assert f([0., 0.]) == 2
    assert any('exp' in str(node.op).lower() for _, node, *_ in seen)
    before, after = seen[::2], seen[1::2]
    assert [one[:2] for one in after] == before and after[-1][2] == 2


def test_monitor_mode_detects_nan(capsys):
    x = T.dvector('x')
    f = theano.function([x], T.log(x), mode=MonitorMode(post_func=detect_nan))
    f([1.])
    assert capsys.readouterr().out == ''
    f([-1.])
    assert 'NaN detected' in capsys.readouterr().out


def test_debug_mode_runs():
    x = T.dvector('x')
    mode = DebugMode(check_c_code=False, check_isfinite=False)
    assert theano.function([x], (x * 2).sum(), mode=mode)([1., 2.]) == 6


def test_profile():
    x = T.dvector('x')
    f = theano.function([x], T.exp(x), profile=True)
    f([0.])
    assert f.profile.fct_callcount == 1
