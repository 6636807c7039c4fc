//! The function through which C calls a kernel.
//!
//! `NAME.c` packs its arguments, lets the runtime call the entry and unpacks the result; after an exception, which the host
//! reports, it returns zero.

use super::foreign::extension;
use super::module::ModuleEmitter;
use super::types::Operand;
use crate::raw::attributes::Place;
use crate::raw::{Llvm, Ty, Val, llvm};
use ungil_abi::symbols;
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::InstKind;
use ungil_ir::packing::{layout, packed_size};
use ungil_ir::types::{DType, Type};
use ungil_ir::walk;

impl ModuleEmitter<'_> {
    /// Emits `NAME.c` for the entry function, whose parameters and result are scalars and pointers.
    pub(super) fn emit_callback(&self) {
        let Some(id) = self.ir.entry else { return };
        let (l, f) = (self.l, self.ir.function(id));
        let params: Vec<&Type> = f.params.iter().map(|p| f.ty(*p)).collect();
        let mut types = Vec::new();
        params.iter().for_each(|ty| l.c_parameters(ty, &mut types));
        let function = l.declare(&format!("{}.c", self.options.name), l.function(l.c_type(&f.ret), &types));
        self.add_function_attributes(function);
        if let Some(name) = extension(&f.ret) {
            l.add_attribute(function, Place::Return, name);
        }
        l.position(l.block(function, c"entry"));
        let scope = self.describe(function, id);
        l.set_place(scope.map(|s| (s, self.first_line(id), 0)));
        let packing = layout(params.iter().copied());
        let (args, ret) = (l.stack_buffer(packing.size), l.stack_buffer(packed_size(&f.ret)));
        let mut next = 0;
        for (ty, offset) in params.iter().zip(&packing.offsets) {
            if let Some(name) = extension(ty) {
                l.add_attribute(function, Place::Param(next as u32), name);
            }
            let value = l.c_received(ty, function, &mut next);
            l.store_packed(ty, &value, l.offset(args, *offset));
        }
        let entry = l.find_function(&self.options.name).expect("the entry comes first");
        let status = if is_plain(self.ir, f, DEPTH) {
            // It asks nothing of the context, and has none.
            let (ptr, null) = (l.ptr(), l.null());
            l.call(l.function(l.int(32), &[ptr, ptr, ptr]), entry, &[null, ret, args])
        } else {
            self.call_runtime(symbols::CALLBACK, &[entry, ret, args])
        };
        let (fine, failed) = (l.block(function, c"fine"), l.block(function, c"failed"));
        l.cond_br(l.is_zero(status), fine, failed);
        l.position(fine);
        l.c_return(&f.ret, Some(ret));
        l.position(failed);
        l.c_return(&f.ret, None);
    }
}

/// Calls that are followed into the functions that they call.
const DEPTH: u32 = 4;

/// Whether a function does nothing but compute numbers from its arguments and what pointers lead to, once, and so do those
/// that it calls.
fn is_plain(module: &Module, f: &Function, depth: u32) -> bool {
    !walk::any_inst(f, f.body, &|kind| match kind {
        InstKind::Call(callee, _) => depth == 0 || !is_plain(module, module.function(*callee), depth - 1),
        InstKind::Get(_)
        | InstKind::Set(..)
        | InstKind::If { .. }
        | InstKind::Return(_)
        | InstKind::Pointer(_)
        | InstKind::Address(_)
        | InstKind::ArrayAt { .. }
        | InstKind::Load { .. }
        | InstKind::Store { .. } => false,
        other => !walk::is_arithmetic(other),
    })
}

impl Llvm {
    fn stack_buffer(&self, bytes: u64) -> Val {
        let buffer = self.alloca(self.array(self.int(8), bytes.max(8)));
        llvm!(llvm_sys::core::LLVMSetAlignment(buffer, 16));
        buffer
    }

    /// Appends the types of the parameters in which C passes a value.
    fn c_parameters(&self, ty: &Type, types: &mut Vec<Ty>) {
        match ty {
            Type::Scalar(DType::C128) => types.extend([self.f64(); 2]),
            other => types.push(self.c_type(other)),
        }
    }

    /// The value that C passed from parameter `next` on.
    fn c_received(&self, ty: &Type, function: Val, next: &mut usize) -> Operand {
        let mut take = || {
            *next += 1;
            self.param(function, *next - 1)
        };
        match ty {
            Type::Scalar(DType::C128) => {
                let re = take();
                Operand::Complex(re, take())
            }
            other => self.returned(other, take()),
        }
    }

    /// Returns the packed value at an address, or zero.
    fn c_return(&self, ty: &Type, from: Option<Val>) {
        if ty.is_unit() {
            return self.ret_void();
        }
        let Some(from) = from else { return self.ret(self.zero(self.c_type(ty))) };
        let v = match self.load_packed(ty, from, false) {
            Operand::Complex(re, im) if *ty == Type::Scalar(DType::C64) => {
                let pair = self.insert_element(self.poison(self.c_type(ty)), re, self.i64(0));
                self.insert_element(pair, im, self.i64(1))
            }
            Operand::Complex(re, im) => {
                let pair = self.insert_value(self.poison(self.c_type(ty)), re, 0);
                self.insert_value(pair, im, 1)
            }
            other => other.scalar(),
        };
        self.ret(v);
    }
}
