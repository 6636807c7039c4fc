//! The interpreter's lock: blocks without it.
//!
//! `with nogil:` gives the lock up where its block does nothing with objects, as the block's code tells once it is made; otherwise
//! the block is made again and keeps the lock. On the way of errors the lock is held: who raises takes it first.

use ungil_ir::entities::Var;
use ungil_ir::inst::{Const, InstKind};
use ungil_ir::types::Type;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::stmt::Stmt;

use super::Result;
use super::entries::Entry;
use super::function::Lowerer;
use super::loops::Frame;

/// What code that is being made knows of the lock.
#[derive(Default)]
pub(super) struct Lock {
    /// The thread's state, while the lock is given up.
    pub free: Option<Var>,
    /// Whether something needed it meanwhile.
    is_needed: bool,
    /// Whether it was just taken to raise.
    is_taken: bool,
    /// Whether the program says that there is none, whatever the code does.
    pub is_forbidden: bool,
}

/// Whether a block is one with (`Some(true)`) or without the lock, by the test that the driver wrote for it.
pub(super) fn of_block(test: &Expr) -> Option<bool> {
    let ExprKind::Call(call) = &test.kind else { return None };
    let is_block = matches!(&call.func.kind, ExprKind::Name(name) if &**name == "__pyx_with");
    let said = |name: &str| {
        call.keywords.iter().any(|k| {
            k.name.as_ref().is_some_and(|n| &*n.name == name)
                && matches!(k.value.kind, ExprKind::Literal(Literal::Bool(true)))
        })
    };
    match is_block {
        true if said("nogil") => Some(false),
        true if said("gil") => Some(true),
        _ => None,
    }
}

impl Lowerer<'_> {
    /// `with nogil:`
    pub(super) fn without_lock(&mut self, body: &[Stmt]) -> Result<bool> {
        let outer = core::mem::replace(&mut self.lock.is_forbidden, true);
        let falls = self.unlocked(body);
        self.lock.is_forbidden = outer;
        falls
    }

    fn unlocked(&mut self, body: &[Stmt]) -> Result<bool> {
        if self.lock.free.is_some() {
            return self.block(body);
        }
        let (free, known) = (self.free.clone(), self.temps.len());
        let state = self.func.new_var("thread", Type::I64);
        self.lock.is_needed = false;
        let (then, falls) = self.nested(|l| {
            l.give_up(state);
            l.frames.push(Frame::Unlocked { state });
            let falls = l.block(body);
            l.frames.pop();
            if matches!(falls, Ok(true)) {
                l.take(state);
            }
            l.lock.free = None;
            falls
        });
        if core::mem::take(&mut self.lock.is_needed) || falls.is_err() {
            self.free = free;
            self.free.extend(self.temps[known..].iter().copied());
            return self.block(body);
        }
        let cond = self.b().value(InstKind::Const(Const::Bool(true)));
        let otherwise = self.func.new_region();
        self.b().push(InstKind::If { cond, then, otherwise });
        falls
    }

    /// `with gil:`
    pub(super) fn with_lock(&mut self, body: &[Stmt]) -> Result<bool> {
        let outer = core::mem::replace(&mut self.lock.is_forbidden, false);
        let falls = self.locked(body);
        self.lock.is_forbidden = outer;
        falls
    }

    fn locked(&mut self, body: &[Stmt]) -> Result<bool> {
        let Some(state) = self.lock.free else { return self.block(body) };
        self.take(state);
        self.frames.push(Frame::Locked { state });
        let falls = self.block(body);
        self.frames.pop();
        self.lock.free = Some(state);
        if matches!(falls, Ok(true)) {
            self.give_up(state);
        }
        falls
    }

    /// Gives the lock up.
    pub(super) fn give_up(&mut self, state: Var) {
        let thread = self.call(Entry::GiveUp, &[]);
        self.b().set(state, thread);
        self.lock.free = Some(state);
    }

    /// Takes it again.
    pub(super) fn take(&mut self, state: Var) {
        let thread = self.b().get(state);
        self.call(Entry::Take, &[thread]);
        self.lock.free = None;
    }

    /// Before a call of an entry: those that raise get the lock, others that need it are remembered.
    pub(super) fn before_entry(&mut self, entry: Entry) {
        let Some(state) = self.lock.free else { return };
        match entry {
            Entry::GiveUp
            | Entry::Take
            | Entry::MoveMemory
            | Entry::TextLen
            | Entry::CallOwnFree
            | Entry::ExpectError
            | Entry::Failed => {}
            Entry::Raise | Entry::Unbound => {
                self.take(state);
                (self.lock.free, self.lock.is_taken) = (Some(state), true);
            }
            _ => self.lock.is_needed = true,
        }
    }

    /// Before a call of Python's C interface.
    pub(super) fn need_lock(&mut self) {
        self.lock.is_needed |= self.lock.free.is_some();
    }

    /// Before the way of errors, on which the lock is held.
    pub(super) fn before_failure(&mut self) {
        if let Some(state) = self.lock.free
            && !core::mem::take(&mut self.lock.is_taken)
        {
            self.take(state);
            self.lock.free = Some(state);
        }
    }
}
