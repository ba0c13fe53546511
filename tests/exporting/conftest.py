"""Fixtures of the tests of exports."""

from tests.support.fixtures import own_files, scene

__all__ = ["own_files", "scene"]
