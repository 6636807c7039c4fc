//! Live variables at the joints of structured control flow.
//!
//! For every `if` the variables live at the start of its second branch and behind it, for every loop those live
//! behind it and at its head. The lanes of a group that skip a write must keep their value exactly where it is live.

use std::collections::{BTreeSet, HashMap};
use ungil_ir::entities::{Inst, Label, Region, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::InstKind;

pub type Vars = BTreeSet<Var>;

/// Facts of one instruction with regions.
#[derive(Clone, Debug, Default)]
pub struct Joint {
    /// Live behind the instruction.
    pub after: Vars,
    /// Live at the start of the second branch of an `if`, or where a loop starts its next iteration.
    pub again: Vars,
}

/// Computes the joints of a loop's body; `left` are the variables that are read behind an iteration.
pub fn liveness(func: &Function, body: Region, label: Label, left: &Vars) -> HashMap<Inst, Joint> {
    let continues = HashMap::from([(label, left.clone())]);
    let mut walker = Walker { func, joints: HashMap::new(), breaks: HashMap::new(), continues };
    walker.region(body, left.clone());
    walker.joints
}

struct Walker<'f> {
    func: &'f Function,
    joints: HashMap<Inst, Joint>,
    breaks: HashMap<Label, Vars>,
    continues: HashMap<Label, Vars>,
}

impl Walker<'_> {
    /// What is live in front of a region, given what is live behind it.
    fn region(&mut self, r: Region, mut live: Vars) -> Vars {
        for &inst in self.func.region(r).iter().rev() {
            live = self.inst(inst, live);
        }
        live
    }

    fn inst(&mut self, inst: Inst, mut live: Vars) -> Vars {
        match &self.func.inst(inst).kind {
            InstKind::Get(x) => {
                live.insert(*x);
                live
            }
            InstKind::Set(x, _) => {
                live.remove(x);
                live
            }
            InstKind::If { then, otherwise, .. } => {
                let yes = self.region(*then, live.clone());
                let no = self.region(*otherwise, live.clone());
                let before = &yes | &no;
                self.joints.insert(inst, Joint { after: live, again: no });
                before
            }
            InstKind::While { label, cond, body, .. } => {
                let (label, cond, body) = (*label, *cond, *body);
                self.fixpoint(inst, label, live, &mut |walker, head, after| {
                    let inside = walker.region(body, head.clone());
                    walker.region(cond, &inside | after)
                })
            }
            InstKind::For(node) => {
                let (label, body) = (node.label, node.body);
                self.fixpoint(inst, label, live, &mut |walker, head, after| {
                    &walker.region(body, head | after) | after
                })
            }
            InstKind::Break(label) => self.breaks.get(label).cloned().unwrap_or_default(),
            InstKind::Continue(label) => self.continues.get(label).cloned().unwrap_or_default(),
            InstKind::Return(_) | InstKind::Raise(_) => Vars::new(),
            _ => live,
        }
    }

    fn fixpoint(
        &mut self,
        inst: Inst,
        label: Label,
        after: Vars,
        step: &mut dyn FnMut(&mut Self, &Vars, &Vars) -> Vars,
    ) -> Vars {
        self.breaks.insert(label, after.clone());
        let mut head = Vars::new();
        loop {
            self.continues.insert(label, &head | &after);
            let next = step(self, &head, &after);
            if next == head {
                break;
            }
            head = next;
        }
        self.joints.insert(inst, Joint { after, again: head.clone() });
        head
    }
}
