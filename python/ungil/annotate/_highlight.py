"""Colours for source text, line by line, as HTML.

One pass over the text by a regular expression: Python's and Cython's tokens, so that texts which do not parse have
colours too. Everything is escaped.
"""

from __future__ import annotations

import keyword
import re
from html import escape

_TOKEN = re.compile(
    r"""(?P<c>\#[^\n]*)
    |(?P<s>(?:\b[rRbBuUfFcC]{1,2})?(?:\"\"\"(?:\\.|[^\\])*?(?:\"\"\"|\Z)|'''(?:\\.|[^\\])*?(?:'''|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))
    |(?P<m>\b(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?[jJuUlL]*))
    |(?P<w>[^\W\d]\w*)""",
    re.VERBOSE | re.DOTALL,
)
_PYTHON = frozenset(keyword.kwlist) | {"match", "case", "print"} - {"print"}
_CYTHON = frozenset(
    "cdef cpdef ctypedef cimport include nogil gil noexcept inline extern struct union enum fused const public readonly".split()
)


def lines(text: str, types: list[dict[str, str]], is_cython: bool) -> list[str]:
    """The HTML of each line. `types` are those of the variables on each line."""
    keywords = _PYTHON | _CYTHON if is_cython else _PYTHON
    out: list[str] = [""]
    number = 0

    def put(part: str, kind: str) -> None:
        nonlocal number
        # As `str.splitlines` cuts, which numbered the lines.
        for i, piece in enumerate(re.split(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", part)):
            if i:
                out.append("")
                number += 1
            if piece and kind:
                out[-1] += f'<span class="{kind}">{escape(piece)}</span>'
            else:
                out[-1] += escape(piece)

    end = 0
    for match in _TOKEN.finditer(text):
        put(text[end : match.start()], "")
        kind, part, end = match.lastgroup or "", match[0], match.end()
        known = types[number].get(part) if kind == "w" and number < len(types) else None
        if known is not None:
            out[-1] += f'<span class="v" data-t="{escape(f"{part}: {known}")}">{escape(part)}</span>'
        elif kind == "w":
            put(part, "k" if part in keywords else "")
        else:
            put(part, kind)
    put(text[end:], "")
    return out
