//! Verifier: what every function must satisfy between passes.
//!
//! **Tables** (`entities`): every value, variable, instruction, region, label, function and global array that is
//! named exists; types are well-formed (lanes a power of two from 2 to 64, lanes of bool are a mask).
//!
//! **Structure** (`structure`): each region is referenced once and each instruction placed once, from the body down;
//! a value is defined once; a definition dominates its uses (earlier in the same region or in one around it; the
//! `cond` of a `while` comes before its body); instructions that leave a region are its last; labels are defined
//! once; `break` and `continue` lie inside their loop, and no exit crosses a parallel node or a domain (a
//! `continue` of a parallel loop's own label ends the iteration) or leaves the `cond` of a `while` or a cleanup;
//! a cleanup holds nothing that can fail; a function that returns a value does not fall off its end.
//!
//! **Types** (`scalars`, `arrays`, `vectors`, `effects`): operands have the types that the instruction takes, the
//! result the type that follows from them (or may be told); literals fit; loop bounds and indices are `int64`; index
//! lists have the array's rank; what is stored has the array's dtype; no store to a readonly array, nor a
//! writable view of one; masks and vectors agree in lanes; calls match their callee's signature, returns their
//! function's; messages have at most 8 arguments, all scalars; printed tuples are balanced.
//!
//! **Parallel nodes** (`parallel`): a variable assigned in the body is in exactly one clause, one in a clause only in
//! one; reductions suit their type; a reduced array is contiguous, writable, and not used in the body but through its private copy.
//!
//! **Modules**: function `entry` exists; functions that can reach themselves by calls are marked recursive.
//!
//! Not checked: that ownership is balanced (the interpreter does), that accesses are in range or do not race.

mod arrays;
mod effects;
mod entities;
mod foreign;
mod parallel;
mod scalars;
mod structure;
mod vectors;

use crate::entities::{FuncId, Inst, Value};
use crate::function::{Function, Module};
use crate::inst::InstKind;
use crate::types::{DType, Type};
use crate::typing::{ResultType, result_type};
use crate::walk;
use crate::write::inst_line;
use std::fmt;

/// A violation, at an instruction or of a whole function or module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifierError {
    pub function: Option<FuncId>,
    pub inst: Option<Inst>,
    pub message: String,
    /// Where, in words: the function's name and the instruction's text.
    pub context: String,
}

impl fmt::Display for VerifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.context.is_empty() {
            return write!(f, "{}", self.message);
        }
        write!(f, "{}: {}", self.context, self.message)
    }
}

/// Checks a module; returns everything that is wrong with it.
pub fn verify_module(module: &Module) -> Result<(), Vec<VerifierError>> {
    let mut errors = Vec::new();
    if module.entry.is_some_and(|f| f.index() >= module.functions.len()) {
        errors.push(VerifierError {
            function: None,
            inst: None,
            message: "the entry function does not exist".to_owned(),
            context: String::new(),
        });
    }
    for index in 0..module.functions.len() {
        errors.extend(verify_function(module, FuncId(index as u32)));
    }
    if errors.is_empty() {
        errors.extend(unmarked_recursion(module));
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Checks one function of a module, against the signatures of the others.
pub fn verify_function(module: &Module, id: FuncId) -> Vec<VerifierError> {
    let mut verifier = Verifier { module, id, func: module.function(id), inst: None, errors: Vec::new() };
    verifier.check_entities();
    if verifier.errors.is_empty() {
        verifier.check_structure();
    }
    if verifier.errors.is_empty() {
        walk::walk_region(verifier.func, verifier.func.body, &mut |inst| {
            verifier.inst = Some(inst);
            verifier.check_types(inst);
        });
    }
    verifier.errors
}

/// Functions that can reach themselves by calls and are not marked recursive.
fn unmarked_recursion(module: &Module) -> Vec<VerifierError> {
    let callees: Vec<Vec<usize>> = module.functions.iter().map(callees).collect();
    let mut errors = Vec::new();
    for (index, function) in module.functions.iter().enumerate() {
        let mut seen = vec![false; callees.len()];
        let mut work = callees[index].clone();
        while let Some(next) = work.pop() {
            if !std::mem::replace(&mut seen[next], true) {
                work.extend(&callees[next]);
            }
        }
        if seen[index] && !function.attributes.recursive {
            errors.push(VerifierError {
                function: Some(FuncId(index as u32)),
                inst: None,
                message: "calls itself but is not marked recursive".to_owned(),
                context: format!("@{}", function.name),
            });
        }
    }
    errors
}

fn callees(function: &Function) -> Vec<usize> {
    let mut list = Vec::new();
    walk::walk_region(function, function.body, &mut |inst| {
        if let InstKind::Call(callee, _) = &function.inst(inst).kind {
            list.push(callee.index());
        }
    });
    list
}

struct Verifier<'m> {
    module: &'m Module,
    id: FuncId,
    func: &'m Function,
    inst: Option<Inst>,
    errors: Vec<VerifierError>,
}

impl<'m> Verifier<'m> {
    fn error(&mut self, message: String) {
        let mut context = format!("@{}", self.func.name);
        if let Some(inst) = self.inst {
            context.push_str(&format!(": `{}`", inst_line(self.func, inst)));
        }
        self.errors.push(VerifierError { function: Some(self.id), inst: self.inst, message, context });
    }

    fn require(&mut self, condition: bool, message: impl FnOnce() -> String) {
        if !condition {
            self.error(message());
        }
    }

    fn ty(&self, v: Value) -> &'m Type {
        self.func.ty(v)
    }

    fn expect(&mut self, v: Value, expected: &Type) {
        let ty = self.ty(v);
        self.require(ty == expected, || format!("{v} must be {expected}, is {ty}"));
    }

    fn expect_all(&mut self, values: &[Value], expected: &Type) {
        for &v in values {
            self.expect(v, expected);
        }
    }

    /// The dtype of a scalar or of a vector's lanes.
    fn number(&mut self, v: Value) -> Option<DType> {
        let dtype = self.ty(v).dtype();
        if dtype.is_none() {
            self.error(format!("{v} must be a number, is {}", self.ty(v)));
        }
        dtype
    }

    fn same_type(&mut self, a: Value, b: Value) {
        let (left, right) = (self.ty(a), self.ty(b));
        self.require(left == right, || format!("{a} is {left} but {b} is {right}"));
    }

    fn check_types(&mut self, inst: Inst) {
        let data = self.func.inst(inst);
        let before = self.errors.len();
        self.check_operands(&data.kind, data.result);
        if self.errors.len() > before {
            return;
        }
        match (result_type(self.func, &data.kind), data.result) {
            (Err(why), _) => self.error(why),
            (Ok(ResultType::None), Some(v)) => self.error(format!("defines {v} but has no result")),
            (Ok(ResultType::Known(_) | ResultType::Told), None) => self.error("lacks a result".to_owned()),
            (Ok(ResultType::Known(ty)), Some(v)) => {
                let found = self.ty(v);
                self.require(*found == ty, || format!("the result {v} must be {ty}, is {found}"));
            }
            (Ok(_), _) => {}
        }
    }

    fn check_operands(&mut self, kind: &InstKind, result: Option<Value>) {
        use InstKind as K;
        match kind {
            K::Const(c) => self.check_const(*c),
            K::Unary(op, a) => self.check_unary(*op, *a),
            K::Binary(op, a, b) => self.check_binary(*op, *a, *b),
            K::CheckedBinary(op, a, b) => self.check_checked(*op, *a, *b),
            K::Compare(op, a, b) => self.check_compare(*op, *a, *b),
            K::Select(c, a, b) => self.check_select(*c, *a, *b),
            K::Cast(a, to) => self.check_cast(*a, *to),
            K::Math(function, args) => self.check_math(*function, args),
            K::TupleIndex(t, i) => self.check_tuple_index(*t, *i),
            K::Dim(..)
            | K::Stride(..)
            | K::View { .. }
            | K::Alloc { .. }
            | K::Null
            | K::GlobalArray(_)
            | K::CheckIndex { .. }
            | K::Load { .. }
            | K::Store { .. }
            | K::AtomicUpdate { .. }
            | K::ListReserve(..)
            | K::ListDrop(..)
            | K::LoadPacked(_)
            | K::StorePacked(..)
            | K::Retain(_)
            | K::Release(_) => self.check_array_inst(kind, result),
            K::Splat(..)
            | K::Iota(_)
            | K::Extract(..)
            | K::Shuffle(..)
            | K::VecLoad { .. }
            | K::VecStore { .. }
            | K::Gather { .. }
            | K::Scatter { .. }
            | K::MaskAny(_)
            | K::MaskAll(_)
            | K::VecReduce(..) => self.check_vector_inst(kind),
            K::Address(_) | K::Pointer(_) | K::ArrayAt { .. } | K::StackArray(_) | K::CallC(..) => {
                self.check_foreign(kind, result);
            }
            K::ParallelFor(node) => self.check_parallel_for(node),
            K::ParallelRegion(node) => self.check_parallel_region(node),
            _ => self.check_effect(kind, result),
        }
    }
}
