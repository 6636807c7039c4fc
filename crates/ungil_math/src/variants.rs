//! Vector forms of `instructions`, as LLVM IR text.
//!
//! For AVX-512 the instruction itself on 16 float32 or 8 float64 numbers, narrower vectors padded; for AVX2 a table is four permutations
//! of eight numbers and selects, or a gather; elsewhere each lane calls the scalar function. All give the same bits.
//! Contract: link [`Instruction::text`] into the module, put [`Instruction::variant_attribute`] on every call, keep the scalar functions from
//! being inlined until the vectoriser has run, and inline them and the forms afterwards.
//! Limits: 2 to 16 lanes.
//! Source: LLVM's Vector Function ABI (`_ZGV_LLVM_N…` names: any target, no mask) and x86 intrinsics.

use std::fmt::Write;

use crate::instructions::{DOUBLE_TABLES, SINGLE_TABLES};
use crate::lanes::LANES;

/// Start of the names of all instructions.
pub const PREFIX: &str = "ungil_math_lane_";

/// What vector instructions a target has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    Avx512,
    Avx2,
    Other,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    SingleTable(&'static [f32; 32]),
    DoubleTable(&'static [f64; 16]),
    Exponent,
    Mantissa,
    Scale,
}

/// An operation of `instructions`.
#[derive(Clone, Copy, Debug)]
pub struct Instruction {
    pub name: &'static str,
    kind: Kind,
    single: bool,
}

/// Every instruction.
pub fn instructions() -> Vec<Instruction> {
    let computed = |name, kind, single| Instruction { name, kind, single };
    let mut all = vec![
        computed("ungil_math_lane_exponent_f32", Kind::Exponent, true),
        computed("ungil_math_lane_mantissa_f32", Kind::Mantissa, true),
        computed("ungil_math_lane_exponent_f64", Kind::Exponent, false),
        computed("ungil_math_lane_mantissa_f64", Kind::Mantissa, false),
        computed("ungil_math_lane_scale_f32", Kind::Scale, true),
        computed("ungil_math_lane_scale_f64", Kind::Scale, false),
    ];
    all.extend(SINGLE_TABLES.iter().map(|(name, table)| computed(name, Kind::SingleTable(table), true)));
    all.extend(DOUBLE_TABLES.iter().map(|(name, table)| computed(name, Kind::DoubleTable(table), false)));
    all
}

/// The instruction of a name.
pub fn instruction(name: &str) -> Option<Instruction> {
    instructions().into_iter().find(|i| i.name == name)
}

impl Instruction {
    /// The value of the attribute `vector-function-abi-variant` of a call.
    pub fn variant_attribute(&self) -> String {
        let (name, kinds) = (self.name, "v".repeat(self.parameters().len()));
        LANES.map(|lanes| format!("_ZGV_LLVM_N{lanes}{kinds}_{name}({name}_v{lanes})")).join(",")
    }

    /// An LLVM IR module with the vector forms, kept by `llvm.compiler.used` until the vectoriser has run.
    pub fn text(&self, isa: Isa) -> String {
        let (name, t, arguments) = (self.name, self.element(), self.list(|_| self.argument().to_owned()));
        let mut text = format!("declare {t} @{name}({arguments}) nounwind willreturn memory(none)\n");
        let width = match (isa, self.kind) {
            (Isa::Avx512, _) => self.write_avx512(&mut text),
            (Isa::Avx2, Kind::SingleTable(table)) => write_avx2_table(&mut text, name, table),
            (Isa::Avx2, Kind::DoubleTable(_)) => self.write_gather(&mut text),
            (_, Kind::Exponent | Kind::Mantissa) => self.write_parts(&mut text),
            (_, Kind::Scale) => self.write_scale(&mut text),
            _ => 1,
        };
        for lanes in LANES {
            if lanes <= width {
                self.write_narrow(&mut text, lanes, width);
            } else {
                self.write_pieces(&mut text, lanes, width);
            }
        }
        let used = LANES.map(|lanes| format!("ptr @{name}_v{lanes}")).join(", ");
        let count = LANES.len();
        let _ = writeln!(
            text,
            "@llvm.compiler.used = appending global [{count} x ptr] [{used}], section \"llvm.metadata\""
        );
        text
    }

    fn element(&self) -> &'static str {
        if self.single { "float" } else { "double" }
    }

    /// The type of the argument: tables have an index.
    fn argument(&self) -> &'static str {
        match self.kind {
            Kind::SingleTable(_) => "i32",
            Kind::DoubleTable(_) => "i64",
            Kind::Exponent | Kind::Mantissa | Kind::Scale => self.element(),
        }
    }

    /// The names of the arguments.
    fn parameters(&self) -> &'static [&'static str] {
        if matches!(self.kind, Kind::Scale) { &["x", "n"] } else { &["x"] }
    }

    /// Something of each argument, separated by commas.
    fn list(&self, of: impl Fn(&str) -> String) -> String {
        self.parameters().iter().map(|name| of(name)).collect::<Vec<_>>().join(", ")
    }

    /// `@name_whole`, the instruction on 512 bits; the number of its lanes.
    fn write_avx512(&self, text: &mut String) -> u32 {
        let (name, t, a) = (self.name, self.element(), self.argument());
        let (lanes, kind, mask) = if self.single { (16, "ps", "i16") } else { (8, "pd", "i8") };
        let (v, x) = (format!("<{lanes} x {t}>"), format!("<{lanes} x {a}>"));
        let (declared, call) = match self.kind {
            Kind::Exponent => {
                let f = format!("@llvm.x86.avx512.mask.getexp.{kind}.512");
                (
                    format!("{v} {f}({v}, {v}, {mask}, i32)"),
                    format!("{f}({v} %x, {v} poison, {mask} -1, i32 4)"),
                )
            }
            Kind::Mantissa => {
                // The interval from 1 to 2, NaN for negative numbers.
                let f = format!("@llvm.x86.avx512.mask.getmant.{kind}.512");
                (
                    format!("{v} {f}({v}, i32, {v}, {mask}, i32)"),
                    format!("{f}({v} %x, i32 12, {v} poison, {mask} -1, i32 4)"),
                )
            }
            Kind::Scale => {
                let f = format!("@llvm.x86.avx512.mask.scalef.{kind}.512");
                (
                    format!("{v} {f}({v}, {v}, {v}, {mask}, i32)"),
                    format!("{f}({v} %x, {v} %n, {v} poison, {mask} -1, i32 4)"),
                )
            }
            Kind::SingleTable(_) | Kind::DoubleTable(_) => {
                let f = format!("@llvm.x86.avx512.vpermi2var.{kind}.512");
                let numbers = self.numbers();
                let (low, high) = numbers.split_at(lanes as usize);
                let (low, high) = (low.join(", "), high.join(", "));
                (format!("{v} {f}({v}, {x}, {v})"), format!("{f}({v} <{low}>, {x} %x, {v} <{high}>)"))
            }
        };
        let parameters = self.list(|p| format!("{x} %{p}"));
        let _ = write!(
            text,
            "
declare {declared}
define internal {v} @{name}_whole({parameters}) alwaysinline nounwind willreturn memory(none) {{
  %r = call {v} {call}
  ret {v} %r
}}
"
        );
        lanes
    }

    /// `@name_whole` on 256 bits from plain operations, as `instructions` has it; the number of its lanes.
    fn write_parts(&self, text: &mut String) -> u32 {
        let name = self.name;
        // The length of a mantissa, the factor that makes subnormal numbers normal, the bias of exponents.
        let (t, int, lanes, shift, up, bias) = if self.single {
            ("float", "i32", 8, 23, 8_388_608.0, 127)
        } else {
            ("double", "i64", 4, 52, 4_503_599_627_370_496.0, 1023)
        };
        let (v, w, m) = (format!("<{lanes} x {t}>"), format!("<{lanes} x {int}>"), format!("<{lanes} x i1>"));
        let suffix = format!("v{lanes}f{}", if self.single { 32 } else { 64 });
        let number = |x: f64| format!("splat ({})", constant(t, x));
        let smallest = if self.single { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE };
        let _ = write!(
            text,
            "
declare {v} @llvm.fabs.{suffix}({v})
define internal {v} @{name}_whole({v} %x) alwaysinline nounwind willreturn memory(none) {{
  %a = call {v} @llvm.fabs.{suffix}({v} %x)
  %tiny = fcmp olt {v} %a, {}
  %large = fmul {v} %a, {}
  %scaled = select {m} %tiny, {v} %large, {v} %a
  %bits = bitcast {v} %scaled to {w}
  %zero = fcmp oeq {v} %a, zeroinitializer
",
            number(smallest),
            number(up)
        );
        if matches!(self.kind, Kind::Mantissa) {
            let (low, one) = ((1_u64 << shift) - 1, (bias as u64) << shift);
            let _ = writeln!(
                text,
                "  %low = and {w} %bits, splat ({int} {low})\n  %one = or {w} %low, splat ({int} {one})\n  \
                 %number = bitcast {w} %one to {v}\n  %value = select {m} %zero, {v} {}, {v} %number\n  \
                 %fine = fcmp oge {v} %x, zeroinitializer\n  \
                 %r = select {m} %fine, {v} %value, {v} {}\n  ret {v} %r\n}}",
                number(1.0),
                number(f64::NAN)
            );
        } else {
            // Adding 2^23 or 2^52 as bits converts a small integer.
            let power = if self.single { u64::from((up as f32).to_bits()) } else { up.to_bits() };
            let _ = writeln!(
                text,
                "  %exponent = lshr {w} %bits, splat ({int} {shift})\n  \
                 %sum = or {w} %exponent, splat ({int} {power})\n  %number = bitcast {w} %sum to {v}\n  \
                 %bias = select {m} %tiny, {v} {}, {v} {}\n  %k = fsub {v} %number, %bias\n  \
                 %value = select {m} %zero, {v} {}, {v} %k\n  %fine = fcmp olt {v} %a, {}\n  \
                 %r = select {m} %fine, {v} %value, {v} %a\n  ret {v} %r\n}}",
                number(up + f64::from(bias) + f64::from(shift)),
                number(up + f64::from(bias)),
                number(f64::NEG_INFINITY),
                number(f64::INFINITY)
            );
        }
        lanes
    }

    /// `@name_whole` on 4 lanes of a float64 table in memory; the number of its lanes.
    fn write_gather(&self, text: &mut String) -> u32 {
        let (name, numbers) = (self.name, self.numbers().join(", "));
        let _ = write!(
            text,
            "
@{name}_numbers = internal unnamed_addr constant [16 x double] [{numbers}], align 64
declare <4 x double> @llvm.x86.avx2.gather.q.pd.256(<4 x double>, ptr, <4 x i64>, <4 x double>, i8)
define internal <4 x double> @{name}_whole(<4 x i64> %x) alwaysinline nounwind willreturn memory(none) {{
  %i = and <4 x i64> %x, splat (i64 15)
  %all = bitcast <4 x i64> splat (i64 -1) to <4 x double>
  %r = call <4 x double> @llvm.x86.avx2.gather.q.pd.256(<4 x double> zeroinitializer, ptr @{name}_numbers, <4 x i64> %i, <4 x double> %all, i8 8)
  ret <4 x double> %r
}}
"
        );
        4
    }

    /// `@name_whole` on 256 bits: the product with the two halves of a power; the number of its lanes.
    fn write_scale(&self, text: &mut String) -> u32 {
        let name = self.name;
        // 3·2^(p − 2) of a mantissa of p bits rounds to integers.
        let (t, int, lanes, shift, rounder, bias) = if self.single {
            ("float", "i32", 8, 23, 12_582_912.0, 127)
        } else {
            ("double", "i64", 4, 52, 6_755_399_441_055_744.0, 1023)
        };
        let (v, w) = (format!("<{lanes} x {t}>"), format!("<{lanes} x {int}>"));
        let suffix = format!("v{lanes}f{}", if self.single { 32 } else { 64 });
        let rounder = constant(t, rounder);
        let _ = write!(
            text,
            "
declare {v} @llvm.floor.{suffix}({v})
define internal {v} @{name}_whole({v} %x, {v} %n) alwaysinline nounwind willreturn memory(none) {{
  %whole = call {v} @llvm.floor.{suffix}({v} %n)
  %sum = fadd {v} %whole, splat ({rounder})
  %bits = bitcast {v} %sum to {w}
  %biased = add {w} %bits, splat ({int} {})
  %half = lshr {w} %biased, splat ({int} 1)
  %rest = sub {w} %biased, %half
  %a = shl {w} %half, splat ({int} {shift})
  %b = shl {w} %rest, splat ({int} {shift})
  %first = bitcast {w} %a to {v}
  %second = bitcast {w} %b to {v}
  %once = fmul {v} %x, %first
  %r = fmul {v} %once, %second
  ret {v} %r
}}
",
            2 * bias
        );
        lanes
    }

    /// The numbers of a table as typed constants.
    fn numbers(&self) -> Vec<String> {
        match self.kind {
            Kind::SingleTable(table) => table.iter().map(|n| constant("float", f64::from(*n))).collect(),
            Kind::DoubleTable(table) => table.iter().map(|n| constant("double", *n)).collect(),
            Kind::Exponent | Kind::Mantissa | Kind::Scale => Vec::new(),
        }
    }

    /// The form on at most as many lanes as the whole one.
    fn write_narrow(&self, text: &mut String, lanes: u32, width: u32) {
        let (name, t, a) = (self.name, self.element(), self.argument());
        let index = |i: u32| if i < lanes { format!("i32 {i}") } else { "i32 poison".to_owned() };
        let widen = (0..width).map(index).collect::<Vec<_>>().join(", ");
        let narrow = (0..lanes).map(|i| format!("i32 {i}")).collect::<Vec<_>>().join(", ");
        let parameters = self.list(|p| format!("<{lanes} x {a}> %{p}"));
        let wide = self.list(|p| format!("<{width} x {a}> %{p}w"));
        let shuffles: String = self
            .parameters()
            .iter()
            .map(|p| {
                format!(
                    "  %{p}w = shufflevector <{lanes} x {a}> %{p}, <{lanes} x {a}> poison, <{width} x i32> <{widen}>\n"
                )
            })
            .collect();
        let _ = write!(
            text,
            "
define internal <{lanes} x {t}> @{name}_v{lanes}({parameters}) alwaysinline nounwind willreturn memory(none) {{
{shuffles}  %r = call <{width} x {t}> @{name}_whole({wide})
  %s = shufflevector <{width} x {t}> %r, <{width} x {t}> poison, <{lanes} x i32> <{narrow}>
  ret <{lanes} x {t}> %s
}}
"
        );
    }

    /// The form on more lanes than the whole one, piece by piece; with a width of 1, lane by lane.
    fn write_pieces(&self, text: &mut String, lanes: u32, width: u32) {
        let (name, t, a) = (self.name, self.element(), self.argument());
        let (v, x) = (format!("<{lanes} x {t}>"), format!("<{lanes} x {a}>"));
        let parameters = self.list(|p| format!("{x} %{p}"));
        let _ = write!(
            text,
            "\ndefine internal {v} @{name}_v{lanes}({parameters}) alwaysinline nounwind willreturn memory(none) {{\n"
        );
        if width == 1 {
            for i in 0..lanes {
                let before = if i == 0 { "poison".to_owned() } else { format!("%s{}", i - 1) };
                for p in self.parameters() {
                    let _ = writeln!(text, "  %{p}{i} = extractelement {x} %{p}, i32 {i}");
                }
                let arguments = self.list(|p| format!("{a} %{p}{i}"));
                let _ = writeln!(
                    text,
                    "  %r{i} = call {t} @{name}({arguments})\n  \
                     %s{i} = insertelement {v} {before}, {t} %r{i}, i32 {i}"
                );
            }
            let _ = writeln!(text, "  ret {v} %s{}\n}}", lanes - 1);
            return;
        }
        let join =
            |range: std::ops::Range<u32>| range.map(|i| format!("i32 {i}")).collect::<Vec<_>>().join(", ");
        let half = lanes / 2;
        for (piece, start) in [("a", 0), ("b", half)] {
            let mask = join(start..start + half);
            for p in self.parameters() {
                let _ = writeln!(
                    text,
                    "  %{p}{piece} = shufflevector {x} %{p}, {x} poison, <{half} x i32> <{mask}>"
                );
            }
            let arguments = self.list(|p| format!("<{half} x {a}> %{p}{piece}"));
            let _ = writeln!(text, "  %r{piece} = call <{half} x {t}> @{name}_v{half}({arguments})");
        }
        let _ = writeln!(
            text,
            "  %r = shufflevector <{half} x {t}> %ra, <{half} x {t}> %rb, <{lanes} x i32> <{}>\n  ret {v} %r\n}}",
            join(0..lanes)
        );
    }
}

/// A typed constant; LLVM writes float32 numbers as float64 ones.
fn constant(kind: &str, number: f64) -> String {
    format!("{kind} 0x{:016X}", number.to_bits())
}

/// `@name_whole` on 8 lanes: four permutations, chosen by bits 3 and 4 of the index; the number of its lanes.
fn write_avx2_table(text: &mut String, name: &str, table: &[f32; 32]) -> u32 {
    let (v, x) = ("<8 x float>", "<8 x i32>");
    let _ = write!(
        text,
        "
declare {v} @llvm.x86.avx2.permps({v}, {x})
define internal {v} @{name}_whole({x} %x) alwaysinline nounwind willreturn memory(none) {{
  %s3 = shl {x} %x, splat (i32 28)
  %b3 = icmp slt {x} %s3, zeroinitializer
  %s4 = shl {x} %x, splat (i32 27)
  %b4 = icmp slt {x} %s4, zeroinitializer
"
    );
    for (i, part) in table.chunks(8).enumerate() {
        let numbers: Vec<String> = part.iter().map(|n| constant("float", f64::from(*n))).collect();
        let _ =
            writeln!(text, "  %p{i} = call {v} @llvm.x86.avx2.permps({v} <{}>, {x} %x)", numbers.join(", "));
    }
    let _ = write!(
        text,
        "  %low = select <8 x i1> %b3, {v} %p1, {v} %p0
  %high = select <8 x i1> %b3, {v} %p3, {v} %p2
  %r = select <8 x i1> %b4, {v} %high, {v} %low
  ret {v} %r
}}
"
    );
    8
}
