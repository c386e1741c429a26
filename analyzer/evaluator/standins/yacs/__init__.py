"""Configuration nodes; files are read by the repository's own paths."""
