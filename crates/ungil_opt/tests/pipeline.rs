//! The whole pass list on small loops.

use ungil_ir::builder::Builder;
use ungil_ir::entities::{FuncId, Region, Value};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, For, InstKind, LoopHints};
use ungil_ir::types::{ArrayType, DType, Layout, Type};
use ungil_opt::pipeline::{Target, optimize};

fn vector() -> Type {
    Type::Array(ArrayType { dtype: DType::F64, ndim: 1, layout: Layout::C, readonly: false, swapped: false })
}

fn add_for(
    b: &mut Builder<'_>,
    start: Value,
    stop: Value,
    body: impl FnOnce(&mut Builder<'_>, Value),
) -> Region {
    let iv = b.func.new_value(Type::I64);
    let label = b.func.new_label();
    let step = b.i64(1);
    let (region, ()) = b.nested(|b| body(b, iv));
    let node = For { label, iv, start, stop, step, body: region, hints: LoopHints::default() };
    b.push(InstKind::For(Box::new(node)));
    region
}

/// `for i in range(1, n - 1): out[i] = a[i - 1] + a[i + 1]`, with variables as the front end makes them.
fn stencil() -> Module {
    let mut f = Function::new("stencil", &[vector(), vector()], Type::unit());
    let (a, out) = (f.params[0], f.params[1]);
    let (xa, xi) = (f.new_var("a", vector()), f.new_var("i", Type::I64));
    let mut b = Builder::new(&mut f);
    b.set(xa, a);
    let (one, n) = (b.i64(1), b.dim(a, 0));
    let stop = b.binary(BinaryOp::Sub, n, one);
    add_for(&mut b, one, stop, |b, iv| {
        b.set(xi, iv);
        let read = |b: &mut Builder<'_>, op| {
            let (a, i, one) = (b.get(xa), b.get(xi), b.i64(1));
            let size = b.dim(a, 0);
            let at = b.binary(op, i, one);
            let at = b.value(InstKind::CheckIndex { index: at, size, axis: 0, wrap: true, check: true });
            b.load(a, vec![at])
        };
        let (left, right) = (read(b, BinaryOp::Sub), read(b, BinaryOp::Add));
        let sum = b.binary(BinaryOp::Add, left, right);
        let (i, size) = (b.get(xi), b.dim(out, 0));
        let at = b.value(InstKind::CheckIndex { index: i, size, axis: 0, wrap: true, check: true });
        b.store(out, vec![at], sum);
    });
    b.push(InstKind::Return(None));
    Module { functions: vec![f], entry: Some(FuncId(0)), ..Module::default() }
}

#[test]
fn stencil_keeps_one_test_for_the_output_in_front_of_the_loop() {
    let mut module = stencil();
    let remarks = optimize(&mut module, Target::default(), &mut |_, _, _| {}).remarks;
    let text = module.to_string();
    let fast = text.split("else").next().unwrap();
    assert!(!fast.contains("check_index"), "{text}");
    assert!(text.contains("check_index"), "the checked version stays\n{text}");
    assert_eq!(remarks[0].text, "all 3 checks hoisted out of the loop, 1 test in front of it", "{text}");
}
