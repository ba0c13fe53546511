"""Fixtures of the tests of the reports."""

from tests.inbox.conftest import scene

__all__ = ["scene"]
