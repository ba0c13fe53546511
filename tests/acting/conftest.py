"""Fixtures of the tests of work on many chats."""

from tests.support.fixtures import own_files, scene

__all__ = ["own_files", "scene"]
