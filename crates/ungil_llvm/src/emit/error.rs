//! Errors: checks, raised exceptions, frames of the traceback, safepoints.
//!
//! An error branches to a cold block that fills the error slot of the context (`RAISE`), then leaves through the
//! cleanup scopes. A caller adds its own frame (`TRACE`) when a callee failed.

use super::cleanup::Exit;
use super::function::FunctionEmitter;
use super::types::Operand;
use crate::raw::{Block, Val};
use llvm_sys::LLVMOpcode;
use ungil_abi::context::ValueTag;
use ungil_abi::exception::ExcClass;
use ungil_abi::symbols;
use ungil_ir::entities::Value;
use ungil_ir::inst::{MessageArg, Raise};
use ungil_ir::types::{DType, Type};

/// Size of an `ErrorArg`.
pub const WORDS: u64 = 24;

/// How much likelier the good way is.
pub const LIKELY: i64 = 1 << 20;

impl FunctionEmitter<'_> {
    /// Goes on if `ok`; otherwise into a fresh cold block, which becomes the current one. Returns the block to go on.
    pub fn branch_cold(&mut self, ok: Val) -> Block {
        let (good, bad) = (self.new_block(c"ok"), self.new_block(c"cold"));
        let branch = self.l.cond_br(ok, good, bad);
        if !self.l.is_const(ok) {
            self.l.attach_weights(branch, LIKELY, 1);
        }
        self.l.position(bad);
        good
    }

    /// Leaves by `exit` from the current block.
    pub fn leave(&mut self, exit: Exit) {
        let to = self.exit_block(exit);
        self.l.br(to);
    }

    /// Raises unless `ok`.
    pub fn raise_unless(&mut self, ok: Val, class: ExcClass, message: &str, args: &[(Operand, Type, bool)]) {
        let good = self.branch_cold(ok);
        self.raise(class, Some(message), args);
        self.l.position(good);
    }

    /// `Check`.
    pub fn check(&mut self, cond: Value, raise: &Raise) -> Option<Operand> {
        let ok = self.scalar(cond);
        let good = self.branch_cold(ok);
        self.emit_raise(raise);
        self.l.position(good);
        None
    }

    /// `Raise`: ends the current block.
    pub fn emit_raise(&mut self, raise: &Raise) {
        let describe = |(v, weak): &MessageArg| (self.operand(*v).clone(), self.f.ty(*v).clone(), *weak);
        let args: Vec<_> = raise.args.iter().map(describe).collect();
        self.raise(raise.class, raise.message.as_deref(), &args);
    }

    /// Fills the error slot and leaves.
    pub fn raise(&mut self, class: ExcClass, message: Option<&str>, args: &[(Operand, Type, bool)]) {
        let l = self.l;
        let words: Vec<[Val; 3]> = args.iter().map(|(v, ty, weak)| self.value_words(v, ty, *weak)).collect();
        let list = if words.is_empty() { l.null() } else { self.error_arguments(&words) };
        let (text, len) = match message {
            Some(text) => (self.m.text(text), text.len()),
            None => (l.null(), 0),
        };
        let call = [
            self.ctx,
            l.i32(i64::from(class.0)),
            text,
            l.i64(len as i64),
            l.i32(words.len() as i64),
            list,
            l.i32(self.id.index() as i64),
            l.i32(i64::from(self.loc.line)),
        ];
        self.m.call_runtime(symbols::RAISE, &call);
        self.leave(Exit::Error);
    }

    /// Stores message arguments to a stack slot that all errors of the function share.
    fn error_arguments(&mut self, words: &[[Val; 3]]) -> Val {
        let slot = match self.error_args {
            Some((slot, capacity)) if capacity >= words.len() => slot,
            _ => {
                let slot = self.stack_bytes(words.len() as u64 * WORDS);
                self.error_args = Some((slot, words.len()));
                slot
            }
        };
        self.store_words(slot, words);
        slot
    }

    /// Stores `ErrorArg`s one after the other.
    pub fn store_words(&self, to: Val, words: &[[Val; 3]]) {
        for (i, triple) in words.iter().enumerate() {
            for (j, word) in triple.iter().enumerate() {
                self.l.store(*word, self.l.offset(to, i as u64 * WORDS + j as u64 * 8), 8);
            }
        }
    }

    /// Tag and bits of a number for messages and print, as `ValueTag` says.
    pub fn value_words(&self, v: &Operand, ty: &Type, weak: bool) -> [Val; 3] {
        let l = self.l;
        let Type::Scalar(dtype) = ty else { panic!("a message argument of type {ty}") };
        let tag = u64::from(dtype.number()) + if weak { ValueTag::WEAK } else { 0 };
        let (first, second) = match v {
            Operand::Complex(re, im) => (self.word(*re, dtype.real()), self.word(*im, dtype.real())),
            other => (self.word(other.scalar(), *dtype), l.i64(0)),
        };
        [l.i64(tag as i64), first, second]
    }

    /// A number as 64 bits: integers extended, floats as `float64`.
    fn word(&self, v: Val, dtype: DType) -> Val {
        let l = self.l;
        let i64 = l.int(64);
        match dtype {
            DType::F64 => l.cast(LLVMOpcode::LLVMBitCast, v, i64),
            DType::F32 => {
                let wide = l.cast(LLVMOpcode::LLVMFPExt, v, l.f64());
                l.cast(LLVMOpcode::LLVMBitCast, wide, i64)
            }
            DType::I64 | DType::U64 => v,
            d if d.is_signed() => l.cast(LLVMOpcode::LLVMSExt, v, i64),
            _ => l.cast(LLVMOpcode::LLVMZExt, v, i64),
        }
    }

    /// After a call: leaves if its status says so, `trace`: with a frame of this function.
    pub fn check_status(&mut self, status: Val, trace: bool) {
        let ok = self.l.is_zero(status);
        let good = self.branch_cold(ok);
        if trace {
            let line = self.l.i32(i64::from(self.loc.line));
            self.m.call_runtime(symbols::TRACE, &[self.ctx, self.l.i32(self.id.index() as i64), line]);
        }
        self.leave(Exit::Error);
        self.l.position(good);
    }

    /// Polls for cancellation: one load and a branch unless the flag is up.
    pub fn safepoint(&mut self) -> Option<Operand> {
        let l = self.l;
        let flag_at = l.load(l.ptr(), self.ctx, 8);
        l.attach_flag(flag_at, "invariant.load");
        let flag = l.load(l.int(32), flag_at, 4);
        // The comparison reads memory itself, as it does not where the load is atomic.
        l.set_volatile(flag);
        let ok = l.is_zero(flag);
        let good = self.branch_cold(ok);
        let status = self.m.call_runtime(symbols::POLL, &[self.ctx]);
        let go_on = self.l.is_zero(status);
        let bad = self.new_block(c"cancelled");
        self.l.cond_br(go_on, good, bad);
        self.l.position(bad);
        let line = self.l.i32(i64::from(self.loc.line));
        self.m.call_runtime(symbols::TRACE, &[self.ctx, self.l.i32(self.id.index() as i64), line]);
        self.leave(Exit::Error);
        self.l.position(good);
        None
    }

    /// Sets the source line of the instructions that follow.
    pub fn set_loc(&mut self, loc: ungil_ir::inst::Loc) {
        self.loc = loc;
        if let Some(place) = self.place() {
            self.l.set_place(Some(place));
        }
    }

    /// The current place in the debug information.
    pub fn place(&self) -> Option<(crate::raw::Meta, u32, u32)> {
        let line = (self.m.first_line(self.id) + self.loc.line).saturating_sub(1);
        self.scope.map(|scope| (scope, line, self.loc.col))
    }
}
