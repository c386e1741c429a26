"""A small GPT that is complete, real and trainable: the yardstick of every article.

It knows nothing of the analyzer and runs without it: `python -m reference_model train`.
"""
