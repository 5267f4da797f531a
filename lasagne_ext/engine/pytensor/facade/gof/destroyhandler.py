"""Keeping order among Ops that destroy their inputs."""
from pytensor.graph.destroyhandler import DestroyHandler

__all__ = ['DestroyHandler']
