"""Cython's own parser as the oracle: reads snippets separated by NUL, prints `accept` or `reject` for each.

A snippet whose first line is `# pxd` is read as a declaration file.
"""

import sys
from io import StringIO

from Cython.Compiler import Errors, Parsing
from Cython.Compiler.Errors import CompileError
from Cython.Compiler.Scanning import PyrexScanner, StringSourceDescriptor
from Cython.Compiler.TreeFragment import StringParseContext


def accepts(text):
    is_pxd = text.startswith("# pxd")
    Errors.init_thread()
    Errors.open_listing_file(None, echo_to_stderr=False)
    context = StringParseContext("snippet")
    context.set_language_level("3")
    source = StringSourceDescriptor("snippet", text)
    scope = context.find_module("snippet", pos=("snippet", 1, 0), need_pxd=False)
    with Errors.local_errors(ignore=True) as errors:
        try:
            scanner = PyrexScanner(
                StringIO(text), source, source_encoding="UTF-8", scope=scope, context=context,
                initial_pos=("snippet", 1, 0),
            )
            Parsing.p_module(scanner, is_pxd, "snippet", ctx=Parsing.Ctx)
        except (CompileError, TypeError, AttributeError):
            # Some mistakes break Cython itself.
            return False
    return not errors


for snippet in sys.stdin.read().split("\0"):
    print("accept" if accepts(snippet) else "reject")
