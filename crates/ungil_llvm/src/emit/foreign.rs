//! Pointers, memory behind them, and calls of C functions.
//!
//! Addresses of C functions come from a table that is linked with the object (`NAME.externs`), so that objects hold none.
//! Source: System V ABI for x86-64, section 3.2.3 (small integers are extended by the caller, complex numbers travel
//! as two numbers or as one vector of two).

use super::error::LIKELY;
use super::function::FunctionEmitter;
use super::types::{ArrayValue, Operand};
use crate::raw::attributes::Place;
use crate::raw::walk::{opcode_of, operand};
use crate::raw::{Llvm, Ty, Val};
use llvm_sys::{LLVMIntPredicate, LLVMOpcode};
use ungil_abi::context::Ctx;
use ungil_abi::symbols::{EXPECT, FAILED};
use ungil_ir::entities::Value;
use ungil_ir::function::{Count, ExternData};
use ungil_ir::types::{DType, Layout, Type};

/// `offsetof(Ctx, expects)` and `offsetof(Ctx, kept)`.
const EXPECTS: u64 = std::mem::offset_of!(Ctx, expects) as u64;
const KEPT: u64 = std::mem::offset_of!(Ctx, kept) as u64;

/// A function whose work is done where it is called.
#[derive(Clone, Copy, Debug)]
pub enum InPlace {
    Count(Count),
    Expect,
    Failed,
}

impl InPlace {
    pub fn of(external: &ExternData) -> Option<InPlace> {
        match external.name.as_str() {
            EXPECT => Some(InPlace::Expect),
            FAILED => Some(InPlace::Failed),
            _ => external.count.map(InPlace::Count),
        }
    }
}

impl FunctionEmitter<'_> {
    /// The address of a C function, from the module's table.
    pub fn external(&self, number: u32) -> Operand {
        let l = self.l;
        let table = l.external(&format!("{}.externs", self.m.options.name));
        let address = l.load(l.ptr(), l.offset(table, u64::from(number) * 8), 8);
        l.attach_flag(address, "invariant.load");
        Operand::Scalar(address)
    }

    pub fn pointer(&self, address: Value) -> Operand {
        Operand::Scalar(self.behind(self.scalar(address)))
    }

    /// The pointer that an address is. A sum of an address and a distance becomes a step from the address: of numbers that are
    /// made pointers LLVM does not know how they move in a loop, so that it could not make vectors of what lies there.
    fn behind(&self, address: Val) -> Val {
        match opcode_of(address) {
            Some(LLVMOpcode::LLVMAdd) => {
                let (base, distance) = (operand(address, 0), operand(address, 1));
                self.l.gep(self.l.int(8), self.behind(base), distance, 0)
            }
            _ => self.l.cast(LLVMOpcode::LLVMIntToPtr, address, self.l.ptr()),
        }
    }

    pub fn array_at(&self, pointer: Value, shape: &[Value], strides: &[Value], ty: &Type) -> Operand {
        let ty = ty.as_array().expect("memory behind a pointer is an array");
        let all = |list: &[Value]| list.iter().map(|v| self.scalar(*v)).collect::<Vec<Val>>();
        let strides = if ty.layout == Layout::Strided { all(strides) } else { Vec::new() };
        let (data, owner) = (self.scalar(pointer), self.l.null());
        Operand::Array(Box::new(ArrayValue { ty, data, owner, shape: all(shape), strides }))
    }

    /// Memory in the frame.
    pub fn stack_array(&self, n: u32, ty: &Type) -> Operand {
        let ty = ty.as_array().expect("memory of the frame is an array");
        let data = self.bytes_in(self.room.unwrap_or(self.entry), u64::from(n) * ty.dtype.size());
        let shape = vec![self.l.i64(i64::from(n))];
        Operand::Array(Box::new(ArrayValue { ty, data, owner: self.l.null(), shape, strides: Vec::new() }))
    }

    /// Counts in place: the function is called where the last count would go.
    fn count_in_place(&self, count: Count, callee: Value, address: Value) -> Operand {
        let (l, word) = (self.l, self.scalar(address));
        let (end, done) = (self.new_block(c"counted"), Operand::Scalar(l.i64(0)));
        if count == Count::DownUnlessNull {
            let some = self.new_block(c"some");
            l.cond_br(l.icmp(LLVMIntPredicate::LLVMIntNE, word, l.i64(0)), some, end);
            l.position(some);
        }
        let place = l.cast(LLVMOpcode::LLVMIntToPtr, word, l.ptr());
        let n = l.load(l.int(64), place, 8);
        if count == Count::Up {
            l.store(l.add(n, l.i64(1)), place, 8);
        } else {
            let (more, last) = (self.new_block(c"more"), self.new_block(c"last"));
            l.cond_br(l.icmp(LLVMIntPredicate::LLVMIntEQ, n, l.i64(1)), last, more);
            l.position(more);
            l.store(l.sub(n, l.i64(1)), place, 8);
            l.br(end);
            l.position(last);
            self.call_foreign(callee, &[address], &Type::unit());
        }
        l.br(end);
        l.position(end);
        done
    }

    /// Says that an exception behind the next call of C is to be kept.
    fn expect(&self) -> Operand {
        let l = self.l;
        l.store(l.i32(1), l.offset(self.ctx, EXPECTS), 4);
        Operand::Tuple(Vec::new())
    }

    /// The exception that was kept, which the host is asked for where there is one.
    fn failed(&self, callee: Value) -> Operand {
        let l = self.l;
        l.store(l.i32(0), l.offset(self.ctx, EXPECTS), 4);
        let kept = l.load(l.int(64), l.offset(self.ctx, KEPT), 8);
        let (some, end, here) = (self.new_block(c"kept"), self.new_block(c"looked"), l.current());
        let branch = l.cond_br(l.is_zero(kept), end, some);
        l.attach_weights(branch, LIKELY, 1);
        l.position(some);
        let token = self.call_foreign(callee, &[], &Type::I64).scalar();
        l.br(end);
        l.position(end);
        let result = l.phi(l.int(64));
        l.add_incoming(result, kept, here);
        l.add_incoming(result, token, some);
        Operand::Scalar(result)
    }

    /// Calls a C function.
    pub fn call_c(&self, callee: Value, args: &[Value], ret: &Type) -> Operand {
        match (self.in_place.get(&callee), args) {
            (Some(InPlace::Count(count)), [address]) => self.count_in_place(*count, callee, *address),
            (Some(InPlace::Expect), []) => self.expect(),
            (Some(InPlace::Failed), []) => self.failed(callee),
            _ => self.call_foreign(callee, args, ret),
        }
    }

    fn call_foreign(&self, callee: Value, args: &[Value], ret: &Type) -> Operand {
        let l = self.l;
        let (mut types, mut values, mut extended) = (Vec::new(), Vec::new(), Vec::new());
        for &arg in args {
            let ty = self.f.ty(arg);
            extended.extend(extension(ty).map(|e| (values.len() as u32, e)));
            l.c_argument(ty, self.operand(arg), &mut types, &mut values);
        }
        // Functions with `...` are told the number of vector registers with arguments, which others ignore.
        let ty = match types.iter().any(|ty| [l.f32(), l.f64()].contains(ty)) {
            true => l.variadic_function(l.c_type(ret), &types),
            false => l.function(l.c_type(ret), &types),
        };
        let call = l.call(ty, self.scalar(callee), &values);
        for (param, name) in extended {
            l.add_call_attribute(call, Place::Param(param), name);
        }
        if let Some(name) = extension(ret) {
            l.add_call_attribute(call, Place::Return, name);
        }
        l.add_call_attribute(call, Place::Function, "nounwind");
        l.returned(ret, call)
    }
}

/// How C widens a small integer to 32 bits.
pub fn extension(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Scalar(d) if *d == DType::Bool || (d.is_unsigned() && d.size() < 4) => Some("zeroext"),
        Type::Scalar(d) if d.is_signed() && d.size() < 4 => Some("signext"),
        _ => None,
    }
}

impl Llvm {
    /// The type in which C returns a value.
    pub fn c_type(&self, ty: &Type) -> Ty {
        match ty {
            Type::Pointer => self.ptr(),
            Type::Scalar(DType::C64) => self.vector(self.f32(), 2),
            Type::Scalar(DType::C128) => self.structure(&[self.f64(), self.f64()]),
            Type::Scalar(d) => self.number(*d),
            // The parts of a struct.
            Type::Tuple(items) if !items.is_empty() => {
                let items: Vec<Ty> = items.iter().map(|item| self.c_type(item)).collect();
                self.structure(&items)
            }
            _ => self.void(),
        }
    }

    /// Appends the parameters that C passes a value in.
    pub fn c_argument(&self, ty: &Type, v: &Operand, types: &mut Vec<Ty>, values: &mut Vec<Val>) {
        match v {
            Operand::Complex(re, im) if *ty == Type::Scalar(DType::C64) => {
                let pair = self.poison(self.c_type(ty));
                let pair = self.insert_element(pair, *re, self.i64(0));
                values.push(self.insert_element(pair, *im, self.i64(1)));
                types.push(self.c_type(ty));
            }
            Operand::Complex(re, im) => {
                values.extend([*re, *im]);
                types.extend([self.f64(); 2]);
            }
            other => {
                values.push(other.scalar());
                types.push(self.c_type(ty));
            }
        }
    }

    /// What C returned.
    pub fn returned(&self, ty: &Type, v: Val) -> Operand {
        match ty {
            Type::Scalar(DType::C64) => {
                let part = |k| self.extract_element(v, self.i64(k));
                Operand::Complex(part(0), part(1))
            }
            Type::Scalar(DType::C128) => Operand::Complex(self.extract_value(v, 0), self.extract_value(v, 1)),
            Type::Tuple(items) => {
                let parts = items.iter().enumerate();
                Operand::Tuple(
                    parts.map(|(k, item)| self.returned(item, self.extract_value(v, k as u32))).collect(),
                )
            }
            _ => Operand::Scalar(v),
        }
    }
}
