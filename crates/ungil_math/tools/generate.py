"""Writes src/double/{coefficients,tables,special_coefficients}.rs and src/single/coefficients.rs.

Needs mpmath (gmpy2 makes it faster): `python tools/generate.py [double] [tables] [special] [single]` from the crate's
folder; without names, all.
The bound printed in each comment is the maximum of |weight·(polynomial − function)| on the interval,
measured on 2,001 points after the coefficients were rounded.
"""

import functools
import pathlib
import sys

from mpmath import mp, mpf
from remez import fit, rounded

SOURCE = pathlib.Path(__file__).parent.parent / "src"
LN2, PI = mp.log(2), mp.pi
SLACK = 1 + mpf(2) ** -18


def near_zero(x):
    return abs(x) < mpf(2) ** -60


def literal(value, bits=53):
    if bits == 24:
        import struct

        single = struct.unpack("f", struct.pack("f", float(value)))[0]
        for digits in range(1, 10):
            text = f"{single:.{digits}e}"
            if struct.unpack("f", struct.pack("f", float(text)))[0] == single:
                break
        value = float(text)
    text = repr(float(value))
    return text if any(c in text for c in ".e") else text + ".0"


def array(name, kind, values, comment, bits=53):
    lines = [f"/// {line}" for line in comment.splitlines()]
    lines.append(f"pub(crate) const {name}: [{kind}; {len(values)}] = [")
    lines += [f"    {literal(v, bits)}," for v in values]
    lines.append("];")
    return "\n".join(lines) + "\n"


def constant(name, kind, value, comment, bits=53):
    return f"/// {comment}\npub(crate) const {name}: {kind} = {literal(value, bits)};\n"


def polynomial(name, kind, text, function, weight, count, low, high, bits=53, powers=None, fixed=(), lead=None):
    """A fitted polynomial as Rust; with `lead`, the first coefficient has that many bits and becomes two constants."""
    widths = [lead or bits] + [bits] * (count - 1)
    coefficients, worst = fit(function, weight, powers or list(range(count)), low, high, bits=widths, fixed=fixed)
    error = f"2^{mp.nstr(mp.log(worst, 2), 4)}"
    print(name, error)
    if lead:
        comment = f"Constant term of `{name}` in two parts."
        high, low = split(coefficients[0], bits, bits)
        text += "; without the constant term"
        first = constant(f"{name}_HI", kind, high, comment, bits) + "\n" + constant(f"{name}_LO", kind, low, comment, bits)
        return first + "\n" + array(name, kind, coefficients[1:], f"{text}; error {error}.", bits)
    return array(name, kind, coefficients, f"{text}; error {error}.", bits)


def expm1_rest(r):
    """(e^r − 1 − r)/r²"""
    return mpf(1) / 2 + r / 6 if near_zero(r) else (mp.expm1(r) - r) / r**2


def exp2_slope(r):
    """(2^r − 1)/r"""
    return LN2 + r * LN2**2 / 2 if near_zero(r) else mp.expm1(r * LN2) / r


def sin_rest(h):
    """(sin r − r)/r³ of h = r²"""
    r = mp.sqrt(h)
    return -mpf(1) / 6 + h / 120 if near_zero(h) else (mp.sin(r) - r) / r**3


def cos_rest(h):
    """(cos r − 1 + r²/2)/r⁴ of h = r²"""
    r = mp.sqrt(h)
    return mpf(1) / 24 - h / 720 if near_zero(h) else (mp.cos(r) - 1 + h / 2) / h**2


def atanh_rest(z):
    """(2·atanh(s)/s − 2)/s² of z = s²"""
    s = mp.sqrt(z)
    return mpf(2) / 3 + 2 * z / 5 if near_zero(z) else (2 * mp.atanh(s) / s - 2) / z


def sinh_rest(h):
    """(sinh r − r)/r³ of h = r²"""
    r = mp.sqrt(h)
    return mpf(1) / 6 + h / 120 if near_zero(h) else (mp.sinh(r) - r) / r**3


def cosh_rest(h):
    """(cosh r − 1 − r²/2)/r⁴ of h = r²"""
    r = mp.sqrt(h)
    return mpf(1) / 24 + h / 720 if near_zero(h) else (mp.cosh(r) - 1 - h / 2) / h**2


def atan_rest(h):
    """(atan q − q)/q³ of h = q²"""
    q = mp.sqrt(h)
    return -mpf(1) / 3 + h / 5 if near_zero(h) else (mp.atan(q) - q) / q**3


def asin_rest(h):
    """(asin x − x)/x³ of h = x²"""
    x = mp.sqrt(h)
    return mpf(1) / 6 + 3 * h / 40 if near_zero(h) else (mp.asin(x) - x) / x**3


@functools.cache
def erf_excess(z):
    """erf(x)/x − 1 of z = x²"""
    x = mp.sqrt(z)
    return 2 / mp.sqrt(PI) - 1 - z * 2 / (3 * mp.sqrt(PI)) if near_zero(z) else mp.erf(x) / x - 1


@functools.cache
def log_erfc(t):
    """log erfc(1 + t)"""
    return mp.log(mp.erfc(1 + t))


def erfc_argument(t, centre):
    """x of t = (x − centre)/(x + centre)"""
    return centre * (1 + t) / (1 - t)


@functools.cache
def scaled_erfc(t, centre):
    """(1 + 2x)·e^(x²)·erfc x of t = (x − centre)/(x + centre)"""
    x = erfc_argument(t, centre)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


@functools.cache
def stirling_rest(w):
    """y·(log Γ(y) − (y − ½)·log y + y − ½·log 2π) of w = 1/y²"""
    if w < mpf(2) ** -80:
        return mpf(1) / 12 - w / 360
    y = 1 / mp.sqrt(w)
    return y * (mp.loggamma(y) - (y - mpf(1) / 2) * mp.log(y) + y - mp.log(2 * PI) / 2)


@functools.cache
def log_gamma_middle(t):
    """log Γ(x)/((x − 1)·(x − 2)) of t = x − 3/2"""
    if abs(abs(t) - mpf(1) / 2) < mpf(2) ** -120:
        t += mpf(2) ** -100
    return mp.loggamma(t + mpf(3) / 2) / ((t + mpf(1) / 2) * (t - mpf(1) / 2))


def split(value, *widths):
    parts = []
    for bits in widths:
        parts.append(rounded(value, bits))
        value -= parts[-1]
    return parts


def constants(entries):
    out = []
    for name, value, widths, comment in entries:
        parts = split(value, *widths)
        names = [name] if len(parts) == 1 else [f"{name}_{i}" for i in ("HI", "LO", "TAIL")[: len(parts)]]
        out += [constant(n, "f64", p, c) for n, p, c in zip(names, parts, [comment] * 3)]
    return out


HEADER = """//! {title}
//!
//! {what}
//! Limits: {limits}
//! Source: written by `tools/generate.py` (Remez exchange, coefficients rounded one by one); do not edit.
#![allow(clippy::excessive_precision, clippy::approx_constant, clippy::unreadable_literal, reason = "generated")]
"""


def double_coefficients():
    reach = LN2 / 2 * SLACK
    quarter = (PI / 4 * SLACK) ** 2
    sqrt2 = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * SLACK) ** 2
    out = [
        HEADER.format(
            title="Polynomial coefficients and constants of the float64 functions.",
            what="Coefficients come lowest power first.",
            limits="each polynomial holds on the interval its comment names.",
        )
    ]
    out += constants([
        ("INV_LN2", 1 / LN2, [53], "1/ln 2."),
        ("LN2", LN2, [53, 53], "ln 2 in two parts, the first of 53 bits."),
        ("LN2_SHORT", LN2, [42, 53], "ln 2 in two parts, the first of 42 bits: its product with an exponent is exact."),
        ("INV_LN10", 1 / mp.log(10), [53, 53], "1/ln 10 in two parts."),
        ("INV_LN2_PAIR", 1 / LN2, [53, 53], "1/ln 2 in two parts."),
        ("TWO_OVER_PI", 2 / PI, [53], "2/π."),
        ("HALF_PI", PI / 2, [53, 33, 53], "π/2 in three parts; products of the second with integers below 2²⁰ are exact."),
        ("HALF_PI_PAIR", PI / 2, [53, 53], "π/2 in two parts."),
        ("QUARTER_PI_PAIR", PI / 4, [53, 53], "π/4 in two parts."),
        ("PI_PAIR", PI, [53, 53], "π in two parts."),
    ])
    out += [
        polynomial("EXP", "f64", "(e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r", expm1_rest, lambda r: r * r / mp.exp(r), 10, -reach, reach, fixed=(0.5,)),
        polynomial("EXPM1", "f64", "(e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r − 1", expm1_rest, lambda r: abs(r), 11, -reach, reach, fixed=(0.5,)),
        polynomial("SIN", "f64", "(sin r − r)/r³ in r² for |r| ≤ π/4", sin_rest, lambda h: h, 6, 0, quarter),
        polynomial("COS", "f64", "(cos r − 1 + r²/2)/r⁴ in r² for |r| ≤ π/4", cos_rest, lambda h: h * h, 6, 0, quarter),
        polynomial("SINH", "f64", "(sinh r − r)/r³ in r² for |r| ≤ ln 2/2", sinh_rest, lambda h: h, 5, 0, reach**2),
        polynomial("COSH", "f64", "(cosh r − 1 − r²/2)/r⁴ in r² for |r| ≤ ln 2/2", cosh_rest, lambda h: h * h, 5, 0, reach**2),
        polynomial("ATANH", "f64", "(2·atanh(s)/s − 2)/s² in s² for |s| ≤ 0.202, relative to the result", atanh_rest, lambda z: z / 2, 8, 0, mpf("0.202") ** 2),
        polynomial("ATAN", "f64", "(atan q − q)/q³ in q² for |q| ≤ √2 − 1", atan_rest, lambda h: h, 11, 0, ((mp.sqrt(2) - 1) * SLACK) ** 2),
        polynomial("ASIN", "f64", "(asin x − x)/x³ in x² for |x| ≤ 1/2", asin_rest, lambda h: h, 13, 0, SLACK / 4),
    ]
    (SOURCE / "double/coefficients.rs").write_text("\n".join(out))


def words_of_two_over_pi():
    with mp.workprec(1600):
        scaled = int(mp.floor(2 / mp.pi * mpf(2) ** (64 * 20)))
    return [0] + [(scaled >> (64 * (19 - i))) & (2**64 - 1) for i in range(20)]


def double_tables():
    words = words_of_two_over_pi()
    out = [
        HEADER.format(
            title="Lookup tables of the float64 functions.",
            what="The bits of 2/π for arguments beyond Cody and Waite's reduction.",
            limits="indices are kept in range by the caller.",
        ),
    ]
    body = "\n".join(f"    0x{w:016x}," for w in words)
    out.append(f"/// 64 zero bits, then the first 1,280 bits of 2/π.\npub(crate) static TWO_OVER_PI_BITS: [u64; {len(words)}] = [\n{body}\n];\n")
    (SOURCE / "double/tables.rs").write_text("\n".join(out))


def single_coefficients():
    reach = LN2 / 2 * SLACK
    quarter = (PI / 4 * SLACK) ** 2
    sqrt2 = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * SLACK) ** 2
    out = [
        HEADER.format(
            title="Polynomial coefficients and constants of the float32 functions.",
            what="Lowest power first.",
            limits="each polynomial holds on the interval its comment names.",
        ),
    ]
    for name, value, widths, comment in [
        ("INV_LN2", 1 / LN2, [24], "1/ln 2."),
        ("LN2", LN2, [24, 24], "ln 2 in two parts, the first of 24 bits."),
        ("INV_LN10", 1 / mp.log(10), [24, 24], "1/ln 10 in two parts."),
        ("INV_LN2_PAIR", 1 / LN2, [24, 24], "1/ln 2 in two parts."),
        ("TWO_OVER_PI", 2 / PI, [24], "2/π."),
        ("HALF_PI", PI / 2, [24, 11, 24], "π/2 in three parts; products of the second with integers below 2¹³ are exact."),
        ("HALF_PI_PAIR", PI / 2, [24, 24], "π/2 in two parts."),
        ("PI_PAIR", PI, [24, 24], "π in two parts."),
    ]:
        parts = split(value, *widths)
        names = [name] if len(parts) == 1 else [f"{name}_{i}" for i in ("HI", "LO", "TAIL")[: len(parts)]]
        out += [constant(n, "f32", p, comment, 24) for n, p in zip(names, parts)]
    out += [
        polynomial("EXP", "f32", "(e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r", expm1_rest, lambda r: r * r / mp.exp(r), 5, -reach, reach, 24),
        polynomial("EXP2", "f32", "(2^r − 1)/r for |r| ≤ 1/2, relative to 2^r", exp2_slope, lambda r: abs(r) / 2**r, 6, -SLACK / 2, SLACK / 2, 24),
        polynomial("SIN", "f32", "(sin r − r)/r³ in r² for |r| ≤ π/4", sin_rest, lambda h: h, 3, 0, quarter, 24),
        polynomial("COS", "f32", "(cos r − 1 + r²/2)/r⁴ in r² for |r| ≤ π/4", cos_rest, lambda h: h * h, 3, 0, quarter, 24),
        polynomial("ATAN", "f32", "(atan q − q)/q³ in q² for |q| ≤ 1", atan_rest, lambda h: h, 9, 0, SLACK, 24),
        polynomial("ASIN", "f32", "(asin x − x)/x³ in x² for |x| ≤ 1/2", asin_rest, lambda h: h, 5, 0, SLACK / 4, 24),
        polynomial("ERF", "f32", "erf(x)/x − 1 in x² for |x| ≤ 1", erf_excess, lambda z: 1, 7, 0, SLACK, 24, lead=36),
        polynomial("LOG_ERFC", "f32", "log erfc(1 + t) for t from 0 to 3, weighted by erfc", log_erfc, lambda t: mp.erfc(1 + t), 8, 0, 3, 24, lead=36),
        polynomial("SCALED_ERFC", "f32", "(1 + 2x)·e^(x²)·erfc x in (x − 2)/(x + 2) for x from 0 to 10.5", lambda t: scaled_erfc(t, 2), lambda t: 1, 12, -1, mpf("8.5") / mpf("12.5"), 24, lead=36),
    ]
    (SOURCE / "single/coefficients.rs").write_text("\n".join(out))


def special_coefficients():
    out = [
        HEADER.format(
            title="Coefficients of the error and gamma functions in float64.",
            what="Coefficients come lowest power first.",
            limits="each polynomial holds on the interval its comment names.",
        )
    ]
    out += constants([("HALF_LOG_TWO_PI", mp.log(2 * PI) / 2, [53, 53], "½·log 2π in two parts.")])
    low, high = mpf("0.9") - mpf(3) / 2, mpf("2.15") - mpf(3) / 2
    end = (mpf("27.5") - 4) / (mpf("27.5") + 4)
    out += [
        polynomial("ERF", "f64", "erf(x)/x − 1 in x² for |x| ≤ 1", erf_excess, lambda z: 1, 14, 0, SLACK, lead=75),
        polynomial("LOG_ERFC", "f64", "log erfc(1 + t) for t from 0 to 5, weighted by erfc", log_erfc, lambda t: mp.erfc(1 + t), 18, 0, 5, lead=75),
        polynomial("STIRLING", "f64", "y·(log Γ(y) − (y − ½)·log y + y − ½·log 2π) in 1/y² for y ≥ 8", stirling_rest, lambda w: mp.sqrt(w) + mpf(2) ** -60, 8, 0, mpf(1) / 64),
        polynomial("SCALED_ERFC", "f64", "(1 + 2x)·e^(x²)·erfc x in (x − 4)/(x + 4) for x from 0 to 27.5", lambda t: scaled_erfc(t, 4), lambda t: 1, 28, -1, end, lead=75),
        polynomial("LOG_GAMMA", "f64", "log Γ(x)/((x − 1)·(x − 2)) in x − 3/2 for x from 0.9 to 2.15", log_gamma_middle, lambda t: 2, 26, low, high, lead=75),
    ]
    (SOURCE / "double/special_coefficients.rs").write_text("\n".join(out))


GROUPS = {
    "double": double_coefficients,
    "tables": double_tables,
    "special": special_coefficients,
    "single": single_coefficients,
}

if __name__ == "__main__":
    for group in sys.argv[1:] or GROUPS:
        GROUPS[group]()
