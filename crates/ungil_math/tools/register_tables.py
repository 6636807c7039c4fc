"""Writes src/single/{tables,power_tables}.rs and src/double/register_tables.rs: numbers looked up in vector registers, and polynomials beside them.

`python tools/register_tables.py [single|double|power]` from the crate's folder (mpmath). Buckets of logarithms and cube roots are the five highest bits of a
mantissa; exponentials take steps of 1/32 of an octave; tanh has a polynomial per quarter of an octave.
"""

import pathlib

import sys

from mpmath import mp, mpf
from remez import fit, rounded

from generate import HEADER, SLACK, SOURCE, array, near_zero

LN2 = mp.log(2)


def to_grid(value, exponent):
    return mp.ldexp(mp.nint(mp.ldexp(value, -exponent)), exponent)


def reciprocals():
    """One over about the middle of each bucket of [1, 2), in 9 bits; exact at both ends, so that log 1 is."""
    middle = [to_grid(1 / (1 + (j + mpf("0.5")) / 32), -9) for j in range(32)]
    return [mpf(1)] + middle[1:31] + [mpf("0.5")]


def tail_ranges(reciprocal):
    """The lowest and highest m/c − 1."""
    lows = [(1 + mpf(j) / 32) * q - 1 for j, q in enumerate(reciprocal)]
    highs = [(1 + mpf(j + 1) / 32) * q - 1 for j, q in enumerate(reciprocal)]
    return min(lows), max(highs)


def pairs(name, values, exponent, text):
    """Numbers on a grid and what is left of them."""
    high = [to_grid(v, exponent) for v in values]
    return [
        array(f"{name}_HI", "f32", high, f"{text}, multiples of 2^{exponent}.", 24).replace("const", "static"),
        array(f"{name}_LO", "f32", [v - h for v, h in zip(values, high)], f"The rest of `{name}_HI`.", 24).replace("const", "static"),
    ]


def table(name, values, text):
    return array(name, "f32", values, text, 24).replace("const", "static")


def poly(name, text, function, weight, count, low, high, **options):
    coefficients, worst = fit(function, weight, list(range(count)), low, high, bits=24, **options)
    error = f"2^{mp.nstr(mp.log(worst, 2), 4)}"
    print(name, error)
    return array(name, "f32", coefficients, f"{text}; error {error}.", 24)


def log_tables(out):
    q = reciprocals()
    low, high = tail_ranges(q)
    print("log tails", mp.nstr(low, 5), mp.nstr(high, 5))
    out.append(table("RECIPROCAL", q, "1/c for the middle c of each bucket of mantissas; 1 and ½ at the ends."))
    for name, scale, exponent in [("LOG", 1, -16), ("LOG2", 1 / LN2, -16), ("LOG10", 1 / mp.log(10), -17)]:
        hi_lo = [-mp.log(x) * scale for x in q]
        out += pairs(f"{name}_C", hi_lo, exponent, f"The logarithm of c")
    log10_2 = to_grid(mp.log10(2), -17)
    ln2 = to_grid(LN2, -16)
    for name, value in [("LN2_GRID_HI", ln2), ("LN2_GRID_LO", LN2 - ln2), ("LOG10_2_GRID_HI", log10_2), ("LOG10_2_GRID_LO", mp.log10(2) - log10_2)]:
        out.append(array(name, "f32", [value], "The last entry of the table of logarithms.", 24).replace(": [f32; 1] = [\n    ", ": f32 = ").replace(",\n]", ""))
    rest = lambda r: -mpf(1) / 2 + r / 3 if near_zero(r) else (mp.log1p(r) - r) / r**2
    for name, scale in [("LOG_REST", mpf(1)), ("LOG2_REST", 1 / LN2), ("LOG10_REST", 1 / mp.log(10))]:
        out.append(poly(name, f"(log(1 + r) − r)/r² in the base of the table, for {mp.nstr(low, 3)} ≤ r ≤ {mp.nstr(high, 3)}", lambda r: rest(r) * scale, lambda r: abs(r) / scale, 3, low, high))


def exp_tables(out):
    steps = [mp.power(2, mpf(j) / 32) for j in range(32)]
    high = [rounded(v, 24) for v in steps]
    out.append(table("EXP2_STEP", high, "2^(j/32), rounded."))
    out.append(table("EXP2_STEP_REST", [v / h - 1 for v, h in zip(steps, high)], "The relative error of `EXP2_STEP`."))
    up = [reversible_step(j) for j in range(32)]
    out.append(table("EXP2_STEP_UP", up, "About a quarter of 2^(j/32), a number such that a sixteenth of its reciprocal is nearly a float32."))
    out.append(table("EXP2_STEP_DOWN", [1 / (16 * u) for u in up], "A sixteenth of the reciprocal of `EXP2_STEP_UP`, to 2^-6 units of its last place."))
    offsets = [mp.log(4 * u) - j * LN2 / 32 for j, u in enumerate(up)]
    out.append(table("EXP2_STEP_OFFSET", offsets, "The logarithm of four times `EXP2_STEP_UP` less j·ln 2/32."))
    step = rounded(LN2 / 32, 24)
    out.append(array("LN2_STEP", "f32", [step, LN2 / 32 - step], "ln 2/32 in two parts.", 24))
    reach = LN2 / 64 * (1 + mpf(2) ** -12)
    rest = lambda r: mpf(1) / 2 + r / 6 if near_zero(r) else (mp.expm1(r) - r) / r**2
    out.append(poly("EXPM1_STEP", "(e^r − 1 − r)/r² for |r| ≤ ln 2/64", rest, lambda r: abs(r), 2, -reach, reach))


def reversible_step(j):
    """A float32 within 2^-14 of 2^(j/32)/4 with a reciprocal that is nearly a float32 (S. Gal's accurate tables)."""
    middle = rounded(mp.power(2, mpf(j) / 32) / 4, 24)
    best = (mpf(1), middle)
    for i in range(2000 if j else 1):
        u = middle + mp.ldexp(mpf(i if i % 2 else -i), -25)
        v = 1 / (16 * u)
        best = min(best, (abs(v / rounded(v, 24) - 1), u))
        if best[0] < mpf(2) ** -32:
            break
    return best[1]


def atan_tables(out):
    """Cubic polynomials around 32 numbers whose arc tangents, and those of their reciprocals, are nearly float32."""
    centres, columns, worst = [], [[] for _ in range(5)], mpf(0)
    half = mpf(1) / 62 * (1 + mpf(2) ** -12)
    for j in range(32):
        near = mpf(j) / 31
        centre = mpf(0)
        if j:
            unit = mp.ldexp(mpf(1), int(mp.frexp(near)[1]) - 24)
            best = (mpf(1), near)
            for i in range(30000):
                c = rounded(near, 24) + unit * (i if i % 2 else -i)
                if abs(c - near) > half / 16:
                    break
                values = [mp.atan(c), mp.pi / 2 - mp.atan(c)]
                best = min(best, (max(abs(v / rounded(v, 24) - 1) for v in values), c))
                if best[0] < mpf(2) ** -29:
                    break
            centre = best[1]
        arc = mp.atan(centre)
        f = lambda t: (mp.atan(centre + t) - arc) / t if abs(t) > mpf(2) ** -40 else 1 / (1 + centre**2)
        low, high = (-half if j else mpf(0)) + near - centre, half + near - centre
        if j:
            c, w = fit(f, lambda t: abs(t) / mp.atan(centre + t), [0, 1, 2], low, high, bits=24)
        else:
            c, w = fit(lambda t: (f(t) - 1) / t**2 if t else -mpf(1) / 3, lambda t: t**2, [0], low, high, bits=24)
            c = [mpf(1), mpf(0)] + c
        worst = max(w, worst)
        centres.append(centre)
        # Small results are q plus the rest, which begins with a centre that is nearly zero.
        for column, v in zip(columns, [arc - centre if j == 1 else arc, mp.pi / 2 - arc] + c):
            column.append(v)
    error = f"worst error 2^{mp.nstr(mp.log(worst, 2), 4)}"
    print("atan", error)
    out.append(table("ATAN_CENTRE", centres, "A number c near j/31 whose arc tangent is nearly a float32, also as π/2 less it; 0 for j = 0."))
    for name, text, column in zip(
        ["ATAN_UP", "ATAN_ACROSS", "ATAN_1", "ATAN_2", "ATAN_3"],
        ["The arc tangent of c; for j = 1 less c.", "π/2 less that."] + [f"Coefficient {n} of (atan q) in q − c, {error}." for n in (1, 2, 3)],
        columns,
    ):
        out.append(table(name, column, text))


def tan_polynomial(out):
    rest = lambda h: mpf(1) / 3 + 2 * h / 15 if near_zero(h) else (mp.tan(mp.sqrt(h)) / mp.sqrt(h) - 1) / h
    reach = (mp.pi / 4 * (1 + mpf(2) ** -18)) ** 2
    out.append(poly("TAN", "(tan x − x)/x³ in x² for |x| ≤ π/4", rest, lambda h: h, 7, 0, reach))


def inverse_hyperbolic_polynomials(out):
    odd = lambda f, c: lambda z: c if near_zero(z) else (f(mp.sqrt(z)) / mp.sqrt(z) - 1) / z
    out.append(poly("ASINH_NEAR", "(asinh x − x)/x³ in x² for |x| ≤ 5/8", odd(mp.asinh, -mpf(1) / 6), lambda z: z, 6, 0, mpf(25) / 64))
    out.append(poly("ATANH_NEAR", "(atanh x − x)/x³ in x² for |x| ≤ ½", odd(mp.atanh, mpf(1) / 3), lambda z: z, 6, 0, mpf(1) / 4))
    near = lambda u: -mpf(1) / 12 + 3 * u / 160 if near_zero(u) else (mp.acosh(1 + u) / mp.sqrt(2 * u) - 1) / u
    out.append(poly("ACOSH_NEAR", "(acosh(1 + u)/√2u − 1)/u for 0 ≤ u ≤ ½", near, lambda u: u, 6, 0, mpf(1) / 2))


def sinh_near(out):
    rest = lambda z: mpf(1) / 6 + z / 120 if near_zero(z) else (mp.sinh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z
    out.append(poly("SINH_NEAR", "(sinh x − x)/x³ in x² for |x| ≤ ¼", rest, lambda z: z, 2, 0, mpf(1) / 16))


TANH_COUNT = 5


def tanh_tables(out):
    """Intervals between eighths of octaves of |x| + 3/4, so that they are finer where tanh bends; the first starts at 0."""
    edges = [mp.ldexp(mpf(8 + i % 8) / 8, i // 8) for i in range(-4, 29)]
    edges = [e - mpf("0.75") if i else mpf(0) for i, e in enumerate(edges)]
    centres, columns = [], [[] for _ in range(TANH_COUNT + 1)]
    worst = mpf(0)
    for i in range(32):
        low = edges[i]
        high = edges[i + 1]
        if low >= mpf("9.2"):
            centres.append(low)
            for n, c in enumerate(columns):
                c.append(mpf(1) if n == 0 else mpf(0))
            continue
        if i == 0:
            # tanh x = x + x·(p − 1)
            f = lambda x: mpf(0) if near_zero(x) else mp.tanh(x) / x - 1
            c, w = fit(f, lambda x: 1, list(range(TANH_COUNT)), low, high, bits=24)
            centres.append(mpf(0))
            values = [mpf(0)] + c
        else:
            centre = accurate(mp.tanh, (low + high) / 2, (high - low) / 64)
            base = rounded(mp.tanh(centre), 24)
            f = lambda t: (mp.tanh(centre + t) - base) / t if abs(t) > mpf(2) ** -50 else mp.sech(centre) ** 2
            c, w = fit(f, lambda t: abs(t) / mp.tanh(centre + t), list(range(TANH_COUNT)), low - centre, high - centre, bits=24)
            centres.append(centre)
            values = [base] + c
        worst = max(w, worst)
        for column, v in zip(columns, values):
            column.append(v)
    print("tanh", mp.log(worst, 2), [mp.nstr(c, 4) for c in centres])
    # The index is bits 20 to 24 of |x| + 3/4, which start at those of 3/4.
    turn = lambda values: values[-20:] + values[:-20]
    out.append(table("TANH_CENTRE", turn(centres), "A number near the middle of each interval whose tanh is nearly a float32; 0 in the first."))
    for n, column in enumerate(columns):
        out.append(table(f"TANH_{n}", turn(column), f"Coefficient {n} of tanh in x − centre, worst error 2^{mp.nstr(mp.log(worst, 2), 4)}." + (" Without the leading 1 in the first interval." if n == 1 else "")))


def accurate(function, near, reach):
    """A float32 near `near` whose function value is within 2^-10 units of its last place of a float32."""
    best = None
    step = rounded(near, 24)
    unit = mp.ldexp(mpf(1), int(mp.frexp(near)[1]) - 24)
    for i in range(4000):
        x = step + unit * (i if i % 2 else -i) * 37
        if abs(x - near) > reach:
            break
        v = function(x)
        d = abs(v - rounded(v, 24)) / v
        if best is None or d < best[0]:
            best = (d, x)
        if d < mpf(2) ** -34:
            break
    return best[1]


def cbrt_tables(out):
    q = reciprocals()
    roots = [mp.cbrt(1 / x) for x in q]
    high = [rounded(v, 24) for v in roots]
    out.append(table("CBRT_C", high, "The cube root of c, rounded."))
    out.append(table("CBRT_C_REST", [v / h - 1 for v, h in zip(roots, high)], "The relative error of `CBRT_C`."))
    for name, value in [("CBRT_TWO", mp.cbrt(2)), ("CBRT_HALF", mp.cbrt(mpf(1) / 2))]:
        out.append(array(name, "f32", [rounded(value, 24), value / rounded(value, 24) - 1], "A cube root, rounded, and the relative error.", 24))
    low, high = tail_ranges(q)
    rest = lambda r: mpf(1) / 3 - r / 9 if near_zero(r) else (mp.cbrt(1 + r) - 1) / r
    out.append(poly("CBRT_REST", "(∛(1 + r) − 1)/r", rest, lambda r: abs(r), 3, low, high))


def pairs_double(out, name, values, exponent, text):
    high = [to_grid(v, exponent) for v in values]
    out.append(array(f"{name}_HI", "f64", high, f"{text}, multiples of 2^{exponent}.").replace("const", "static"))
    out.append(array(f"{name}_LO", "f64", [v - h for v, h in zip(values, high)], f"The rest of `{name}_HI`.").replace("const", "static"))


def rounded_double(out, name, values, text, scale=1):
    high = [rounded(v, 53) for v in values]
    out.append(array(name, "f64", [h * scale for h in high], text).replace("const", "static"))
    out.append(array(f"{name}_REST", "f64", [v / h - 1 for v, h in zip(values, high)], f"The relative error of `{name}`.").replace("const", "static"))


def poly_double(out, name, text, function, weight, count, low, high, **options):
    coefficients, worst = fit(function, weight, list(range(count)), low, high, bits=53, **options)
    error = f"2^{mp.nstr(mp.log(worst, 2), 4)}"
    print(name, count, error)
    out.append(array(name, "f64", coefficients, f"{text}; error {error}."))


def double_log_tables(out):
    # In 5 bits, so that the tail of a mantissa of 53 bits is exact.
    q = [mpf(1)] + [to_grid(1 / (1 + (i + mpf("0.5")) / 16), -5) for i in range(1, 15)] + [mpf("0.5")]
    lows = [(1 + mpf(i) / 16) * v - 1 for i, v in enumerate(q)]
    highs = [(1 + mpf(i + 1) / 16) * v - 1 for i, v in enumerate(q)]
    low, high = min(lows), max(highs)
    print("float64 tails", mp.nstr(low, 5), mp.nstr(high, 5))
    out.append(array("RECIPROCAL", "f64", q, "1/c in 5 bits for about the middle c of each bucket of mantissas; 1 and ½ at the ends.").replace("const", "static"))
    for name, scale, exponent in [("LOG", 1, -42), ("LOG2", 1 / LN2, -42), ("LOG10", 1 / mp.log(10), -43)]:
        pairs_double(out, f"{name}_C", [-mp.log(x) * scale for x in q], exponent, "The logarithm of c")
    for name, value, exponent in [("LN2_GRID", LN2, -42), ("LOG10_2_GRID", mp.log10(2), -43)]:
        grid = to_grid(value, exponent)
        out.append(array(name, "f64", [grid, value - grid], "The last entry of the table of logarithms, in two parts."))
    rest = lambda r: -mpf(1) / 2 + r / 3 if near_zero(r) else (mp.log1p(r) - r) / r**2
    span = f"for {mp.nstr(low, 3)} ≤ r ≤ {mp.nstr(high, 3)}"
    for name, scale in [("LOG_REST", mpf(1)), ("LOG2_REST", 1 / LN2), ("LOG10_REST", 1 / mp.log(10))]:
        poly_double(out, name, f"(log(1 + r) − r)/r² in the base of the table, {span}", lambda r: rest(r) * scale, lambda r: abs(r) / scale, 10, low, high)
    quartic = lambda r: -mpf(1) / 4 + r / 5 if near_zero(r) else (mp.log1p(r) - r + r**2 / 2 - r**3 / 3) / r**4
    poly_double(out, "POW_REST", f"(log(1 + r) − r + r²/2 − r³/3)/r⁴ {span}", quartic, lambda r: abs(r) ** 3, 9, low, high)
    roots = [mp.cbrt(1 / x) for x in q]
    rounded_double(out, "CBRT_C", roots, "The cube root of c, rounded.")
    for name, value in [("CBRT_TWO", mp.cbrt(2)), ("CBRT_HALF", mp.cbrt(mpf(1) / 2))]:
        out.append(array(name, "f64", [rounded(value, 53), value / rounded(value, 53) - 1], "A cube root, rounded, and the relative error."))
    rest = lambda r: mpf(1) / 3 - r / 9 if near_zero(r) else (mp.cbrt(1 + r) - 1) / r
    poly_double(out, "CBRT_REST", f"(∛(1 + r) − 1)/r {span}", rest, lambda r: abs(r), 9, low, high)


def double_exp_tables(out):
    rounded_double(out, "EXP2_STEP", [mp.power(2, mpf(j) / 16) for j in range(16)], "2^(j/16), rounded.")
    down = [rounded(mp.power(2, -mpf(j) / 16), 53) / 4 for j in range(16)]
    out.append(array("EXP2_STEP_DOWN", "f64", down, "A quarter of 2^(−j/16), rounded.").replace("const", "static"))
    step = rounded(LN2 / 16, 53)
    out.append(array("LN2_STEP", "f64", [step, LN2 / 16 - step], "ln 2/16 in two parts."))
    reach = LN2 / 32 * (1 + mpf(2) ** -18)
    rest = lambda r: mpf(1) / 2 + r / 6 if near_zero(r) else (mp.expm1(r) - r) / r**2
    poly_double(out, "EXPM1_STEP", "(e^r − 1 − r)/r² for |r| ≤ ln 2/32", rest, lambda r: abs(r), 6, -reach, reach)
    poly_double(out, "EXP_STEP", "(e^r − 1 − r)/r² for |r| ≤ ln 2/32", rest, lambda r: r * r, 5, -reach, reach)
    slope = lambda r: LN2 + r * LN2**2 / 2 if near_zero(r) else mp.expm1(r * LN2) / r
    poly_double(out, "EXP2_SLOPE", "(2^r − 1)/r for |r| ≤ 1/32", slope, lambda r: abs(r), 6, -SLACK / 32, SLACK / 32)
    sinh = lambda h: mpf(1) / 6 + h / 120 if near_zero(h) else (mp.sinh(mp.sqrt(h)) / mp.sqrt(h) - 1) / h
    cosh = lambda h: mpf(1) / 2 + h / 24 if near_zero(h) else (mp.cosh(mp.sqrt(h)) - 1) / h
    poly_double(out, "SINH_STEP", "(sinh r − r)/r³ in r² for |r| ≤ ln 2/32", sinh, lambda h: h, 3, 0, reach**2)
    poly_double(out, "COSH_STEP", "(cosh r − 1)/r² in r² for |r| ≤ ln 2/32", cosh, lambda h: h, 3, 0, reach**2)


def double_near_polynomials(out):
    odd = lambda f, c: lambda z: c if near_zero(z) else (f(mp.sqrt(z)) / mp.sqrt(z) - 1) / z
    poly_double(out, "ASINH_NEAR", "(asinh x − x)/x³ in x² for |x| ≤ 0.6", odd(mp.asinh, -mpf(1) / 6), lambda z: z, 13, 0, mpf("0.36"))
    near = lambda u: -mpf(1) / 12 + 3 * u / 160 if near_zero(u) else (mp.acosh(1 + u) / mp.sqrt(2 * u) - 1) / u
    poly_double(out, "ACOSH_NEAR", "(acosh(1 + u)/√2u − 1)/u for 0 ≤ u ≤ ¼", near, lambda u: u, 9, 0, mpf(1) / 4)
    tangent = lambda h: mpf(1) / 3 + 2 * h / 15 if near_zero(h) else (mp.tan(mp.sqrt(h)) / mp.sqrt(h) - 1) / h
    reach = (mp.pi / 4 * (1 + mpf(2) ** -18)) ** 2
    poly_double(out, "TAN", "(tan x − x)/x³ in x² for |x| ≤ π/4", tangent, lambda h: h, 15, 0, reach)


def single_power_tables(out):
    """Reciprocals of 6 bits, so that the tail of a mantissa of 24 bits is exact: |r| < 1/32."""
    q = [mpf(1)] + [to_grid(1 / (1 + (j + mpf("0.5")) / 32), -6) for j in range(1, 31)] + [mpf("0.5")]
    low, high = tail_ranges(q)
    print("float32 power tails", mp.nstr(low, 5), mp.nstr(high, 5))
    assert max(-low, high) <= mpf(1) / 32
    out.append(table("POW_RECIPROCAL", q, "1/c in 6 bits for about the middle c of each bucket of mantissas; 1 and ½ at the ends."))
    out += pairs("POW_LOG2_C", [-mp.log(x, 2) for x in q], -16, "The logarithm of c to base 2")
    out.append(array("LOG2_E", "f32", [rounded(1 / LN2, 24), 1 / LN2 - rounded(1 / LN2, 24)], "1/ln 2 in two parts.", 24))
    # In r and s = −r²/2, which is at hand: r³·C = r·s·(c₀ + c₁·r + s·(c₂ + c₃·r)).
    cubic = lambda r: mpf(1) / 3 - r / 4 if near_zero(r) else (mp.log1p(r) - r + r**2 / 2) / r**3
    span = f"for {mp.nstr(low, 3)} ≤ r ≤ {mp.nstr(high, 3)}"
    text = f"(log(1 + r) − r + r²/2)/r³ {span}, times −2, −2, 4 and 4"
    coefficients, worst = fit(cubic, lambda r: r * r, list(range(4)), low, high, bits=24)
    error = f"2^{mp.nstr(mp.log(worst, 2), 4)}"
    out.append(array("POW_CUBIC", "f32", [c * k for c, k in zip(coefficients, [-2, -2, 4, 4])], f"{text}; error {error}.", 24))
    slope = lambda r: LN2 + r * LN2**2 / 2 if near_zero(r) else mp.expm1(r * LN2) / r
    out.append(poly("POW_EXP2_SLOPE", "(2^r − 1)/r for |r| ≤ 1/64", slope, lambda r: abs(r), 3, -SLACK / 64, SLACK / 64))


def write(name, title, what, tables):
    out = [
        HEADER.format(title=title, what=what, limits="each polynomial holds on the interval its comment names.").replace(
            "tools/generate.py", "tools/register_tables.py"
        )
    ]
    for add in tables:
        add(out)
    (SOURCE / name).write_text("\n".join(out))


if __name__ == "__main__":
    mp.prec = 160
    if "power" in sys.argv[1:] or len(sys.argv) == 1:
        write(
            "single/power_tables.rs",
            "Tables of the float32 power, held in vector registers.",
            "32 numbers each, for `instructions`; polynomials lowest power first.",
            [single_power_tables],
        )
    if "double" not in sys.argv[1:] and "power" not in sys.argv[1:]:
        write(
            "single/tables.rs",
            "Tables of the float32 functions, held in vector registers.",
            "32 numbers each, for `instructions`; polynomials lowest power first.",
            [log_tables, exp_tables, atan_tables, tan_polynomial, inverse_hyperbolic_polynomials, sinh_near, tanh_tables, cbrt_tables],
        )
    if "single" not in sys.argv[1:] and "power" not in sys.argv[1:]:
        write(
            "double/register_tables.rs",
            "Tables of the float64 functions, held in vector registers.",
            "16 numbers each, for `instructions`; polynomials lowest power first.",
            [double_log_tables, double_exp_tables, double_near_polynomials],
        )
