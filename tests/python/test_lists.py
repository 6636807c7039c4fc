"""Lists in kernels against CPython: making, growing, indexing, methods, nesting, aliasing, errors."""

import numpy as np
import pytest
from checking import check, check_numpy

import ungil
from ungil import jit, prange


@jit
def collect(n):
    found = []
    for i in range(n):
        if i % 3 == 0:
            found.append(i * 2)
    return found, len(found)


@jit
def displays(x):
    return [1, 2, 3], [x, x + 1], [0] * 4, 3 * [x], [True], [(1, x), (2, x)], [[1], [2, 3]]


@jit
def widened(n):
    values = [0] * n
    for i in range(n):
        values[i] = i / 2
    return values


@jit
def comprehensions(n, a):
    squares = [i * i for i in range(n)]
    even = [s for s in squares if s % 2 == 0]
    pairs = [(i, j) for i in range(n) for j in range(i)]
    table = [[i * j for j in range(3)] for i in range(n)]
    return squares, even, pairs, table, [x + 1 for x in a], list(range(n)), list(a)


@jit
def aliased(n):
    a = [1.0]
    b = a
    for i in range(n):
        b.append(float(i))
    c = a.copy()
    c.append(-1.0)
    d = a if n > 2 else c
    d[0] = 7.0
    return a, b, c, len(a)


@jit
def methods(n):
    l = list(range(n))
    l.insert(1, 100)
    l.insert(-1, 200)
    l.insert(1000, 300)
    l.insert(-1000, 400)
    first = l.pop(0)
    last = l.pop()
    third = l.pop(2)
    l.remove(200)
    l.extend([5, 5, 6])
    l.extend(range(2))
    l += [9]
    l += l
    count = l.count(5)
    at = l.index(5)
    l.reverse()
    copy = l.copy()
    copy.sort()
    down = l.copy()
    down.sort(reverse=True)
    l.clear()
    return l, copy, down, first, last, third, count, at


@jit
def slices(n):
    l = list(range(n))
    a = l[1:4]
    b = l[::-1]
    c = l[::2]
    d = l[-3:]
    l[1:3] = [70, 80, 90, 100]
    l[::2] = l[::2]
    l[5:] = []
    return l, a, b, c, d, l + a, l[1:1]


@jit
def compared(a, b):
    x = list(a)
    y = b
    return x == y, x != y, x < y, x <= y, x > y, x >= y, 3 in x, 30 not in x, bool(x), x == x.copy()


@jit
def nested(n):
    rows = []
    for i in range(n):
        rows.append([])
        for j in range(i):
            rows[i].append(j)
            rows[-1][0] += 1
    last = rows[-1]
    last.append(100)
    total = 0
    for row in rows:
        for x in row:
            total += x
    other = [r[:] for r in rows]
    other[0].append(5)
    return rows, total, len(rows), other


@jit
def shared_rows(n):
    row = [0] * n
    rows = [row] * 2
    rows[0][1] = 5
    rows[1] = [9]
    return rows, row


@jit
def of_arrays(n):
    parts = []
    for i in range(n):
        parts.append(np.arange(i) * 2.0)
    total = 0.0
    for p in parts:
        for x in p:
            total += x
    parts[1][:] = 5.0
    parts[0] = parts[1]
    last = parts.pop()
    parts.reverse()
    return parts, total, last


@jit
def of_tuples(a):
    edges = []
    for i in range(len(a)):
        edges.append((i, a[i]))
    total = 0.0
    for i, x in edges:
        total += i * x
    edges[0] = (5, a[0])
    return edges, total, edges[1][1], (1, a[1]) in edges


@jit
def iterated(n):
    l = [1]
    for x in l:
        if x < n:
            l.append(x + 1)
    out = [x for x in reversed(l)]
    total = 0
    for i, x in enumerate(l):
        total += i * x
    for x, y in zip(l, out):
        total += x * y
    return out, total, sum(l), max(l), min(l), any([x > 3 for x in l])


@jit
def stack(n):
    todo = [n]
    steps = 0
    while todo:
        k = todo.pop()
        steps += 1
        if k > 1:
            todo.append(k // 2)
            todo.append(k - k // 2 - 1)
    return steps


@jit
def index(l_length, i):
    l = list(range(l_length))
    return l[i]


@jit
def assign(n, i):
    l = list(range(n))
    l[i] = 5
    l[i] += 2
    return l


@jit
def pop(n, i):
    l = list(range(n))
    return l.pop(i), l


@jit
def pop_last(n):
    l = list(range(n))
    return l.pop()


@jit
def remove(n, x):
    l = list(range(n))
    l.remove(x)
    return l


@jit
def extended_slice(n):
    l = list(range(n))
    l[::2] = [1, 2]
    return l


@jit
def unpacked(n):
    a, b, c = list(range(n))
    return a + b + c


@jit
def empty():
    return [], [[]], len([])


@jit
def helper(values, x):
    values.append(x)
    return values


@jit
def through_calls(n):
    values = [0.5]
    for i in range(n):
        helper(values, i * 1.0)
    again = helper(values, 3.0)
    again.append(4.0)
    return values


@jit
def raising(n):
    rows = [[1.0] for _ in range(n)]
    arrays = [np.zeros(3) for _ in range(n)]
    if n > 2:
        raise ValueError("too many")
    return rows, arrays


@jit
def kinds(a):
    l = []
    for x in a:
        l.append(x)
    return l


@pytest.mark.parametrize("n", [0, 1, 2, 5, 40])
def test_growing(n):
    check(collect, n)
    check(widened, n)
    check(comprehensions, n, np.arange(n) * 0.5)
    check(aliased, n)
    check(iterated, n + 1)
    check(stack, n)
    check(through_calls, n)


def test_displays():
    check(displays, 5)
    check(displays, 2.5)
    check(displays, np.float32(2.5))
    check(empty)


@pytest.mark.parametrize("n", [6, 9, 30])
def test_methods(n):
    check(methods, n)
    check(slices, n)


@pytest.mark.parametrize("a", [[], [1], [1, 2], [1, 3], [3, 4, 5]])
@pytest.mark.parametrize("b", [[], [1, 2], [2]])
def test_comparisons(a, b):
    check(compared, a, b)


def test_nesting():
    check(nested, 5)
    check(shared_rows, 4)
    check(of_arrays, 4)
    check(of_tuples, np.array([1.5, 2.5, 3.5]))


@pytest.mark.parametrize("code", "?bhilBHILfdFD")
def test_numpy_scalars(code):
    check(kinds, np.arange(5).astype(code))


@pytest.mark.parametrize("i", [0, -1, 2, -3, 3, -4, 100, -100])
def test_index_errors(i):
    check(index, 3, i)
    check(assign, 3, i)
    check(pop, 3, i)
    check(pop, 0, i)
    check(remove, 3, i)


def test_other_errors():
    check(pop_last, 0)
    check(pop_last, 2)
    check(extended_slice, 4)
    check(extended_slice, 6)
    check(unpacked, 3)
    check(unpacked, 2)
    check(unpacked, 4)
    check(raising, 5)
    check(raising, 2)


def test_nothing_leaks():
    from ungil import _ungil

    if not hasattr(_ungil, "live_blocks"):
        pytest.skip("this build does not count blocks")
    before = _ungil.live_blocks()
    for _ in range(50):
        nested(6)
        shared_rows(3)
        of_arrays(4)
        methods(9)
        with pytest.raises(ValueError):
            raising(5)
    assert _ungil.live_blocks() - before < 5


@jit
def arrays_of_lists(n):
    table = [[i * j for j in range(3)] for i in range(n)]
    pairs = [(i, i + 0.5) for i in range(n)]
    rows = [np.arange(4) * i for i in range(n)]
    return (
        np.array(table),
        np.array(pairs),
        np.asarray(rows),
        np.array([]),
        np.array([i for i in range(n)], np.float32),
    )


@jit
def ragged(n):
    return np.array([[0] * i for i in range(n)])


@jit
def with_arrays(a, n):
    picked = [i for i in range(n)]
    a[picked] = [float(i) for i in range(n)]
    return a[picked], a[: len(picked)] + picked, np.sum(picked), np.where(picked, 1, 0), [1.5] * 3 + a[:3]


@jit
def summed(values):
    total = 0
    for x in values:
        total += x
    return total, len(values), sum(values)


@jit
def table_sum(table):
    total = 0.0
    for row in table:
        for x in row:
            total += x
    return total


@jit
def changed(values, x):
    values.append(x)
    values[0] = x
    return len(values)


@jit
def changed_rows(table):
    table[0][0] = 100
    table[1].append(7)
    table.append([5])
    table[-2], table[0] = table[0], table[-2]
    return table


@jit
def doubled(arrays):
    for a in arrays:
        a *= 2
    return arrays[0], [a.shape[0] for a in arrays]


@jit
def changed_then_raises(values):
    values.append(1)
    return values[100]


@jit
def same_twice(a, b):
    a.append(1)
    return len(b), a, b


def test_arrays_of_lists():
    check(arrays_of_lists, 4)
    check(arrays_of_lists, 1)
    check(ragged, 3)
    check(with_arrays, np.zeros(6), 4)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 3],
        [1.5, 2.5],
        [True, False],
        [1 + 2j, 3j],
        [np.float32(1.5)],
        [np.int8(3), np.int8(4)],
        [1, 2.5],
        [],
    ],
)
def test_list_arguments(values):
    compiled, plain = summed(values), summed.py_func(values)
    assert compiled == plain


def test_nested_arguments():
    check(table_sum, [[1.0, 2.0], [3.0], []])
    check(table_sum, [[1, 2], [3, 4]])
    check(table_sum, np.ones((2, 3)))
    check(changed_rows, [[1, 2], [3], [4, 5, 6]])
    check(doubled, [np.arange(3.0), np.arange(5.0)])
    check(doubled, (np.arange(3.0), np.arange(5.0)[::2]))
    check(summed, [2**62, -(2**62)])


def test_changes_are_written_back():
    for args in (([1, 2], 3), ([1.5], 2.5), ([(1, 2.5)], (3, 4.5))):
        check(changed, *args)
    values = [1, 2, 3]
    with pytest.raises(IndexError):
        changed_then_raises(values)
    assert values == [1, 2, 3, 1]
    both = [1]
    assert same_twice(both, both)[0] == 2 and both == [1, 1]
    returned = same_twice(both, both)
    assert returned[1] is both and returned[2] is both


def test_lists_without_a_type():
    from ungil.errors import TypingError

    for values in ([1, "a"], [object()], [[1], 2]):
        with pytest.raises((TypingError, TypeError)):
            summed(values)
    with pytest.raises(OverflowError):
        summed([2**70])


@jit
def collected(a, limit):
    places = []
    values = [0.0]
    for i in prange(len(a)):
        for j in range(3):
            if a[i] * j > limit:
                places.append((i, j))
        if a[i] > limit:
            values.append(float(a[i]))
    return places, values


@jit
def collected_backwards(n):
    out = []
    for i in prange(n, -n, -2):
        if i % 3 == 0:
            continue
        out.append(i)
    return out


@jit
def extended(n):
    out = [-1]
    total = 0
    for i in prange(n):
        out.extend(range(i % 3))
        out.append(-i)
        out.extend([i, 2 * i])
        total += i
    return out, total


@jit
def added_to(n):
    out = [-1]
    words = []
    total = 0
    for i in prange(n):
        out += [i, 2 * i]
        total += i
        out += range(i % 3)
        if i % 2:
            out += [k for k in range(i % 5)]
            words += (0.5, i * 0.25)
        out.append(i)
    return out, words, total


@jit
def added_inside(n):
    out = []
    for i in prange(n):
        for k in prange(i % 4):
            out += [i * k]
    return out


@jit
def collected_from_table(a):
    places = []
    total = 0.0
    for i in prange(a.shape[0]):
        for j in prange(a.shape[1]):
            total += 1
            if a[i, j] > 0:
                places.append((i, j))
    return places, total


@jit
def collected_inside(n):
    out = []
    for i in prange(n):
        row = []
        for j in prange(3):
            for k in prange(2):
                row.append(i + j * k)
        out.extend(row)
    return out


@jit
def private_lists(n):
    out = np.zeros(n)
    for i in prange(n):
        row = [k * 1.0 for k in range(i)]
        if i % 2:
            row = [2.0]
        row.append(3.0)
        row.sort(reverse=True)
        out[i] = sum(row)
    return out


@jit
def read_in_parallel(values, rows, arrays):
    total = 0.0
    out = np.zeros(len(values))
    for i in prange(len(values)):
        out[i] = values[i] * 2 + arrays[i][0]
        for x in rows[i]:
            total += x
    return out, total


@pytest.mark.parametrize("n", [0, 1, 5, 600, 5000])
@pytest.mark.parametrize("threads", [1, 4])
def test_append_in_parallel(n, threads):
    import ungil

    before = ungil.set_num_threads(min(threads, ungil._ungil.max_threads()))
    try:
        a = np.random.default_rng(n).normal(size=n)
        check(collected, a, 0.5)
        check(collected_backwards, n)
        check(private_lists, min(n, 50))
        check(extended, n)
        check(added_to, n)
        check(added_inside, n)
        check(collected_from_table, a[: n // 5 * 5].reshape(5, -1))
        check(collected_inside, n)
    finally:
        ungil.set_num_threads(before)


def test_reading_in_parallel():
    check(read_in_parallel, [1.0, 2.0], [[1.0], [2.0, 3.0]], [np.ones(3), np.ones(2)])


@pytest.mark.parametrize(
    "body",
    [
        "l[i] = 1",
        "l.pop()",
        "l.insert(0, i)",
        "l.clear()",
        "l.sort()",
        "l += l",
        "l *= 2",
        "rows[i].append(i)",
        "rows[i][0] = 1",
    ]
    + [
        "l.append(len(l))",
        "l.extend(l)",
        "x = rows[i]\n        x.append(1)",
        "l.append(i)\n        l[0] = 1",
    ],
)
def test_other_changes_in_parallel_are_refused(body, tmp_path):
    import importlib.util

    from ungil.errors import CompileError, InternalError

    file = tmp_path / "refused.py"
    file.write_text(
        "from ungil import jit, prange\n@jit\ndef f(n):\n    l = [1] * n\n    rows = [[0] for i in range(n)]\n"
        f"    for i in prange(n):\n        {body}\n    return l, rows\n"
    )
    spec = importlib.util.spec_from_file_location("refused", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(CompileError) as caught:
        module.f(5)
    assert not isinstance(caught.value, InternalError)


@jit
def starred(a, x):
    joined = [*a, *a]
    mixed = [x, *a, *range(2), *(x, x)]
    empty = [*a[:0], x]
    last = [*a, a.pop()]
    return joined, mixed, empty, last, [[*a], [*a, x]], [*enumerate(a)], len([*a, x]), np.array([[*a], [*a]])


def test_starred_items_of_displays():
    check(starred, [1, 2], 3)
    check(starred, [], 1)


@jit
def deleted(n, i):
    values = list(range(n))
    rows = [[k] for k in range(n)]
    del values[i], rows[-1]
    del values[1:3]
    del rows[:-1]
    return values, rows


@pytest.mark.parametrize("i", [0, 2, -1, 9, -9])
def test_deletion(i):
    check(deleted, 6, i)


def test_empty_argument():
    check(lambda x: (len(x), np.asarray(x).sum(), [y for y in range(3)]), [])
    check(lambda x: x.append(2.0), [])


def fill_rows(rows):
    for row in rows:
        row.append(1.0)
        row.append(2.5)
    rows.append([3.0])
    return len(rows), rows


def fill_deep(x):
    x[0][0].append(2.0)
    x[0].append([1.0, 4.0])
    x.append([[]])
    return x


def test_empty_lists_in_arguments():
    check(fill_rows, [[], []])
    check(fill_rows, [[]])
    check(fill_deep, [[[]]])
    check(fill_deep, [[[], []], []])
    check(lambda x: (len(x), x), [[], []])
    same = []
    check(fill_rows, [same, same])


def joined(n):
    parts = [np.arange(i) for i in range(n)]
    return np.concatenate(parts), np.hstack(parts), np.concatenate(parts, axis=None)


def joined_rows(n):
    rows = [np.arange(3.0) * i for i in range(n)]
    blocks = [np.full((i, 2), i) for i in range(n)]
    return np.stack(rows), np.stack(rows, axis=1), np.vstack(rows), np.vstack(blocks), np.concatenate(blocks)


def joined_columns(n):
    blocks = [np.full((2, i), i, np.int16) for i in range(n)]
    return np.concatenate(blocks, axis=1), np.hstack(blocks)


def stacked_unequal(n):
    return np.stack([np.zeros(i) for i in range(n)])


def in_order(n):
    values = [(i * 7) % 5 - 2.5 for i in range(n)]
    return sorted(values), sorted(values, reverse=True), sorted((n, 2, 1)), values


@pytest.mark.parametrize("function", [joined, joined_rows, joined_columns, stacked_unequal, in_order])
@pytest.mark.parametrize("n", [0, 1, 6])
def test_arrays_in_lists_are_joined(function, n):
    check_numpy(function, n)


def test_lists_of_arguments_are_joined():
    check_numpy(lambda arrays: np.concatenate(arrays), [np.ones(3), np.zeros(5)])
    check_numpy(lambda arrays: np.stack(arrays), [np.ones(3), np.zeros(3)])
    check_numpy(lambda arrays: np.vstack(arrays), [np.ones(3), np.zeros(4)])


def multiplied(c, n):
    same = c
    c *= n
    same *= 2
    rows = [[1], [2, 3]]
    first = rows[0]
    rows[0] *= n
    rows[1] += [4]
    first.append(7)
    return c, same, rows, first


def without(values, start, stop, step):
    rows = [[v] for v in values]
    kept = rows[:]
    del values[start:stop:step]
    del rows[start:stop:step]
    return values, rows, kept


@pytest.mark.parametrize("n", [-1, 0, 1, 2, 5])
def test_multiplied_in_place(n):
    check(multiplied, [1, 2, 3], n)
    check(multiplied, [[1], [2]], n)
    check(multiplied, [1.5], n)


def test_too_many_repetitions():
    function = ungil.jit(lambda values, n: values * n)
    for n in (2**62, 2**61 + 1, 2**55):
        with pytest.raises(MemoryError):
            function([1, 2, 3, 4], n)


@pytest.mark.parametrize("step", [1, 2, 3, -1, -2, -3, 7, -7])
def test_deleted_slices(step):
    for start in (0, 2, -1, -3, 100, -100):
        for stop in (0, 3, -1, 100, -100):
            check(without, list(range(7)), start, stop, step)
    check(without, [5], 0, 1, step)


def keeps_first(c):
    first = c[0]
    copies = list(c)
    c[0] = [9, -1]
    others = [[0.0, 3.0], [0.5]]
    c.pop()
    return first, copies, c, others


def test_inner_lists_that_an_argument_loses_stay_alive():
    for _ in range(20):
        check(keeps_first, [[1, 2], [3, 4], [5, 6]])
        check(keeps_first, [[1, 2], [3, 4]])


def arrays_replaced(parts):
    first = parts[0]
    parts[0] = np.zeros(2)
    parts.append(first)
    return first, parts


def test_arrays_that_an_argument_loses_stay_alive():
    for _ in range(20):
        parts = [np.full(1000, 3.0), np.ones(2)]
        first, found = ungil.jit(arrays_replaced)(parts)
        assert first.sum() == 3000 and found[-1].sum() == 3000 and len(parts) == 3


def filled(found, n):
    for i in range(n):
        found.append(i * 0.5)
    return found, len(found)


def replaced(pairs, n):
    if n > 2:
        pairs = [(1, 2.5)]
    pairs.append((n, 0.5))
    pairs.append((n, 1.5))
    return pairs


def two_lists(a, b):
    a.append((1, 2.0))
    b.append(3)
    return a, b


def inner_empty(c, n):
    x = c[0] if n > 0 else [1.5]
    y = c[1] if n > 0 else [2.0]
    y.append(3.0)
    return x, len(c)


def given_on(found, n):
    filled_by(found, n)
    return found[0]


@jit
def filled_by(found, n):
    found.extend([n, n + 1])


def test_empty_arguments_get_elements():
    check(filled, [], 3)
    check(filled, [], 0)
    check(filled, [1.5], 2)
    check(replaced, [], 1)
    check(replaced, [], 3)
    check(replaced, [(0, 0.25)], 1)
    check(two_lists, [], [])
    check(given_on, [], 5)
    same = []
    with pytest.raises(TypeError, match="several types"):
        ungil.jit(two_lists)(same, same)
    check(inner_empty, [[], []], 1)


def zipped(b):
    count = 0
    for _ in zip([1.0, 2.0], b):
        count += 1
    for _, (_, _) in enumerate(zip(b, [1, 2, 3])):
        count += 1
    return count


def test_zip_of_empty_lists():
    check(zipped, [])
    check(zipped, [4, 5])


def sums_from_arrays(a):
    parts = [a, a * 2]
    return sum(parts, np.zeros_like(a)), sum((p + 1 for p in parts), a), sum((a, a))


def test_sums_of_arrays():
    for a in (np.arange(3.0), np.ones((2, 3), np.int32), np.zeros(0)):
        check_numpy(sums_from_arrays, a)
    for sums in (lambda a: sum([a, a]), lambda a: sum(a for _ in range(3))):
        with pytest.raises(
            ungil.errors.TypingError, match="from a number(.|\n)*sum\\(parts, np.zeros_like\\(a\\)\\)"
        ):
            jit(sums)(np.arange(3.0))
    with pytest.raises(ungil.errors.TypingError, match="write a comprehension"):
        jit(lambda a: list(map(abs, a)))(np.arange(3.0))


def test_extrema_of_lists_of_lists():
    for x in ([[1, 2], [3]], [[3], [1, 2], [3, 0], [0]]):
        check(lambda x: (max(x), min(x), max(x, key=lambda r: len(r))), x)
    check(lambda x: (max(x), min(x)), [(1, 2.5), (0, 4.5), (1, 3.5)])


def test_lists_are_instances():
    check(lambda x: (isinstance(x, list), isinstance(x, (int, list)), isinstance(x, tuple)), [1, 2])
    check(lambda x: (isinstance(x, list), isinstance(x[0], list)), [[1], [2]])


def test_slice_objects():
    def change(x, n):
        x[slice(1, n)] = [0]
        del x[slice(None, None, -2)]
        return x[slice(None)], x[slice(0, n, 2)]

    check(change, [1, 2, 3, 4, 5, 6], 3)


def nested_whole(x):
    x[:] = [[5.0], [6.0, 7.0]]
    return x


def nested_part(x):
    x[1:] = [[5.0], []]
    return x


def nested_steps(x):
    x[::2] = [[7.0]]
    return x


def nested_mixed(x):
    x[0:1] = [x[1], [2.0]]
    return x


def nested_from_nothing(x):
    y = []
    y[:] = [[1.0], [2.0]]
    y.append(x[0])
    return y


def tuples_in_a_slice(x):
    y = [(1.0, 2.0)]
    y[0:1] = [(3.0, 4.0), (5.0, 6.0)]
    return y


def rows_of_an_array(x):
    a = np.zeros((2, 2))
    a[:] = [[1, 2], [3, 4]]
    return a


@pytest.mark.parametrize(
    "function",
    [
        nested_whole,
        nested_part,
        nested_steps,
        nested_mixed,
        nested_from_nothing,
        tuples_in_a_slice,
        rows_of_an_array,
    ],
)
def test_lists_put_into_slices(function):
    # What a slice of a list takes are lists: they became tuples, or were refused.
    check(function, [[1.0], [2.0]])


@pytest.mark.parametrize(
    "rows", [[[3, 1], [1, 2], [1], [1, 2]], [[2.5], [], [1.0, 2.0]], [[[2], [1]], [[1, 5], [0]], [[1]]]]
)
def test_lists_of_lists_are_sorted(rows):
    def new(x):
        return sorted(x), sorted(x, reverse=True)

    def changed(x):
        first = x[0]
        x.sort()
        first.append(first[0])
        return x

    check(new, rows)
    check(changed, rows)
