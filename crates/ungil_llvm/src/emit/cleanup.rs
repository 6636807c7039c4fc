//! Exits through cleanup scopes.
//!
//! `break`, `continue`, `return` and errors leave scopes. A scope makes one copy of its cleanup for each kind of exit
//! that occurs inside it, shared by all exits of that kind; the copy then leaves the next scope outwards.

use super::function::FunctionEmitter;
use crate::raw::Block;
use ungil_ir::entities::{Label, Region};

/// A way to leave scopes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    Break(Label),
    Continue(Label),
    /// The result is stored already.
    Return,
    /// The error slot is filled.
    Error,
}

/// A loop that is being emitted.
#[derive(Debug)]
pub struct LoopFrame {
    pub label: Label,
    /// None in an outlined loop, which cannot be left.
    pub break_to: Option<Block>,
    pub continue_to: Block,
    /// Number of scopes around the loop.
    pub depth: usize,
}

/// A scope whose body is being emitted: the exits that occurred, each with the block that will hold its cleanup.
#[derive(Debug, Default)]
pub struct ScopeFrame {
    exits: Vec<(Exit, Block)>,
}

impl FunctionEmitter<'_> {
    /// The block to jump to in order to leave by `exit` from here.
    pub fn exit_block(&mut self, exit: Exit) -> Block {
        let depth = match exit {
            Exit::Return | Exit::Error => 0,
            Exit::Break(label) | Exit::Continue(label) => self.frame(label).depth,
        };
        if self.scopes.len() > depth {
            let known = self.scopes.last().and_then(|s| s.exits.iter().find(|(e, _)| *e == exit));
            if let Some((_, block)) = known {
                return *block;
            }
            let block = self.new_block(c"cleanup");
            self.scopes.last_mut().expect("a scope").exits.push((exit, block));
            return block;
        }
        match exit {
            Exit::Break(label) => self.frame(label).break_to.expect("break out of a parallel loop"),
            Exit::Continue(label) => self.frame(label).continue_to,
            Exit::Return => self.return_block(0),
            Exit::Error => self.return_block(1),
        }
    }

    fn frame(&self, label: Label) -> &LoopFrame {
        let found = self.loops.iter().rev().find(|f| f.label == label);
        found.unwrap_or_else(|| panic!("{label} does not name a loop around"))
    }

    /// The block that returns a status.
    fn return_block(&mut self, status: i64) -> Block {
        let known = if status == 0 { self.done } else { self.failed };
        if let Some(block) = known {
            return block;
        }
        let block = self.new_block(if status == 0 { c"done" } else { c"failed" });
        let here = self.l.current();
        self.l.position(block);
        self.l.ret(self.l.i32(status));
        self.l.position(here);
        *(if status == 0 { &mut self.done } else { &mut self.failed }) = Some(block);
        block
    }

    /// Emits a scope; returns whether control reaches its end.
    pub fn scope(&mut self, body: Region, cleanup: Region) -> bool {
        self.scopes.push(ScopeFrame::default());
        let open = self.emit_region(body);
        let frame = self.scopes.pop().expect("the scope just pushed");
        let open = open && self.emit_region(cleanup);
        let here = self.l.current();
        for (exit, block) in frame.exits {
            self.l.position(block);
            if self.emit_region(cleanup) {
                let next = self.exit_block(exit);
                self.l.br(next);
            }
        }
        self.l.position(here);
        open
    }
}
