//! Structure: the tree of regions, definitions before uses, exits inside their loops.

use super::Verifier;
use super::entities::label_of;
use crate::entities::{Inst, Label, Region, Value};
use crate::inst::{Const, InstKind};
use crate::walk;

/// What surrounds the instruction being checked.
struct Scopes {
    /// Values in scope, innermost last; `visible` is the same as a set.
    stack: Vec<Value>,
    visible: Vec<bool>,
    defined: Vec<bool>,
    regions: Vec<bool>,
    insts: Vec<bool>,
    labels: Vec<bool>,
    /// Enclosing constructs that matter for exits, outermost first.
    around: Vec<Around>,
}

#[derive(Clone, Copy)]
enum Around {
    /// A loop that can be left and continued.
    Loop(Label),
    /// A parallel loop: its label can only be continued, and nothing else passes.
    ParallelFor(Label),
    /// A construct that no exit passes, in words.
    Wall(&'static str),
    /// A handler, which has an error at hand.
    Handler,
}

impl Verifier<'_> {
    pub(super) fn check_structure(&mut self) {
        let func = self.func;
        let mut scopes = Scopes {
            stack: Vec::new(),
            visible: vec![false; func.values.len()],
            defined: vec![false; func.values.len()],
            regions: vec![false; func.regions.len()],
            insts: vec![false; func.insts.len()],
            labels: vec![false; func.labels as usize],
            around: Vec::new(),
        };
        for &v in &func.params {
            self.define(&mut scopes, v);
        }
        self.check_region(&mut scopes, func.body, None);
        self.inst = None;
        if self.errors.is_empty() && !func.ret.is_unit() {
            self.require(!self.falls_through(func.body), || {
                format!("control reaches the end of a function that returns {}", func.ret)
            });
        }
    }

    fn define(&mut self, scopes: &mut Scopes, v: Value) {
        if std::mem::replace(&mut scopes.defined[v.index()], true) {
            self.error(format!("{v} is defined twice"));
        }
        scopes.stack.push(v);
        scopes.visible[v.index()] = true;
    }

    /// Checks a region; what it defines leaves the scope at its end unless `keep` asks to close it later.
    fn check_region(&mut self, scopes: &mut Scopes, region: Region, around: Option<Around>) {
        let depth = scopes.stack.len();
        self.enter_region(scopes, region, around);
        self.close(scopes, depth);
    }

    fn close(&mut self, scopes: &mut Scopes, depth: usize) {
        for v in scopes.stack.drain(depth..) {
            scopes.visible[v.index()] = false;
        }
    }

    fn enter_region(&mut self, scopes: &mut Scopes, region: Region, around: Option<Around>) {
        if std::mem::replace(&mut scopes.regions[region.index()], true) {
            return self.error(format!("{region} is referenced twice"));
        }
        scopes.around.extend(around);
        let insts = self.func.region(region);
        for (i, &inst) in insts.iter().enumerate() {
            self.inst = Some(inst);
            if std::mem::replace(&mut scopes.insts[inst.index()], true) {
                self.error(format!("{inst} is placed twice"));
                continue;
            }
            let leaves = walk::is_exit(&self.func.inst(inst).kind);
            self.require(!leaves || i + 1 == insts.len(), || {
                "leaves its region but is not the last instruction".to_owned()
            });
            self.check_inst(scopes, inst);
        }
        if around.is_some() {
            scopes.around.pop();
        }
    }

    fn check_inst(&mut self, scopes: &mut Scopes, inst: Inst) {
        let data = self.func.inst(inst);
        walk::for_each_operand(&data.kind, &mut |v| {
            // The test of a `while` is looked up behind its `cond`.
            if !matches!(data.kind, InstKind::While { .. }) {
                self.check_visible(scopes, *v);
            }
        });
        self.check_exit(scopes, &data.kind);
        self.check_nested(scopes, &data.kind);
        self.inst = Some(inst);
        if let Some(v) = data.result {
            self.define(scopes, v);
        }
    }

    fn check_visible(&mut self, scopes: &Scopes, v: Value) {
        self.require(scopes.visible[v.index()], || format!("{v} is not defined here"));
    }

    fn check_nested(&mut self, scopes: &mut Scopes, kind: &InstKind) {
        if let Some(label) = label_of(kind)
            && !walk::is_exit(kind)
            && std::mem::replace(&mut scopes.labels[label.index()], true)
        {
            self.error(format!("{label} is defined twice"));
        }
        let depth = scopes.stack.len();
        walk::for_each_region_value(kind, &mut |v| self.define(scopes, v));
        match kind {
            InstKind::While { label, cond, test, body } => {
                let inst = self.inst;
                self.enter_region(scopes, *cond, Some(Around::Wall("the condition of a `while`")));
                self.inst = inst;
                self.check_visible(scopes, *test);
                self.check_region(scopes, *body, Some(Around::Loop(*label)));
            }
            InstKind::Scope { body, cleanup } => {
                self.check_region(scopes, *body, None);
                self.check_region(scopes, *cleanup, None);
            }
            InstKind::Try { body, handler } => {
                self.check_region(scopes, *body, None);
                self.check_region(scopes, *handler, Some(Around::Handler));
            }
            _ => {
                let around = match kind {
                    InstKind::For(node) => Some(Around::Loop(node.label)),
                    InstKind::ParallelFor(node) => Some(Around::ParallelFor(node.label)),
                    InstKind::ParallelRegion(_) => Some(Around::Wall("a parallel region")),
                    InstKind::Domain { .. } => Some(Around::Wall("a domain")),
                    _ => None,
                };
                for region in walk::nested_regions(kind) {
                    self.check_region(scopes, region, around);
                }
            }
        }
        self.close(scopes, depth);
    }

    fn check_exit(&mut self, scopes: &Scopes, kind: &InstKind) {
        let name = match kind {
            InstKind::Break(_) => "break",
            InstKind::Continue(_) => "continue",
            InstKind::Return(_) => "return",
            InstKind::Caught(_) | InstKind::CaughtArg(_) | InstKind::Reraise => {
                let inner = |a: &&Around| !matches!(a, Around::Loop(_));
                if !matches!(scopes.around.iter().rev().find(inner), Some(Around::Handler)) {
                    self.error("is not inside a handler".to_owned());
                }
                return;
            }
            _ => return,
        };
        let target = label_of(kind);
        for around in scopes.around.iter().rev() {
            match *around {
                Around::Loop(label) if Some(label) == target => return,
                Around::ParallelFor(label) if Some(label) == target && name == "continue" => return,
                Around::Loop(_) | Around::Handler => {}
                Around::ParallelFor(_) => return self.error(format!("`{name}` leaves a parallel loop")),
                Around::Wall(what) => return self.error(format!("`{name}` leaves {what}")),
            }
        }
        if let Some(label) = target {
            self.error(format!("`{name}` is not inside the loop {label}"));
        }
    }

    /// Whether control may reach the end of a region; errs on the side of yes.
    fn falls_through(&self, region: Region) -> bool {
        let func = self.func;
        let Some(&last) = func.region(region).last() else { return true };
        match &func.inst(last).kind {
            kind if walk::is_exit(kind) => false,
            InstKind::If { then, otherwise, .. } => {
                self.falls_through(*then) || self.falls_through(*otherwise)
            }
            InstKind::Scope { body, cleanup } => self.falls_through(*body) && self.falls_through(*cleanup),
            InstKind::Try { body, handler } => self.falls_through(*body) || self.falls_through(*handler),
            InstKind::While { label, test, body, .. } => {
                let forever = func.insts.iter().any(|data| {
                    data.result == Some(*test) && matches!(data.kind, InstKind::Const(Const::Bool(true)))
                });
                !forever || walk::any_inst(func, *body, &|k| matches!(k, InstKind::Break(l) if l == label))
            }
            _ => true,
        }
    }
}
