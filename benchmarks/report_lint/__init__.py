"""Lint of written reports: what a reader or a renderer would stumble over, found by program."""
