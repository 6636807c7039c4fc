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
        let mut map = CloneMap::default();
        map.values.extend(callee.params.iter().copied().zip(args.iter().copied()));
        let copy = clone_region_into(self.func, callee, callee.body, &mut map);
        for inst in walk::insts_of(self.func, copy) {
            self.func.inst_mut(inst).loc = loc;
        }
        self.clear_exposed(into, callee, &map, loc)?;
        self.region(copy, depth + 1)?;
        let value = self.place(into, copy, &callee.ret, loc);
        if let Some(old) = result {
            let new = value.unwrap_or_else(|| {
                Builder { func: self.func, region: into, loc }.value(InstKind::TupleMake(Vec::new()))
            });
            self.replace(old, new);
        }
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

    /// Variables of the callee that may be read before they are written start as zero in every call.
    fn clear_exposed(
        &mut self,
        into: Region,
        callee: &Function,
        map: &CloneMap,
        loc: Loc,
    ) -> Result<(), String> {
        let nowhere = Label(u32::MAX);
        for x in exposed(callee, nowhere, callee.body).reads.into_keys() {
            let Some(&copy) = map.vars.get(&x) else { continue };
            let Type::Scalar(dtype) = *callee.var_ty(x) else {
                return Err(format!(
                    "it calls `{}`, which reads a variable it may not have set",
                    callee.name
                ));
            };
            let mut b = Builder { func: self.func, region: into, loc };
            let zero = b.value(InstKind::Const(zero_of(dtype)));
            b.set(copy, zero);
        }
        Ok(())
    }

    /// Puts the copied body at the end of a region and gives the value it returns.
    fn place(&mut self, into: Region, body: Region, ret: &Type, loc: Loc) -> Option<Value> {
        let returns = |func: &Function, i: Inst| match func.inst(i).kind {
            InstKind::Return(v) => Some(v),
            _ => None,
        };
        let count =
            walk::insts_of(self.func, body).iter().filter(|i| returns(self.func, **i).is_some()).count();
        let mut insts = self.func.region(body).to_vec();
        let last = insts.last().and_then(|i| returns(self.func, *i));
        if count > usize::from(last.is_some()) {
            return self.block(into, body, ret, loc);
        }
        if last.is_some() {
            insts.pop();
        }
        self.func.regions[into.index()].extend(insts);
        last.flatten()
    }

    /// A loop of one iteration around the body, which returns break out of; gives the returned value.
    fn block(&mut self, into: Region, body: Region, ret: &Type, loc: Loc) -> Option<Value> {
        let label = self.func.new_label();
        let var = (!ret.is_unit()).then(|| self.func.new_var("returned", ret.clone()));
        self.break_at_returns(body, label, var);
        let iv = self.func.new_value(Type::I64);
        let mut b = Builder { func: self.func, region: into, loc };
        let (start, stop, step) = (b.i64(0), b.i64(1), b.i64(1));
        let node = For { label, iv, start, stop, step, body, hints: LoopHints::default() };
        b.push(InstKind::For(Box::new(node)));
        var.map(|x| b.get(x))
    }

    fn break_at_returns(&mut self, region: Region, label: Label, var: Option<Var>) {
        let old = std::mem::take(&mut self.func.regions[region.index()]);
        for inst in old {
            let data = self.func.inst(inst).clone();
            for inner in walk::nested_regions(&data.kind).collect::<Vec<_>>() {
                self.break_at_returns(inner, label, var);
            }
            if let InstKind::Return(v) = data.kind {
                if let (Some(x), Some(v)) = (var, v) {
                    self.func.append(region, InstKind::Set(x, v), None, data.loc);
                }
                self.func.append(region, InstKind::Break(label), None, data.loc);
            } else {
                self.func.regions[region.index()].push(inst);
            }
        }
    }

    /// Later instructions of the body may use the call's result; regions taken apart meanwhile keep theirs, so all
    /// instructions are gone through.
    fn replace(&mut self, old: Value, new: Value) {
        for data in &mut self.func.insts {
            walk::for_each_operand_mut(&mut data.kind, &mut |v| {
                if *v == old {
                    *v = new;
                }
            });
        }
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
