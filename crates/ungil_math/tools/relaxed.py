"""Writes src/relaxed/coefficients.rs: polynomials and tables of the functions that may be off by 4 ULP.

`python tools/relaxed.py` from the crate's folder (mpmath).
"""

from mpmath import mp, mpf
from remez import fit

from generate import HEADER, SLACK, SOURCE, array, atan_rest, polynomial, sin_rest, split, constant, near_zero

PI = mp.pi
ERF_STEP = mpf(3) / 8
ERF_TERMS = 14


def cos_rest(h):
    """(cos r − 1)/r² of h = r²"""
    return -mpf(1) / 2 + h / 24 if near_zero(h) else (mp.cos(mp.sqrt(h)) - 1) / h


def relative(function):
    """The weight in h = r² of an error of (function(r) − r)/r³ relative to the function."""
    return lambda h: h if near_zero(h) else h * mp.sqrt(h) / function(mp.sqrt(h))


def erf_tables():
    """erf(c + t) around 16 multiples c of 3/8, |t| ≤ 3/16, relative to the result."""
    half = ERF_STEP / 2
    columns, worst = [[] for _ in range(ERF_TERMS)], mpf(0)
    for k in range(16):
        centre = k * ERF_STEP
        if k == 0:
            odd = lambda z: 2 / mp.sqrt(PI) * (1 - z / 3) if near_zero(z) else mp.erf(mp.sqrt(z)) / mp.sqrt(z)
            inner, error = fit(odd, lambda z: 1, list(range(ERF_TERMS // 2)), 0, half**2 * SLACK)
            row = [c for pair in zip([mpf(0)] * len(inner), inner) for c in pair]
        else:
            row, error = fit(lambda t: mp.erf(centre + t), lambda t: 1 / mp.erf(centre + t), list(range(ERF_TERMS)), -half * SLACK, half * SLACK)
        worst = max(worst, error)
        for column, c in zip(columns, row):
            column.append(c)
    error = f"2^{mp.nstr(mp.log(worst, 2), 4)}"
    print("ERF", error)
    text = "Coefficient {} of erf around the multiples of 3/8; error " + error + "."
    return [array(f"ERF_{k}", "f64", c, text.format(k)).replace("const", "static") for k, c in enumerate(columns)]


def main():
    out = [
        HEADER.format(
            title="Polynomials and tables of the relaxed functions.",
            what="Coefficients come lowest power first.",
            limits="each polynomial holds on the interval its comment names.",
        ).replace("generate.py", "relaxed.py")
    ]
    for kind, bits, widths in (("f64", 53, [53, 53, 53]), ("f32", 24, [24, 24, 24])):
        prefix = "" if kind == "f64" else "SINGLE_"
        parts = split(PI, *widths)
        out.append(array(prefix + "PI", kind, parts, "π in three parts.", bits))
        out.append(constant(prefix + "INV_PI", kind, 1 / PI, "1/π.", bits))
    half, quarter = (PI / 2 * SLACK) ** 2, (PI / 4 * SLACK) ** 2
    out += [
        polynomial("SIN", "f64", "(sin r − r)/r³ in r² for |r| ≤ π/2", sin_rest, relative(mp.sin), 8, 0, half),
        polynomial("INVERSE_ROOT", "f64", "1/√(1 − e) for |e| ≤ 0.0698", lambda e: 1 / mp.sqrt(1 - e), lambda e: 1, 4, -mpf("0.0698"), mpf("0.0698")),
        polynomial("ATANH", "f64", "(atanh x − x)/x³ in x² for |x| ≤ ½", lambda z: mpf(1) / 3 + z / 5 if near_zero(z) else (mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, lambda z: z, 13, 0, mpf("0.2501")),
        polynomial("ATAN", "f64", "(atan q − q)/q³ in q² for |q| ≤ 1", atan_rest, relative(mp.atan), 19, 0, SLACK),
        polynomial("SINGLE_SIN", "f32", "(sin r − r)/r³ in r² for |r| ≤ π/2", sin_rest, relative(mp.sin), 4, 0, half, 24),
        polynomial("SINGLE_COS", "f32", "(cos r − 1)/r² in r² for |r| ≤ π/4", cos_rest, lambda h: h, 4, 0, quarter, 24),
        polynomial("SINGLE_ATAN", "f32", "(atan q − q)/q³ in q² for |q| ≤ 1", atan_rest, relative(mp.atan), 8, 0, SLACK, 24),
        polynomial("SINGLE_SINH", "f32", "(sinh x − x)/x³ in x² for |x| ≤ 1", lambda z: mpf(1) / 6 + z / 120 if near_zero(z) else (mp.sinh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, lambda z: z, 3, 0, SLACK, 24),
    ]
    out += erf_tables()
    (SOURCE / "relaxed/coefficients.rs").write_text("\n".join(out))


main()
