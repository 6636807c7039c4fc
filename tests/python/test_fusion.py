"""Array expressions that are carried from the statement that makes them to the one that uses them."""

import re

import numpy as np
import pytest
from checking import check_numpy

from ungil import jit

rng = np.random.default_rng(11)


def used_twice_in_one(a, b):
    d = a - b
    return (d * d).sum()


def chain(a, b):
    x = a * b
    y = np.sin(x)
    z = np.exp(-y)
    return z


def same_name(a, b):
    x = a + 1
    x = x * 2
    x = x - b
    return x


def several_consumers(a, b):
    dx = a - b
    dy = a + b
    r2 = dx * dx + dy * dy
    fx = dx / r2
    fy = dy / r2
    return fx, fy


def operand_is_written(a, b):
    t = a + b
    a[:] = 1.0
    return t * 2


def operand_is_rebound(a, b):
    t = a + b
    u = t * 2
    a = np.zeros(3)
    return u + 1, a


def alias_of_the_result(a, b):
    t = a + b
    s = t
    s[0] = 100
    return t, s


def stored_into_an_operand(a, b):
    t = a[::-1] * 2
    a[:] = t
    return a


def added_to_an_operand(a, b):
    t = a[::-1] * 2
    a += t
    return a


def used_in_an_augmented_slice(a, b):
    t = a * 2
    b[:] = t + b
    return b


def in_a_loop(a, b):
    r = 0.0
    for i in range(3):
        t = a + i
        u = t * b
        r += u.sum()
    return r


def used_in_a_loop(a, b):
    t = a * b
    r = 0.0
    for i in range(3):
        r += t[i] + t.sum()
    return r


def used_in_branches(a, b):
    t = a * 2
    if b[0] > 0:
        u = t + 1
    else:
        u = t - 1
    return u


def captured(a, b):
    t = a + b
    return (lambda: t * 2)()


def used_in_a_comprehension(a, b):
    t = a + b
    q = [t * k for k in range(3)]
    return q[2]


def written_by_a_function_in_between(a, b):
    t = a + b
    c = np.cumsum(a, 0, None, a)
    return t, c


def written_by_a_method_in_between(a, b):
    t = a + b
    n = (a.fill(3.0), 1)[1]
    return t * n


def rebound_by_a_walrus(a, b):
    t = a + b
    u = (a := b * 2)
    return t + a + u


def shape_only(a, b):
    t = a + b
    return t.shape, t.sum(), t


def raises_between(a, b):
    t = (a * 10).astype(np.int64) ** np.array([-1])
    k = a[100]
    return t + k


def repeated_by_broadcasting(a, b):
    t = np.power(a, 2.5)
    return t * np.ones((4, 1)) + b


def weak_elements(a, b):
    t = np.where(a > b, 1.0, 2.0)
    return t + a.astype(np.float32)


FUNCTIONS = [
    used_twice_in_one,
    chain,
    same_name,
    several_consumers,
    operand_is_written,
    operand_is_rebound,
    alias_of_the_result,
    stored_into_an_operand,
    added_to_an_operand,
    used_in_an_augmented_slice,
    in_a_loop,
    used_in_a_loop,
    used_in_branches,
    captured,
    used_in_a_comprehension,
    written_by_a_function_in_between,
    written_by_a_method_in_between,
    rebound_by_a_walrus,
    shape_only,
    raises_between,
    repeated_by_broadcasting,
    weak_elements,
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("size", [1, 7])
def test_statements_mean_what_they_mean_in_numpy(function, size):
    if size == 1 and function in (used_in_a_loop, alias_of_the_result):
        size = 5
    a, b = rng.random(size), rng.random(size)
    mine, theirs = (a.copy(), b.copy()), (a.copy(), b.copy())
    try:
        expected = function(*theirs)
    except (IndexError, ValueError) as error:
        with pytest.raises(type(error)):
            jit(function)(*mine)
        return
    found = jit(function)(*mine)
    pairs = zip(
        found if isinstance(found, tuple) else (found,),
        expected if isinstance(expected, tuple) else (expected,),
        strict=True,
    )
    for x, y in pairs:
        np.testing.assert_allclose(x, y, rtol=1e-14)
        assert getattr(x, "dtype", None) == getattr(y, "dtype", None)
    for x, y in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-14)


def allocations(function, *args):
    kernel = jit(function)
    kernel(*args)
    return len(re.findall(r"call.*@ungil_rt_alloc", "".join(kernel.inspect_llvm().values())))


def one_expression(a, b):
    return np.exp(-np.sin(a * b))


def pairwise_in_steps(x):
    d = x[:, None, :] - x
    s = (d**2).sum(axis=-1)
    return np.sqrt(s)


def pairwise_at_once(x):
    return np.sqrt(((x[:, None, :] - x) ** 2).sum(axis=-1))


def nearest_in_steps(x):
    d = np.sqrt(((x[:, None, :] - x) ** 2).sum(-1))
    return d.min(axis=1)


def nearest_at_once(x):
    return np.sqrt(((x[:, None, :] - x) ** 2).sum(-1)).min(axis=1)


def farthest_in_steps(x):
    d = ((x[:, None] - x) ** 2).sum(axis=-1)
    at = np.argmax(d)
    return at, x * 2


def written_after_the_first(x):
    d = ((x[:, None] - x) ** 2).sum(axis=-1)
    x[0] = 7
    return d.max(axis=1)


def stored_where_it_is_read(x):
    d = ((x[:, None] - x) ** 2).sum(axis=-1)
    x[:, 0] = d.max(axis=1)
    return x


def reduced_twice(x):
    d = ((x[:, None] - x) ** 2).mean(axis=-1)
    return d.max(), d.min(axis=1)


@pytest.mark.parametrize(
    "function",
    [nearest_in_steps, farthest_in_steps, written_after_the_first, stored_where_it_is_read, reduced_twice],
)
@pytest.mark.parametrize("n", [1, 5, 63, 64, 150])
def test_reductions_of_reductions_in_steps(function, n):
    check_numpy(function, np.random.default_rng(n).random((n, 3)), rtol=1e-14)


def test_reductions_of_reductions_in_steps_make_no_array():
    x = rng.random((3, 3))
    assert allocations(nearest_in_steps, x) == allocations(nearest_at_once, x)


def test_statements_need_no_more_arrays_than_one_expression():
    a, b = rng.random(7), rng.random(7)
    assert allocations(chain, a, b) == allocations(one_expression, a, b)
    x = rng.random((20, 3))
    assert allocations(pairwise_in_steps, x) == allocations(pairwise_at_once, x)
    np.testing.assert_allclose(jit(pairwise_in_steps)(x), pairwise_in_steps(x), rtol=1e-14)


def roots_of_sums(a):
    return np.sqrt(a.sum(axis=0))


def roots_in_steps(a):
    s = a.sum(axis=0)
    r = np.sqrt(s)
    return r * 2 + 1


def sums_used_twice(a):
    s = a.sum(axis=0)
    return np.sqrt(s), s


def sums_with_an_alias(a):
    s = a.sum(axis=0)
    t = s
    u = np.sqrt(t)
    return t, u


def sums_through_a_walrus(a):
    u = np.sqrt(s := a.sum(axis=0))
    return s, u


def pair_of_a_temporary(a):
    return np.divmod(a.sum(axis=0), 2.0)


def chain_of_comparisons(a):
    return (a > 0.5).any(axis=0) < (a > 0.2).any(axis=0)


def larger_by_broadcasting(a):
    return a.sum(axis=0, keepdims=True) * 2 + a


def temporary_in_a_list(a):
    found = [np.negative(a.sum(axis=0))]
    found.append(a.sum(axis=0) * 3)
    return found[0], found[1]


def copy_of_an_argument(a):
    b = np.asarray(a) * 2
    c = np.ascontiguousarray(a) + 1
    d = np.abs(a.copy()) - 3
    return b, c, d, a


def function_that_returns_its_argument(a):
    s = a.sum(axis=0)
    u = np.sqrt(np.asarray(s))
    return u, s


@pytest.mark.parametrize(
    "function",
    [
        roots_of_sums,
        roots_in_steps,
        sums_used_twice,
        sums_with_an_alias,
        sums_through_a_walrus,
        pair_of_a_temporary,
        chain_of_comparisons,
        larger_by_broadcasting,
        temporary_in_a_list,
        copy_of_an_argument,
        function_that_returns_its_argument,
    ],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("shape", [(6, 4), (1, 4), (3, 1)], ids=str)
def test_temporaries_are_reused_unseen(function, shape):
    a = rng.random(shape)
    before = a.copy()
    found, expected = jit(function)(a), function(a)
    pairs = zip(
        found if isinstance(found, tuple) else (found,),
        expected if isinstance(expected, tuple) else (expected,),
        strict=True,
    )
    for x, y in pairs:
        np.testing.assert_allclose(x, y, rtol=1e-14)
        assert x.dtype == y.dtype and x.shape == y.shape
    np.testing.assert_array_equal(a, before)


def only_sums(a):
    return a.sum(axis=0)


def test_results_take_the_place_of_temporaries():
    a = rng.random((6, 4))
    assert allocations(roots_of_sums, a) == allocations(only_sums, a)
    assert allocations(roots_in_steps, a) == allocations(only_sums, a)


POSITIONS = {
    "expression": lambda a, b: (np.argmax(a - b), np.argmin(np.abs(a) - b)),
    "rows": lambda a, b: (np.argmax(a * 2 - b, axis=-1), np.argmin(-a, axis=-1, keepdims=True)),
    "columns": lambda a, b: np.argmax(a - b, axis=0),
    "spread": lambda a, b: np.argmax(np.abs(a[..., 0][:, None] - b[..., -1])),
    "deferred": lambda a, b: (a - b).argmin(),
    "truth": lambda a, b: (np.argmax(a > b), np.argmin(a <= b, axis=-1)),
    "row": lambda a, b: np.argmax(a[0] * b, axis=-1),
}


@pytest.mark.parametrize("name", POSITIONS)
@pytest.mark.parametrize("shape", [(3, 5), (5, 64), (7, 700), (2, 3, 600), (1, 1), (70, 70)])
def test_positions_in_expressions(name, shape):
    compiled = jit(POSITIONS[name])
    a, b = rng.integers(-9, 9, shape).astype(float), rng.integers(-9, 9, shape).astype(float)
    holes = a.copy()
    holes.flat[a.size // 2] = np.nan
    infinite = a.copy()
    infinite.flat[[0, -1]] = -np.inf
    for x, y in ((a, b), (holes, b), (infinite, b), (np.asfortranarray(a), b), (a[..., ::-1], b[::-1])):
        for code in "dfi" if np.isfinite(x).all() else "df":
            found = compiled(x.astype(code), y.astype(code))
            expected = POSITIONS[name](x.astype(code), y.astype(code))
            pairs = zip(found, expected) if isinstance(expected, tuple) else [(found, expected)]
            assert all(np.array_equal(f, e) and np.shape(f) == np.shape(e) for f, e in pairs)


def test_positions_of_nothing():
    for call in (POSITIONS["expression"], POSITIONS["rows"]):
        for shape in ((0,), (3, 0)):
            with pytest.raises(ValueError, match="empty sequence"):
                jit(call)(np.zeros(shape), np.zeros(shape))
    assert jit(lambda a, b: np.argmax(a - b, axis=1))(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0,)


def test_a_position_needs_no_array():
    def farthest(x):
        return np.argmax(np.abs(x[:, None] - x))

    compiled = jit(farthest)
    x = rng.standard_normal(3000)
    assert compiled(x) == farthest(x)
    import ungil

    ungil.empty_cache()
    before = resident()
    compiled(x)
    assert resident() - before < 16 << 20, "the (n, n) array has 72 MB"


def resident():
    """The greatest number of bytes that were resident."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


SCANS = {
    "sums": lambda a, b: (a * b).cumsum(),
    "products": lambda a, b: np.cumprod(a - b, axis=0),
    "rows": lambda a, b: np.cumsum(np.where(a > b, a, b), axis=1),
    "widened": lambda a, b: np.cumsum(a > b, axis=-1),
    "kept": lambda a, b: sum_of_kept(a, b),
}


def sum_of_kept(a, b):
    d = a * b
    s = np.cumsum(d, axis=0)
    return s, d


@pytest.mark.parametrize("name", SCANS)
def test_scans_of_expressions(name):
    call = sum_of_kept if name == "kept" else SCANS[name]
    for shape in ((4, 5), (0, 3), (300, 7)):
        a, b = rng.random(shape), rng.random(shape)
        for x in (a, np.asfortranarray(a), a[::-1]):
            for code in "dfi":
                found, expected = (
                    jit(call)(x.astype(code), b.astype(code)),
                    call(x.astype(code), b.astype(code)),
                )
                pairs = zip(found, expected) if name == "kept" else [(found, expected)]
                assert all(f.dtype == e.dtype and np.array_equal(f, e) for f, e in pairs)


def test_arguments_by_position_keep_no_call_from_being_fused():
    """`np.isclose(a, b, 1e-3)` is evaluated where it is used; products look at one extent."""
    kernels = [
        lambda a, b: np.all(np.isclose(a, b, 1e-3, 1e-3)),
        lambda a, b: np.allclose(a, b, 1e-3, 1e-3),
        lambda a, b: np.where(a > b, a, b).sum(),
        lambda a, b: np.dot(a, b),
        lambda a, b: np.vdot(a, b),
    ]
    a = rng.normal(size=1000)
    for b in (a, a + 1e-4, a + 1, np.full(1000, np.nan)):
        for f in kernels:
            check_numpy(f, a, b, rtol=1e-12)
    for f in kernels:
        kernel = jit(f)
        kernel(a, a)
        assert "alloc" not in kernel.inspect_ir()
