"""`stencil`: against an evaluation of the kernel at each place, one after the other."""

import itertools
import pickle
import traceback

import numpy as np
import pytest

import ungil
from ungil import stencil

MODES = ["constant", "nearest", "reflect", "mirror", "wrap"]
NUMPY_MODES = {"nearest": "edge", "reflect": "symmetric", "mirror": "reflect", "wrap": "wrap"}


class Relative:
    """An array seen from a place."""

    def __init__(self, array, place):
        self.array, self.place = array, place
        self.shape = array.shape

    def __getitem__(self, index):
        index = index if isinstance(index, tuple) else (index,)
        moved = []
        for i, at in zip(index, self.place):
            moved.append(slice(at + i.start, at + i.stop) if isinstance(i, slice) else at + i)
        return self.array[tuple(moved)]


def reference(function, arrays, neighborhood, mode="constant", cval=0, others=()):
    """Neighbours beyond the border come from `numpy.pad`."""
    first = arrays[0]
    pad = [(-low, high) for low, high in neighborhood]
    if mode != "constant":
        arrays = [np.pad(a, pad, mode=NUMPY_MODES[mode]) for a in arrays]
    made = {}
    for place in np.ndindex(first.shape):
        inside = all(
            0 <= p + low and p + high < n for p, (low, high), n in zip(place, neighborhood, first.shape)
        )
        if mode == "constant" and not inside:
            continue
        at = place if mode == "constant" else tuple(p - low for p, (low, _) in zip(place, neighborhood))
        made[place] = function(*(Relative(a, at) for a in arrays), *others)
    dtype = np.asarray(next(iter(made.values()))).dtype if made else first.dtype
    out = np.full(first.shape, cval, dtype)
    for place, value in made.items():
        out[place] = value
    return out


def laplace(a):
    return a[-1, 0] + a[1, 0] + a[0, -1] + a[0, 1] - 4 * a[0, 0]


def same(found, expected):
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


CROSS = [(-1, 1), (-1, 1)]
DTYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
DTYPES += ["float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("mode", MODES)
def test_modes_and_layouts(mode):
    made = stencil(mode)(laplace)
    a = np.random.default_rng(0).integers(-50, 50, (9, 12)).astype(float)
    for x in (
        a,
        a.T,
        a[::-1, ::2],
        np.asfortranarray(a),
        a[:2],
        a[:, :2],
        a[:1, :1] if mode != "mirror" else a,
    ):
        same(made(x), reference(laplace, [x], CROSS, mode))
        same(stencil(mode=mode)(laplace)(x), reference(laplace, [x], CROSS, mode))
    assert made(a[:0]).shape == (0, 12)
    assert made(np.zeros((3, 0))).shape == (3, 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    def kernel(a):
        return a[-1] + 2 * a[0] + a[2]

    a = (np.arange(20) % 7).astype(dtype)
    same(stencil(kernel)(a), reference(kernel, [a], [(-1, 2)]))
    same(stencil("wrap")(kernel)(a), reference(kernel, [a], [(-1, 2)], "wrap"))


@stencil
def edges(a):
    return a[0] and not a[1]


def test_bool():
    a = np.array([True, True, False, True])
    np.testing.assert_array_equal(edges(a), [False, True, False, False])
    assert edges(a).dtype == bool


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ndim", [1, 2, 3, 4])
def test_ranks(ndim, mode):
    sources = {
        1: lambda a: a[-2] + 3 * a[1],
        2: lambda a: a[-2, 0] + 3 * a[1, 1],
        3: lambda a: a[-2, 0, 1] + 3 * a[1, 0, -1],
        4: lambda a: a[-2, 0, 1, 0] + 3 * a[1, 0, -1, 0],
    }
    neighborhoods = {
        1: [(-2, 1)],
        2: [(-2, 1), (0, 1)],
        3: [(-2, 1), (0, 0), (-1, 1)],
        4: [(-2, 1), (0, 0), (-1, 1), (0, 0)],
    }
    a = np.random.default_rng(1).integers(0, 99, (6, 5, 4, 3)[:ndim])
    made = stencil(mode)(sources[ndim])
    same(made(a), reference(sources[ndim], [a], neighborhoods[ndim], mode))


def test_offsets_on_one_side_and_small_arrays():
    def ahead(a):
        return a[1] + a[3]

    def behind(a):
        return a[-3]

    for n in range(6):
        a = np.arange(float(n))
        for mode in ("constant", "nearest"):
            if n == 0 and mode != "constant":
                assert stencil(mode)(ahead)(a).shape == (0,)
                continue
            same(stencil(mode)(ahead)(a), reference(ahead, [a], [(0, 3)], mode))
            same(stencil(mode)(behind)(a), reference(behind, [a], [(-3, 0)], mode))


def test_cval():
    made = stencil("constant", cval=7.5)(laplace)
    a = np.arange(20.0).reshape(4, 5)
    same(made(a), reference(laplace, [a], CROSS, cval=7.5))
    for cval in (np.nan, np.inf, -np.inf, -0.0, np.float32(1.5), 3):
        found = stencil(cval=cval)(laplace)(a)
        np.testing.assert_array_equal(found[0], np.full(5, cval, float))
        assert np.signbit(found[0, 0]) == np.signbit(np.float64(cval))
    for cval in (1j, 1.5, 300, np.nan):
        with pytest.raises(ValueError, match="cval type does not match stencil return type"):
            stencil(cval=cval)(laplace)(a.astype("i1"))
    with pytest.raises(ValueError, match="cval type does not match"):
        stencil(cval=1j)(laplace)(a)


def test_out():
    a = np.arange(20.0).reshape(4, 5)
    expected = stencil(laplace)(a)
    out = np.full((4, 5), -1.0)
    assert stencil(laplace)(a, out=out) is out
    same(out[1:-1, 1:-1], expected[1:-1, 1:-1])
    # Without cval the border is left alone.
    assert (out[0] == -1).all() and (out[:, -1] == -1).all()
    stencil(cval=3)(laplace)(a, out=out)
    assert (out[0] == 3).all() and (out[:, -1] == 3).all()
    narrow = np.zeros((8, 5), "f4")[::2]
    stencil("wrap")(laplace)(a, out=narrow)
    same(narrow, stencil("wrap")(laplace)(a).astype("f4"))
    with pytest.raises(ValueError, match="another shape"):
        stencil(laplace)(a, out=np.zeros((3, 5)))


def test_several_arrays_and_scalars():
    def kernel(a, b, weights, scale):
        return scale * (a[-1, 0] * weights[0] + b[1, 1] * weights[-1]) + len(weights)

    made = stencil(standard_indexing=("weights",))(kernel)
    a = np.arange(20.0).reshape(4, 5)
    b = np.arange(42.0).reshape(6, 7)
    w = np.array([2.0, 3.0, 4.0])
    expected = np.zeros((4, 5))
    for i, j in itertools.product(range(1, 3), range(4)):
        expected[i, j] = 0.5 * (a[i - 1, j] * w[0] + b[i + 1, j + 1] * w[-1]) + 3
    same(made(a, b, w, 0.5), expected)
    with pytest.raises(ValueError, match="dimension smaller"):
        made(a, b[:3], w, 0.5)
    with pytest.raises(ValueError, match="'b' has 1"):
        made(a, w, w, 0.5)
    with pytest.raises(TypeError, match="'a' must be an array"):
        made(1.0, b, w, 0.5)
    with pytest.raises(TypeError, match="takes 4 arguments"):
        made(a, b)

    @stencil(standard_indexing=["table"])
    def looks_up(a, table):
        return table[a[0]] + a[1] * 0.0

    with pytest.raises(IndexError, match="out of bounds"):
        looks_up(np.array([0, 5, 1]), w)
    same(looks_up(np.array([0, -1, 1]), w), np.array([2.0, 4.0, 0.0]))


def test_neighborhood_and_loops():
    @stencil(neighborhood=((-3, 0),))
    def moving(a):
        total = 0
        for i in range(-3, 1):
            total += a[i]
        return total / 4

    a = np.random.default_rng(3).random(50)
    same(moving(a), reference(moving.py_func, [a], [(-3, 0)]))

    @stencil("reflect", neighborhood=((-2, 2), (-1, 1)))
    def box(a):
        total = 0.0
        for i in range(-2, 3):
            for j in range(-1, 2):
                total += a[i, j]
        return total

    a = np.random.default_rng(4).integers(0, 9, (8, 9)).astype(float)
    same(box(a), reference(box.py_func, [a], [(-2, 2), (-1, 1)], "reflect"))

    @stencil(neighborhood=((-5, 5),))
    def wide(a):
        return a[1]

    same(wide(a[0].repeat(2)), reference(wide.py_func, [a[0].repeat(2)], [(-5, 5)]))


def test_slices():
    @stencil
    def window(a):
        return np.sum(a[-2:3])

    a = np.random.default_rng(5).integers(0, 99, 30)
    same(window(a), reference(window.py_func, [a], [(-2, 2)]))

    @stencil(cval=-1)
    def patch(a):
        return np.max(a[-1:2, 0:2]) - a[0, 0]

    b = a.reshape(5, 6)
    same(patch(b), reference(patch.py_func, [b], [(-1, 1), (0, 1)], cval=-1))
    with pytest.raises(ValueError, match="slices, which the mode 'wrap'"):
        stencil("wrap")(window.py_func)


def test_bodies_of_all_forms():
    @stencil
    def branches(a):
        """With a text."""
        middle = a[0]
        if middle > 50:
            left = a[-1]
            if left > middle:
                return left
            else:
                return middle * 2
        elif middle == 7:
            return 0
        return a[1] + 1

    @stencil
    def early(a):
        for i in range(3):
            if a[0] > i * 30:
                return a[1] + i
        return a[-1]

    @stencil
    def falls(a):
        best = a[0]
        if a[1] > best:
            best = a[1]
        while best > 60:
            best -= 60
        best += a[-1] - a[-1]
        return best

    def one_line(a): return a[-1] * 2  # fmt: skip # noqa: E704

    @stencil
    def nested(a):
        f = lambda x: x + a[0]
        return f(a[1])

    a = np.random.default_rng(6).integers(0, 99, 200)
    for made in (branches, early, falls, nested, stencil(one_line), stencil(lambda b: b[-1] - b[1])):
        low = -1 if made is not nested else 0
        high = 0 if made is not None and made.py_func is one_line else 1
        same(made(a), reference(made.py_func, [a], [(low, high)]))
    for made in (branches, early, falls):
        same(stencil("nearest")(made.py_func)(a), reference(made.py_func, [a], [(-1, 1)], "nearest"))


FACTOR = 3


def test_globals_and_cells():
    offset = np.array([1.0, 2.0])

    @stencil
    def kernel(a):
        return FACTOR * a[1] + offset[1] + np.sqrt(a[0])

    a = np.arange(9.0)
    same(kernel(a), reference(kernel.py_func, [a], [(0, 1)]))
    offset[1] = 5
    same(kernel(a), reference(kernel.py_func, [a], [(0, 1)]))


@pytest.mark.parametrize("mode", MODES)
def test_parallel(mode):
    a = np.random.default_rng(7).random((300, 40))
    serial, parallel = stencil(mode)(laplace), stencil(mode, parallel=True)(laplace)
    same(parallel(a), serial(a))

    @ungil.jit(parallel=True)
    def kernel(a):
        return serial(a) + 1

    same(kernel(a), serial(a) + 1)


@stencil
def smooth(a):
    return (a[-1] + a[0] + a[1]) / 3


@stencil("wrap")
def shifted(a, by):
    return a[1] * by


def test_inside_kernels():
    @ungil.jit
    def kernel(a, n):
        out = np.zeros_like(a)
        for _ in range(n):
            a = smooth(a)
        shifted(a, 2.0, out=out)
        return out

    a = np.random.default_rng(8).random(100)
    expected = a
    for _ in range(3):
        expected = reference(smooth.py_func, [expected], [(-1, 1)])
    expected = 2 * np.roll(expected, -1)
    same(kernel(a, 3), expected)


@pytest.mark.parametrize("parallel", [False, True])
def test_exceptions(parallel):
    @stencil(parallel=parallel)
    def strict(a):
        if a[0] == 13:
            raise ValueError("13 is bad luck")
        return a[1]

    same(strict(np.arange(10.0)), np.append(np.arange(1.0, 10.0), 0))
    with pytest.raises(ValueError, match="bad luck") as caught:
        strict(np.arange(20.0))
    if not parallel:
        frame = traceback.extract_tb(caught.value.__traceback__)[-1]
        assert frame.name == "strict"
        assert frame.line == 'raise ValueError("13 is bad luck")'


def test_mistakes():
    def check(match, kernel, error=ValueError, mode="constant", **options):
        with pytest.raises(error, match=match):
            stencil(mode, **options)(kernel)

    check("Unsupported mode style fancy", laplace, mode="fancy")
    check("no option", laplace, TypeError, fancy=True)
    check("1 dimensional neighborhood specified for 2", laplace, neighborhood=((-1, 1),))
    check("must be pairs of integers", laplace, neighborhood=3)
    check("least index above", laplace, neighborhood=((1, 0), (0, 1)))
    check("lies outside the neighborhood", laplace, neighborhood=((-1, 1), (0, 1)))
    check("names no parameter", laplace, standard_indexing=("b",))
    check("must use relative indices", laplace, standard_indexing=("a",))

    def variable(a):
        i = 1
        return a[i]

    def assigns(a):
        a[0] = 1
        return a[1]

    def rebinds(a):
        a = a[1]
        return a

    def reads_nothing(a):
        return 1

    def mixed(a, b):
        return a[0] + b[0, 1]

    def reserved(a):
        out = a[0]
        return out

    def open_slice(a):
        return np.sum(a[:2])

    def defaults(a, b=1):
        return a[0]

    check("the neighborhood option is required", variable)
    check("assigns to the array a", assigns)
    check("assigns to its parameter a", rebinds)
    check("reads no array at relative", reads_nothing)
    check("of 1 and of 2 dimensions", mixed)
    check("reserved name 'out'", reserved)
    check("needs a start and a stop", open_slice)
    check("without defaults", defaults, TypeError)
    with pytest.raises(ValueError, match="along 2 dimensions"):
        stencil(laplace)(np.zeros(3))
    with pytest.raises(ValueError, match="along 1 dimension,"):
        stencil(lambda a: a[1])(np.zeros((3, 3)))

    @stencil
    def pair(a):
        return a[0], a[1]

    with pytest.raises(TypeError, match="must return one number"):
        pair(np.zeros(3))

    @stencil
    def wrong(a):
        return a[0] + "x"

    with pytest.raises(TypeError) as caught:
        wrong(np.zeros(3))
    assert 'return a[0] + "x"' in str(caught.value)


def test_pickling():
    assert pickle.loads(pickle.dumps(smooth)) is smooth
    n = 2.0
    local = stencil("nearest")(lambda a: a[1] * n)
    copy = pickle.loads(pickle.dumps(local))
    same(copy(np.arange(4.0)), local(np.arange(4.0)))
    assert "nearest" in repr(copy)


@pytest.mark.parametrize("mode", ["constant", "nearest", "reflect", "mirror", "wrap"])
@pytest.mark.parametrize("parallel", [False, True])
def test_strided_arrays_in_every_mode(mode, parallel):
    @ungil.stencil(mode, parallel=parallel)
    def both(a):
        return a[-1] + 2 * a[3]

    for n in (0, 1, 2, 3, 4, 9, 40):
        a = np.arange(2.0 * n) ** 2
        for view in (a[::2], a[n - 1 :: -1] if n else a):
            np.testing.assert_array_equal(both(view), both(view.copy()))
