"""Part of `pkg_resources` that Lasagne 0.1 and Theano ask for when they are imported.

Setuptools has removed that module; earlier ones print a warning that a user can do nothing about.
"""
from importlib import metadata

DistributionNotFound = metadata.PackageNotFoundError


class get_distribution:
    """Name and version of an installed package."""

    def __init__(self, name):
        self.project_name = name
        self.version = metadata.version(name)
