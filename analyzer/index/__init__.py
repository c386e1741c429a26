"""Which files a repository has, parsed, with positions, imports and symbols.

`open_repository` gives a `SourceIndex`; everything above reads the repository through it alone.
"""

from analyzer.index.source_index import SourceIndex
from analyzer.index.symbols import Definition, External, ImportedName, SymbolTable

__all__ = ["Definition", "External", "ImportedName", "SourceIndex", "SymbolTable", "open_repository"]


def open_repository(location: str, **options: object) -> SourceIndex:
    """Read the repository at `location`: a directory, an archive, a git URL or `package:NAME`."""
    from analyzer.index.discover import read_repository

    return read_repository(location, **options)  # type: ignore[arg-type]
