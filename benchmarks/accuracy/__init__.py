"""Is what the evaluator says true? Each model is also imported and really run, in a process of its own.

The lists of models are the TOML files in `models/`; results before anything was fixed stand in `first_contact.md`.
"""
