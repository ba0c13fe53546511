"""What stops a start, in words for the person at the terminal."""


class ServeError(Exception):
    """The product cannot start, or cannot go on; the message says why and what to do."""
