"""Arguments, progress and exit codes; the only package that prints."""

from analyzer.cli.app import main

__all__ = ["main"]
