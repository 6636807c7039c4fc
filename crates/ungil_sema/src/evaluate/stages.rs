//! What a formula computes before its elements: comparisons of strings, reductions, and parts of long formulas.
//!
//! A kernel's compile time grows faster than the kernel, so a formula of many operations is several loops, which pass on
//! arrays. Each becomes a variable of its own, with a number behind the formula's, so that what is left is a formula of
//! numbers. Stages are in the order in which they can be computed; the operands of a reduction are a formula too, of
//! variables and stages before it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::evaluate::constant::Constant;
use crate::evaluate::error::{Class, Result, refusal};
use crate::evaluate::kind::Kind;
use crate::evaluate::lower::check;
use crate::evaluate::tree::{Node, What, post_order};

/// A string operand.
#[derive(Clone, Debug)]
pub enum Text {
    Variable(usize),
    Constant(Arc<[u8]>),
}

/// Something that is computed before.
#[derive(Clone, Debug)]
pub enum Stage {
    /// `gt ge eq ne contains` of strings.
    Compare {
        name: &'static str,
        left: Text,
        right: Text,
    },
    Reduce {
        name: &'static str,
        arg: Arc<Node>,
        axes: Option<Vec<i64>>,
        kind: Kind,
    },
    /// The elements of a part.
    Elements(Arc<Node>),
}

/// Most operations of a loop.
const MOST_OPERATIONS: usize = 200;

/// A formula in its stages.
#[derive(Debug)]
pub struct Staged {
    pub stages: Vec<Stage>,
    /// What is left: a formula of numbers, or one string.
    pub root: Arc<Node>,
}

impl Staged {
    /// The string that a formula is, if it is no number.
    pub fn text(&self) -> Option<Text> {
        (self.root.kind == Kind::Bytes).then(|| text(&self.root)).flatten()
    }
}

/// Takes a tree of `variables` variables apart; refuses operations that do not exist.
pub fn split(root: &Arc<Node>, variables: usize) -> Result<Staged> {
    check(root)?;
    let mut stages = Vec::new();
    let mut made: HashMap<*const Node, Arc<Node>> = HashMap::new();
    let mut sizes: HashMap<*const Node, usize> = HashMap::new();
    for node in post_order(root) {
        let key = Arc::as_ptr(&node);
        let child = |made: &HashMap<*const Node, Arc<Node>>, c: &Arc<Node>| made[&Arc::as_ptr(c)].clone();
        let mut stage = |stage: Stage| {
            stages.push(stage);
            let what = What::Variable(variables + stages.len() - 1);
            Arc::new(Node { kind: node.kind, what, span: node.span })
        };
        let new = match &node.what {
            What::Variable(_) | What::Constant(_) => node.clone(),
            What::Op { name, args }
                if args.iter().any(|a| a.kind == Kind::Bytes) && node.kind == Kind::Bool =>
            {
                match (text(&args[0]), text(&args[1])) {
                    (Some(left), Some(right)) => stage(Stage::Compare { name, left, right }),
                    _ => {
                        let title = "strings are compared as they are";
                        return Err(refusal(Class::NotImplemented, title, node.span, "of a computed string"));
                    }
                }
            }
            What::Op { name, args } => {
                let args: Vec<Arc<Node>> = args.iter().map(|a| child(&made, a)).collect();
                let size = 1 + args.iter().filter_map(|a| sizes.get(&Arc::as_ptr(a))).sum::<usize>();
                let new = Arc::new(Node { kind: node.kind, what: What::Op { name, args }, span: node.span });
                if size < MOST_OPERATIONS || node.kind == Kind::Bytes {
                    sizes.insert(Arc::as_ptr(&new), size);
                    new
                } else {
                    stage(Stage::Elements(new))
                }
            }
            What::Reduce { name, arg, axes } => {
                let arg = child(&made, arg);
                stage(Stage::Reduce { name, arg, axes: axes.clone(), kind: node.kind })
            }
        };
        made.insert(key, new);
    }
    let root = made.remove(&Arc::as_ptr(root)).expect("the root is a node of the tree");
    Ok(Staged { stages, root })
}

/// A tree whose variables are numbered from 0, and the numbers that they had.
pub fn compact(root: &Arc<Node>) -> (Arc<Node>, Vec<usize>) {
    let order = post_order(root);
    let mut uses: Vec<usize> = order
        .iter()
        .filter_map(|node| match node.what {
            What::Variable(k) => Some(k),
            _ => None,
        })
        .collect();
    uses.sort_unstable();
    uses.dedup();
    let mut made: HashMap<*const Node, Arc<Node>> = HashMap::new();
    for node in &order {
        let new = match &node.what {
            What::Variable(k) => {
                let number = uses.binary_search(k).expect("all variables were collected");
                Arc::new(Node { kind: node.kind, what: What::Variable(number), span: node.span })
            }
            What::Op { name, args } => {
                let args = args.iter().map(|a| made[&Arc::as_ptr(a)].clone()).collect();
                Arc::new(Node { kind: node.kind, what: What::Op { name, args }, span: node.span })
            }
            What::Constant(_) | What::Reduce { .. } => node.clone(),
        };
        made.insert(Arc::as_ptr(node), new);
    }
    (made[&Arc::as_ptr(root)].clone(), uses)
}

/// A string, copied or not.
fn text(node: &Arc<Node>) -> Option<Text> {
    match &node.what {
        What::Variable(k) => Some(Text::Variable(*k)),
        What::Constant(Constant::Bytes(bytes)) => Some(Text::Constant(bytes.clone())),
        What::Op { name: "copy", args } => text(&args[0]),
        _ => None,
    }
}

/// Nanoseconds that an element takes, roughly, in vector code.
pub fn cost(root: &Arc<Node>) -> f64 {
    let of = |node: &Arc<Node>| match &node.what {
        What::Variable(_) => 0.15,
        What::Constant(_) => 0.0,
        What::Reduce { .. } => 1.0,
        What::Op { name, args } => {
            let complex = args.iter().any(|a| a.kind == Kind::Complex);
            let plain = matches!(
                *name,
                "add"
                    | "sub"
                    | "mul"
                    | "and"
                    | "or"
                    | "xor"
                    | "gt"
                    | "ge"
                    | "eq"
                    | "ne"
                    | "where"
                    | "neg"
                    | "invert"
                    | "copy"
                    | "absolute"
                    | "maximum"
                    | "minimum"
                    | "real"
                    | "imag"
                    | "complex"
                    | "conjugate"
                    | "ones_like"
                    | "floor"
                    | "ceil"
                    | "trunc"
                    | "round"
                    | "isnan"
                    | "isinf"
                    | "isfinite"
            );
            match (plain, complex) {
                (true, _) => 0.15,
                (false, true) => 20.0,
                (false, false) if matches!(*name, "pow" | "mod" | "floordiv" | "fmod" | "nextafter") => 5.0,
                (false, false) if matches!(*name, "div" | "sqrt") => 0.6,
                (false, false) => 1.5,
            }
        }
    };
    post_order(root).iter().map(of).sum()
}
