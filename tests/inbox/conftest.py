"""Fixtures of the inbox's tests."""

from tests.support.fixtures import scene

__all__ = ["scene"]
