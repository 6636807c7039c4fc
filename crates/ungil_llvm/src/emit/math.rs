//! Mathematical functions.
//!
//! Rounding, square root and the like are LLVM intrinsics; functions of the bitcode library are linked in later by
//! name (`ungil_math_…`) and inlined; the rest are calls of libm, marked so that LLVM does not rewrite them.

use super::function::FunctionEmitter;
use super::types::Operand;
use crate::raw::attributes::{MEMORY_INACCESSIBLE, Place};
use crate::raw::{Ty, Val};
use ungil_ir::entities::Value;
use ungil_ir::math::MathFn;

impl FunctionEmitter<'_> {
    pub fn math(&mut self, function: MathFn, args: &[Value]) -> Operand {
        let args: Vec<Val> = args.iter().map(|v| self.scalar(*v)).collect();
        Operand::Scalar(self.math_call(function, &args))
    }

    /// Applies a function to numbers or, lane by lane, to vectors.
    pub fn math_call(&mut self, function: MathFn, args: &[Val]) -> Val {
        if let Some(name) = intrinsic(function) {
            return self.float_intrinsic(name, args);
        }
        let l = self.l;
        let ty = l.type_of(args[0]);
        let element = l.element(ty);
        let callee = self.math_function(function, element);
        let callee_ty = l.function_type(callee);
        let Some(lanes) = l.lanes(ty) else { return self.relax(l.call(callee_ty, callee, args)) };
        if let Some(result) = self.vector_math(function, args, lanes) {
            return result;
        }
        let mut result = l.poison(ty);
        for lane in 0..lanes {
            let lane = l.i32(i64::from(lane));
            let parts: Vec<Val> = args.iter().map(|v| l.extract_element(*v, lane)).collect();
            let one = self.relax(l.call(callee_ty, callee, &parts));
            result = l.insert_element(result, one, lane);
        }
        result
    }

    /// Applies a library function to vectors by its vector form, in pieces of a hardware vector at most.
    fn vector_math(&mut self, function: MathFn, args: &[Val], lanes: u32) -> Option<Val> {
        let l = self.l;
        let element = l.element(l.type_of(args[0]));
        let single = element == l.f32();
        let widest = if single { 16 } else { 8 };
        let piece = lanes.min(widest);
        let scalar = crate::mathlib::symbol(function, single, self.f.attributes.fastmath.afn);
        let has_forms = crate::mathlib::in_library(function) && crate::mathlib::has_forms(&scalar);
        if !has_forms || !lanes.is_power_of_two() || piece < 2 {
            return None;
        }
        let ty = l.vector(element, piece);
        let callee =
            l.declare(&crate::mathlib::widen::name(&scalar, piece), l.function(ty, &vec![ty; args.len()]));
        for (name, value) in [("nounwind", 0), ("willreturn", 0), ("memory", 0)] {
            l.add_attribute_value(callee, Place::Function, name, value);
        }
        let callee_ty = l.function_type(callee);
        let pieces: Vec<Val> = (0..lanes / piece)
            .map(|i| {
                let first = (i * piece) as i32;
                let numbers: Vec<i32> = (first..first + piece as i32).collect();
                let part = |v: &Val| if piece == lanes { *v } else { l.shuffle(*v, *v, &numbers) };
                let parts: Vec<Val> = args.iter().map(part).collect();
                l.call(callee_ty, callee, &parts)
            })
            .collect();
        Some(l.concatenated(pieces))
    }

    /// The declaration of a scalar function.
    fn math_function(&self, function: MathFn, ty: Ty) -> Val {
        let l = self.l;
        let single = ty == l.f32();
        let signature = l.function(ty, &vec![ty; function.arity()]);
        let name = crate::mathlib::symbol(function, single, self.f.attributes.fastmath.afn);
        if let Some(found) = l.find_function(&name) {
            return found;
        }
        let declared = l.declare(&name, signature);
        l.add_attribute(declared, Place::Function, "nounwind");
        l.add_attribute(declared, Place::Function, "willreturn");
        if !crate::mathlib::in_library(function) {
            // LLVM would turn `pow(x, 0.5)` into `sqrt(x)` and the like: other bits. It uses no vector forms then.
            l.add_attribute(declared, Place::Function, "nobuiltin");
        }
        // `memory(none)` would make the vectoriser call it lane by lane, which is slower than the plain loop.
        l.add_attribute_value(declared, Place::Function, "memory", MEMORY_INACCESSIBLE);
        declared
    }
}

/// The intrinsic for functions that are exact or correctly rounded in hardware.
fn intrinsic(function: MathFn) -> Option<&'static str> {
    Some(match function {
        MathFn::Sqrt => "llvm.sqrt",
        MathFn::Floor => "llvm.floor",
        MathFn::Ceil => "llvm.ceil",
        MathFn::Trunc => "llvm.trunc",
        MathFn::Rint => "llvm.rint",
        MathFn::Round => "llvm.round",
        MathFn::Copysign => "llvm.copysign",
        MathFn::Fma => "llvm.fma",
        _ => return None,
    })
}
