"""The name of a licence, from the first lines of its text, only where they leave no doubt."""

from __future__ import annotations

import re
from collections.abc import Mapping

from analyzer.records.source import SourceFile

FILES = re.compile(r"(?:LICEN[CS]E|COPYING)(?:[-.](?:txt|md|rst|MIT|APACHE))?", re.IGNORECASE)
TITLES: tuple[tuple[str, str], ...] = (
    (r"^(?:the )?mit license", "MIT"),
    (r"^apache license\s+version 2\.0", "Apache-2.0"),
    (r"^gnu affero general public license\s+version 3", "AGPL-3.0"),
    (r"^gnu lesser general public license\s+version 3", "LGPL-3.0"),
    (r"^gnu lesser general public license\s+version 2\.1", "LGPL-2.1"),
    (r"^gnu general public license\s+version 3", "GPL-3.0"),
    (r"^gnu general public license\s+version 2", "GPL-2.0"),
    (r"^mozilla public license,? version 2\.0", "MPL-2.0"),
    (r"^bsd 3-clause", "BSD-3-Clause"),
    (r"^bsd 2-clause", "BSD-2-Clause"),
    (r"^isc license", "ISC"),
    (r"^this is free and unencumbered software released into the public domain", "Unlicense"),
    (r"^(?:creative commons )?attribution-noncommercial 4\.0 international", "CC-BY-NC-4.0"),
    (r"^(?:creative commons )?attribution-noncommercial-sharealike 4\.0 international", "CC-BY-NC-SA-4.0"),
    (r"^(?:creative commons )?attribution-sharealike 4\.0 international", "CC-BY-SA-4.0"),
    (r"^(?:creative commons )?attribution 4\.0 international", "CC-BY-4.0"),
    (r"^(?:creative commons legal code )?cc0 1\.0 universal", "CC0-1.0"),
)


def licence_name(files: Mapping[str, SourceFile]) -> str | None:
    """SPDX name of the licence at the repository's root; None where there is none or it is not certain."""
    found = {_name(file.text) for path, file in files.items() if FILES.fullmatch(path)}
    return found.pop() if len(found) == 1 else None


def _name(text: str) -> str | None:
    opening = re.sub(r"[\s#=*_-]+", " ", text[:2000]).strip().lower()[:400]
    return next((name for pattern, name in TITLES if re.search(pattern.replace("-", " "), opening)), None)
