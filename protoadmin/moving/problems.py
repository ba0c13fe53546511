"""What a person has to mend before the move or the backup can be made."""


class MovingError(Exception):
    """It cannot be done; the message says why, and what to do next."""
