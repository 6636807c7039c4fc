//! Calls of kernels of the same module: a function of numbers and pointers whose IR is added to the caller's, so that it
//! is inlined.
//!
//! Between caller and kernel stands a bridge: it runs the kernel and makes a failure the Python exception that the caller
//! expects, whether the lock is held or not. It stands in no user's file, so that tracebacks do not show it.

use std::sync::Arc;

use ungil_ir::builder::Builder;
use ungil_ir::entities::{FuncId, Value};
use ungil_ir::function::{Function, Inline, Module, Origin, PRELUDE_FILE};
use ungil_ir::inst::{CompareOp, InstKind};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::expr::{Call, Expr};

use super::entries::Entry;
use super::function::Lowerer;
use super::value::{CTy, Val};
use super::{Own, Result, TABLE_SELF};

/// A kernel that may be part of its callers.
#[derive(Clone, PartialEq, Debug)]
pub struct Kernel {
    /// Without arrays and guards.
    pub module: Module,
    /// Addresses of its externs.
    pub externs: Vec<u64>,
}

impl Kernel {
    fn entry(&self) -> &Function {
        self.module.function(self.module.entry())
    }

    fn params(&self) -> Vec<Type> {
        let entry = self.entry();
        entry.params.iter().map(|p| entry.ty(*p).clone()).collect()
    }
}

/// What a bridge gives: 1 and the result, or 0 with a Python exception set.
fn bridge_result(ret: &Type) -> Type {
    match ret {
        Type::Scalar(_) => Type::Tuple(vec![Type::I64, ret.clone()]),
        _ => Type::I64,
    }
}

impl Lowerer<'_> {
    /// The function that runs a kernel.
    fn bridge(&mut self, kernel: &Arc<Kernel>) -> FuncId {
        let known = self.kernels.iter().position(|k| Arc::ptr_eq(k, kernel));
        let at = known.unwrap_or_else(|| {
            self.kernels.push(kernel.clone());
            self.kernels.len() - 1
        });
        FuncId(at as u32 + 1)
    }

    /// A call of a kernel with what C passes.
    pub(super) fn call_kernel(
        &mut self,
        e: &Expr,
        call: &Call,
        own: &Own,
        kernel: &Arc<Kernel>,
    ) -> Result<Val> {
        let (mut values, mut held) = (vec![self.table], Vec::new());
        for ((arg, ty), param) in call.args.iter().zip(&own.params).zip(kernel.params()) {
            let ty = ty.clone().unwrap_or(CTy::num(DType::I64));
            let value = self.c_argument(arg, &ty, &mut held)?;
            values.push(match param.dtype() {
                Some(dtype) => self.b().cast(value, dtype),
                None => self.machine_pointer(value),
            });
        }
        self.at(e.span);
        let ret = kernel.entry().ret.clone();
        let bridge = self.bridge(kernel);
        let given = self.b().call(bridge, values, bridge_result(&ret));
        let has_value = ret.dtype().is_some();
        let status = if has_value { self.item_of(given, 0) } else { given };
        self.drop_all(&held);
        let failed = self.is_zero(status);
        self.fail_if(failed);
        Ok(match own.ret.c() {
            Some(ty) if has_value => {
                let value = self.item_of(given, 1);
                Val::C(self.b().cast(value, ty.dtype()), ty.clone())
            }
            _ => Val::Obj(self.none()),
        })
    }

    /// [`Entry::Call`], without the host where the callee is what the function's own calls come from.
    pub(super) fn call_itself(&mut self, given: &[Value; 4]) -> Value {
        let result = self.word_var("called", 0);
        let (table, callee, args) = (self.table, given[0], given[1]);
        let own = self.load(table, TABLE_SELF);
        let is_own = self.b().compare(CompareOp::Eq, callee, own);
        self.before_entry(Entry::Call);
        let (then, ()) = self.nested(|l| {
            let (body, ()) = l.nested(|l| {
                let nothing = l.word(0);
                let value = l.b().call(FuncId(0), vec![args, table, nothing], Type::I64);
                l.b().set(result, value);
            });
            // The end of the stack.
            let (handler, ()) = l.nested(|l| {
                l.call(Entry::KernelFailed, &[table]);
            });
            l.b().push(InstKind::Try { body, handler });
        });
        let (otherwise, ()) = self.nested(|l| {
            let value = l.call(Entry::Call, given);
            l.b().set(result, value);
        });
        self.b().push(InstKind::If { cond: is_own, then, otherwise });
        self.b().get(result)
    }

    fn item_of(&mut self, tuple: Value, at: u32) -> Value {
        self.b().value(InstKind::TupleGet(tuple, at))
    }
}

/// Adds the kernels that a function calls, behind their bridges. Returns the addresses of their externs.
pub(super) fn add_kernels(module: &mut Module, kernels: &[Arc<Kernel>]) -> Vec<u64> {
    let mut first = 1 + kernels.len() as u32;
    for kernel in kernels {
        module.functions.push(bridge_to(kernel, FuncId(first + kernel.module.entry().0)));
        first += kernel.module.functions.len() as u32;
    }
    let mut addresses = Vec::new();
    for kernel in kernels {
        let (functions, externs) = (module.functions.len() as u32, module.externs.len() as u32);
        for function in &kernel.module.functions {
            module.functions.push(moved(function.clone(), functions, externs));
        }
        module.externs.extend(kernel.module.externs.iter().cloned());
        addresses.extend(&kernel.externs);
    }
    addresses
}

/// A function whose callees and externs have other numbers.
fn moved(mut function: Function, functions: u32, externs: u32) -> Function {
    for inst in &mut function.insts {
        match &mut inst.kind {
            InstKind::Call(callee, _) => callee.0 += functions,
            InstKind::Extern(number) => *number += externs,
            _ => {}
        }
    }
    function
}

fn bridge_to(kernel: &Kernel, callee: FuncId) -> Function {
    let ret = kernel.entry().ret.clone();
    let mut params = vec![Type::I64];
    params.extend(kernel.params());
    let mut bridge = Function::new(&format!("{}.called", kernel.entry().name), &params, bridge_result(&ret));
    bridge.origin = Origin { file: PRELUDE_FILE.to_owned(), first_line: 1 };
    bridge.attributes.inline = Inline::Always;
    let (table, args) = (bridge.params[0], bridge.params[1..].to_vec());
    let mut b = Builder::new(&mut bridge);
    b.loc.line = 1;
    let (body, ()) = b.nested(|b| {
        let value = b.call(callee, args, ret.clone());
        let one = b.i64(1);
        let given = if ret.dtype().is_some() { b.value(InstKind::TupleMake(vec![one, value])) } else { one };
        b.push(InstKind::Return(Some(given)));
    });
    let (handler, ()) = b.nested(|b| {
        let entry = b.value(InstKind::Extern(Entry::KernelFailed as u32));
        b.call_c(entry, vec![table], Entry::KernelFailed.ret());
    });
    b.push(InstKind::Try { body, handler });
    let zero = b.i64(0);
    let given = match ret.dtype() {
        Some(dtype) => {
            let nothing = b.cast(zero, dtype);
            b.value(InstKind::TupleMake(vec![zero, nothing]))
        }
        None => zero,
    };
    b.push(InstKind::Return(Some(given)));
    bridge
}
