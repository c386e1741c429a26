"""Comparisons as experiments: each prints the numbers of its own run, and says what they show and what not."""
