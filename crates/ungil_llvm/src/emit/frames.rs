//! The room that a function's frame has on the stack.
//!
//! Functions that call themselves look at the stack's end first. So do those with large arrays, which alone may pass the room
//! that is kept behind the end; their arrays are allocated after the check, since the code that raises needs a stack too.

use llvm_sys::{LLVMIntPredicate, LLVMOpcode};
use ungil_abi::exception::ExcClass;
use ungil_ir::function::Function;
use ungil_ir::inst::InstKind;

use super::function::FunctionEmitter;
use crate::raw::Block;

/// `offsetof(Ctx, stack_limit)`.
const STACK_LIMIT: u64 = std::mem::offset_of!(ungil_abi::context::Ctx, stack_limit) as u64;

/// Bytes of arrays that functions may have without a check: a small part of the room behind the stack's limit.
const LARGE: u64 = 8 << 10;

/// Bytes of a function's arrays in its frame.
pub fn array_bytes(f: &Function) -> u64 {
    let size = |inst: &ungil_ir::inst::InstData| match (&inst.kind, inst.result) {
        (InstKind::StackArray(n), Some(v)) => {
            f.ty(v).as_array().map_or(0, |ty| u64::from(*n) * ty.dtype.size())
        }
        _ => 0,
    };
    f.insts.iter().map(size).sum()
}

impl FunctionEmitter<'_> {
    /// Raises where the stack has no room for a frame of this function; opens the block of its large arrays. Returns the block
    /// that follows it.
    pub fn check_stack(&mut self) -> Option<Block> {
        let arrays = array_bytes(self.f);
        // Copies lie in the frame of the function itself.
        let recursive = self.f.attributes.recursive && self.level == 0;
        if arrays <= LARGE {
            if recursive {
                let frame = self.l.intrinsic("llvm.frameaddress", &[self.l.ptr()], &[self.l.i32(0)]);
                self.check_limit(frame, 0, "maximum recursion depth exceeded");
            }
            return None;
        }
        let top = self.l.intrinsic("llvm.stacksave", &[self.l.ptr()], &[]);
        let message = match recursive {
            true => "maximum recursion depth exceeded",
            false => "the stack has no room for the arrays of this function",
        };
        self.check_limit(top, arrays, message);
        let (room, checked) = (self.new_block(c"room"), self.new_block(c"checked"));
        self.l.br(room);
        self.l.position(checked);
        self.room = Some(room);
        Some(checked)
    }

    /// Ends the block of large arrays.
    pub fn end_room(&self, checked: Option<Block>) {
        if let (Some(room), Some(checked)) = (self.room, checked) {
            let here = self.l.current();
            self.l.position(room);
            self.l.br(checked);
            self.l.position(here);
        }
    }

    /// Raises RecursionError when `bytes` below an address of the stack lie below the context's limit.
    fn check_limit(&mut self, top: crate::raw::Val, bytes: u64, message: &str) {
        let l = self.l;
        let top = l.cast(LLVMOpcode::LLVMPtrToInt, top, l.int(64));
        let bottom = l.sub(top, l.i64(bytes as i64));
        let limit = l.load(l.int(64), l.offset(self.ctx, STACK_LIMIT), 8);
        l.attach_flag(limit, "invariant.load");
        let ok = l.icmp(LLVMIntPredicate::LLVMIntUGE, bottom, limit);
        self.raise_unless(ok, ExcClass::RECURSION, message, &[]);
    }
}
