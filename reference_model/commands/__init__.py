"""One file per command of `python -m reference_model`: its arguments, and what it calls.

torch and everything that needs it is imported when a command runs, so that `--help` answers at once.
"""
