"""A stand-in for the remote systems: to try, to demonstrate and to test everything offline."""

from protoadmin.sandbox.backend import Options
from protoadmin.sandbox.server import SandboxServer

__all__ = ["Options", "SandboxServer"]
