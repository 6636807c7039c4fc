"""Errors of the compiler.

Every error has a stable code and a message that names the line and the remedy. Errors about types are also
`TypeError`s, errors about names `NameError`s, errors of syntax `SyntaxError`s. Those that the function would raise itself
when it gets there are errors of that class too: too many indices an `IndexError`, a constant that does not fit an
`OverflowError`, a write to a read-only array a `ValueError`.

>>> import ungil
>>> @ungil.jit
... def f(x):
...     return x + missing
>>> try:
...     f(1)
... except ungil.errors.CompileError as error:
...     print(error.code)
U0201
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ungil.pool._broken import BrokenPool as BrokenPool


class Diagnostic:
    """One message of the compiler.

    Attributes
    ----------
    code : str
        Stable code, such as ``"U0214"``.
    title : str
        What is wrong.
    file, line, column
        Where; ``None`` if there is no place.
    help : list of str
        What to do about it.
    """

    __slots__ = ("code", "column", "file", "help", "line", "title")

    def __init__(
        self, code: str, title: str, file: str | None, line: int | None, column: int | None, help: list[str]
    ) -> None:
        self.code = code
        self.title = title
        self.file = file
        self.line = line
        self.column = column
        self.help = help

    def __repr__(self) -> str:
        return f"Diagnostic({self.code!r}, {self.title!r}, line={self.line})"


class CompileError(Exception):
    """A function cannot be compiled. The message shows the source line.

    Attributes
    ----------
    code : str
        Code of the first error.
    diagnostics : list of Diagnostic
        All errors.
    """

    code: str = ""
    diagnostics: list[Diagnostic]


class CompileSyntaxError(CompileError, SyntaxError):
    """The source is not valid Python, or not valid in a kernel."""

    def __str__(self) -> str:
        return str(self.args[0])


class TypingError(CompileError, TypeError):
    """A kernel or a call has types that do not fit."""


class TypingIndexError(TypingError, IndexError):
    """A subscript is no index of its array, has more indices than axes, or names an item that a tuple does not have."""


class TypingOverflowError(TypingError, OverflowError):
    """A constant does not fit the type that it is combined with or stored in."""


class TypingValueError(TypingError, ValueError):
    """A kernel writes to a read-only array, asks for the truth of an array, or unpacks another number of values."""


class UndefinedNameError(CompileError, NameError):
    """A kernel uses a name that means nothing."""


class ParallelError(CompileError):
    """A parallel loop would race."""


class OptionError(CompileError, TypeError):
    """A decorator was given something it does not know."""


class FormulaError(CompileError):
    """A formula of `ungil.evaluate` is refused. The classes below it are also those that numexpr raises."""

    def __str__(self) -> str:
        return str(self.args[0])


class FormulaValueError(FormulaError, ValueError):
    """A formula says something that formulas may not say, or has a value out of range."""


class FormulaTypeError(FormulaError, TypeError):
    """A formula does something that has no meaning for arrays."""


class FormulaNameError(FormulaError, KeyError):
    """A name in a formula has no value."""


class FormulaNotImplementedError(FormulaError, NotImplementedError):
    """An operation in a formula does not exist for the types of its operands."""


class FormulaArithmeticError(FormulaError, ZeroDivisionError, OverflowError):
    """Arithmetic of constants in a formula has no result."""


class PerformanceWarning(UserWarning):
    """Something runs more slowly than it is written: parallel loops in order, for one."""


class InternalError(CompileError, SystemError):
    """A fault of the compiler."""


def _class_of(code: str) -> type[CompileError]:
    if code == "U0201":
        return UndefinedNameError
    if code in ("U0605", "U0606"):
        return OptionError
    formulas: dict[str, type[CompileError]] = {
        "U0701": FormulaValueError,
        "U0702": FormulaTypeError,
        "U0703": FormulaNameError,
        "U0704": FormulaNotImplementedError,
        "U0705": FormulaValueError,
        "U0706": FormulaArithmeticError,
    }
    if code in formulas:
        return formulas[code]
    # What the function would raise where it gets there is also an error of that class.
    values: dict[str, type[CompileError]] = {
        "U0214": TypingIndexError,
        "U0215": TypingIndexError,
        "U0218": TypingOverflowError,
        "U0219": TypingValueError,
        "U0221": TypingValueError,
        "U0224": TypingIndexError,
        "U0226": TypingIndexError,
        "U0228": TypingValueError,
    }
    if code in values:
        return values[code]
    families = {
        "U01": CompileSyntaxError,
        "U02": TypingError,
        "U03": ParallelError,
        "U05": InternalError,
        "U06": TypingError,
    }
    return families.get(code[:3], CompileError)


def _make(code: str, text: str, parts: list[tuple[object, ...]]) -> CompileError:
    error = _class_of(code)(text)
    error.code = code
    error.diagnostics = [Diagnostic(*part) for part in parts]  # type: ignore[arg-type]
    return error


def _joined(found: list[CompileError]) -> CompileError:
    """One error for several, in the order of the first's."""
    if len(found) == 1:
        return found[0]
    error = _class_of(found[0].code)("\n\n".join(str(one) for one in found))
    error.code = found[0].code
    error.diagnostics = [part for one in found for part in one.diagnostics]
    return error


def __getattr__(name: str) -> object:
    """Load the error of pools when it is asked for."""
    if name == "BrokenPool":
        from ungil.pool._broken import BrokenPool

        return BrokenPool
    raise AttributeError(f"module 'ungil.errors' has no attribute {name!r}")
