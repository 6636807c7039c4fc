//! Visitors and copies of regions.

use std::collections::BTreeSet;
use ungil_ir::clone::{CloneMap, clone_region, clone_region_into};
use ungil_ir::entities::{FuncId, Region, Value, Var};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::InstKind;
use ungil_ir::read::read_function;
use ungil_ir::types::Type;
use ungil_ir::verify::verify_function;
use ungil_ir::walk;

const TEXT: &str = "func @f(v0: int64, v1: array<float64, 1, C>) -> () {
  var x0 \"s\": float64
  var x1 \"n\": int64
  for l0 v2 in v0..v0 step v0 {
    v3 = load v1[v2]
    set x0, v3
    while l1 {
      v4 = get x1
      v5 = lt v4, v2
    } do v5 {
      v6 = add v4, v0
      set x1, v6
      continue l0
    }
  }
}
";

fn function() -> Function {
    read_function(TEXT).expect("well-formed")
}

/// The body of the first loop.
fn loop_body(f: &Function) -> Region {
    match &f.inst(f.region(f.body)[0]).kind {
        InstKind::For(node) => node.body,
        other => panic!("{other:?} is not a loop"),
    }
}

fn verify(f: &Function) {
    let module = Module { functions: vec![f.clone()], ..Module::default() };
    let errors = verify_function(&module, FuncId(0));
    assert!(errors.is_empty(), "{errors:?}\n{f}");
}

#[test]
fn free_values_and_variables_of_a_region() {
    let f = function();
    let body = loop_body(&f);
    assert_eq!(walk::free_values(&f, body), BTreeSet::from([Value(0), Value(1), Value(2)]));
    assert_eq!(walk::defined_values(&f, body), BTreeSet::from([Value(3), Value(4), Value(5), Value(6)]));
    assert_eq!(walk::assigned_vars(&f, body), BTreeSet::from([Var(0), Var(1)]));
    assert_eq!(walk::read_vars(&f, body), BTreeSet::from([Var(1)]));
    assert_eq!(walk::use_counts(&f), [4, 1, 2, 1, 2, 1, 1]);
    assert_eq!(walk::insts_of(&f, f.body).len(), 9);
    assert!(walk::any_inst(&f, f.body, &|k| matches!(k, InstKind::Continue(_))));
    assert!(!walk::any_inst(&f, f.body, &|k| matches!(k, InstKind::Break(_))));
}

#[test]
fn a_copy_defines_everything_anew() {
    let mut f = function();
    let body = f.body;
    let mut map = CloneMap::default();
    let copy = clone_region(&mut f, body, &mut map);
    let insts = f.region(copy).to_vec();
    f.regions[body.index()].extend(insts);
    f.regions[copy.index()].clear();
    verify(&f);
    // Values, labels and the test of the `while` are renamed; parameters and variables are the same.
    assert_eq!(map.values.len(), 5);
    assert_eq!(map.labels.len(), 2);
    assert!(map.vars.is_empty());
    let text = f.to_string();
    assert!(text.contains("} do v10 {"), "{text}");
    assert!(text.contains("continue l2"), "{text}");
}

#[test]
fn a_copy_renames_as_told() {
    let mut f = function();
    let other = f.new_var("other", Type::I64);
    let iv = Value(2);
    let body = loop_body(&f);
    let mut map = CloneMap::default();
    map.values.insert(iv, Value(0));
    map.vars.insert(Var(1), other);
    let copy = clone_region(&mut f, body, &mut map);
    assert_eq!(walk::free_values(&f, copy), BTreeSet::from([Value(0), Value(1)]));
    assert_eq!(walk::assigned_vars(&f, copy), BTreeSet::from([Var(0), other]));
}

#[test]
fn a_copy_into_another_function_brings_its_variables() {
    let source = function();
    let types: Vec<Type> = source.params.iter().map(|v| source.ty(*v).clone()).collect();
    let mut target = Function::new("g", &types, Type::unit());
    target.new_var("mine", Type::BOOL);
    let mut map = CloneMap::default();
    map.values.extend(source.params.iter().copied().zip(target.params.clone()));
    let copy = clone_region_into(&mut target, &source, source.body, &mut map);
    target.body = copy;
    verify(&target);
    assert_eq!(target.vars.len(), 3);
    assert_eq!(map.vars[&Var(0)], Var(1));
}

#[test]
#[should_panic(expected = "not in the map")]
fn a_copy_into_another_function_needs_its_outer_values() {
    let source = function();
    let mut target = Function::new("g", &[], Type::unit());
    clone_region_into(&mut target, &source, source.body, &mut CloneMap::default());
}
