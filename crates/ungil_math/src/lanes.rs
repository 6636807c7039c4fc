//! Vector variants of the cold slow paths.
//!
//! `sin`, `cos` and `tan` call `ungil_math_*_slow` for huge arguments. A loop vectoriser gives up at a call unless
//! the call names a vector variant; these are the variants, as LLVM IR text. Each tests its mask: no lane set
//! (the rule) costs a compare and a branch; otherwise a cold function calls the scalar one for each lane set.
//! Contract: link [`variants`] into the module, put [`variant_attribute`] on every call of a slow symbol, and run
//! `always-inline` once more after the vectoriser. The variants are then inlined and the cold functions stay.
//! Limits: 2 to 16 lanes; the slow symbols themselves are resolved to [`slow_symbols`] or linked from the bitcode.
//! Source: LLVM's Vector Function ABI (`_ZGV_LLVM_M…` names: any target, masked).

use std::fmt::Write;

use crate::double::trigonometric as double;
use crate::single::trigonometric as single;

/// The vector lengths that have variants.
pub const LANES: [u32; 4] = [2, 4, 8, 16];

/// A slow path: its symbol, the LLVM type of its argument and result, and its native address.
#[derive(Clone, Copy, Debug)]
pub struct SlowSymbol {
    pub name: &'static str,
    pub llvm_type: &'static str,
    pub address: *const (),
}

/// Every slow path that the functions of the bitcode call.
pub fn slow_symbols() -> [SlowSymbol; 6] {
    let float64 = |name, function: extern "C" fn(f64) -> f64| SlowSymbol {
        name,
        llvm_type: "double",
        address: function as *const (),
    };
    let float32 = |name, function: extern "C" fn(f32) -> f32| SlowSymbol {
        name,
        llvm_type: "float",
        address: function as *const (),
    };
    [
        float64("ungil_math_sin_f64_slow", double::ungil_math_sin_f64_slow),
        float64("ungil_math_cos_f64_slow", double::ungil_math_cos_f64_slow),
        float64("ungil_math_tan_f64_slow", double::ungil_math_tan_f64_slow),
        float32("ungil_math_sin_f32_slow", single::ungil_math_sin_f32_slow),
        float32("ungil_math_cos_f32_slow", single::ungil_math_cos_f32_slow),
        float32("ungil_math_tan_f32_slow", single::ungil_math_tan_f32_slow),
    ]
}

/// The value of the attribute `vector-function-abi-variant` of a call of the slow symbol `name`.
pub fn variant_attribute(name: &str) -> String {
    LANES.map(|lanes| format!("_ZGV_LLVM_M{lanes}v_{name}({name}_v{lanes})")).join(",")
}

/// An LLVM IR module with the vector variants of one slow symbol.
///
/// They are kept by `llvm.compiler.used` until the vectoriser has run; remove that variable before the final
/// `globaldce`.
pub fn variants(name: &str, llvm_type: &str) -> String {
    let mut text =
        format!("declare {llvm_type} @{name}({llvm_type}) cold nounwind willreturn memory(none)\n");
    for lanes in LANES {
        write_variant(&mut text, name, llvm_type, lanes);
    }
    let used = LANES.map(|lanes| format!("ptr @{name}_v{lanes}")).join(", ");
    let count = LANES.len();
    let _ = writeln!(
        text,
        "@llvm.compiler.used = appending global [{count} x ptr] [{used}], section \"llvm.metadata\"\n\
         !0 = !{{!\"branch_weights\", i32 1, i32 1048575}}"
    );
    text
}

/// The variant for one number of lanes, and the cold function behind it.
fn write_variant(text: &mut String, name: &str, llvm_type: &str, lanes: u32) {
    let (vector, mask) = (format!("<{lanes} x {llvm_type}>"), format!("<{lanes} x i1>"));
    let attributes = "nounwind willreturn memory(none)";
    let _ = write!(
        text,
        "
declare i1 @llvm.vector.reduce.or.v{lanes}i1({mask})

define internal {vector} @{name}_v{lanes}({vector} %x, {mask} %mask) alwaysinline {attributes} {{
entry:
  %any = call i1 @llvm.vector.reduce.or.v{lanes}i1({mask} %mask)
  br i1 %any, label %slow, label %done, !prof !0
slow:
  %cold = call {vector} @{name}_v{lanes}_cold({vector} %x, {mask} %mask)
  br label %done
done:
  %result = phi {vector} [ %x, %entry ], [ %cold, %slow ]
  ret {vector} %result
}}

define internal {vector} @{name}_v{lanes}_cold({vector} %x, {mask} %mask) cold noinline minsize optsize {attributes} {{
entry:
  br label %lane
lane:
  %i = phi i32 [ 0, %entry ], [ %next, %join ]
  %sum = phi {vector} [ %x, %entry ], [ %joined, %join ]
  %set = extractelement {mask} %mask, i32 %i
  br i1 %set, label %compute, label %join
compute:
  %argument = extractelement {vector} %x, i32 %i
  %value = call {llvm_type} @{name}({llvm_type} %argument)
  %replaced = insertelement {vector} %sum, {llvm_type} %value, i32 %i
  br label %join
join:
  %joined = phi {vector} [ %sum, %lane ], [ %replaced, %compute ]
  %next = add nuw nsw i32 %i, 1
  %end = icmp eq i32 %next, {lanes}
  br i1 %end, label %exit, label %lane
exit:
  ret {vector} %joined
}}
"
    );
}
