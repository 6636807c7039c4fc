//! Division and square root of vectors by multiply-adds, rounded correctly, as LLVM's text.
//!
//! Each function tests whether all lanes are in a range where nothing overflows, underflows or is special, and takes
//! the instruction of the divider otherwise. `u` is half an ulp of 1; `y0` the machine's approximation, relative error
//! `e0 < 2^-14`. The last multiply-add adds a correction, made from an exact remainder, to a faithful result; it rounds
//! correctly unless the exact value lies next to the middle of two numbers (Markstein, Computation of elementary
//! functions on the IBM RISC System/6000 processor, 1990; Handbook of Floating-Point Arithmetic, ch. 4 and 5). What
//! has to be shown is that these hard cases come out right too.
//!
//! - **Reciprocal.** `y` is faithful (its error before rounding at most `u/8`), `r = 1 - b*y` exact, and `y + r*y`
//!   correct for each `b` but those whose significand is all ones (Markstein).
//! - **Division.** A quotient is at least `1/(2B)` ulp from a middle, `B` the integral significand of `b`, so `y` has to
//!   be within a relative `1/(B+1)` of `1/b`. It is off by `e0^6` (float32: `e0^3`), by what `y*e` loses, and by its
//!   rounding, at most `u*s/2` for a significand `s` of `b`: near enough unless `s` lies next to 2. Then `q = a*y` is
//!   within less than an ulp near a middle, hence faithful. Divisors with 24 (12) leading ones take the divider.
//! - **Square root.** `g` and `h` tend to `sqrt(a)` and `1/(2*sqrt(a))`; the first step is cubic, so only roundings
//!   are left after the second: `g` is faithful near a middle, and `h` is within `2.01u` (float32, one step: `1.4u`).
//!   `g + (a - g*g)*h` is then within `16u^2`: only roots of `a` with `4a = m^2 + c`, `|c| < 200`, for odd `m` of p+1
//!   bits can fail. All of these, 136 significands for `|c| <= 400` (float32: 144), were tried with all `g` and `h`
//!   within the bounds (the method of Cornea, Harrison, Tang, Scientific Computing on Itanium-based Systems), and two
//!   fail: one ulp above 1 and one below 4. They take the divider.

use super::cost::{Kind, Operation};

/// Name of the function of a kind.
pub fn name(kind: Kind) -> String {
    let operation = match kind.operation {
        Operation::Divide => "divide",
        Operation::Invert => "invert",
        Operation::Root => "root",
    };
    format!("ungil.{operation}.{}", if kind.single { "f32" } else { "f64" })
}

/// Lanes of a vector of 64 bytes.
pub fn lanes(single: bool) -> u32 {
    if single { 16 } else { 8 }
}

/// A module with the function of a kind, on vectors of 64 bytes.
pub fn module(kind: Kind) -> String {
    Sequence::new(kind).text()
}

/// What depends on the type of the numbers.
struct Sequence {
    kind: Kind,
    /// Types of vectors of numbers, of their bits and of masks.
    v: &'static str,
    bits: &'static str,
    mask: &'static str,
    element: &'static str,
    /// Suffix of intrinsics, and of the machine's.
    suffix: &'static str,
    machine: &'static str,
    /// Bits of the significand, and the exponent's middle as a number.
    fraction: u32,
    middle: u64,
}

impl Sequence {
    fn new(kind: Kind) -> Sequence {
        if kind.single {
            Sequence {
                kind,
                v: "<16 x float>",
                bits: "<16 x i32>",
                mask: "<16 x i1>",
                element: "i32",
                suffix: "v16f32",
                machine: "ps.512",
                fraction: 23,
                middle: 1 << 7,
            }
        } else {
            Sequence {
                kind,
                v: "<8 x double>",
                bits: "<8 x i64>",
                mask: "<8 x i1>",
                element: "i64",
                suffix: "v8f64",
                machine: "pd.512",
                fraction: 52,
                middle: 1 << 10,
            }
        }
    }

    fn text(&self) -> String {
        let Sequence { v, mask, suffix, machine, .. } = self;
        let lanes = lanes(self.kind.single);
        let name = name(self.kind);
        let (params, test, fast, slow) = match self.kind.operation {
            Operation::Divide => {
                (format!("{v} %a, {v} %b"), self.divisor_test(true), self.division(), "fdiv V %a, %b")
            }
            Operation::Invert => {
                (format!("{v} %b"), self.divisor_test(false), self.reciprocal(), "fdiv V splat (E 1.0), %b")
            }
            Operation::Root => {
                (format!("{v} %a"), self.root_test(), self.root(), "call V @llvm.sqrt.S(V %a)")
            }
        };
        let approximation = if self.kind.operation == Operation::Root { "rsqrt14" } else { "rcp14" };
        let float = if self.kind.single { "float" } else { "double" };
        let slow = slow
            .replace('V', v)
            .replace("(E ", &format!("({float} "))
            .replace("@llvm.sqrt.S", &format!("@llvm.sqrt.{suffix}"));
        format!(
            "declare {v} @llvm.fma.{suffix}({v}, {v}, {v})
declare {v} @llvm.sqrt.{suffix}({v})
declare {v} @llvm.x86.avx512.{approximation}.{machine}({v}, {v}, i{lanes})
declare i1 @llvm.vector.reduce.and.v{lanes}i1({mask})

define {v} @{name}({params}) alwaysinline nounwind willreturn memory(none) {{
entry:
{test}  %all = call i1 @llvm.vector.reduce.and.v{lanes}i1({mask} %ok)
  br i1 %all, label %fast, label %slow, !prof !0
fast:
{fast}  br label %done
slow:
  %exact = {slow}
  br label %done
done:
  %result = phi {v} [ %last, %fast ], [ %exact, %slow ]
  ret {v} %result
}}
!0 = !{{!\"branch_weights\", i32 1048575, i32 1}}
"
        )
    }

    /// A constant of the bits' type in every lane.
    fn bits_splat(&self, value: u64) -> String {
        let value = if self.kind.single { i64::from(value as u32 as i32) } else { value as i64 };
        format!("splat ({} {value})", self.element)
    }

    /// The exponent `e` as bits of a number.
    fn exponent(&self, e: u64) -> u64 {
        e << self.fraction
    }

    /// Whether exponents lie in the middle half, which adding a quarter moves to those with the highest bit set; and
    /// whether the divisor's significand has few enough leading ones. The numerator must lie in the middle quarter.
    fn divisor_test(&self, numerator: bool) -> String {
        let Sequence { v, bits, mask, fraction, middle, .. } = self;
        let ones = match (self.kind.operation, self.kind.single) {
            (Operation::Invert, _) => *fraction,
            (_, false) => 24,
            (_, true) => 12,
        };
        let step = 1u64 << (fraction - ones);
        let moved = self.bits_splat(self.exponent(middle / 2) + step);
        let top = self.bits_splat(self.exponent(*middle));
        let leading = self.bits_splat((1u64 << fraction) - step);
        let mut text = format!(
            "  %b.bits = bitcast {v} %b to {bits}
  %b.moved = add {bits} %b.bits, {moved}
  %b.top = and {bits} %b.moved, {top}
  %b.in = icmp ne {bits} %b.top, zeroinitializer
  %b.leading = and {bits} %b.moved, {leading}
  %b.plain = icmp ne {bits} %b.leading, zeroinitializer
"
        );
        if numerator {
            let low = self.bits_splat(0u64.wrapping_sub(self.exponent(middle - middle / 4) << 1));
            let width = self.bits_splat(self.exponent(middle / 2) << 1);
            text += &format!(
                "  %b.ok = and {mask} %b.in, %b.plain
  %a.bits = bitcast {v} %a to {bits}
  %a.twice = add {bits} %a.bits, %a.bits
  %a.moved = add {bits} %a.twice, {low}
  %a.ok = icmp ult {bits} %a.moved, {width}
  %ok = and {mask} %b.ok, %a.ok
"
            );
        } else {
            text += &format!("  %ok = and {mask} %b.in, %b.plain\n");
        }
        text
    }

    /// Whether the number is positive with an exponent in the middle half and its significand is not among the two
    /// hard ones, which are one ulp around a power of two: with one ulp more they are 0 and 2.
    fn root_test(&self) -> String {
        let Sequence { v, bits, mask, fraction, middle, .. } = self;
        let low = self.bits_splat(1u64.wrapping_sub(self.exponent(middle / 2)));
        let width = self.bits_splat(self.exponent(*middle));
        let hard = self.bits_splat((1u64 << fraction) - 1 - 2);
        format!(
            "  %bits = bitcast {v} %a to {bits}
  %moved = add {bits} %bits, {low}
  %in = icmp ult {bits} %moved, {width}
  %rest = and {bits} %moved, {hard}
  %plain = icmp ne {bits} %rest, zeroinitializer
  %ok = and {mask} %in, %plain
"
        )
    }

    /// The machine's approximation of a function of `of`.
    fn approximate(&self, name: &str, of: &str) -> String {
        let Sequence { v, machine, .. } = self;
        let lanes = lanes(self.kind.single);
        format!(
            "  %y0 = call {v} @llvm.x86.avx512.{name}.{machine}({v} {of}, {v} zeroinitializer, i{lanes} -1)\n"
        )
    }

    /// `to = x * y + z`.
    fn fma(&self, to: &str, x: &str, y: &str, z: &str) -> String {
        let Sequence { v, suffix, .. } = self;
        format!("  {to} = call {v} @llvm.fma.{suffix}({v} {x}, {v} {y}, {v} {z})\n")
    }

    fn multiply(&self, to: &str, x: &str, y: &str) -> String {
        format!("  {to} = fmul {} {x}, {y}\n", self.v)
    }

    fn negate(&self, to: &str, x: &str) -> String {
        format!("  {to} = fneg {} {x}\n", self.v)
    }

    fn constant(&self, value: &str) -> String {
        format!("splat ({} {value})", if self.kind.single { "float" } else { "double" })
    }

    fn reciprocal(&self) -> String {
        let one = self.constant("1.0");
        let mut text = self.approximate("rcp14", "%b") + &self.negate("%n", "%b");
        text += &self.fma("%e0", "%n", "%y0", &one);
        text += &self.fma("%y1", "%y0", "%e0", "%y0");
        let mut y = "%y1";
        if !self.kind.single {
            text += &self.fma("%e1", "%n", "%y1", &one);
            text += &self.fma("%y2", "%y1", "%e1", "%y1");
            y = "%y2";
        }
        text += &self.fma("%r", "%n", y, &one);
        text + &self.fma("%last", "%r", y, y)
    }

    fn division(&self) -> String {
        let one = self.constant("1.0");
        let mut text = self.approximate("rcp14", "%b") + &self.negate("%n", "%b");
        text += &self.fma("%e0", "%n", "%y0", &one);
        let (mut e, mut y) = ("%e0", "%y0");
        if !self.kind.single {
            text += &self.fma("%y1", "%y0", "%e0", "%y0");
            text += &self.fma("%e1", "%n", "%y1", &one);
            (e, y) = ("%e1", "%y1");
        }
        // 1/(1 - e) = 1 + e + e*e and a term that vanishes.
        text += &self.fma("%e", e, e, e);
        text += &self.fma("%y", y, "%e", y);
        text += &self.multiply("%q", "%a", "%y");
        text += &self.fma("%r", "%n", "%q", "%a");
        text + &self.fma("%last", "%r", "%y", "%q")
    }

    fn root(&self) -> String {
        let half = self.constant("0.5");
        let mut text = self.approximate("rsqrt14", "%a");
        text += &self.multiply("%g0", "%a", "%y0");
        text += &self.multiply("%h0", "%y0", &half);
        text += &self.negate("%n0", "%g0");
        text += &self.fma("%r0", "%n0", "%h0", &half);
        let (mut g, mut h) = ("%g1", "%h1");
        if self.kind.single {
            text += &self.fma("%g1", "%g0", "%r0", "%g0");
            text += &self.fma("%h1", "%h0", "%r0", "%h0");
        } else {
            text += &self.fma("%p", "%r0", &self.constant("1.5"), &self.constant("1.0"));
            text += &self.multiply("%c", "%r0", "%p");
            text += &self.fma("%g1", "%g0", "%c", "%g0");
            text += &self.fma("%h1", "%h0", "%c", "%h0");
            text += &self.negate("%n1", "%g1");
            text += &self.fma("%r1", "%n1", "%h1", &half);
            text += &self.fma("%g2", "%g1", "%r1", "%g1");
            text += &self.fma("%h2", "%h1", "%r1", "%h1");
            (g, h) = ("%g2", "%h2");
        }
        text += &self.negate("%n", g);
        text += &self.fma("%d", "%n", g, "%a");
        text + &self.fma("%last", "%d", h, g)
    }
}
