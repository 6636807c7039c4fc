"""Writes src/double/coefficients.rs, src/double/tables.rs and src/single/coefficients.rs.

Needs mpmath (gmpy2 makes it faster): `python tools/generate.py` from the crate's folder.
The bound printed in each comment is the maximum of |weight·(polynomial − function)| on the interval,
measured on 2,001 points after the coefficients were rounded.
"""

import pathlib
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


def polynomial(name, kind, text, function, weight, count, low, high, bits=53, powers=None, fixed=()):
    coefficients, worst = fit(function, weight, powers or list(range(count)), low, high, bits=bits, fixed=fixed)
    error = f"2^{mp.nstr(mp.log(worst, 2), 4)}"
    print(name, error)
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
        ("LOG10_2", mp.log10(2), [41, 53], "log₁₀ 2 in two parts: the product of the first with an exponent is exact."),
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
        polynomial("EXP2", "f64", "(2^r − 1)/r for |r| ≤ 1/2, relative to 2^r", exp2_slope, lambda r: abs(r) / 2**r, 11, -SLACK / 2, SLACK / 2),
        polynomial("LOG", "f64", "(2·atanh(s)/s − 2)/s² in s² for |s| ≤ 3 − √8, relative to the logarithm", atanh_rest, lambda z: z / 2, 7, 0, sqrt2),
        polynomial("SIN", "f64", "(sin r − r)/r³ in r² for |r| ≤ π/4", sin_rest, lambda h: h, 6, 0, quarter),
        polynomial("COS", "f64", "(cos r − 1 + r²/2)/r⁴ in r² for |r| ≤ π/4", cos_rest, lambda h: h * h, 6, 0, quarter),
        polynomial("LOG_PAIR", "f64", "(2·atanh(s)/s − 2)/s² in s² for |s| ≤ 3 − √8, relative to the logarithm", atanh_rest, lambda z: z / 2, 9, 0, sqrt2),
        polynomial("SINH", "f64", "(sinh r − r)/r³ in r² for |r| ≤ ln 2/2", sinh_rest, lambda h: h, 5, 0, reach**2),
        polynomial("COSH", "f64", "(cosh r − 1 − r²/2)/r⁴ in r² for |r| ≤ ln 2/2", cosh_rest, lambda h: h * h, 5, 0, reach**2),
        polynomial("ATANH", "f64", "(2·atanh(s)/s − 2)/s² in s² for |s| ≤ 0.202, relative to the result", atanh_rest, lambda z: z / 2, 8, 0, mpf("0.202") ** 2),
        polynomial("ATAN", "f64", "(atan q − q)/q³ in q² for |q| ≤ √2 − 1", atan_rest, lambda h: h, 11, 0, ((mp.sqrt(2) - 1) * SLACK) ** 2),
        polynomial("ASIN", "f64", "(asin x − x)/x³ in x² for |x| ≤ 1/2", asin_rest, lambda h: h, 13, 0, SLACK / 4),
        polynomial("CBRT", "f64", "(1 + f)^(−1/3) for √½ ≤ 1 + f ≤ √2", lambda f: (1 + f) ** (-mpf(1) / 3), lambda f: 1, 6, mp.sqrt(0.5) - 1 - mpf(2) ** -20, mp.sqrt(2) - 1 + mpf(2) ** -20),
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


def log1p_rest(f):
    """(log(1+f) − f + f²/2)/f³"""
    return mpf(1) / 3 - f / 4 if near_zero(f) else (mp.log1p(f) - f + f * f / 2) / f**3


def single_coefficients():
    reach = LN2 / 2 * SLACK
    quarter = (PI / 4 * SLACK) ** 2
    low, high = mp.sqrt(0.5) * (2 - SLACK) - 1, mp.sqrt(2) * SLACK - 1
    sqrt2 = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * SLACK) ** 2
    out = [
        HEADER.format(
            title="Polynomial coefficients and constants of the float32 functions.",
            what="Lowest power first; `WIDE_…` for float64 arithmetic, as short as a float32 result allows.",
            limits="each polynomial holds on the interval its comment names.",
        ),
    ]
    for name, value, widths, comment in [
        ("INV_LN2", 1 / LN2, [24], "1/ln 2."),
        ("LN2", LN2, [24, 24], "ln 2 in two parts, the first of 24 bits."),
        ("LN2_SHORT", LN2, [15, 24], "ln 2 in two parts, the first of 15 bits: its product with an exponent is exact."),
        ("LOG10_2", mp.log10(2), [15, 24], "log₁₀ 2 in two parts: the product of the first with an exponent is exact."),
        ("INV_LN10", 1 / mp.log(10), [24, 24], "1/ln 10 in two parts."),
        ("INV_LN2_PAIR", 1 / LN2, [24, 24], "1/ln 2 in two parts."),
    ]:
        parts = split(value, *widths)
        names = [name] if len(parts) == 1 else [f"{name}_{i}" for i in ("HI", "LO")]
        out += [constant(n, "f32", p, comment, 24) for n, p in zip(names, parts)]
    out += [
        polynomial("EXP", "f32", "(e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r", expm1_rest, lambda r: r * r / mp.exp(r), 5, -reach, reach, 24),
        polynomial("EXP2", "f32", "(2^r − 1)/r for |r| ≤ 1/2, relative to 2^r", exp2_slope, lambda r: abs(r) / 2**r, 6, -SLACK / 2, SLACK / 2, 24),
        polynomial("EXPM1", "f32", "(e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r − 1", expm1_rest, lambda r: abs(r), 6, -reach, reach, 24, fixed=(0.5,)),
        polynomial("LOG", "f32", "(log(1+f) − f + f²/2)/f³ for √½ ≤ 1 + f ≤ √2, relative to the logarithm", log1p_rest, lambda f: f * f, 9, low, high, 24),
        polynomial("WIDE_EXP", "f64", "(e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r", expm1_rest, lambda r: r * r / mp.exp(r), 5, -reach, reach),
        polynomial("WIDE_LOG", "f64", "(2·atanh(s)/s − 2)/s² in s² for |s| ≤ 3 − √8, relative to the logarithm", atanh_rest, lambda z: z / 2, 4, 0, sqrt2),
        polynomial("WIDE_SIN", "f64", "(sin r − r)/r³ in r² for |r| ≤ π/4", sin_rest, lambda h: h, 4, 0, quarter),
        polynomial("WIDE_COS", "f64", "(cos r − 1 + r²/2)/r⁴ in r² for |r| ≤ π/4", cos_rest, lambda h: h * h, 3, 0, quarter),
    ]
    (SOURCE / "single/coefficients.rs").write_text("\n".join(out))


if __name__ == "__main__":
    double_coefficients()
    double_tables()
    single_coefficients()
