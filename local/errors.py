"""The one error of the local harness."""


class LocalError(Exception):
    """Something the person at the keyboard can put right; the message is one sentence that says how."""
