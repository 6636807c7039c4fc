//! Arithmetic on numbers and vectors. Total: nothing traps, nothing is undefined.

use super::error::LIKELY;
use super::function::FunctionEmitter;
use super::types::Operand;
use crate::raw::{Llvm, Ty, Val, llvm};
use llvm_sys::LLVMIntPredicate::{LLVMIntEQ, LLVMIntNE, LLVMIntSLT};
use llvm_sys::LLVMOpcode::{self, LLVMFAdd, LLVMFDiv, LLVMFMul, LLVMFSub};
use llvm_sys::LLVMRealPredicate::{LLVMRealOGT, LLVMRealOLT, LLVMRealORD, LLVMRealUNE};
use ungil_abi::exception::{ExcClass, INTEGER_OVERFLOW};
use ungil_ir::entities::Value;
use ungil_ir::function::FastMath;
use ungil_ir::inst::{BinaryOp, UnaryOp};
use ungil_ir::types::DType;

impl FunctionEmitter<'_> {
    pub fn unary(&mut self, op: UnaryOp, a: Value) -> Operand {
        let (l, dtype) = (self.l, self.dtype(a));
        if let Operand::Complex(re, im) = *self.operand(a) {
            return self.complex_unary(op, re, im);
        }
        let a = self.scalar(a);
        Operand::Scalar(match op {
            UnaryOp::Neg if dtype.is_float() => self.fneg(a),
            UnaryOp::Neg => l.neg(a),
            UnaryOp::Not | UnaryOp::Invert => l.not(a),
            UnaryOp::Popcount => l.intrinsic("llvm.ctpop", &[l.type_of(a)], &[a]),
            UnaryOp::Abs if dtype.is_float() => self.float_intrinsic("llvm.fabs", &[a]),
            UnaryOp::Abs if dtype.is_signed() => l.intrinsic("llvm.abs", &[l.type_of(a)], &[a, l.i1(false)]),
            UnaryOp::Abs | UnaryOp::Real | UnaryOp::Conj => a,
            UnaryOp::Imag => l.zero(l.type_of(a)),
        })
    }

    pub fn binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Operand {
        let dtype = self.dtype(a);
        if dtype.is_complex() {
            let (Operand::Complex(ar, ai), Operand::Complex(br, bi)) = (self.operand(a), self.operand(b))
            else {
                panic!("complex operands expected");
            };
            return self.complex_binary(op, (*ar, *ai), (*br, *bi), dtype);
        }
        let (a, b) = (self.scalar(a), self.scalar(b));
        if op == BinaryOp::MakeComplex {
            return Operand::Complex(a, b);
        }
        Operand::Scalar(self.plain_binary(op, a, b, dtype))
    }

    /// Arithmetic on two numbers or vectors that are not complex.
    pub fn plain_binary(&mut self, op: BinaryOp, a: Val, b: Val, dtype: DType) -> Val {
        if dtype.is_float() {
            self.float_binary(op, a, b)
        } else if dtype == DType::Bool {
            self.l.bool_binary(op, a, b)
        } else {
            self.int_binary(op, a, b, dtype)
        }
    }

    fn float_binary(&mut self, op: BinaryOp, a: Val, b: Val) -> Val {
        let l = self.l;
        match op {
            BinaryOp::Add => self.fop(LLVMFAdd, a, b),
            BinaryOp::Sub => self.fop(LLVMFSub, a, b),
            BinaryOp::Mul => self.fop(LLVMFMul, a, b),
            BinaryOp::Div => self.fop(LLVMFDiv, a, b),
            BinaryOp::Min | BinaryOp::Max => {
                // NaN wins, and of equal operands the second. The inner choice is x86's `vminpd` and `vmaxpd`; were the outer
                // one made by `uno`, LLVM would join the two into a choice that no instruction makes.
                let goes = if op == BinaryOp::Min { LLVMRealOLT } else { LLVMRealOGT };
                let beyond = l.select(l.fcmp(goes, a, b), a, b);
                l.select(l.fcmp(LLVMRealORD, a, a), beyond, a)
            }
            BinaryOp::Mod => self.float_mod(a, b).0,
            BinaryOp::FloorDiv => self.float_floor_div(a, b),
            BinaryOp::Pow => self.math_call(ungil_ir::math::MathFn::Pow, &[a, b]),
            other => panic!("{other:?} on floats"),
        }
    }

    /// NumPy's remainder (sign of the divisor) and the plain `fmod`.
    fn float_mod(&mut self, a: Val, b: Val) -> (Val, Val) {
        let l = self.l;
        let zero = l.zero(l.type_of(a));
        let rem = self.math_call(ungil_ir::math::MathFn::Fmod, &[a, b]);
        let differs = l.xor(l.fcmp(LLVMRealOLT, b, zero), l.fcmp(LLVMRealOLT, rem, zero));
        let moved = l.select(differs, self.fop(LLVMFAdd, rem, b), rem);
        let signed_zero = self.float_intrinsic("llvm.copysign", &[zero, b]);
        let is_zero = l.fcmp(llvm_sys::LLVMRealPredicate::LLVMRealOEQ, rem, zero);
        (l.select(is_zero, signed_zero, moved), rem)
    }

    /// NumPy's `floor_divide`.
    fn float_floor_div(&mut self, a: Val, b: Val) -> Val {
        let l = self.l;
        let ty = l.type_of(a);
        let (zero, one, half) = (l.zero(ty), l.const_float(ty, 1.0), l.const_float(ty, 0.5));
        let (_, rem) = self.float_mod(a, b);
        let quotient = self.fop(LLVMFDiv, self.fop(LLVMFSub, a, rem), b);
        let differs = l.xor(l.fcmp(LLVMRealOLT, b, zero), l.fcmp(LLVMRealOLT, rem, zero));
        let lower = l.and(l.fcmp(LLVMRealUNE, rem, zero), differs);
        let quotient = l.select(lower, self.fop(LLVMFSub, quotient, one), quotient);
        let floor = self.float_intrinsic("llvm.floor", &[quotient]);
        let up = l.fcmp(LLVMRealOGT, self.fop(LLVMFSub, quotient, floor), half);
        let floor = l.select(up, self.fop(LLVMFAdd, floor, one), floor);
        let plain = self.fop(LLVMFDiv, a, b);
        let signed_zero = self.float_intrinsic("llvm.copysign", &[zero, plain]);
        let result = l.select(l.fcmp(LLVMRealUNE, quotient, zero), floor, signed_zero);
        // By zero, NumPy gives what true division gives.
        l.select(l.fcmp(LLVMRealUNE, b, zero), result, plain)
    }

    fn int_binary(&mut self, op: BinaryOp, a: Val, b: Val, dtype: DType) -> Val {
        let l = self.l;
        match op {
            BinaryOp::Add => l.add(a, b),
            BinaryOp::Sub => l.sub(a, b),
            BinaryOp::Mul => l.mul(a, b),
            BinaryOp::And => l.and(a, b),
            BinaryOp::Or => l.or(a, b),
            BinaryOp::Xor => l.xor(a, b),
            BinaryOp::FloorDiv => l.floor_div(a, b, dtype),
            BinaryOp::Mod => l.floor_mod(a, b, dtype),
            BinaryOp::TruncDiv | BinaryOp::TruncMod => self.trunc_division(op, a, b, dtype),
            BinaryOp::Shl => l.select(l.in_width(b), l.shl(a, b), l.zero(l.type_of(a))),
            BinaryOp::Shr if dtype.is_signed() => {
                let most = l.const_int(l.type_of(b), i64::from(dtype.bits()) - 1);
                l.ashr(a, l.select(l.in_width(b), b, most))
            }
            BinaryOp::Shr => l.select(l.in_width(b), l.lshr(a, b), l.zero(l.type_of(a))),
            BinaryOp::Min | BinaryOp::Max => {
                let name = match (op, dtype.is_signed()) {
                    (BinaryOp::Min, true) => "llvm.smin",
                    (BinaryOp::Min, false) => "llvm.umin",
                    (_, true) => "llvm.smax",
                    (_, false) => "llvm.umax",
                };
                l.intrinsic(name, &[l.type_of(a)], &[a, b])
            }
            BinaryOp::Pow => self.int_pow(a, b, dtype),
            other => panic!("{other:?} on integers"),
        }
    }

    /// C's division. Divisors that would trap are rare and have a way of their own, which costs a branch instead of a choice that
    /// the division waits for; in vectors they are chosen.
    fn trunc_division(&mut self, op: BinaryOp, a: Val, b: Val, dtype: DType) -> Val {
        let l = self.l;
        let ty = l.type_of(a);
        let divide = |divisor| match (op, dtype.is_signed()) {
            (BinaryOp::TruncDiv, true) => l.sdiv(a, divisor),
            (BinaryOp::TruncDiv, false) => l.udiv(a, divisor),
            (_, true) => l.srem(a, divisor),
            (_, false) => l.urem(a, divisor),
        };
        let by_zero = if op == BinaryOp::TruncDiv { l.zero(ty) } else { a };
        if l.as_const_int(b).is_some_and(|n| n != 0 && n != -1) {
            return divide(b);
        }
        if l.lanes(ty).is_some() {
            let divisor = l.safe_divisor(a, b, dtype);
            return l.select(l.is_zero(b), by_zero, divide(divisor));
        }
        let (usual, rare, join) =
            (self.new_block(c"divide"), self.new_block(c"rare"), self.new_block(c"divided"));
        let traps = match dtype.is_signed() {
            // Zero and -1.
            true => l.below(l.add(b, l.const_int(ty, 1)), l.const_int(ty, 2)),
            false => l.is_zero(b),
        };
        let branch = l.cond_br(traps, rare, usual);
        l.attach_weights(branch, 1, LIKELY);
        l.position(usual);
        let quotient = divide(b);
        l.br(join);
        l.position(rare);
        let by_minus_one = if op == BinaryOp::TruncDiv { l.neg(a) } else { l.zero(ty) };
        let other = l.select(l.is_zero(b), by_zero, by_minus_one);
        l.br(join);
        l.position(join);
        let result = l.phi(ty);
        l.add_incoming(result, quotient, usual);
        l.add_incoming(result, other, rare);
        result
    }

    /// Arithmetic that raises OverflowError.
    pub fn checked_binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Operand {
        let (l, dtype) = (self.l, self.dtype(a));
        let (a, b) = (self.scalar(a), self.scalar(b));
        let (result, overflow) = match op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => l.with_overflow(op, a, b, dtype),
            BinaryOp::Pow => self.checked_pow(a, b, dtype),
            BinaryOp::FloorDiv if dtype.is_signed() => {
                (l.floor_div(a, b, dtype), l.quotient_overflows(a, b, dtype))
            }
            other => (self.int_binary(other, a, b, dtype), l.i1(false)),
        };
        self.raise_unless(l.not(overflow), ExcClass::OVERFLOW, INTEGER_OVERFLOW, &[]);
        Operand::Scalar(result)
    }

    /// A float operation with the function's flags.
    pub fn fop(&self, op: LLVMOpcode, a: Val, b: Val) -> Val {
        self.relax(self.l.float_op(op, a, b))
    }

    pub fn fneg(&self, a: Val) -> Val {
        self.relax(self.l.fneg(a))
    }

    /// An intrinsic overloaded on its first operand's type, with the function's flags.
    pub fn float_intrinsic(&self, name: &str, args: &[Val]) -> Val {
        self.relax(self.l.intrinsic(name, &[self.l.type_of(args[0])], args))
    }

    /// Sets the function's fast-math flags on an instruction.
    pub fn relax(&self, v: Val) -> Val {
        let flags = fast_math_bits(self.f.attributes.fastmath);
        if flags != 0 {
            llvm!({
                use llvm_sys::core::*;
                if !LLVMIsAInstruction(v).is_null() && LLVMCanValueUseFastMathFlags(v) != 0 {
                    LLVMSetFastMathFlags(v, flags);
                }
            });
        }
        v
    }
}

/// LLVM's bits of fast-math flags.
fn fast_math_bits(f: FastMath) -> u32 {
    let flags = [f.reassoc, f.nnan, f.ninf, f.nsz, f.arcp, f.contract, f.afn];
    flags.iter().enumerate().map(|(i, on)| u32::from(*on) << i).sum()
}

impl Llvm {
    /// Arithmetic on bools: `false < true`.
    fn bool_binary(&self, op: BinaryOp, a: Val, b: Val) -> Val {
        match op {
            BinaryOp::And | BinaryOp::Min => self.and(a, b),
            BinaryOp::Or | BinaryOp::Max => self.or(a, b),
            BinaryOp::Xor => self.xor(a, b),
            other => panic!("{other:?} on bools"),
        }
    }

    /// Whether a shift amount is below the width; negative amounts are not.
    fn in_width(&self, amount: Val) -> Val {
        let ty = self.type_of(amount);
        let width = llvm!(llvm_sys::core::LLVMGetIntTypeWidth(self.element(ty)));
        self.below(amount, self.const_int(ty, i64::from(width)))
    }

    /// The divisor, or 1 where the division would trap.
    fn safe_divisor(&self, a: Val, b: Val, dtype: DType) -> Val {
        let mut traps = self.is_zero(b);
        if dtype.is_signed() {
            traps = self.or(traps, self.quotient_overflows(a, b, dtype));
        }
        self.select(traps, self.const_int(self.type_of(b), 1), b)
    }

    /// Whether `a / b` is the minimum by -1.
    fn quotient_overflows(&self, a: Val, b: Val, dtype: DType) -> Val {
        let ty = self.type_of(a);
        let least = self.icmp(LLVMIntEQ, a, self.const_int(ty, int_min(dtype)));
        self.and(least, self.icmp(LLVMIntEQ, b, self.const_int(ty, -1)))
    }

    /// Quotient rounded towards minus infinity; 0 by zero.
    fn floor_div(&self, a: Val, b: Val, dtype: DType) -> Val {
        let ty = self.type_of(a);
        let zero = self.zero(ty);
        let by_zero = self.is_zero(b);
        let divisor = self.safe_divisor(a, b, dtype);
        if !dtype.is_signed() {
            return self.select(by_zero, zero, self.udiv(a, divisor));
        }
        if let Some(shift) = self.power_of_two(b) {
            return self.ashr(a, self.const_int(ty, shift));
        }
        if let Some(quotient) = self.floor_by_constant(a, b) {
            return quotient;
        }
        let quotient = self.sdiv(a, divisor);
        let rem = self.sub(a, self.mul(quotient, divisor));
        let lower = self.signs_differ(rem, divisor, ty);
        let quotient = self.select(lower, self.sub(quotient, self.const_int(ty, 1)), quotient);
        self.select(by_zero, zero, quotient)
    }

    /// Remainder with the divisor's sign; 0 by zero.
    fn floor_mod(&self, a: Val, b: Val, dtype: DType) -> Val {
        let ty = self.type_of(a);
        let divisor = self.safe_divisor(a, b, dtype);
        if !dtype.is_signed() {
            return self.urem(a, divisor);
        }
        if let Some(shift) = self.power_of_two(b) {
            return self.and(a, self.const_int(ty, (1 << shift) - 1));
        }
        if let Some(quotient) = self.floor_by_constant(a, b) {
            return self.sub(a, self.mul(quotient, b));
        }
        let rem = self.srem(a, divisor);
        self.select(self.signs_differ(rem, divisor, ty), self.add(rem, divisor), rem)
    }

    /// Signed quotient by a constant above one. A negative number's complement has the complement of its quotient: so the
    /// division is one of numbers below half the range, which is a multiplication that needs no correction.
    fn floor_by_constant(&self, a: Val, b: Val) -> Option<Val> {
        self.as_const_int(b).filter(|n| *n > 1)?;
        let ty = self.type_of(a);
        let bits = i64::from(llvm!(llvm_sys::core::LLVMGetIntTypeWidth(self.element(ty))));
        let sign = self.ashr(a, self.const_int(ty, bits - 1));
        let positive = self.and(self.xor(a, sign), self.const_int(ty, i64::MAX >> (64 - bits)));
        Some(self.xor(self.udiv(positive, b), sign))
    }

    /// Whether a remainder is not zero and has the other sign than the divisor.
    fn signs_differ(&self, rem: Val, divisor: Val, ty: Ty) -> Val {
        let differ = self.icmp(LLVMIntSLT, self.xor(rem, divisor), self.zero(ty));
        self.and(self.icmp(LLVMIntNE, rem, self.zero(ty)), differ)
    }

    /// The logarithm of a constant that is a power of two (and positive).
    fn power_of_two(&self, b: Val) -> Option<i64> {
        let n = self.as_const_int(b).filter(|n| *n > 0)?;
        (n & (n - 1) == 0).then(|| i64::from(n.trailing_zeros()))
    }

    /// Result and overflow bit.
    pub fn with_overflow(&self, op: BinaryOp, a: Val, b: Val, dtype: DType) -> (Val, Val) {
        let sign = if dtype.is_signed() { 's' } else { 'u' };
        let name = match op {
            BinaryOp::Add => "add",
            BinaryOp::Sub => "sub",
            _ => "mul",
        };
        let name = format!("llvm.{sign}{name}.with.overflow");
        let pair = self.intrinsic(&name, &[self.type_of(a)], &[a, b]);
        (self.extract_value(pair, 0), self.extract_value(pair, 1))
    }
}

/// The least value of a signed type.
fn int_min(dtype: DType) -> i64 {
    i64::MIN >> (64 - dtype.bits())
}
