"""Templates, wording, technique sheets and knowledge that the report is written from; data, no code."""
