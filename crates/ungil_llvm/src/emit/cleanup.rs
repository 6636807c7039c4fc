//! Exits through cleanup scopes.
//!
//! `break`, `continue`, `return` and errors leave scopes. A scope makes one copy of its cleanup for each kind of exit
//! that occurs inside it, shared by all exits of that kind; the copy then leaves the next scope outwards. Errors end at
//! the innermost handler, which other exits pass.
//!
//! The error at hand lives in the context, where the next one would overwrite it: handlers, and cleanups that may fail
//! themselves, keep it in the frame while they run.

use super::error::WORDS;
use super::function::FunctionEmitter;
use super::types::Operand;
use crate::raw::{Block, Val};
use llvm_sys::LLVMIntPredicate::LLVMIntEQ;
use llvm_sys::LLVMOpcode::{LLVMBitCast, LLVMFPTrunc, LLVMTrunc};
use std::mem::offset_of;
use ungil_abi::context::{ErrorKind, ErrorSlot};
use ungil_abi::exception::ExcClass;
use ungil_abi::symbols;
use ungil_ir::entities::{Label, Region};
use ungil_ir::inst::InstKind;
use ungil_ir::types::{DType, Type};
use ungil_ir::walk::{any_inst, can_fail};

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

/// A scope whose body is being emitted: the exits that occurred, each with the block that will hold its cleanup or handler.
#[derive(Debug, Default)]
pub struct ScopeFrame {
    exits: Vec<(Exit, Block)>,
    /// Whether only errors are stopped.
    is_try: bool,
}

impl ScopeFrame {
    fn stops(&self, exit: Exit) -> bool {
        !self.is_try || exit == Exit::Error
    }
}

impl FunctionEmitter<'_> {
    /// The block to jump to in order to leave by `exit` from here.
    pub fn exit_block(&mut self, exit: Exit) -> Block {
        let depth = match exit {
            Exit::Return | Exit::Error => 0,
            Exit::Break(label) | Exit::Continue(label) => self.frame(label).depth,
        };
        if let Some(at) = (depth..self.scopes.len()).rev().find(|k| self.scopes[*k].stops(exit)) {
            let known = self.scopes[at].exits.iter().find(|(e, _)| *e == exit);
            if let Some((_, block)) = known {
                return *block;
            }
            let block = self.new_block(c"cleanup");
            self.scopes[at].exits.push((exit, block));
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
        self.l.ret(self.result(status));
        self.l.position(here);
        *(if status == 0 { &mut self.done } else { &mut self.failed }) = Some(block);
        block
    }

    /// What the function returns for a status.
    pub fn result(&mut self, status: i64) -> Val {
        let l = self.l;
        if self.in_registers {
            return match (status, self.ret) {
                (0, Some(ret)) => l.load_packed(&self.f.ret, ret, false).scalar(),
                _ => l.i64(0),
            };
        }
        let Some(dtype) = self.returned else { return l.i32(status) };
        let value = match (status, self.ret) {
            (0, Some(ret)) => l.load_packed(&self.f.ret, ret, false).scalar(),
            _ => l.poison(l.number(dtype)),
        };
        let pair = l.poison(l.structure(&[l.number(dtype), l.int(32)]));
        l.insert_value(l.insert_value(pair, value, 0), l.i32(status), 1)
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
            let kept = (exit == Exit::Error && self.may_fail(cleanup)).then(|| self.keep_error());
            if self.emit_region(cleanup) {
                if let Some(kept) = kept {
                    self.m.call_runtime(symbols::RESUME_ERROR, &[self.ctx, kept]);
                }
                self.leave(exit);
            }
        }
        self.l.position(here);
        open
    }

    /// Whether running a region may write to the error slot.
    fn may_fail(&self, region: Region) -> bool {
        any_inst(self.f, region, &|kind| can_fail(kind) || matches!(kind, InstKind::CallC(..)))
    }

    fn keep_error(&mut self) -> Val {
        let slot = self.stack_bytes(size_of::<ErrorSlot>() as u64);
        self.m.call_runtime(symbols::KEEP_ERROR, &[self.ctx, slot]);
        slot
    }

    /// Emits a `try`; returns whether control reaches its end.
    pub fn try_region(&mut self, body: Region, handler: Region) -> bool {
        self.scopes.push(ScopeFrame { exits: Vec::new(), is_try: true });
        let mut open = self.emit_region(body);
        let frame = self.scopes.pop().expect("the frame just pushed");
        let Some((_, block)) = frame.exits.first() else { return open };
        let join = self.new_block(c"tried");
        if open {
            self.l.br(join);
        }
        self.l.position(*block);
        let kept = self.keep_error();
        self.kept_errors.push(kept);
        let outer = std::mem::replace(&mut self.cold, true);
        let falls = self.emit_region(handler);
        self.cold = outer;
        self.kept_errors.pop();
        if falls {
            self.l.br(join);
        }
        open |= falls;
        self.l.position(join);
        if !open {
            self.l.unreachable();
        }
        open
    }

    /// `Reraise`: ends the current block.
    pub fn reraise(&mut self) {
        let kept = *self.kept_errors.last().expect("a handler");
        self.m.call_runtime(symbols::RESUME_ERROR, &[self.ctx, kept]);
        self.leave(Exit::Error);
    }

    /// `CaughtArg`: a number out of the words of an argument.
    pub fn caught_arg(&mut self, k: u32, ty: &Type) -> Operand {
        let l = self.l;
        let kept = *self.kept_errors.last().expect("a handler");
        let Type::Scalar(dtype) = *ty else { panic!("an argument of type {ty}") };
        let at = offset_of!(ErrorSlot, args) as u64 + u64::from(k) * WORDS + 8;
        let word = |n: u64| l.load(l.int(64), l.offset(kept, at + 8 * n), 8);
        let number = |word: Val, dtype: DType| match dtype {
            DType::F64 => l.cast(LLVMBitCast, word, l.f64()),
            DType::F32 => {
                let wide = l.cast(LLVMBitCast, word, l.f64());
                l.cast(LLVMFPTrunc, wide, l.number(DType::F32))
            }
            DType::I64 | DType::U64 => word,
            DType::Bool => l.is_nonzero(word),
            other => l.cast(LLVMTrunc, word, l.number(other)),
        };
        if dtype.is_complex() {
            return Operand::Complex(number(word(0), dtype.real()), number(word(1), dtype.real()));
        }
        Operand::Scalar(number(word(0), dtype))
    }

    /// `Caught`: the class's number is one of those derived from the handler's.
    pub fn caught(&mut self, base: ExcClass) -> Operand {
        let l = self.l;
        let kept = *self.kept_errors.last().expect("a handler");
        let field = |offset: usize| l.load(l.int(32), l.offset(kept, offset as u64), 4);
        let (kind, class) = (field(offset_of!(ErrorSlot, kind)), field(offset_of!(ErrorSlot, class)));
        let raised = l.icmp(LLVMIntEQ, kind, l.i32(i64::from(ErrorKind::RAISED)));
        let mut any = l.i1(false);
        for number in 0..ExcClass::NAMES.len() as u16 {
            if ExcClass(number).is_a(base) {
                let same = l.icmp(LLVMIntEQ, class, l.i32(i64::from(number)));
                any = l.select(same, l.i1(true), any);
            }
        }
        Operand::Scalar(l.select(raised, any, l.i1(false)))
    }
}
