//! Scalars, control flow, calls, errors.

use crate::host::{Kernel, POLL, WEAK_INT};
use std::sync::atomic::Ordering;
use ungil_abi::exception::ExcClass;
use ungil_ir::builder::Builder;
use ungil_ir::entities::FuncId;
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::*;
use ungil_ir::types::{DType, Type};

/// A module with one function.
pub fn module(name: &str, params: &[Type], ret: Type, build: impl FnOnce(&mut Builder<'_>)) -> Module {
    let mut f = Function::new(name, params, ret);
    build(&mut Builder::new(&mut f));
    Module { functions: vec![f], entry: Some(FuncId(0)), arrays: Vec::new() }
}

/// A kernel that applies one operator.
fn operator(op: BinaryOp, dtype: DType) -> Kernel {
    let ty = Type::Scalar(dtype);
    Kernel::new(&module("op", &[ty.clone(), ty.clone()], ty, |b| {
        let (x, y) = (b.func.params[0], b.func.params[1]);
        let v = b.binary(op, x, y);
        b.push(InstKind::Return(Some(v)));
    }))
}

#[test]
fn adds() {
    let add = operator(BinaryOp::Add, DType::I64);
    assert_eq!(add.call(&[2, 40]), Ok(vec![42]));
    assert_eq!(add.call(&[i64::MAX as u64, 1]), Ok(vec![i64::MIN as u64]));
}
