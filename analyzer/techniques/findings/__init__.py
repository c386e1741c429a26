"""Findings that need facts, shapes and the code's terms together, one file per question."""
