"""Fixtures of the tests of the reports."""

from tests.support.fixtures import scene

__all__ = ["scene"]
