"""Every string constant of CPython's own test suite, with the verdict of its compiler.

Those tests hold thousands of snippets, legal and broken. Writes for each distinct one a line
`accept LENGTH` or `reject LENGTH MESSAGE`, then the text in UTF-8 and a line end. Files are named
as arguments; without arguments, all of `test/test_*.py` of the running interpreter's library.
"""

import ast
import doctest
import glob
import os
import sys
import textwrap
import warnings

MAX_LENGTH = 5000


def snippets(path):
    with open(path, encoding="utf-8") as file:
        try:
            tree = ast.parse(file.read())
        except (SyntaxError, UnicodeDecodeError):
            return
    parser = doctest.DocTestParser()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
            if node.value[:1].isspace():
                yield textwrap.dedent(node.value).strip("\n")
            if ">>>" in node.value:
                try:
                    examples = parser.get_examples(node.value)
                except ValueError:
                    continue
                for example in examples:
                    yield example.source


def verdict(text):
    try:
        compile(text, "<snippet>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return f"reject {len(text.encode())} {str(error)!r}"
    except (RecursionError, MemoryError):
        return None
    return f"accept {len(text.encode())}"


def main():
    warnings.simplefilter("ignore")
    folder = os.path.join(os.path.dirname(os.__file__), "test")
    paths = sys.argv[1:] or sorted(glob.glob(os.path.join(folder, "test_*.py")))
    seen = set()
    out = sys.stdout.buffer
    for path in paths:
        for text in snippets(path):
            if text in seen or len(text) > MAX_LENGTH:
                continue
            seen.add(text)
            try:
                result = verdict(text)
            except UnicodeEncodeError:
                continue
            if result is not None:
                out.write(f"{result}\n{text}\n".encode())


main()
