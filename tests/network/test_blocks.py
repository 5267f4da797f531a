"""Blocks of layers that a network repeats, as a collapsed summary shows them."""
import lasagne
import pytest
from lasagne.layers import DenseLayer, DropoutLayer, ElemwiseSumLayer, InputLayer, NonlinearityLayer

from lasagne_ext.debug import summary
from lasagne_ext.layers import TransformerLayer, localization


@pytest.mark.parametrize('change', ['units', 'p', 'nonlinearity', 'parameter tags', 'a use from outside'])
def test_blocks_that_differ_are_not_collapsed(change):
    net, outputs = InputLayer((None, 6)), []
    for k in range(4):
        odd = k == 2
        net = DenseLayer(net, 7 if change == 'units' and odd else 6, nonlinearity=(
            lasagne.nonlinearities.tanh if change == 'nonlinearity' and odd else None))
        if change == 'parameter tags' and odd:
            net.params[net.b].discard('trainable')
        net = DropoutLayer(net, p=.3 if change == 'p' and odd else .5)
        if odd and change == 'a use from outside':
            outputs.append(DenseLayer(net, 1))
    blocks = [row.block for row in summary([net] + outputs, collapse=True).rows if row.block]
    assert [tuple(block) for block in blocks] in ([(1, 2, 2)], [(1, 2, 3)])
    assert (len(blocks) and blocks[0].times == 3) == (change == 'a use from outside')


def test_repeated_transformers():
    def chain(*interpolations):
        net = InputLayer((None, 1, 6, 6))
        theta = localization(net)
        for interpolation in interpolations:
            net = TransformerLayer(net, theta, interpolation=interpolation)
        return [row.block.times for row in summary(net, collapse=True).rows if row.block]

    assert chain(*['bilinear'] * 4) == [3]         # theta lies between the images and the first
    assert chain('bilinear', 'bicubic', 'bilinear', 'bicubic', 'bilinear') == [2]


def test_blocks_that_share_their_weights_with_the_first():
    net = DenseLayer(InputLayer((None, 6)), 6, b=None, name='d0')
    weights = net.W
    for k in range(1, 5):
        net = DenseLayer(net, 6, W=weights, b=None, name='d%d' % k)
    table = summary(net, collapse=True)
    assert [row.name for row in table.rows] == ['input0', 'd0', 'd1 ... d4', 'd1']
    assert table.rows[-1].shared_with == ['d0'] and table.parameters == 36


def test_pre_activation_blocks_start_at_their_activation():
    net = DenseLayer(InputLayer((None, 6)), 6, nonlinearity=None, name='stem')
    for k in range(4):
        inner = NonlinearityLayer(net, name='relu%d' % k)
        net = ElemwiseSumLayer([DenseLayer(inner, 6, name='dense%d' % k), net], name='sum%d' % k)
    net = NonlinearityLayer(net, name='last')
    names = [row.name for row in summary(net, collapse=True).rows if row.block]
    assert names == ['relu0 ... sum3']
