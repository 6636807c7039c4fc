//! Innermost loops of an LLVM function.
//!
//! A loop is found by its back edge: a branch to a block that is on the path of a depth-first search. Its body is what
//! reaches the branch without passing the head.
//! Limits: control flow is taken to be reducible, as the emitter's is.

use crate::raw::walk::successors;
use crate::raw::{Block, Val, llvm};
use llvm_sys::core::*;
use std::collections::{HashMap, HashSet};

/// The blocks of each loop of a function that contains no other.
pub fn innermost(function: Val) -> Vec<Vec<Block>> {
    if llvm!(LLVMIsDeclaration(function)) != 0 {
        return Vec::new();
    }
    let mut search = Search::default();
    search.run(llvm!(LLVMGetEntryBasicBlock(function)));
    let mut bodies: HashMap<Block, HashSet<Block>> = HashMap::new();
    for (from, head) in &search.back {
        bodies.entry(*head).or_default().extend(search.body(*from, *head));
    }
    let is_inner =
        |head: &Block, body: &HashSet<Block>| !bodies.keys().any(|h| h != head && body.contains(h));
    let inner = search.order.iter().filter_map(|head| bodies.get_key_value(head));
    // In the order of the search, so that the code does not depend on addresses.
    let sorted = |body: &HashSet<Block>| search.order.iter().copied().filter(|b| body.contains(b)).collect();
    inner.filter(|(head, body)| is_inner(head, body)).map(|(_, body)| sorted(body)).collect()
}

#[derive(Default)]
struct Search {
    /// Blocks in the order they are reached.
    order: Vec<Block>,
    predecessors: HashMap<Block, Vec<Block>>,
    /// Back edges.
    back: Vec<(Block, Block)>,
}

impl Search {
    fn run(&mut self, entry: Block) {
        let mut path: Vec<(Block, Vec<Block>)> = Vec::new();
        let mut on_path = HashSet::new();
        let mut seen = HashSet::from([entry]);
        self.order.push(entry);
        on_path.insert(entry);
        path.push((entry, successors(entry)));
        while let Some((block, rest)) = path.last_mut() {
            let block = *block;
            let Some(next) = rest.pop() else {
                on_path.remove(&block);
                path.pop();
                continue;
            };
            self.predecessors.entry(next).or_default().push(block);
            if on_path.contains(&next) {
                self.back.push((block, next));
            } else if seen.insert(next) {
                self.order.push(next);
                on_path.insert(next);
                path.push((next, successors(next)));
            }
        }
    }

    fn body(&self, from: Block, head: Block) -> HashSet<Block> {
        let mut body = HashSet::from([head]);
        let mut left = vec![from];
        while let Some(block) = left.pop() {
            if body.insert(block) {
                left.extend(self.predecessors.get(&block).into_iter().flatten());
            }
        }
        body
    }
}
