"""Fixtures of the search's tests."""

from tests.support.fixtures import scene

__all__ = ["scene"]
