"""Functions of elements: each is compiled for scalars and applied to arrays without temporaries."""


def clip(a, a_min=None, a_max=None, *, min=None, max=None):
    if min is not None or max is not None:
        return clip(a, min, max)
    if a_min is None and a_max is None:
        return scalar(a)
    if a_max is None:
        return _at_least(a, a_min)
    if a_min is None:
        return _at_most(a, a_max)
    return _at_most(_at_least(a, a_min), a_max)


def _at_least(a, low):
    # Python's integers beyond an element type are no bounds.
    if is_bounded(a, low):
        if low <= lowest_integer(a):
            return a
    return np.maximum(a, low)


def _at_most(a, high):
    if is_bounded(a, high):
        if high >= highest_integer(a):
            return a
    return np.minimum(a, high)


def isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan: const = False):
    x, y = scalar(a), inexact(b)
    near = (np.abs(x - y) <= atol + rtol * np.abs(y)) & np.isfinite(y) | (x == y)
    if equal_nan:
        return near | ((x != x) & (y != y))
    return near


def isreal(x):
    z = scalar(x)
    return np.bool(z.imag == 0)


def iscomplex(x):
    z = scalar(x)
    return np.bool(z.imag != 0)


def isneginf(x):
    if is_complex(x):
        refuse("complex numbers have no order")
    y = scalar(x)
    return np.bool(y == -np.inf)


def isposinf(x):
    if is_complex(x):
        refuse("complex numbers have no order")
    y = scalar(x)
    return np.bool(y == np.inf)


def nan_to_num(x, copy: const = True, nan=0.0, posinf=None, neginf=None):
    y = scalar(x)
    if is_complex(y):
        return like(y, complex(_finite(y.real, nan, posinf, neginf), _finite(y.imag, nan, posinf, neginf)))
    if is_inexact(y):
        return _finite(y, nan, posinf, neginf)
    return y


def _finite(x, nan, posinf, neginf):
    high = largest(x) if posinf is None else like(x, posinf)
    low = -largest(x) if neginf is None else like(x, neginf)
    if x != x:
        return like(x, nan)
    if x == np.inf:
        return high
    if x == -np.inf:
        return low
    return x


def sign(x):
    y = scalar(x)
    if is_complex(y):
        return like(y, _direction(y))
    if is_bool(y):
        refuse("booleans have no sign")
    if y > 0:
        return like(y, 1)
    if y < 0:
        return like(y, -1) if is_signed(y) else y
    return like(y, 0) if y == 0 else y


def _direction(z):
    size = np.abs(z)
    if size != size:
        return np.nan + 0j
    if np.isinf(size):
        if np.isinf(z.real) and np.isinf(z.imag):
            return np.nan + 0j
        if np.isinf(z.real):
            return complex(1.0 if z.real > 0 else -1.0, 0.0)
        return complex(0.0, 1.0 if z.imag > 0 else -1.0)
    if size == 0:
        return 0j
    return complex(z.real / size, z.imag / size)


def heaviside(x1, x2):
    if is_complex(x1) or is_complex(x2):
        refuse("complex numbers have no order")
    x, h = inexact_of(x1, x2), inexact_of(x2, x1)
    if x != x:
        return x
    if x == 0:
        return h
    return like(x, 0) if x < 0 else like(x, 1)


def gcd(x1, x2):
    a, b = common(x1, x2), common(x2, x1)
    if not is_integer(a):
        refuse("only integers have divisors")
    a, b = np.abs(a), np.abs(b)
    while b != 0:
        a, b = b, like(b, a % b)
    # The least integer has no absolute value: remainders by it are negative.
    return like(a, np.abs(a))


def lcm(x1, x2):
    a, b = np.abs(common(x1, x2)), np.abs(common(x2, x1))
    divisor = gcd(a, b)
    if divisor == 0:
        return like(a, 0)
    return like(a, a // divisor * b)


def sinc(x):
    y = inexact(x)
    y = like(y, np.pi) * y
    if y == 0:
        return like(y, 1)
    return np.sin(y) / y


def angle(z, deg: const = False):
    y = scalar(z)
    if is_complex(y):
        a = np.arctan2(y.imag, y.real)
    else:
        a = np.arctan2(like(y, 0), y)
    if deg:
        return a * like(a, 180 / np.pi)
    return a


def conj(x):
    if is_bool(x):
        return np.int8(x)
    return scalar(x).conjugate()


def conjugate(x):
    if is_bool(x):
        return np.int8(x)
    return scalar(x).conjugate()


def round(a, decimals: const = 0):
    x = scalar(a)
    if is_complex(x):
        return like(x, complex(_rounded(x.real, decimals), _rounded(x.imag, decimals)))
    if is_bool(x):
        refuse("booleans are not rounded; convert them first")
    if is_integer(x):
        if decimals >= 0:
            return x
        return like(x, _rounded(np.float64(x), decimals))
    return _rounded(x, decimals)


def around(a, decimals: const = 0):
    return round(a, decimals)


def _rounded(x, decimals: const):
    if decimals == 0:
        return np.rint(x)
    if decimals > 0:
        scale = like(x, 10.0**decimals)
        return np.rint(x * scale) / scale
    scale = like(x, 10.0**-decimals)
    return np.rint(x / scale) * scale


def fix(x):
    return np.trunc(x)


def bitwise_count(x):
    y = scalar(x)
    if not is_integer(y):
        if is_bool(y):
            return np.uint8(1) if y else np.uint8(0)
        refuse("only integers have bits")
    # The bits of the magnitude, pairs, fours and bytes of them added at once.
    if y.itemsize == 1:
        few = np.uint8(y)
        if is_signed(y) and y < 0:
            few = np.uint8(0) - few
        few = few - ((few >> 1) & 0x55)
        few = (few & 0x33) + ((few >> 2) & 0x33)
        return (few + (few >> 4)) & 0x0F
    n = np.uint64(y)
    if is_signed(y) and y < 0:
        n = np.uint64(0) - n
    n = n - ((n >> 1) & 0x5555555555555555)
    n = (n & 0x3333333333333333) + ((n >> 2) & 0x3333333333333333)
    n = (n + (n >> 4)) & 0x0F0F0F0F0F0F0F0F
    return np.uint8((n * 0x0101010101010101) >> 56)


def i0(x):
    if is_complex(x):
        refuse("i0 is not defined for complex numbers")
    # Cephes' Chebyshev series, as in NumPy.
    y = np.abs(inexact(x))
    if y <= 8:
        t = y / 2 - 2
        b, b1, b2 = 0.0, 0.0, 0.0
        for c in (
            -4.4153416464793395e-18,
            3.3307945188222384e-17,
            -2.431279846547955e-16,
            1.715391285555133e-15,
            -1.1685332877993451e-14,
            7.676185498604936e-14,
            -4.856446783111929e-13,
            2.95505266312964e-12,
            -1.726826291441556e-11,
            9.675809035373237e-11,
            -5.189795601635263e-10,
            2.6598237246823866e-09,
            -1.300025009986248e-08,
            6.046995022541919e-08,
            -2.670793853940612e-07,
            1.1173875391201037e-06,
            -4.4167383584587505e-06,
            1.6448448070728896e-05,
            -5.754195010082104e-05,
            0.00018850288509584165,
            -0.0005763755745385824,
            0.0016394756169413357,
            -0.004324309995050576,
            0.010546460394594998,
            -0.02373741480589947,
            0.04930528423967071,
            -0.09490109704804764,
            0.17162090152220877,
            -0.3046826723431984,
            0.6767952744094761,
        ):
            b2 = b1
            b1 = b
            b = t * b1 - b2 + c
        return np.exp(y) * (0.5 * (b - b2))
    t = 32 / y - 2
    b, b1, b2 = 0.0, 0.0, 0.0
    for c in (
        -7.233180487874754e-18,
        -4.830504485944182e-18,
        4.46562142029676e-17,
        3.461222867697461e-17,
        -2.8276239805165836e-16,
        -3.425485619677219e-16,
        1.7725601330565263e-15,
        3.8116806693526224e-15,
        -9.554846698828307e-15,
        -4.150569347287222e-14,
        1.54008621752141e-14,
        3.8527783827421426e-13,
        7.180124451383666e-13,
        -1.7941785315068062e-12,
        -1.3215811840447713e-11,
        -3.1499165279632416e-11,
        1.1889147107846439e-11,
        4.94060238822497e-10,
        3.3962320257083865e-09,
        2.266668990498178e-08,
        2.0489185894690638e-07,
        2.8913705208347567e-06,
        6.889758346916825e-05,
        0.0033691164782556943,
        0.8044904110141088,
    ):
        b2 = b1
        b1 = b
        b = t * b1 - b2 + c
    return np.exp(y) * (0.5 * (b - b2)) / np.sqrt(y)
