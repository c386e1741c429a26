"""The text and the tables of a PDF's pages: the one place that knows pypdf and pdfplumber."""

from __future__ import annotations

import io
import logging
from pathlib import Path

from analyzer.records.errors import UserError

MAX_BYTES = 100_000_000
MAX_PAGES = 400
INSTALL = "install deepdive with the extra `paper`"
Row = tuple[str, ...]


def read_bytes(path: Path) -> bytes:
    """The file's bytes; raises UserError where it is no PDF that can be read."""
    if not path.is_file():
        raise UserError("the paper is not a file", str(path), "give the path of a PDF")
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"the paper is larger than {MAX_BYTES:,} bytes", str(path), "give a smaller PDF")
    data = path.read_bytes()
    if b"%PDF-" not in data[:1024]:
        raise UserError("the paper is not a PDF", str(path), "give the PDF itself, not a page that links to it")
    return data


def page_texts(data: bytes, name: str) -> list[str]:
    """The text of every page; raises UserError for encrypted or broken files and for pages without text."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError:
        raise UserError("reading a paper needs pypdf", "--paper", INSTALL) from None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UserError("the paper is encrypted", name, "give a copy without a password")
        texts = [page.extract_text() or "" for page in reader.pages[:MAX_PAGES]]
    except UserError:
        raise
    except (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise UserError("the paper cannot be read as PDF", name, f"{type(error).__name__}; try another copy") from None
    except ImportError:
        raise UserError("the paper is encrypted", name, "give a copy without a password") from None
    if not any(text.strip() for text in texts):
        raise UserError("the paper holds no text", name, "its pages seem to be pictures; give a copy with text")
    return texts


def page_tables(data: bytes) -> dict[int, list[list[Row]]] | None:
    """Ruled tables by page, counted from 1; None where the library for them is not installed."""
    try:
        import pdfplumber
    except ImportError:
        return None
    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    found: dict[int, list[list[Row]]] = {}
    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            for number, page in enumerate(document.pages[:MAX_PAGES], 1):
                tables = [[tuple(_cell(cell) for cell in row) for row in table] for table in page.extract_tables()]
                if tables:
                    found[number] = tables
    except Exception:  # the parser below raises what it likes on odd files; the text is read by the other library
        return found
    return found


def _cell(text: str | None) -> str:
    return " ".join((text or "").split())
