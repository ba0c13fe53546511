"""The sandbox, and a teamspace that is connected to it."""

from tests.base.fixtures import acme, other_teamspace, plain_environment, sandbox

__all__ = ["acme", "other_teamspace", "plain_environment", "sandbox"]
