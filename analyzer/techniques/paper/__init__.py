"""A paper as PDF beside the repository: abstract, contributions, numbered equations, hyper-parameters, compared.

`read_paper` reads the file before the long work begins, so that a wrong file is told at once.
"""

from analyzer.techniques.paper.comparison import compared
from analyzer.techniques.paper.reading import PaperText, read_paper

__all__ = ["PaperText", "compared", "read_paper"]
