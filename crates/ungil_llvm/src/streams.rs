//! Streaming stores: vector loops that fill large arrays write past the caches.
//!
//! A plain store first reads the line that it changes; where the array is too large to stay in the caches this is
//! a third to a half of the traffic. Runs behind LLVM's vectoriser. A vector loop that fills a marked array
//! ([`crate::emit`]) gets a copy with streaming stores, taken when the array is larger than [`threshold`]:
//!
//! ```text
//!         preheader ──► first ──► stream ⟲ ──► rest ──► loop ⟲ ──► exit
//!              └───────────────────────────────────────────┘
//! ```
//!
//! Streaming stores must be aligned, and fill lines: unless the array starts with a line, `first` is one plain iteration
//! from the start; `stream` goes on at a line's start in it, and the loop itself does the last iteration up to its end.
//! Neighbours overlap by less than one iteration, which writes the same values again: that needs loads that do not see the stores, else the copy is taken only if
//! the array is aligned as it is. Streaming stores are fenced before calls and returns, so that whoever is told of the
//! results sees them.
//! Long bodies are not copied but branch over their stores ([`joined`]).
//! Limits: loops of one block that count and do nothing else; stores of whole vectors.

mod joined;

use crate::emit::MARK;
use crate::mathlib::{functions, name_of};
use crate::raw::walk::{blocks, instructions, is_in, opcode, opcode_of, operand};
use crate::raw::{Block, Llvm, Val, llvm};
use crate::remarks::place_of;
use llvm_sys::LLVMIntPredicate::*;
use llvm_sys::LLVMOpcode::*;
use llvm_sys::LLVMTypeKind;
use llvm_sys::core::*;
use std::collections::HashMap;
use std::sync::OnceLock;

/// What the remark says.
pub const REMARK: &str = "streaming stores";

/// Bytes from which on an array is written past the caches: measured on a core with 2 MiB beside a shared cache of
/// 105 MiB, where streams win from 8 MiB on and lose up to 4 MiB if the array is read next.
pub fn threshold() -> u64 {
    static BYTES: OnceLock<u64> = OnceLock::new();
    *BYTES.get_or_init(|| (16 << 20).max(last_level_cache().unwrap_or(0) / 6))
}

/// Size of the largest cache as Linux states it.
fn last_level_cache() -> Option<u64> {
    let read =
        |i: u32| std::fs::read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{i}/size")).ok();
    let bytes = |text: String| -> Option<u64> {
        let kib: u64 = text.trim().strip_suffix('K')?.parse().ok()?;
        Some(kib << 10)
    };
    (0..8).map_while(read).filter_map(bytes).max()
}

/// Makes the copies and removes the marks.
pub fn stream(l: &Llvm, from: u64, notes: &mut Vec<String>) {
    let Some(mark) = l.find_function(MARK) else { return };
    for function in functions(l.module) {
        let mut streams = false;
        for block in blocks(function) {
            if let Some(filling) = Filling::of(l, block) {
                if filling.is_long() {
                    filling.join(l, from);
                } else {
                    filling.copy_loop(l, from);
                }
                notes.extend(
                    place_of(filling.stores[0])
                        .map(|place| format!("{place}: {REMARK} if the array is large")),
                );
                streams = true;
            }
        }
        if streams {
            fence(l, function);
        }
    }
    llvm!({
        let mut next = LLVMGetFirstUse(mark);
        while !next.is_null() {
            let call = LLVMGetUser(next);
            next = LLVMGetNextUse(next);
            LLVMInstructionEraseFromParent(call);
        }
        LLVMDeleteFunction(mark);
    });
}

/// Bytes of a line of the caches: streaming stores are worth it if they fill lines.
const LINE: i64 = 64;

/// How the copy is entered.
struct Entry {
    /// Distance of its start from the loop's.
    offset: Val,
    taken: Val,
}

/// A vector loop that fills a marked array: one block, `index` from a constant by `step` until it equals `end`.
struct Filling {
    preheader: Block,
    block: Block,
    exit: Block,
    body: Vec<Val>,
    index: Val,
    next: Val,
    start: i64,
    step: i64,
    end: Val,
    stores: Vec<Val>,
    /// Bytes of a stored vector, and of an element.
    width: u64,
    element: u64,
    /// Bytes of the array.
    bytes: Val,
    /// Whether iterations may run twice.
    repeatable: bool,
}

impl Filling {
    fn of(l: &Llvm, block: Block) -> Option<Filling> {
        let all = instructions(block);
        let (branch, body) = all.split_last()?;
        if opcode(*branch) != LLVMBr || llvm!(LLVMIsConditional(*branch)) == 0 {
            return None;
        }
        let (exit, back) = (llvm!(LLVMGetSuccessor(*branch, 0)), llvm!(LLVMGetSuccessor(*branch, 1)));
        if back != block || exit == block {
            return None;
        }
        let (index, next, start, step, preheader) = counter(l, block, body)?;
        let test = llvm!(LLVMGetCondition(*branch));
        let is_end = opcode_of(test) == Some(LLVMICmp)
            && llvm!(LLVMGetICmpPredicate(test)) == LLVMIntEQ
            && operand(test, 0) == next;
        let end = is_end.then(|| operand(test, 1)).filter(|end| !is_in(*end, block))?;
        let starts_exit = instructions(exit).first().is_some_and(|i| opcode(*i) == LLVMPHI);
        let jumps_in = llvm!(LLVMGetNumSuccessors(LLVMGetBasicBlockTerminator(preheader))) == 1;
        if starts_exit || !jumps_in || body.iter().any(|inst| is_used_outside(*inst, block)) {
            return None;
        }
        let (stores, repeatable) = effects(l, body)?;
        let width =
            Some(same(stores.iter().map(|s| vector_bytes(l, operand(*s, 0))))?).filter(|w| *w >= 16)?;
        let lanes = l.lanes(l.type_of(operand(stores[0], 0)))?;
        let element = width / u64::from(lanes);
        if step * element as i64 % LINE != 0 {
            return None;
        }
        let base = same(stores.iter().map(|s| base_of(operand(*s, 1))))?;
        let bytes = marked_bytes(preheader, base)?;
        let body = body.to_vec();
        Some(Filling {
            preheader,
            block,
            exit,
            body,
            index,
            next,
            start,
            step,
            end,
            stores,
            width,
            element,
            bytes,
            repeatable,
        })
    }

    /// Puts the copy in front of the loop.
    fn copy_loop(&self, l: &Llvm, from: u64) {
        let function = llvm!(LLVMGetBasicBlockParent(self.block));
        let before = |name| {
            let block = l.block(function, name);
            llvm!(LLVMMoveBasicBlockBefore(block, self.block));
            block
        };
        let (choose, first, stream, rest) =
            (before(c"choose"), before(c"first"), before(c"stream"), before(c"rest"));
        let Entry { offset, taken } = self.enter(l, from);
        let start = l.const_int(l.type_of(self.index), self.start);
        let begin = l.add(start, offset);
        l.cond_br(taken, choose, self.block);

        l.position(choose);
        l.cond_br(l.is_zero(offset), stream, first);

        l.position(first);
        if self.repeatable {
            self.copy(l, start, false);
        }
        l.br(stream);

        l.position(stream);
        let index = l.phi(l.type_of(self.index));
        l.add_incoming(index, begin, choose);
        l.add_incoming(index, begin, first);
        let next = self.copy(l, index, true);
        l.add_incoming(index, next, stream);
        let fits = l.icmp(LLVMIntULE, next, self.last(l));
        l.cond_br(fits, stream, rest);

        l.position(rest);
        let last = self.last(l);
        l.cond_br(l.icmp(LLVMIntEQ, next, self.end), self.exit, self.block);
        l.add_incoming(self.index, last, rest);
    }

    /// Index of the last iteration, which ends at the end.
    fn last(&self, l: &Llvm) -> Val {
        l.sub(self.end, l.const_int(l.type_of(self.end), self.step))
    }

    /// In the preheader: where the copy starts, and whether it is to be taken.
    fn enter(&self, l: &Llvm, from: u64) -> Entry {
        let old = llvm!(LLVMGetBasicBlockTerminator(self.preheader));
        llvm!(LLVMInstructionEraseFromParent(old));
        l.position(self.preheader);
        let start = l.const_int(l.type_of(self.index), self.start);
        let size = self.element as i64;
        let offset = if self.repeatable {
            // The last boundary in the first iteration: a line written both ways has to leave the cache first.
            let gap = l.and(l.neg(self.address(l, self.stores[0], start)), l.i64(LINE - 1));
            let lines = l.and(l.sub(l.i64(self.step * size), gap), l.i64(-LINE));
            let bytes = l.select(l.is_zero(gap), gap, l.add(gap, lines));
            l.lshr(bytes, l.i64(i64::from(size.trailing_zeros())))
        } else {
            l.i64(0)
        };
        let first = l.add(start, offset);
        let second = l.add(first, l.const_int(l.type_of(first), self.step));
        // Elements may lie between boundaries, iterations run downwards: no bit may be set.
        let lead = self.root(l, self.stores[0]);
        let mut odd = l.and(self.address(l, self.stores[0], first), l.i64(LINE - 1));
        for store in &self.stores[1..] {
            let (root, distance) = self.root(l, *store);
            let follows = root == lead.0 && (distance - lead.1) % self.boundary() as i64 == 0;
            if !follows {
                odd = l.or(odd, self.odd(l, *store, first));
            }
        }
        if !self.is_even(l, lead.0) {
            for store in &self.stores {
                odd = l.or(odd, self.odd(l, *store, second));
            }
        }
        let large = l.icmp(LLVMIntUGE, self.bytes, l.i64(from as i64));
        let span = l.sub(self.end, start);
        let long = l.icmp(LLVMIntUGE, span, l.const_int(l.type_of(span), 4 * self.step));
        Entry { offset, taken: l.and(l.and(large, l.is_zero(odd)), long) }
    }

    /// The bits of a store's address that keep it from being streamed.
    fn odd(&self, l: &Llvm, store: Val, index: Val) -> Val {
        l.and(self.address(l, store, index), l.i64(self.boundary() as i64 - 1))
    }

    /// The address of a store without constants added to it, and these in bytes.
    fn root(&self, l: &Llvm, store: Val) -> (Val, i64) {
        let (mut root, mut distance) = (operand(store, 1), 0);
        while opcode_of(root) == Some(LLVMGetElementPtr)
            && llvm!(LLVMGetGEPSourceElementType(root)) == l.int(8)
            && let Some(bytes) = l.as_const_int(operand(root, 1))
        {
            distance += bytes;
            root = operand(root, 0);
        }
        (root, distance)
    }

    /// Whether an address moves by whole lines: it counts elements upwards by the index.
    fn is_even(&self, l: &Llvm, root: Val) -> bool {
        opcode_of(root) == Some(LLVMGetElementPtr)
            && llvm!(LLVMGetGEPSourceElementType(root)) == l.element(l.type_of(operand(self.stores[0], 0)))
            && operand(root, 1) == self.index
            && !is_in(operand(root, 0), self.block)
    }

    /// Bytes whose multiples streaming stores start at.
    fn boundary(&self) -> u64 {
        self.width.min(64)
    }

    /// Address of a store in the iteration of an index.
    fn address(&self, l: &Llvm, store: Val, index: Val) -> Val {
        let mut copies = HashMap::from([(self.index, index)]);
        let address = self.copy_of(l, operand(store, 1), &mut copies);
        l.cast(LLVMPtrToInt, address, l.int(64))
    }

    /// The value of the body for another index, with what it needs.
    fn copy_of(&self, l: &Llvm, v: Val, copies: &mut HashMap<Val, Val>) -> Val {
        if let Some(copy) = copies.get(&v) {
            return *copy;
        }
        if !self.body.contains(&v) {
            return v;
        }
        let copy = llvm!(LLVMInstructionClone(v));
        for i in 0..llvm!(LLVMGetNumOperands(v)) as u32 {
            let replaced = self.copy_of(l, operand(v, i), copies);
            llvm!(LLVMSetOperand(copy, i, replaced));
        }
        llvm!(LLVMInsertIntoBuilder(l.builder, copy));
        copies.insert(v, copy);
        copy
    }

    /// The body for another index; returns the next one.
    fn copy(&self, l: &Llvm, index: Val, streaming: bool) -> Val {
        let mut copies = HashMap::from([(self.index, index)]);
        for inst in self.body.iter().filter(|inst| **inst != self.index) {
            // In order, since loads and stores do not depend on each other by operands.
            let copy = self.copy_of(l, *inst, &mut copies);
            if streaming && self.stores.contains(inst) {
                self.past_caches(l, copy);
            }
        }
        copies[&self.next]
    }

    /// Makes a store a streaming one.
    fn past_caches(&self, l: &Llvm, store: Val) {
        llvm!(LLVMSetAlignment(store, self.boundary() as u32));
        l.attach(store, "nontemporal", l.md_node(&[l.md_value(l.i32(1))]));
    }
}

/// The index of a loop, its next value, start, step, and the block from which the loop is entered.
fn counter(l: &Llvm, block: Block, body: &[Val]) -> Option<(Val, Val, i64, i64, Block)> {
    let index = *body.first()?;
    let others = body.iter().filter(|i| opcode(**i) == LLVMPHI).count() > 1;
    if opcode(index) != LLVMPHI || others || llvm!(LLVMCountIncoming(index)) != 2 {
        return None;
    }
    let at = u32::from(llvm!(LLVMGetIncomingBlock(index, 0)) == block);
    let (start, next) = (llvm!(LLVMGetIncomingValue(index, at)), llvm!(LLVMGetIncomingValue(index, 1 - at)));
    let is_sum = opcode_of(next) == Some(LLVMAdd) && operand(next, 0) == index;
    let step = is_sum.then(|| l.as_const_int(operand(next, 1))).flatten().filter(|step| *step > 0)?;
    Some((index, next, l.as_const_int(start)?, step, llvm!(LLVMGetIncomingBlock(index, at))))
}

/// The stores of a body, and whether no load sees them; `None` if it does other things, or does not store.
fn effects(l: &Llvm, body: &[Val]) -> Option<(Vec<Val>, bool)> {
    let mut stores = Vec::new();
    let mut loads = Vec::new();
    for inst in body {
        match opcode(*inst) {
            LLVMStore => stores.push(*inst),
            LLVMLoad => loads.push(*inst),
            LLVMCall => {
                let name = name_of(llvm!(LLVMGetCalledValue(*inst)));
                let pure = name.starts_with("llvm.") || name.starts_with("ungil_math_");
                if !pure || name.contains("store") || name.contains("scatter") || name.starts_with("llvm.mem")
                {
                    return None;
                }
                if is_load(*inst) {
                    loads.push(*inst);
                }
            }
            LLVMPHI | LLVMGetElementPtr | LLVMICmp | LLVMFCmp | LLVMSelect | LLVMFNeg | LLVMFreeze
            | LLVMShuffleVector | LLVMInsertElement | LLVMExtractElement => {}
            _ => {
                let plain =
                    llvm!(!LLVMIsABinaryOperator(*inst).is_null() || !LLVMIsACastInst(*inst).is_null());
                if !plain {
                    return None;
                }
            }
        }
    }
    let repeatable = loads.iter().all(|load| stores.iter().all(|store| are_apart(l, *load, *store)));
    (!stores.is_empty()).then_some((stores, repeatable))
}

/// Whether an instruction reads memory.
fn is_load(inst: Val) -> bool {
    match opcode(inst) {
        LLVMLoad => true,
        LLVMCall => {
            let name = name_of(llvm!(LLVMGetCalledValue(inst)));
            name.contains("load") || name.contains("gather")
        }
        _ => false,
    }
}

/// Whether alias scopes say that a load does not read what a store writes.
fn are_apart(l: &Llvm, load: Val, store: Val) -> bool {
    let nodes = |inst, kind| l.attached(inst, kind).map_or(Vec::new(), |node| l.operands_of_node(node));
    let (others, own) = (nodes(load, "noalias"), nodes(store, "alias.scope"));
    own.iter().any(|scope| others.contains(scope))
}

/// The array that an address lies in, by the arithmetic on it.
fn base_of(mut address: Val) -> Val {
    while opcode_of(address) == Some(LLVMGetElementPtr) {
        address = operand(address, 0);
    }
    address
}

/// The size that a mark of this array states, in the preheader or the blocks that must run before it.
fn marked_bytes(preheader: Block, base: Val) -> Option<Val> {
    let mut block = preheader;
    for _ in 0..16 {
        let is_mark = |inst: &Val| {
            opcode(*inst) == LLVMCall
                && name_of(llvm!(LLVMGetCalledValue(*inst))) == MARK
                && base_of(operand(*inst, 0)) == base
        };
        if let Some(mark) = instructions(block).into_iter().find(is_mark) {
            return Some(operand(mark, 1));
        }
        block = only_predecessor(block)?;
    }
    None
}

fn only_predecessor(block: Block) -> Option<Block> {
    let mut found = None;
    let mut next = llvm!(LLVMGetFirstUse(LLVMBasicBlockAsValue(block)));
    while !next.is_null() {
        let user = llvm!(LLVMGetUser(next));
        next = llvm!(LLVMGetNextUse(next));
        let from = llvm!(LLVMGetInstructionParent(user));
        if found.is_some_and(|found| found != from) {
            return None;
        }
        found = Some(from);
    }
    found
}

/// Fences streaming stores off before anyone can be told of them.
fn fence(l: &Llvm, function: Val) {
    for inst in blocks(function).into_iter().flat_map(instructions) {
        let leaves = match opcode(inst) {
            LLVMRet => true,
            LLVMCall => is_foreign(llvm!(LLVMGetCalledValue(inst))),
            _ => false,
        };
        if leaves {
            llvm!(LLVMPositionBuilderBefore(l.builder, inst));
            l.intrinsic("llvm.x86.sse.sfence", &[], &[]);
        }
    }
}

/// Whether a function may tell others of results: no intrinsic, mark, piece of assembly or maths function does.
fn is_foreign(function: Val) -> bool {
    let name = name_of(function);
    let own = name == MARK || name.starts_with("llvm.") || name.starts_with("ungil_math_");
    !own && llvm!(LLVMIsAInlineAsm(function)).is_null()
}

fn is_used_outside(inst: Val, block: Block) -> bool {
    let mut next = llvm!(LLVMGetFirstUse(inst));
    while !next.is_null() {
        if llvm!(LLVMGetInstructionParent(LLVMGetUser(next))) != block {
            return true;
        }
        next = llvm!(LLVMGetNextUse(next));
    }
    false
}

/// Bytes of a vector of numbers; zero for scalars.
fn vector_bytes(l: &Llvm, v: Val) -> u64 {
    let ty = l.type_of(v);
    let bits = match llvm!(LLVMGetTypeKind(l.element(ty))) {
        LLVMTypeKind::LLVMDoubleTypeKind => 64,
        LLVMTypeKind::LLVMFloatTypeKind => 32,
        LLVMTypeKind::LLVMIntegerTypeKind => u64::from(llvm!(LLVMGetIntTypeWidth(l.element(ty)))),
        _ => 0,
    };
    l.lanes(ty).map_or(0, |lanes| u64::from(lanes) * bits / 8)
}

/// What all are, if they are the same.
fn same<T: PartialEq>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.all(|item| item == first).then_some(first)
}
