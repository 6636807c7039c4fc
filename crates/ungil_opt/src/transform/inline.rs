//! Calls inside a loop's body replaced by the callee's body.
//!
//! Only code that raises no errors of its own is treated: the copy of a body that is to run in lanes, where an error
//! sends the group to the scalar code, which still has the calls and gives the right frames; and a copy of a parallel
//! loop that is looked at for races and thrown away. What is copied takes the place of the call in the source.
//!
//! A callee that returns at its end only becomes straight code; any other becomes a loop of one iteration that
//! `return` leaves.

use crate::analysis::exposed::exposed;
use ungil_ir::builder::Builder;
use ungil_ir::clone::{CloneMap, clone_region_into};
use ungil_ir::entities::{FuncId, Inst, Label, Region, Value, Var};
use ungil_ir::function::{Function, Inline, Module};
use ungil_ir::inst::{Const, For, InstKind, Loc, LoopHints};
use ungil_ir::types::{DType, Type};
use ungil_ir::walk;

/// Deepest chain of calls that is followed.
const MAX_DEPTH: u32 = 8;

/// Inlines all calls in a region, or says why one cannot be.
pub fn inline_calls(module: &Module, func: &mut Function, region: Region) -> Result<(), String> {
    Inliner { module, func }.region(region, 0)
}

struct Inliner<'a> {
    module: &'a Module,
    func: &'a mut Function,
}

impl Inliner<'_> {
    fn region(&mut self, region: Region, depth: u32) -> Result<(), String> {
        let old = std::mem::take(&mut self.func.regions[region.index()]);
        for (k, &inst) in old.iter().enumerate() {
            let data = self.func.inst(inst).clone();
            if let InstKind::Call(callee, args) = &data.kind {
                if let Err(why) = self.call(region, *callee, args, (data.result, data.loc), depth) {
                    self.func.regions[region.index()].extend_from_slice(&old[k..]);
                    return Err(why);
                }
            } else {
                for inner in walk::nested_regions(&data.kind).collect::<Vec<_>>() {
                    self.region(inner, depth)?;
                }
                self.func.regions[region.index()].push(inst);
            }
        }
        Ok(())
    }

    fn call(
        &mut self,
        into: Region,
        id: FuncId,
        args: &[Value],
        (result, loc): (Option<Value>, Loc),
        depth: u32,
    ) -> Result<(), String> {
        let callee = self.module.function(id);
        self.refuse(callee, depth)?;
        let copy = copy_body(self.func, callee, args, into, loc)?;
        self.region(copy, depth + 1)?;
        put_body(self.func, into, copy, result, (&callee.ret, loc));
        Ok(())
    }

    fn refuse(&self, callee: &Function, depth: u32) -> Result<(), String> {
        let name = &callee.name;
        if callee.attributes.recursive || depth >= MAX_DEPTH {
            return Err(format!("it calls `{name}`, which may call itself"));
        }
        if callee.attributes.inline == Inline::Never {
            return Err(format!("it calls `{name}`, which must not be inlined"));
        }
        if callee.attributes.fastmath != self.func.attributes.fastmath {
            return Err(format!("it calls `{name}`, which has other fastmath flags"));
        }
        if callee.ret.holds_memory() {
            return Err(format!("it calls `{name}`, which returns an array"));
        }
        Ok(())
    }
}

/// A copy of a callee's body with its arguments, all of it at one place in the source. Variables of the callee that may be read
/// before they are written start as zero in every call: they are set at the end of the region `into`.
pub fn copy_body(
    func: &mut Function,
    callee: &Function,
    args: &[Value],
    into: Region,
    loc: Loc,
) -> Result<Region, String> {
    let zeros = exposed_scalars(callee)?;
    let mut map = CloneMap::default();
    map.values.extend(callee.params.iter().copied().zip(args.iter().copied()));
    let copy = clone_region_into(func, callee, callee.body, &mut map);
    for inst in walk::insts_of(func, copy) {
        func.inst_mut(inst).loc = loc;
    }
    for (x, dtype) in zeros {
        let Some(&copy) = map.vars.get(&x) else { continue };
        let mut b = Builder { func, region: into, loc };
        let zero = b.value(InstKind::Const(zero_of(dtype)));
        b.set(copy, zero);
    }
    Ok(copy)
}

/// Variables that may be read before they are written, if all are scalars.
fn exposed_scalars(callee: &Function) -> Result<Vec<(Var, DType)>, String> {
    let nowhere = Label(u32::MAX);
    let reads = exposed(callee, nowhere, callee.body).reads.into_keys();
    let scalar = |x| match *callee.var_ty(x) {
        Type::Scalar(dtype) => Ok((x, dtype)),
        _ => Err(format!("it calls `{}`, which reads a variable it may not have set", callee.name)),
    };
    reads.map(scalar).collect()
}

/// Puts a copied body at the end of a region and the value it returns in the place of the call's result.
pub fn put_body(
    func: &mut Function,
    into: Region,
    body: Region,
    result: Option<Value>,
    (ret, loc): (&Type, Loc),
) {
    let value = place(func, into, body, ret, loc);
    if let Some(old) = result {
        let new = value
            .unwrap_or_else(|| Builder { func, region: into, loc }.value(InstKind::TupleMake(Vec::new())));
        replace(func, old, new);
    }
}

/// Whether a body returns nowhere but in its last instruction, and does not raise there.
pub fn returns_at_its_end(func: &Function, body: Region) -> bool {
    let is_return = |i: Inst| matches!(func.inst(i).kind, InstKind::Return(_));
    let count = walk::insts_of(func, body).into_iter().filter(|i| is_return(*i)).count();
    match func.region(body).last() {
        Some(&last) if is_return(last) => count == 1,
        Some(&last) => count == 0 && !walk::is_exit(&func.inst(last).kind),
        None => true,
    }
}

fn place(func: &mut Function, into: Region, body: Region, ret: &Type, loc: Loc) -> Option<Value> {
    if !returns_at_its_end(func, body) {
        return block(func, into, body, ret, loc);
    }
    let mut insts = func.region(body).to_vec();
    let last = insts.last().and_then(|i| match func.inst(*i).kind {
        InstKind::Return(v) => Some(v),
        _ => None,
    });
    if last.is_some() {
        insts.pop();
    }
    func.regions[into.index()].extend(insts);
    last.flatten()
}

/// A loop of one iteration around the body, which returns break out of; gives the returned value.
fn block(func: &mut Function, into: Region, body: Region, ret: &Type, loc: Loc) -> Option<Value> {
    let label = func.new_label();
    let var = (!ret.is_unit()).then(|| func.new_var("returned", ret.clone()));
    break_at_returns(func, body, label, var);
    let iv = func.new_value(Type::I64);
    let mut b = Builder { func, region: into, loc };
    let (start, stop, step) = (b.i64(0), b.i64(1), b.i64(1));
    let node = For { label, iv, start, stop, step, body, hints: LoopHints::default() };
    b.push(InstKind::For(Box::new(node)));
    var.map(|x| b.get(x))
}

fn break_at_returns(func: &mut Function, region: Region, label: Label, var: Option<Var>) {
    let old = std::mem::take(&mut func.regions[region.index()]);
    for inst in old {
        let data = func.inst(inst).clone();
        for inner in walk::nested_regions(&data.kind).collect::<Vec<_>>() {
            break_at_returns(func, inner, label, var);
        }
        if let InstKind::Return(v) = data.kind {
            if let (Some(x), Some(v)) = (var, v) {
                func.append(region, InstKind::Set(x, v), None, data.loc);
            }
            func.append(region, InstKind::Break(label), None, data.loc);
        } else {
            func.regions[region.index()].push(inst);
        }
    }
}

/// Later instructions may use the call's result; regions taken apart meanwhile keep theirs, so all instructions are gone
/// through.
fn replace(func: &mut Function, old: Value, new: Value) {
    for data in &mut func.insts {
        walk::for_each_operand_mut(&mut data.kind, &mut |v| {
            if *v == old {
                *v = new;
            }
        });
    }
}

/// Zero of a scalar type.
pub fn zero_of(dtype: DType) -> Const {
    match dtype {
        DType::Bool => Const::Bool(false),
        d if d.is_float() => Const::Float(d, 0.0),
        d if d.is_complex() => Const::Complex(d, 0.0, 0.0),
        d => Const::Int(d, 0),
    }
}
