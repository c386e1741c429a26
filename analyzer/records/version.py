"""The version of the program, as reports state it and as the distribution is named by it."""

VERSION = "0.1.0"
