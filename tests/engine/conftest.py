"""The tests of an engine run on that engine alone."""
from lasagne_ext import engine

#: 'theano' or 'pytensor'.
ACTIVE = engine.report()['engine'].split()[0]
OTHER, = {'theano', 'pytensor'} - {ACTIVE}

collect_ignore = [OTHER]


def pytest_report_header(config):
    return 'engine: %s; left out: tests/engine/%s' % (ACTIVE, OTHER)
