//! Fast references on short intervals.
//!
//! A [`Local`] is the polynomial of degree 15 through a function's binary128 values at Chebyshev's points of an interval,
//! evaluated as unevaluated sums of two float64 numbers. So it knows nothing of the function but those values, and
//! nothing of this crate.
//! Contract: where [`Local::new`] gives one, it agrees with binary128 to 2⁻⁸⁸ of the value at the centre, at the ends of the
//! interval and at extremes of the remainder in between, which for a function that is analytic around the interval bounds the
//! remainder everywhere; so values down to 2⁻¹² of that are right to 2⁻⁷⁶. A fast reference screens: what it finds to be large is computed again in binary128.
//! Limits: no zero at the centre, no singularity nearby; results between 2⁻¹¹⁰⁰ and 2¹⁰³⁰.
//! Source: divided differences and Horner's scheme in the arithmetic of T. J. Dekker, Numer. Math. 18 (1971).

use super::Quad;

/// The number of coefficients.
const TERMS: usize = 16;
/// The largest relative difference from binary128 that is accepted.
const AGREEMENT: f64 = f64::from_bits((1023 - 76) << 52);
/// Of the value at the centre: values below this are left to binary128, since the polynomial's error is absolute.
const SMALLEST: f64 = 1.0 / 4096.0;

/// An unevaluated sum, the second part at most half an ulp of the first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pair(pub f64, pub f64);

#[inline(always)]
fn two_sum(a: f64, b: f64) -> Pair {
    let sum = a + b;
    let part = sum - a;
    Pair(sum, (a - (sum - part)) + (b - part))
}

#[inline(always)]
fn fast_two_sum(a: f64, b: f64) -> Pair {
    let sum = a + b;
    Pair(sum, b - (sum - a))
}

impl Pair {
    /// The sum of two numbers, the first at least as large.
    pub fn new(high: f64, low: f64) -> Self {
        fast_two_sum(high, low)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let high = two_sum(self.0, other.0);
        let low = two_sum(self.1, other.1);
        let sum = fast_two_sum(high.0, high.1 + low.0);
        fast_two_sum(sum.0, sum.1 + low.1)
    }

    fn negated(self) -> Self {
        Self(-self.0, -self.1)
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        let product = self.0 * other.0;
        let error = self.0.mul_add(other.0, -product);
        fast_two_sum(product, self.0.mul_add(other.1, self.1.mul_add(other.0, error)))
    }

    fn over(self, other: Self) -> Self {
        let first = self.0 / other.0;
        let rest = self.add(other.times(Self(-first, 0.0)));
        let second = rest.0 / other.0;
        let rest = rest.add(other.times(Self(-second, 0.0)));
        fast_two_sum(first, second).add(Self(rest.0 / other.0, 0.0))
    }
}

/// 2ⁿ for −2044 ≤ n ≤ 2046 as two factors.
fn power_of_two(n: i32) -> (f64, f64) {
    let factor = |n: i32| f64::from_bits(((1023 + n) as u64) << 52);
    (factor(n / 2), factor(n - n / 2))
}

/// A function on [centre − 2^reach, centre + 2^reach].
pub struct Local {
    centre: f64,
    /// 2^−reach in two factors.
    shrink: (f64, f64),
    /// The binary exponent of the value at the centre, and 2 to its negative.
    exponent: i32,
    scale: (f64, f64),
    coefficients: [Pair; TERMS],
}

impl Local {
    /// The polynomial for `reference` around `centre`, if the interval is short enough for one.
    pub fn new(reference: &dyn Fn(f64) -> Quad, centre: f64, reach: i32) -> Option<Self> {
        // The numbers of the interval must have an exact distance from the centre, in units that exist.
        let (grow, shrink) = (power_of_two(reach), power_of_two(-reach));
        let length = grow.0 * grow.1;
        if !(-960..960).contains(&reach) || length > 0.25 * centre.abs() || centre + length == centre {
            return None;
        }
        let exponent = reference(centre).exponent()?;
        if !(-1100..=1030).contains(&exponent) {
            return None;
        }
        let mut local = Self {
            centre,
            shrink,
            exponent,
            scale: power_of_two(-exponent),
            coefficients: [Pair::default(); TERMS],
        };
        let (mut at, mut values) = ([0.0; TERMS], [Pair::default(); TERMS]);
        for i in 0..TERMS {
            let angle = (2 * i + 1) as f64 / (2 * TERMS) as f64 * std::f64::consts::PI;
            let x = centre + angle.cos() * length;
            at[i] = local.position(x);
            values[i] = reference(x).scaled(exponent)?;
        }
        local.coefficients = interpolate(&at, values);
        // The remainder is largest where Chebyshev's polynomial is ±1.
        let agrees = [0, 1, TERMS / 3, TERMS / 2, TERMS - 1, TERMS].iter().all(|&k| {
            let x = centre + (k as f64 / TERMS as f64 * std::f64::consts::PI).cos() * length;
            local.difference(reference(x), x) <= AGREEMENT * SMALLEST
        });
        agrees.then_some(local)
    }

    /// How far the polynomial's value at x is from that of binary128, over 2^exponent.
    fn difference(&self, reference: Quad, x: f64) -> f64 {
        let exact = reference.scaled(self.exponent).unwrap_or_default();
        self.value(x).add(exact.negated()).0.abs()
    }

    /// Whether the polynomial's value at x is that of binary128 to `AGREEMENT`, or so small that it does not count.
    pub fn agrees(&self, reference: Quad, x: f64) -> bool {
        self.difference(reference, x) <= AGREEMENT * self.value(x).0.abs().max(SMALLEST)
    }

    /// Where in [−1, 1] the number lies; exact.
    #[inline(always)]
    fn position(&self, x: f64) -> f64 {
        (x - self.centre) * self.shrink.0 * self.shrink.1
    }

    /// The function's value over 2^exponent.
    #[inline(always)]
    fn value(&self, x: f64) -> Pair {
        let u = self.position(x);
        let mut sum = self.coefficients[TERMS - 1];
        for term in self.coefficients[..TERMS - 1].iter().rev() {
            let product = sum.0 * u;
            let error = sum.0.mul_add(u, -product);
            let high = two_sum(term.0, product);
            sum = fast_two_sum(high.0, high.1 + (sum.1.mul_add(u, error) + term.1));
        }
        sum
    }

    /// The distance of `got` to the value at x in ULP; infinite or NaN if only binary128 can tell.
    #[inline(always)]
    pub fn ulps(&self, x: f64, got: f64) -> f64 {
        let exact = self.value(x);
        let got = got * self.scale.0 * self.scale.1;
        // One less in bits is the binade below, where the exact value is just short of a power of two.
        let short = ((exact.0 > 0.0) == (exact.1 < 0.0)) & (exact.1 != 0.0);
        let bits = (exact.0.abs().to_bits() - u64::from(short)) as i64;
        let lowest = i64::from(1023 - 1022 - self.exponent);
        let biased = (bits >> 52).max(lowest);
        let per_unit = f64::from_bits(((2046 + 52 - biased) as u64) << 52);
        let distance = ((got - exact.0) - exact.1).abs() * per_unit;
        if exact.0.abs() >= SMALLEST { distance } else { f64::INFINITY }
    }
}

/// The coefficients of the polynomial through values at points: Newton's divided differences, multiplied out.
fn interpolate(at: &[f64; TERMS], values: [Pair; TERMS]) -> [Pair; TERMS] {
    let mut differences = values;
    for order in 1..TERMS {
        for i in (order..TERMS).rev() {
            let rise = differences[i].add(differences[i - 1].negated());
            differences[i] = rise.over(two_sum(at[i], -at[i - order]));
        }
    }
    let mut sum = [Pair::default(); TERMS];
    for i in (0..TERMS).rev() {
        // sum·(u − at) + difference, from the highest term down.
        for k in (0..TERMS).rev() {
            let below = if k == 0 { differences[i] } else { sum[k - 1] };
            sum[k] = below.add(sum[k].times(Pair(-at[i], 0.0)));
        }
    }
    sum
}
