"""Rectangular neighbourhoods of images."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.nnet_neighbours import Images2Neibs, images2neibs, neibs2images

__getattr__ = refuse(__name__, {})

__all__ = ['Images2Neibs', 'images2neibs', 'neibs2images']
