"""Linker that runs a graph node by node."""
from pytensor.link.vm import VMLinker as VM_Linker
