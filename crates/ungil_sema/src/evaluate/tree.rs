//! Formulas as trees of operations on kinds.
//!
//! Nodes are shared: `a**8` is three multiplications. Whoever walks a tree must visit each node once, or pay for paths.

use std::collections::HashSet;
use std::sync::Arc;

use ungil_diag::span::Span;

use crate::evaluate::constant::Constant;
use crate::evaluate::kind::Kind;

/// A value in a formula.
#[derive(Debug)]
pub struct Node {
    pub kind: Kind,
    pub what: What,
    pub span: Span,
}

#[derive(Debug)]
pub enum What {
    /// A variable by its number in the formula's names.
    Variable(usize),
    Constant(Constant),
    /// An operation by numexpr's name.
    Op {
        name: &'static str,
        args: Vec<Arc<Node>>,
    },
    /// A reduction over axes; `None`: over all.
    Reduce {
        name: &'static str,
        arg: Arc<Node>,
        axes: Option<Vec<i64>>,
    },
}

impl Node {
    pub fn constant(constant: Constant, span: Span) -> Arc<Node> {
        Arc::new(Node { kind: constant.kind(), what: What::Constant(constant), span })
    }

    pub fn op(name: &'static str, args: Vec<Arc<Node>>, kind: Kind, span: Span) -> Arc<Node> {
        // Sums and products of booleans are their disjunction and conjunction.
        let name = match (name, kind) {
            ("mul", Kind::Bool) => "and",
            ("add", Kind::Bool) => "or",
            _ => name,
        };
        Arc::new(Node { kind, what: What::Op { name, args }, span })
    }

    pub fn as_constant(&self) -> Option<&Constant> {
        match &self.what {
            What::Constant(constant) => Some(constant),
            _ => None,
        }
    }

    /// The operands.
    pub fn children(&self) -> &[Arc<Node>] {
        match &self.what {
            What::Op { args, .. } => args,
            What::Reduce { arg, .. } => std::slice::from_ref(arg),
            What::Variable(_) | What::Constant(_) => &[],
        }
    }
}

/// All nodes of a tree, each once, operands first, left to right.
pub fn post_order(root: &Arc<Node>) -> Vec<Arc<Node>> {
    let mut seen = HashSet::new();
    let mut order = Vec::new();
    let mut open = vec![(root.clone(), false)];
    while let Some((node, done)) = open.pop() {
        if done {
            order.push(node);
            continue;
        }
        if !seen.insert(Arc::as_ptr(&node)) {
            continue;
        }
        let children: Vec<_> = node.children().iter().rev().map(|child| (child.clone(), false)).collect();
        open.push((node, true));
        open.extend(children);
    }
    order
}
