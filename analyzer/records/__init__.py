"""Frozen records that the layers hand to each other, and the error that users cause; standard library only."""
