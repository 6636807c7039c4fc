"""The differential helper: a compiled function must do what the undecorated one does."""

import copy
from typing import Any

import numpy as np

import ungil

__all__ = ["assert_same", "check", "check_numpy", "outcome"]


def outcome(function, args):
    """The result, or the exception, of a call."""
    try:
        with np.errstate(all="ignore"):
            return "returned", function(*args)
    except Exception as error:
        return "raised", error


def check(function, *args: Any, rtol: float = 0, **options: Any):
    """Calls the function undecorated and compiled on equal arguments and compares results, exceptions and arguments.

    Returns the compiled function. `rtol` is for transcendental functions only: everything else has equal bits.
    """
    plain = getattr(function, "py_func", function)
    compiled = function if hasattr(function, "py_func") else ungil.jit(function, **options)
    if options and compiled is not function:
        compiled = ungil.jit(**options)(plain)
    plain_args, compiled_args = copied(args), copied(args)
    expected = outcome(plain, plain_args)
    found = outcome(compiled, compiled_args)
    if isinstance(found[1], ungil.errors.TypingError) and isinstance(expected[1], TypeError):
        return compiled  # The compiler says in its own words what Python says when it gets there.
    if expected[0] == "raised" or found[0] == "raised":
        assert found[0] == expected[0], f"expected {describe(expected)}, found {describe(found)}"
        assert type(found[1]) is type(expected[1]), f"expected {describe(expected)}, found {describe(found)}"
        assert str(found[1]) == str(expected[1]), f"expected {describe(expected)}, found {describe(found)}"
    else:
        assert_same(found[1], expected[1], rtol)
    for i, (a, b) in enumerate(zip(compiled_args, plain_args)):
        if isinstance(b, (np.ndarray, tuple, list)):
            assert_same(a, b, rtol, f"argument {i} after the call")
    return compiled


def describe(result):
    return f"{result[0]} {type(result[1]).__name__}({result[1]!s})"


def copied(args):
    """Copies that keep layout, byte order and writability; an array given twice stays one array."""
    memo: dict[int, Any] = {}
    return tuple(copied_value(a, memo) for a in args)


def copied_value(value, memo):
    if isinstance(value, tuple):
        return tuple(copied_value(v, memo) for v in value)
    if isinstance(value, list):
        if id(value) not in memo:
            memo[id(value)] = [copied_value(v, memo) for v in value]
        return memo[id(value)]
    if not isinstance(value, np.ndarray) or type(value) is not np.ndarray:
        return value if callable(value) else copy.copy(value)
    if id(value) not in memo:
        memo[id(value)] = copied_array(value)
    return memo[id(value)]


def copied_array(array):
    if array.ndim == 0 or array.size == 0 or array.flags.c_contiguous:
        new = array.copy(order="C")
    else:
        # The same strides in a block of its own.
        low = sum(min(0, s * (n - 1)) for s, n in zip(array.strides, array.shape))
        high = sum(max(0, s * (n - 1)) for s, n in zip(array.strides, array.shape)) + array.itemsize
        block = np.zeros(high - low, dtype=np.uint8)
        new = np.ndarray(array.shape, array.dtype, block, -low, array.strides)
        new[...] = array
    new.flags.writeable = array.flags.writeable
    return new


def assert_same(found, expected, rtol=0, what="result"):
    """Equal type, dtype, shape and bits (or closeness, with `rtol`)."""
    assert type(found) is type(expected), f"{what}: expected {expected!r}, found {found!r}"
    if isinstance(expected, (tuple, list)):
        assert len(found) == len(expected), f"{what}: expected {expected!r}, found {found!r}"
        for i, (f, e) in enumerate(zip(found, expected)):
            assert_same(f, e, rtol, f"{what}[{i}]")
        return
    if isinstance(expected, (np.ndarray, np.generic)):
        assert found.dtype == expected.dtype, f"{what}: expected {expected.dtype}, found {found.dtype}"
        assert found.shape == expected.shape, f"{what}: expected {expected.shape}, found {found.shape}"
    same = same_bits(found, expected) if rtol == 0 else close(found, expected, rtol)
    assert same, f"{what}: expected {expected!r}, found {found!r}"


def same_bits(found, expected):
    if isinstance(expected, (float, complex, np.inexact, np.ndarray)):
        f, e = np.asarray(found), np.asarray(expected)
        if e.dtype.kind in "fc":
            f, e = (
                np.ascontiguousarray(x).view(x.dtype.type(0).real.dtype.newbyteorder(x.dtype.byteorder))
                for x in (f, e)
            )
            both_nan = np.isnan(f) & np.isnan(e)
            return bool(np.all(both_nan | ((f == e) & (np.signbit(f) == np.signbit(e)))))
        return bool(np.array_equal(f, e))
    return found == expected


def close(found, expected, rtol):
    return bool(np.allclose(found, expected, rtol=rtol, atol=0, equal_nan=True))


def check_numpy(function, *args: Any, rtol: float = 0):
    """As `check`, for functions of NumPy whose messages are our own: only the exception's type is compared.

    A refusal by the compiler is allowed where NumPy raises, whatever it raises.
    """
    compiled = function if hasattr(function, "py_func") else ungil.jit(function)
    plain_args, compiled_args = copied(args), copied(args)
    expected = outcome(compiled.py_func, plain_args)
    found = outcome(compiled, compiled_args)
    if expected[0] == "raised" or found[0] == "raised":
        refused = isinstance(found[1], ungil.errors.TypingError) and expected[0] == "raised"
        same = found[0] == expected[0] and type(found[1]) is type(expected[1])
        assert refused or same, f"expected {describe(expected)}, found {describe(found)}"
    else:
        # Lists of a number of arrays that is a constant are tuples in kernels.
        both = isinstance(expected[1], list) and isinstance(found[1], tuple)
        result = tuple(expected[1]) if both else expected[1]
        assert_same(found[1], result, rtol)
    for i, (a, b) in enumerate(zip(compiled_args, plain_args)):
        if isinstance(b, (np.ndarray, tuple)):
            assert_same(a, b, rtol, f"argument {i} after the call")
    return compiled
