//! Forwarding of local variables.
//!
//! Replaces reads of a variable by the value that it is known to hold, and moves reads of variables that a loop
//! does not assign in front of the loop. Later passes then see array bases, extents and indices as values:
//!
//! ```text
//! set x0, v1              set x0, v1
//! for l0 v2 in … {        for l0 v2 in … {
//!   v3 = get x0
//!   v4 = load v3[v2]        v4 = load v1[v2]
//! }                       }
//! ```
//! Writes stay; LLVM drops those nobody reads. Variables hold zero before their first write, so moving a read is
//! always safe.

use std::collections::{BTreeSet, HashMap};
use ungil_ir::entities::{Region, Value, Var};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{InstKind, Loc};
use ungil_ir::walk;

/// Forwards the variables of all functions.
pub fn forward_locals(module: &mut Module) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        let mut forwarder = Forwarder { func, replaced: HashMap::new() };
        let body = forwarder.func.body;
        forwarder.region(body, &mut HashMap::new());
        changed |= !forwarder.replaced.is_empty();
    }
    changed
}

/// Forwards variables within a region that depends on none that is set outside it.
pub fn forward_region(func: &mut Function, region: Region) {
    Forwarder { func, replaced: HashMap::new() }.region(region, &mut HashMap::new());
}

/// Values that variables are known to hold at a point.
type Known = HashMap<Var, Value>;

struct Forwarder<'f> {
    func: &'f mut Function,
    replaced: HashMap<Value, Value>,
}

impl Forwarder<'_> {
    fn region(&mut self, region: Region, known: &mut Known) {
        let old = std::mem::take(&mut self.func.regions[region.index()]);
        for inst in old {
            self.replace_operands(inst);
            let kind = self.func.inst(inst).kind.clone();
            match &kind {
                InstKind::Get(x) => {
                    let result = self.func.inst(inst).result.expect("a read has a result");
                    if let Some(&v) = known.get(x) {
                        self.replaced.insert(result, v);
                        continue;
                    }
                    known.insert(*x, result);
                }
                InstKind::Set(x, v) => {
                    known.insert(*x, *v);
                }
                InstKind::If { then, otherwise, .. } => self.branch(*then, *otherwise, known),
                InstKind::Scope { body, cleanup } => {
                    let before = known.clone();
                    self.region(*body, known);
                    let assigned = walk::assigned_vars(self.func, *body);
                    let mut inner = without(&before, &assigned);
                    self.region(*cleanup, &mut inner);
                    let outside = walk::defined_values(self.func, *body);
                    known.retain(|_, v| !outside.contains(v));
                    forget(known, &walk::assigned_vars(self.func, *cleanup));
                }
                InstKind::Try { body, handler } => {
                    let assigned = walk::assigned_vars(self.func, *body);
                    self.region(*body, &mut known.clone());
                    forget(known, &assigned);
                    self.region(*handler, &mut known.clone());
                    forget(known, &walk::assigned_vars(self.func, *handler));
                }
                _ => self.loop_node(region, &kind, known),
            }
            // The test of a `while` is defined in its condition, which is only rewritten now.
            self.replace_operands(inst);
            self.func.regions[region.index()].push(inst);
        }
    }

    fn replace_operands(&mut self, inst: ungil_ir::entities::Inst) {
        let replaced = &self.replaced;
        walk::for_each_operand_mut(&mut self.func.insts[inst.index()].kind, &mut |v| {
            while let Some(&by) = replaced.get(v) {
                *v = by;
            }
        });
    }

    fn branch(&mut self, then: Region, otherwise: Region, known: &mut Known) {
        for r in [then, otherwise] {
            self.region(r, &mut known.clone());
        }
        for r in [then, otherwise] {
            if !ends_elsewhere(self.func, r) {
                forget(known, &walk::assigned_vars(self.func, r));
            }
        }
    }

    /// Loops and parallel nodes; anything else has no regions and needs nothing.
    fn loop_node(&mut self, parent: Region, kind: &InstKind, known: &mut Known) {
        let regions: Vec<Region> = walk::nested_regions(kind).collect();
        if regions.is_empty() {
            return;
        }
        let (mut read, mut assigned) = (BTreeSet::new(), clause_vars(kind));
        for r in &regions {
            read.extend(walk::read_vars(self.func, *r));
            assigned.extend(walk::assigned_vars(self.func, *r));
        }
        forget(known, &assigned);
        for x in read.difference(&assigned) {
            if !known.contains_key(x) {
                let ty = self.func.var_ty(*x).clone();
                let v = self.func.append(parent, InstKind::Get(*x), Some(ty), Loc::default());
                known.insert(*x, v.expect("a read has a result"));
            }
        }
        for r in regions {
            self.region(r, &mut known.clone());
        }
    }
}

fn clause_vars(kind: &InstKind) -> BTreeSet<Var> {
    let mut vars = BTreeSet::new();
    walk::for_each_var(kind, &mut |x, _| {
        vars.insert(x);
    });
    vars
}

fn forget(known: &mut Known, vars: &BTreeSet<Var>) {
    known.retain(|x, _| !vars.contains(x));
}

fn without(known: &Known, vars: &BTreeSet<Var>) -> Known {
    known.iter().filter(|(x, _)| !vars.contains(x)).map(|(x, v)| (*x, *v)).collect()
}

/// Whether control never reaches the end of the region.
fn ends_elsewhere(func: &Function, region: Region) -> bool {
    func.region(region).last().is_some_and(|i| {
        matches!(
            func.inst(*i).kind,
            InstKind::Break(_)
                | InstKind::Continue(_)
                | InstKind::Return(_)
                | InstKind::Raise(_)
                | InstKind::Reraise
        )
    })
}
