//! `while` loops.
//!
//! Each iteration looks for an interrupt, which in a small loop takes as long as its work. So some iterations of such a loop
//! are written out behind each other and poll once. Limits: bodies that only compute and touch memory; loops around others,
//! or with calls, take longer than a poll; none in versions for rare arguments, nor where lines are wanted.

use super::function::FunctionEmitter;
use ungil_ir::entities::{Inst, Label, Region, Value};
use ungil_ir::inst::InstKind;
use ungil_ir::walk::{insts_of, is_arithmetic};

/// Iterations at most, and instructions in all of them together. With more the ends of short loops are foreseen worse, since each
/// iteration has its own.
const MAX_COPIES: usize = 2;
const MAX_INSTS: usize = 64;

impl FunctionEmitter<'_> {
    pub fn emit_while(&mut self, label: Label, cond: Region, test: Value, body: Region) {
        let (head, exit) = (self.new_block(c"while"), self.new_block(c"end"));
        self.l.br(head);
        let copies = self.copies(cond, body);
        let mut start = head;
        for copy in 0..copies {
            let inside = self.new_block(c"do");
            self.l.position(start);
            if self.emit_region(cond) {
                self.l.cond_br(self.scalar(test), inside, exit);
            }
            start = if copy + 1 == copies { head } else { self.new_block(c"again") };
            self.l.position(inside);
            self.enter_loop(label, Some(exit), start);
            // The first copy polls for all.
            let polled = usize::from(copy > 0);
            if self.f.region(body)[polled..].iter().all(|inst| self.emit_inst(*inst)) {
                self.l.br(start);
            }
            self.loops.pop();
        }
        self.l.position(exit);
    }

    /// How many iterations of a loop are written out.
    fn copies(&self, cond: Region, body: Region) -> usize {
        let is_small = |inst: &Inst| {
            let data = self.f.inst(*inst);
            let is_vector = data.result.is_some_and(|v| self.f.ty(v).lanes().is_some());
            !is_vector && is_short(&data.kind)
        };
        let polls = self.f.region(body).first();
        let polls = polls.is_some_and(|inst| matches!(self.f.inst(*inst).kind, InstKind::Safepoint));
        let insts = [insts_of(self.f, cond), insts_of(self.f, body)].concat();
        if !polls || self.cold || self.m.options.debug || !insts.iter().all(is_small) {
            return 1;
        }
        (MAX_INSTS / insts.len()).clamp(1, MAX_COPIES)
    }
}

/// Whether an instruction takes less than a poll, or little more.
fn is_short(kind: &InstKind) -> bool {
    use InstKind as K;
    is_arithmetic(kind)
        || matches!(
            kind,
            K::Get(_)
                | K::Set(..)
                | K::Dim(..)
                | K::Stride(..)
                | K::Address(_)
                | K::Pointer(_)
                | K::ArrayAt { .. }
                | K::CheckIndex { .. }
                | K::Load { .. }
                | K::Store { .. }
                | K::Check(..)
                | K::If { .. }
                | K::Break(_)
                | K::Continue(_)
                | K::Safepoint
        )
}
