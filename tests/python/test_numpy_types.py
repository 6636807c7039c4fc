"""What is known of types and memory: np.iinfo, np.finfo, dtypes, flags, views as other types, items, copyto's casting."""

import numpy as np
import pytest
from checking import check, check_numpy

import ungil
from ungil import errors, jit

CODES = "?bhilBHILfdFD"


@pytest.mark.parametrize("code", "bhilBHIL")
def test_iinfo(code):
    dtype = np.dtype(code).type

    def f(x):
        info = np.iinfo(dtype)
        return info.min, info.max, info.bits, x > info.min

    if code != "L":
        check(f, 3)

    def limits(a):
        return np.full(2, np.iinfo(a.dtype).max, a.dtype), np.iinfo(a.dtype).bits

    check(limits, np.zeros(2, code))


@pytest.mark.parametrize("code", "fdFD")
def test_finfo(code):
    def f(a):
        i = np.finfo(a.dtype)
        numbers = i.eps, i.epsneg, i.max, i.min, i.tiny, i.smallest_normal, i.smallest_subnormal, i.resolution
        return numbers, (i.bits, i.nmant, i.nexp, i.machep, i.negep, i.minexp, i.maxexp, i.precision)

    check(f, np.zeros(1, code))


def test_finfo_of_a_number():
    check(lambda x: (np.finfo(x).eps, np.finfo(float).max, np.iinfo(7).max), np.float32(2))


def test_limits_of_other_kinds_are_refused():
    for f in (lambda a: np.iinfo(a.dtype).max, lambda a: np.finfo(np.int32).eps):
        with pytest.raises(ungil.errors.TypingError, match="type"):
            ungil.jit(f)(np.zeros(1))


@pytest.mark.parametrize("code", CODES)
def test_dtypes(code):
    def f(a):
        d = a.dtype
        if d.kind == "f":
            k = 1
        else:
            k = 2
        return d.itemsize, d.name, d.kind, d.char, d.str, d.num, d.alignment, d.ndim, d.isnative, k

    check(f, np.zeros(2, code))
    check(
        lambda a: (np.zeros(2, np.dtype(a.dtype)), a.dtype.type(1), np.dtype("float32").itemsize),
        np.zeros(1, code),
    )


LAID = [
    np.zeros((3, 4)),
    np.zeros((3, 4), order="F"),
    np.zeros((3, 4))[:, ::2],
    np.zeros((3, 4))[::-1],
    np.zeros((3, 1))[::2],
    np.zeros((1, 3)),
    np.zeros((0, 4))[:, ::2],
    np.zeros(5),
    np.zeros(5)[::2],
    np.zeros(1)[::-1],
    np.zeros(()),
    np.zeros((2, 3, 4)).transpose(2, 1, 0),
    np.zeros((2, 3, 4)).transpose(1, 0, 2),
]


@pytest.mark.parametrize("k", range(len(LAID)))
def test_flags(k):
    def f(a):
        flags = a.flags
        named = (
            flags.c_contiguous,
            flags.f_contiguous,
            flags.contiguous,
            flags.forc,
            flags.fnc,
            flags.writeable,
        )
        return named, a.flags["C_CONTIGUOUS"], a.flags["F"], a.T.flags.c_contiguous, a.flags["WRITEABLE"]

    check(f, LAID[k])
    frozen = LAID[k].view()
    frozen.flags.writeable = False
    check(f, frozen)


def test_flags_of_views_in_kernels():
    def f(a):
        return (
            a[1:].flags.c_contiguous,
            a[:, 1:].flags.c_contiguous,
            a[:, :1].flags.f_contiguous,
            a[:1].flags.fnc,
        )

    check(f, np.zeros((3, 4)))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("shape", [(), (4,), (0,), (2, 3), (3, 2), (0, 4), (2, 1, 8)], ids=str)
def test_views_as_other_types(code, shape):
    a = (np.arange(np.prod(shape, dtype=int)) % 2).reshape(shape).astype(code)
    for f in (
        lambda x: x.view(np.uint8),
        lambda x: x.view(np.int32),
        lambda x: x.view("float64"),
        lambda x: x.view(np.complex128),
        lambda x: x.view(),
        lambda x: x.view(dtype=x.dtype),
    ):
        check_numpy(f, a)
        if shape:
            check_numpy(f, np.asfortranarray(a))
            check_numpy(f, a[::-1])
            check_numpy(f, np.repeat(a, 2, -1)[..., ::2])


def test_a_view_shares_memory():
    def f(a):
        bits = a.view(np.int64)
        bits[1] = bits[0]
        a.view(np.uint8)[-1] = 0
        a[:2] += 1.0
        return bits[1], a

    check(f, np.array([1.5, 2.5, 3.5]))


def test_a_number_as_another_type():
    check(lambda x: (x.view(np.int64), x.view(np.uint64) + np.uint64(1)), np.float64(-0.0))


def test_a_frozen_view_stays_frozen():
    def f(a):
        a.view(np.int64)[0] = 1

    a = np.zeros(2)
    a.flags.writeable = False
    check_numpy(f, a)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (1, 1, 1), (0,)], ids=str)
def test_item(shape):
    a = np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
    for f in (
        lambda x: x.item(),
        lambda x: x.item(0),
        lambda x: x.item(-2),
        lambda x: x.item(5),
        lambda x: x.item(1, 2),
        lambda x: x.item((1, -3)),
        lambda x: x.item(2, 0),
    ):
        check(f, a)
        if a.ndim:
            check(f, a.T)


@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 3), (2, 0), (2, 1, 3)], ids=str)
@pytest.mark.parametrize("code", "?Bfd")
def test_tolist(shape, code):
    a = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(code)
    check(lambda x: x.tolist(), a)
    check(lambda x: x[..., ::-1].tolist() if x.ndim else x.tolist(), a)


def test_what_has_no_place_in_kernels_is_refused():
    for f in (lambda a: a.dumps(), lambda a: a.itemset(0, 1), lambda a: a.flags.owndata):
        with pytest.raises(ungil.errors.TypingError, match="has no attribute"):
            ungil.jit(f)(np.zeros(2))


COPIES = {
    "plain": lambda a, b: np.copyto(a, b),
    "where": lambda a, b: np.copyto(a, b, where=a == 0),
    "flag": lambda a, b: np.copyto(a, b, where=a.size < 0),
    "safe": lambda a, b: np.copyto(a, b, casting="safe"),
    "no": lambda a, b: np.copyto(a, b, casting="no"),
    "unsafe": lambda a, b: np.copyto(a, b, casting="unsafe"),
    "number": lambda a, b: np.copyto(a, 1),
    "float": lambda a, b: np.copyto(a, 1.5),
    "float_unsafe": lambda a, b: np.copyto(a, 1.5, "unsafe"),
    "list": lambda a, b: np.copyto(a, [1, 2]),
}


@pytest.mark.parametrize("name", COPIES)
def test_copyto(name):
    def f(a, b):
        COPIES_NAME(a, b)
        return a

    COPIES_NAME = COPIES[name]
    for code in "?blLfdD":
        for other in "?blLfdD":
            check_numpy(f, np.zeros(2, code), np.array([1, 0], other))
    check_numpy(f, np.zeros((3, 2)), np.ones(2))
    check_numpy(f, np.zeros(3), np.ones(2))
    a = np.arange(4.0)
    check_numpy(lambda x: np.copyto(x[1:], x[:-1]), a)


def test_conjugates_of_what_is_not_complex():
    check(lambda a: (np.conj(a), a.conj(), np.conjugate(a)), np.array([True, False]))
    check(lambda a: (np.conj(a), a.conj()), np.arange(3, dtype=np.int16))

    def shares(a):
        b = a.conj()
        b[0] = 5
        return a

    check(shares, np.zeros(2))


@pytest.mark.parametrize("code", "FD")
def test_medians_of_complex_numbers(code):
    rows = [
        [1 + 2j, 1 + 1j, 3],
        [1 + 2j, 1 + 1j, 3, 0],
        [2, 1 - 1j, 1 - 2j, -1, 5j],
        [complex(np.nan, 1), 1, 2],
    ]
    for row in rows:
        check(lambda a: (np.median(a), np.median(a, keepdims=True), np.nanmedian(a)), np.array(row, code))
    grid = (np.arange(12).reshape(3, 4) * 5 % 7 + 1j * (np.arange(12).reshape(3, 4) % 3)).astype(code)
    check(lambda a: (np.median(a, axis=0), np.median(a, axis=-1), np.median(a, (0, 1))), grid)
    check_numpy(lambda a: np.quantile(a, 0.5), grid)


@pytest.mark.parametrize("name", ["bartlett", "hanning", "hamming", "blackman"])
def test_windows(name):
    f = {
        "bartlett": lambda m: np.bartlett(m),
        "hanning": lambda m: np.hanning(m),
        "hamming": lambda m: np.hamming(m),
        "blackman": lambda m: np.blackman(m),
    }[name]
    for m in (-2, 0, 1, 2, 3, 12, 0.5, 1.5, 4.0):
        check(f, m, rtol=0 if m in (0, 1, -2, 0.5) else 1e-13)


INT32, SINGLE = np.iinfo(np.int32), np.finfo(np.float32)


def test_limits_from_outside():
    check(lambda: (INT32.max, INT32.min, INT32.bits, SINGLE.eps, SINGLE.tiny + SINGLE.max))
    f = ungil.jit(lambda info: info.max)
    assert f(np.iinfo(np.int8)) == 127 and f(np.iinfo(np.int8)) == 127 and f(np.iinfo(np.uint16)) == 65535
    assert f(np.finfo(np.float32)) == np.finfo(np.float32).max


def test_flags_of_alignment():
    def flags(a):
        return (
            (a.flags.aligned, a.flags.behaved, a.flags.carray, a.flags.farray, a.flags.writeable),
            (a.flags["A"], a.flags["B"], a.flags["CA"], a.flags["FA"], a.flags["ALIGNED"]),
        )

    odd = np.zeros(49, np.uint8)[1:].view(np.float64)
    for a in (
        np.zeros((2, 3)),
        np.zeros((2, 3), order="F"),
        np.zeros((4, 6))[::2],
        np.zeros(3),
        odd,
        odd[::2],
    ):
        check(flags, a)
        a.flags.writeable = False
        check(flags, a)


def test_dtypes_that_there_are_not():
    with pytest.raises(errors.TypingError, match=r"np\.float32 \(compiled code has no float16\)"):
        jit(lambda n: np.zeros(n, np.float16))(3)
    with pytest.raises(errors.TypingError, match=r"np\.float64 \(compiled code has no longdouble\)"):
        jit(lambda x: x.astype(np.longdouble))(np.ones(2))


def test_empty_lists_keep_their_type():
    @jit
    def beyond(a, low):
        return np.array([x for x in a if x > low])

    assert beyond(np.arange(3), 1).dtype == np.int64
    assert beyond(np.arange(3), 5).dtype == np.int64
    assert jit(lambda found: np.array(found))([]).dtype == np.float64


@pytest.mark.parametrize("code", CODES)
def test_dtypes_are_results(code):
    check(lambda a: a.dtype, np.zeros(3, code))
    check(lambda a: (a.dtype, np.result_type(a, 1.0)), np.zeros((2, 2), code))
    check(lambda a: np.min_scalar_type(a), np.zeros((2, 2), code))


def test_smallest_types():
    check(lambda: (np.min_scalar_type(10), np.min_scalar_type(-129), np.min_scalar_type(True)))
    check(lambda: (np.min_scalar_type(255), np.min_scalar_type(256), np.min_scalar_type(-1)))
    check(lambda: np.zeros(3, np.min_scalar_type(300)))
    with pytest.raises(errors.TypingError, match="expected a constant"):
        jit(lambda n: np.min_scalar_type(n))(3)


WRONG = {
    "constant": (lambda a: a + 300, OverflowError),
    "start": (lambda a: np.min(a, initial=-3), OverflowError),
    "indices": (lambda a: a[0, 0, 0], IndexError),
    "index": (lambda a: a[1.5], IndexError),
    "item": (lambda a: a.shape[2], IndexError),
    "truth": (lambda a: 1 if a else 2, ValueError),
    "unpacking": (lambda a: [m for m, n, k in (a.shape,)], ValueError),
    "readonly": (lambda a: np.copyto(a, 1), ValueError),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_from_the_start_has_the_class_that_numpy_raises(name):
    function, expected = WRONG[name]
    a = np.zeros((2, 3), "u1")
    a.flags.writeable = name != "readonly"
    with pytest.raises(expected):
        function(a)
    with pytest.raises(expected) as found:
        jit(function)(a)
    assert isinstance(found.value, errors.TypingError)


REQUIRED = {
    "nothing": lambda a: np.require(a),
    "dtype": lambda a: np.require(a, np.float32),
    "order": lambda a: np.require(a, requirements="C").flags.c_contiguous,
    "fortran": lambda a: np.require(a, None, ["F"]).flags.f_contiguous,
    "all": lambda a: np.require(a, np.float64, ["C_CONTIGUOUS", "ALIGNED", "WRITEABLE"]).flags.writeable,
    "letters": lambda a: np.require(a, requirements="CAW").flags.c_contiguous,
    "both": lambda a: np.require(a, requirements=["C", "F"]),
    "unknown": lambda a: np.require(a, requirements="X"),
}


@pytest.mark.parametrize("name", REQUIRED)
def test_requirements(name):
    base = np.arange(6.0).reshape(2, 3)
    fixed = base.copy()
    fixed.flags.writeable = False
    for a in (base, base.T, base[:, ::2], fixed):
        check_numpy(REQUIRED[name], a)
