"""Frozen records that the layers hand to each other; standard library only, no behaviour."""
