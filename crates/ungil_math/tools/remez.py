"""Minimax polynomials with coefficients that are floating-point numbers.

`fit` runs the Remez exchange on basis monomials, then rounds the coefficients one by one, lowest power
first, refitting the rest after each rounding, so that the rounding of the early (large) coefficients is
paid back by the later ones.
"""

from mpmath import mp, mpf

mp.prec = 400


def rounded(value, bits):
    """`value` rounded to `bits` significant bits, as an exact mpf."""
    if value == 0:
        return mpf(0)
    mantissa, exponent = mp.frexp(value)
    return mp.ldexp(mp.nint(mp.ldexp(mantissa, bits)), int(exponent) - bits)


def polynomial(coefficients, powers, x):
    return mp.fsum(c * x**p for c, p in zip(coefficients, powers))


def remez(function, weight, powers, low, high, rounds=12, grid=600):
    """Coefficients for `powers` minimising max |weight·(polynomial − function)|, and that maximum."""
    low, high = mpf(low), mpf(high)
    count = len(powers) + 1
    nodes = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    points = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * i / grid) for i in range(grid + 1)]
    # Zero is left out: weights vanish there, and the functions divide by powers of x.
    tiny = (high - low) / 10000
    nodes = sorted(x if abs(x) > tiny else tiny for x in nodes)
    points = [x if abs(x) > tiny else tiny for x in points]
    target = {x: (function(x), weight(x)) for x in points}
    coefficients, worst = None, None
    for _ in range(rounds):
        rows, right = mp.matrix(count, count), mp.matrix(count, 1)
        for i, x in enumerate(nodes):
            f, w = function(x), weight(x)
            for j, p in enumerate(powers):
                rows[i, j] = w * x**p
            rows[i, count - 1] = (-1) ** i
            right[i] = w * f
        solution = mp.lu_solve(rows, right)
        coefficients = [solution[j] for j in range(count - 1)]
        errors = [target[x][1] * (polynomial(coefficients, powers, x) - target[x][0]) for x in points]
        groups = []
        for x, e in zip(points, errors):
            if groups and (groups[-1][1] > 0) == (e > 0):
                if abs(e) > abs(groups[-1][1]):
                    groups[-1] = (x, e)
            else:
                groups.append((x, e))
        worst = max(abs(e) for e in errors)
        while len(groups) > count:
            least = min(range(len(groups)), key=lambda i: abs(groups[i][1]))
            if 0 < least < len(groups) - 1 and len(groups) >= count + 2:
                # The neighbours have one sign: the smaller of them goes too.
                other = least - 1 if abs(groups[least - 1][1]) < abs(groups[least + 1][1]) else least + 1
                del groups[max(least, other)], groups[min(least, other)]
            else:
                groups.pop(0 if abs(groups[0][1]) < abs(groups[-1][1]) else -1)
        if len(groups) < count:
            break
        nodes = [x for x, _ in groups]
        level = abs(solution[count - 1])
        if worst <= level * mpf("1.0005"):
            break
    return coefficients, worst


def fit(function, weight, powers, low, high, bits=53, fixed=()):
    """Rounded coefficients (one `bits` for all, or a list) and the maximum weighted error.

    `fixed` gives leading coefficients that are prescribed.
    """
    widths = [bits] * len(powers) if isinstance(bits, int) else list(bits)
    done = [mpf(c) for c in fixed]
    while len(done) < len(powers):
        rest = powers[len(done) :]
        known = list(zip(done, powers))
        # The lowest remaining power is divided out so that the basis keeps a constant term.
        first = rest[0]
        left = lambda x: (function(x) - mp.fsum(c * x**p for c, p in known)) / x**first
        scaled = lambda x: weight(x) * abs(x**first)
        coefficients, _ = remez(left, scaled, [p - first for p in rest], low, high, rounds=8, grid=160)
        done.append(rounded(coefficients[0], widths[len(done)]))
    points = [mpf(low) + (mpf(high) - mpf(low)) * i / 2000 for i in range(2001)]
    worst = max(abs(weight(x) * (polynomial(done, powers, x) - function(x))) for x in points)
    return done, worst
