"""The one exception by which a service says no to a person."""


class Refused(Exception):
    """What was asked for cannot be done; the message says why, and what to do instead."""
