"""Modes that watch what a function does."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.compile.debugmode import DebugMode
from theano.compile.monitormode import MonitorMode
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

    def look(*arguments):
        # Theano gives (number, node, thunk), its successor the graph before them.
        seen.append(str(arguments[-2].op))

    x = T.dvector('x')
    f = theano.function([x], T.exp(x).sum(), mode=MonitorMode(post_func=look))
    assert f([0., 0.]) == 2
    assert any('exp' in name.lower() for name in seen)


def test_debug_mode_runs():
    x = T.dvector('x')
    mode = DebugMode(check_c_code=False, check_isfinite=False)
    assert theano.function([x], (x * 2).sum(), mode=mode)([1., 2.]) == 6


def test_profile():
    x = T.dvector('x')
    f = theano.function([x], T.exp(x), profile=True)
    f([0.])
    assert f.profile.fct_callcount == 1
