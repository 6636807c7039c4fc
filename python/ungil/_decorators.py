"""The decorators."""

from __future__ import annotations

import os

from ungil import _ungil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_COPIED = ("__module__", "__name__", "__qualname__", "__doc__", "__type_params__")


def jit(signature: Any = None, /, **options: Any) -> Any:
    """Compile a function to native code.

    The function is compiled when it is first called, once for each combination of argument types. What it means
    does not change, only its speed: the result is that of the undecorated function.

    Parameters
    ----------
    signature : callable, type, str or list, optional
        The function itself when the decorator is used without parentheses. Otherwise a signature, such as
        ``float64(float64[:, ::1], int64)``, the same as a string, or a list of them. With signatures the function is
        compiled at once and takes no other types.
    parallel : bool, optional
        ``True`` runs expressions and reductions of whole arrays on all threads too; ``False`` makes ``prange`` an ordinary
        ``range``. By default only ``prange`` is parallel.
    fastmath : bool or set of str, default False
        Relax floating-point rules: all of LLVM's flags, or those named (``{"contract", "reassoc"}``).
    boundscheck, wraparound : bool, default True
        Raise IndexError for indices out of range; let negative indices count from the end.
    error_model : {None, "python", "numpy"}
        When division by zero raises: as in the undecorated function, always, or never.
    overflowcheck : bool, default False
        Raise OverflowError when an integer of Python exceeds 64 bits, instead of wrapping.
    simd : bool, optional
        Run loops whose iterations are independent but take different times in vector lanes: ``True`` wherever it is possible,
        ``False`` never; by default where it pays. The results are the same.
    cache : bool, default True
        Keep object code on disk.
    nogil : bool, optional
        ``True`` detaches from the interpreter even for calls that are thought to be short.
    inline : {"never", "always"}, optional
        Whether calls from other kernels are inlined; by default the compiler decides.
    debug : bool, default False
        Emit line tables for debuggers and profilers.
    profile : bool, default False
        Calls from Python appear in cProfile and others by name, file and line.
    linetrace : bool, default False
        The function runs as plain Python while something traces lines.
    source : str, optional
        The text of the function, where Python has none.

    Returns
    -------
    callable
        The compiled function, or a decorator.

    Examples
    --------
    >>> import ungil
    >>> @ungil.jit
    ... def square(x):
    ...     return x * x
    >>> square(3), square(1.5)
    (9, 2.25)
    >>> square
    <ungil.jit square: (int) -> int, (float) -> float>
    >>> @ungil.jit("float64(float64)", fastmath=True)
    ... def half(x):
    ...     return x / 2
    >>> half.signatures
    ['(float) -> float']
    """
    if signature is not None and _is_function(signature):
        return _make(signature, [], options)
    texts = _signature_texts(signature)
    return lambda function: _make(function, texts, options)


def njit(*args: Any, **options: Any) -> Any:
    """Compile a function to native code: another name of `jit`, for code written for Numba.

    Examples
    --------
    >>> import ungil
    >>> @ungil.njit(cache=True)
    ... def twice(x):
    ...     return 2 * x
    >>> twice(21)
    42
    """
    return jit(*args, **options)


def _is_function(candidate: object) -> bool:
    return callable(candidate) and not hasattr(candidate, "_ungil_type") and not isinstance(candidate, type)


def _signature_texts(signature: object) -> list[str]:
    if signature is None:
        return []
    if isinstance(signature, list):
        return [str(s) for s in signature]
    if isinstance(signature, tuple):
        return [f"({', '.join(str(s) for s in signature)})"]
    return [str(signature)]


def _annotated_signature(function: Any) -> str | None:
    """The signature that annotations with ungil's types declare; other annotations are hints."""
    annotations = getattr(function, "__annotations__", None)
    if not annotations:
        return None
    types = {name: _annotated_type(value, function) for name, value in annotations.items()}
    if not any(types.values()):
        return None
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    if code.co_flags & 0x4:
        names += (code.co_varnames[code.co_argcount + code.co_kwonlyargcount],)
    names += code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    params = ", ".join(types.get(name) or "_" for name in names)
    return f"{types.get('return') or ''}({params})"


def _annotated_type(value: object, function: Any) -> str | None:
    if isinstance(value, str):
        try:
            value = eval(value, function.__globals__)
        except Exception:
            return None
    return str(value) if hasattr(value, "_ungil_type") else None


def _make(function: Any, signatures: list[str], options: dict[str, Any]) -> Any:
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_make(function.__func__, signatures, options))
    if isinstance(function, _ungil.Dispatcher):
        function = function.py_func
    disabled = os.environ.get("UNGIL_DISABLE_JIT", "0") not in ("", "0")
    annotated = None if signatures else _annotated_signature(function)
    dispatcher = _ungil.make_dispatcher(function, signatures, annotated, options, disabled)
    for name in _COPIED:
        if (value := getattr(function, name, None)) is not None:
            setattr(dispatcher, name, value)
    dispatcher.__dict__.update(function.__dict__)
    return dispatcher
