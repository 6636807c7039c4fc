//! Products of a counter and a stride in innermost loops: sums that grow by the stride.
//!
//! ```text
//! loop:  i = phi [0], [i + 1]                    loop:  i = phi [0], [i + 1]
//!        a[i * stride], a[(i + 1) * stride]  →          p = phi [0], [p + stride]
//!                                                       a[p], a[p + stride]
//! ```
//!
//! It is what LLVM's loop strength reduction is needed for on x86, where addresses hold sums. That pass tries all ways to
//! write all addresses of a loop, which is a third of the time of code generation, and its choices make as many loops
//! slower as faster (measured on 60 kernels), so it is turned off (`target.rs`).
//! Limits: loops with one way in and one way back, whose counters grow by what does not change in the loop.

use crate::mathlib::functions;
use crate::raw::walk::{blocks, instructions, opcode, opcode_of, operand, successors};
use crate::raw::{Block, Llvm, Val, llvm};
use llvm_sys::LLVMOpcode::*;
use llvm_sys::LLVMTypeKind;
use llvm_sys::core::*;
use std::collections::{HashMap, HashSet};

/// Sums are taken apart to this depth.
const DEPTH: usize = 4;

/// Rewrites the products of all innermost loops of a module.
pub fn reduce(l: &Llvm) {
    for function in functions(l.module) {
        for inner in innermost(&blocks(function)) {
            Products::of(&inner).replace(l);
        }
    }
}

/// A natural loop with one way in and one way back.
struct Loop {
    /// Where it is entered from.
    from: Block,
    header: Block,
    latch: Block,
    body: HashSet<Block>,
}

impl Loop {
    fn is_in(&self, v: Val) -> bool {
        opcode_of(v).is_some() && self.body.contains(&llvm!(LLVMGetInstructionParent(v)))
    }

    /// The operands of an instruction, if one is made in the loop and the other one is not, in this order.
    fn operands(&self, inst: Val) -> Option<(Val, Val)> {
        let (a, b) = (operand(inst, 0), operand(inst, 1));
        match (self.is_in(a), self.is_in(b)) {
            (true, false) => Some((a, b)),
            (false, true) => Some((b, a)),
            _ => None,
        }
    }
}

/// The innermost loops of a function.
fn innermost(all: &[Block]) -> Vec<Loop> {
    let Some(entry) = all.first() else { return Vec::new() };
    let place = reverse_postorder(*entry);
    let mut before: HashMap<Block, Vec<Block>> = HashMap::new();
    for block in place.keys() {
        for next in successors(*block) {
            before.entry(next).or_default().push(*block);
        }
    }
    let is_back = |from: &Block, to: &Block| place[from] >= place[to];
    let headers: HashSet<Block> = before
        .iter()
        .filter(|(to, list)| list.iter().any(|from| is_back(from, to)))
        .map(|(b, _)| *b)
        .collect();
    let mut found: Vec<Loop> = headers
        .iter()
        .filter_map(|header| {
            let &[a, b] = &before[header][..] else { return None };
            let (from, latch) = if is_back(&b, header) { (a, b) } else { (b, a) };
            let body = body(*header, latch, &before, &place)?;
            let is_innermost = body.iter().all(|b| b == header || !headers.contains(b));
            (is_innermost && !body.contains(&from)).then_some(Loop { from, header: *header, latch, body })
        })
        .collect();
    // Code must not depend on where blocks lie in memory.
    found.sort_by_key(|inner| place[&inner.header]);
    found
}

/// The blocks from which a latch is reached without its header, if the header is on every way there.
fn body(
    header: Block,
    latch: Block,
    before: &HashMap<Block, Vec<Block>>,
    place: &HashMap<Block, usize>,
) -> Option<HashSet<Block>> {
    let mut body = HashSet::from([header]);
    let mut open = vec![latch];
    while let Some(block) = open.pop() {
        if body.insert(block) {
            // What a header dominates comes behind it.
            if place[&block] < place[&header] {
                return None;
            }
            open.extend(before.get(&block)?);
        }
    }
    Some(body)
}

/// The places of the blocks that are reached: each comes behind one of those that lead to it, but for the heads of loops.
fn reverse_postorder(entry: Block) -> HashMap<Block, usize> {
    let mut seen = HashSet::from([entry]);
    let mut open = vec![(entry, successors(entry))];
    let mut done = Vec::new();
    while let Some((block, rest)) = open.last_mut() {
        match rest.pop() {
            Some(next) if seen.insert(next) => open.push((next, successors(next))),
            Some(_) => {}
            None => {
                done.push(*block);
                open.pop();
            }
        }
    }
    done.into_iter().rev().enumerate().map(|(k, block)| (block, k)).collect()
}

/// A variable of a loop that grows by the same number each time.
struct Counter {
    phi: Val,
    start: Val,
    /// The sum of the next time.
    next: Val,
    step: Val,
}

/// `(counter + addends) * stride`, the addends and the stride from outside the loop.
struct Product {
    inst: Val,
    counter: usize,
    addends: Vec<Val>,
    stride: Val,
}

struct Products<'a> {
    inner: &'a Loop,
    counters: Vec<Counter>,
    list: Vec<Product>,
}

impl<'a> Products<'a> {
    fn of(inner: &'a Loop) -> Products<'a> {
        let counters =
            instructions(inner.header).into_iter().filter_map(|inst| counter(inner, inst)).collect();
        let mut products = Products { inner, counters, list: Vec::new() };
        if !products.counters.is_empty() {
            // Blocks as they stand in the function, for the sake of a fixed order.
            let function = llvm!(LLVMGetBasicBlockParent(inner.header));
            let own = blocks(function).into_iter().filter(|b| inner.body.contains(b));
            products.list = own.flat_map(instructions).filter_map(|inst| products.product(inst)).collect();
        }
        products
    }

    fn product(&self, inst: Val) -> Option<Product> {
        let ty = llvm!(LLVMTypeOf(inst));
        let is_int = llvm!(LLVMGetTypeKind(ty)) == LLVMTypeKind::LLVMIntegerTypeKind;
        if opcode(inst) != LLVMMul || is_int && llvm!(LLVMGetIntTypeWidth(ty)) > 64 {
            return None;
        }
        let (sum, stride) = self.inner.operands(inst)?;
        let mut addends = Vec::new();
        let counter = self.parts(sum, &mut addends)?;
        (!is_cheap(stride)).then_some(Product { inst, counter, addends, stride })
    }

    /// The counter of a sum; the rest of it goes into a list.
    fn parts(&self, sum: Val, addends: &mut Vec<Val>) -> Option<usize> {
        if let Some(counter) = self.counters.iter().position(|c| c.phi == sum) {
            return Some(counter);
        }
        let is_sum = self.inner.is_in(sum)
            && match opcode(sum) {
                LLVMAdd => true,
                LLVMOr => llvm!(LLVMGetIsDisjoint(sum)) != 0,
                _ => false,
            };
        if !is_sum || addends.len() == DEPTH {
            return None;
        }
        let (rest, addend) = self.inner.operands(sum)?;
        addends.push(addend);
        self.parts(rest, addends)
    }

    fn replace(&self, l: &Llvm) {
        let mut sums: HashMap<(usize, Val), Val> = HashMap::new();
        let mut made: HashMap<(Val, Block, i64), Val> = HashMap::new();
        for product in &self.list {
            let sum = *sums
                .entry((product.counter, product.stride))
                .or_insert_with(|| self.growing(l, &self.counters[product.counter], product.stride));
            let value = self.value(l, product, sum, &mut made);
            llvm!({
                LLVMReplaceAllUsesWith(product.inst, value);
                LLVMInstructionEraseFromParent(product.inst);
            });
        }
    }

    /// The product of a counter and a stride, as a variable of the loop.
    fn growing(&self, l: &Llvm, counter: &Counter, stride: Val) -> Val {
        self.in_front(l);
        let start = times(l, counter.start, stride);
        let step = times(l, counter.step, stride);
        llvm!(LLVMPositionBuilderBefore(l.builder, counter.phi));
        let sum = l.phi(l.type_of(stride));
        llvm!(LLVMPositionBuilderBefore(l.builder, counter.next));
        let next = l.add(sum, step);
        l.add_incoming(sum, start, self.inner.from);
        l.add_incoming(sum, next, self.inner.latch);
        sum
    }

    /// What a product is, from the growing sum and what was made before in its block.
    fn value(
        &self,
        l: &Llvm,
        product: &Product,
        sum: Val,
        made: &mut HashMap<(Val, Block, i64), Val>,
    ) -> Val {
        let Product { inst, addends, stride, .. } = product;
        let constant = addends.iter().try_fold(0i64, |k, a| Some(k.wrapping_add(l.as_const_int(*a)?)));
        if constant == Some(0) {
            return sum;
        }
        let block = llvm!(LLVMGetInstructionParent(*inst));
        let known = |k: i64| if k == 0 { Some(sum) } else { made.get(&(sum, block, k)).copied() };
        if let Some(value) = constant.and_then(known) {
            return value;
        }
        // Neighbours follow from each other, so that multiples of the stride need no registers.
        let neighbour = |by: i64| constant.and_then(|k| known(k.wrapping_add(by)));
        let value = if let Some(below) = neighbour(-1) {
            llvm!(LLVMPositionBuilderBefore(l.builder, *inst));
            l.add(below, *stride)
        } else if let Some(above) = neighbour(1) {
            llvm!(LLVMPositionBuilderBefore(l.builder, *inst));
            l.sub(above, *stride)
        } else {
            self.in_front(l);
            let total = addends[1..].iter().fold(addends[0], |all, a| l.add(all, *a));
            let offset = times(l, total, *stride);
            llvm!(LLVMPositionBuilderBefore(l.builder, *inst));
            l.add(sum, offset)
        };
        if let Some(k) = constant {
            made.insert((sum, block, k), value);
        }
        value
    }

    /// Continues in front of the loop.
    fn in_front(&self, l: &Llvm) {
        llvm!(LLVMPositionBuilderBefore(l.builder, LLVMGetBasicBlockTerminator(self.inner.from)));
    }
}

fn counter(inner: &Loop, phi: Val) -> Option<Counter> {
    if opcode(phi) != LLVMPHI {
        return None;
    }
    let of = |from: Block| {
        (0..2)
            .find(|i| llvm!(LLVMGetIncomingBlock(phi, *i)) == from)
            .map(|i| llvm!(LLVMGetIncomingValue(phi, i)))
    };
    let (start, next) = (of(inner.from)?, of(inner.latch)?);
    if opcode_of(next) != Some(LLVMAdd) {
        return None;
    }
    let step = match (operand(next, 0), operand(next, 1)) {
        (a, b) if a == phi => b,
        (a, b) if b == phi => a,
        _ => return None,
    };
    (!inner.is_in(step)).then_some(Counter { phi, start, next, step })
}

/// Whether a multiplication by this number is a shift or an address.
fn is_cheap(stride: Val) -> bool {
    let is_int = !llvm!(LLVMIsAConstantInt(stride)).is_null();
    is_int && {
        let size = llvm!(LLVMConstIntGetSExtValue(stride)).unsigned_abs();
        size.is_power_of_two() || matches!(size, 0 | 3 | 5 | 9)
    }
}

fn times(l: &Llvm, a: Val, b: Val) -> Val {
    match l.as_const_int(a) {
        Some(1) => b,
        Some(0) => a,
        _ => l.mul(a, b),
    }
}
