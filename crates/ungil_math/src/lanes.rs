//! Vector variants of the cold slow paths.
//!
//! `sin`, `cos`, `tan` and `fmod` call `ungil_math_*_slow` for huge arguments or quotients, `lgamma` for negative arguments. A loop vectoriser gives up at a call unless
//! the call names a vector variant; these are the variants, as LLVM IR text. Each tests its mask: no lane set
//! (the rule) costs a compare and a branch; otherwise a cold function calls the scalar one for each lane set.
//! The last argument of a slow path is the fast path's result, which the variants return in the other lanes: so it is
//! computed before the branch, where nothing else then has to be kept in registers.
//! Contract: link [`SlowSymbol::variants`] into the module, put [`SlowSymbol::variant_attribute`] on every call of a slow symbol, and run
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
    /// Number of arguments, the fast path's result included.
    pub arity: usize,
    pub address: *const (),
}

/// Every slow path that the functions of the bitcode call.
pub fn slow_symbols() -> [SlowSymbol; 8] {
    let float64 = |name, function: extern "C" fn(f64, f64) -> f64| SlowSymbol {
        name,
        llvm_type: "double",
        arity: 2,
        address: function as *const (),
    };
    let float32 = |name, function: extern "C" fn(f32, f32) -> f32| SlowSymbol {
        name,
        llvm_type: "float",
        arity: 2,
        address: function as *const (),
    };
    [
        SlowSymbol {
            name: "ungil_math_fmod_f64_slow",
            llvm_type: "double",
            arity: 3,
            address: crate::double::remainder::ungil_math_fmod_f64_slow as *const (),
        },
        float64("ungil_math_lgamma_f64_slow", crate::double::gamma::ungil_math_lgamma_f64_slow),
        float64("ungil_math_sin_f64_slow", double::ungil_math_sin_f64_slow),
        float64("ungil_math_cos_f64_slow", double::ungil_math_cos_f64_slow),
        float64("ungil_math_tan_f64_slow", double::ungil_math_tan_f64_slow),
        float32("ungil_math_sin_f32_slow", single::ungil_math_sin_f32_slow),
        float32("ungil_math_cos_f32_slow", single::ungil_math_cos_f32_slow),
        float32("ungil_math_tan_f32_slow", single::ungil_math_tan_f32_slow),
    ]
}

/// The slow path of a name.
pub fn slow_symbol(name: &str) -> Option<SlowSymbol> {
    slow_symbols().into_iter().find(|symbol| symbol.name == name)
}

impl SlowSymbol {
    /// The value of the attribute `vector-function-abi-variant` of a call.
    pub fn variant_attribute(&self) -> String {
        let (name, kinds) = (self.name, "v".repeat(self.arity));
        LANES.map(|lanes| format!("_ZGV_LLVM_M{lanes}{kinds}_{name}({name}_v{lanes})")).join(",")
    }

    /// An LLVM IR module with the vector variants.
    ///
    /// They are kept by `llvm.compiler.used` until the vectoriser has run; remove that variable before the final
    /// `globaldce`.
    pub fn variants(&self) -> String {
        let (name, t) = (self.name, self.llvm_type);
        let kinds = vec![t; self.arity].join(", ");
        let mut text = format!("declare {t} @{name}({kinds}) cold nounwind willreturn memory(none)\n");
        for lanes in LANES {
            self.write_variant(&mut text, lanes);
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
    fn write_variant(&self, text: &mut String, lanes: u32) {
        let (name, t) = (self.name, self.llvm_type);
        let (vector, mask) = (format!("<{lanes} x {t}>"), format!("<{lanes} x i1>"));
        let attributes = "nounwind willreturn memory(none)";
        let last = self.arity - 1;
        let join = |one: &dyn Fn(usize) -> String| (0..self.arity).map(one).collect::<Vec<_>>().join(", ");
        let parameters = join(&|k| format!("{vector} %x{k}"));
        let arguments = join(&|k| format!("{t} %argument{k}"));
        let extracts: String = (0..self.arity)
            .map(|k| format!("  %argument{k} = extractelement {vector} %x{k}, i32 %i\n"))
            .collect();
        let _ = write!(
            text,
            "
declare i1 @llvm.vector.reduce.or.v{lanes}i1({mask})

define internal {vector} @{name}_v{lanes}({parameters}, {mask} %mask) alwaysinline {attributes} {{
entry:
  %any = call i1 @llvm.vector.reduce.or.v{lanes}i1({mask} %mask)
  br i1 %any, label %slow, label %done, !prof !0
slow:
  %cold = call {vector} @{name}_v{lanes}_cold({parameters}, {mask} %mask)
  br label %done
done:
  %result = phi {vector} [ %x{last}, %entry ], [ %cold, %slow ]
  ret {vector} %result
}}

define internal {vector} @{name}_v{lanes}_cold({parameters}, {mask} %mask) cold noinline minsize optsize {attributes} {{
entry:
  br label %lane
lane:
  %i = phi i32 [ 0, %entry ], [ %next, %join ]
  %sum = phi {vector} [ %x{last}, %entry ], [ %joined, %join ]
  %set = extractelement {mask} %mask, i32 %i
  br i1 %set, label %compute, label %join
compute:
{extracts}  %value = call {t} @{name}({arguments})
  %replaced = insertelement {vector} %sum, {t} %value, i32 %i
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
}
