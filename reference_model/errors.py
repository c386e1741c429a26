"""The one exception that the command line turns into a single line for the user."""


class UserError(ValueError):
    """Something the user gave is wrong; the message says what, where and what to do."""
