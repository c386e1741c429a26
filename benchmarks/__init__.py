"""Measurements of the analyzer against real torch: `python -m benchmarks.accuracy`, `python -m benchmarks.speed`."""
