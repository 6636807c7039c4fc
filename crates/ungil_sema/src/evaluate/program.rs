//! Formulas as programs of numexpr's machine, for `disassemble` and whoever looks at `NumExpr.program`.
//!
//! Nothing runs these programs. Registers are: 0 the result, then the inputs, the constants, the temporaries.
//! Source: numexpr 2.14, `necompiler.precompile`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::evaluate::constant::Constant;
use crate::evaluate::kind::Kind;
use crate::evaluate::opcode::{self, Opcode};
use crate::evaluate::tree::{Node, What, post_order};

/// Stands for all axes, and for no argument.
pub const NOTHING: u8 = 255;

/// An argument of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arg {
    Register(usize),
    Immediate(u8),
}

/// One instruction: its name, where the result goes, its arguments.
#[derive(Clone, PartialEq, Debug)]
pub struct Instruction {
    pub name: String,
    pub args: Vec<Arg>,
}

/// A program.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Program {
    pub instructions: Vec<Instruction>,
    /// With the kinds that they are used as.
    pub constants: Vec<(Constant, Kind)>,
    /// Kinds of the temporaries, one letter each.
    pub temporaries: String,
}

/// The program of a tree with so many variables, whose registers follow `inputs` (for each variable its position).
pub fn program(root: &Arc<Node>, inputs: &[usize]) -> Program {
    let mut tree = Flat::default();
    let last = tree.add(root);
    if tree.nodes[last].op.is_none() {
        let kind = root.kind;
        let name = format!("copy_{0}{0}", kind.code());
        tree.nodes.push(Item { kind, op: Some(name), leaf: None, children: vec![last], immediate: None });
    }
    let registers = tree.registers();
    tree.finish(&registers, inputs)
}

/// A node of the program's tree; equal ones are one.
#[derive(Clone, PartialEq, Debug)]
struct Item {
    kind: Kind,
    op: Option<String>,
    leaf: Option<Leaf>,
    children: Vec<usize>,
    immediate: Option<u8>,
}

#[derive(Clone, PartialEq, Debug)]
enum Leaf {
    Variable(usize),
    Constant(Constant),
}

#[derive(Default)]
struct Flat {
    nodes: Vec<Item>,
    numbers: HashMap<*const Node, usize>,
}

impl Flat {
    fn add(&mut self, root: &Arc<Node>) -> usize {
        for node in post_order(root) {
            let number = self.node(&node);
            self.numbers.insert(Arc::as_ptr(&node), number);
        }
        self.numbers[&Arc::as_ptr(root)]
    }

    /// The number of an item, which is added unless an equal one is there. NaN is equal to itself here.
    fn item(&mut self, item: Item) -> usize {
        let same = |other: &Item| match (&other.leaf, &item.leaf) {
            (Some(Leaf::Constant(Constant::Double(x))), Some(Leaf::Constant(Constant::Double(y)))) => {
                x.to_bits() == y.to_bits() && other.kind == item.kind
            }
            _ => *other == item,
        };
        match self.nodes.iter().position(same) {
            Some(number) => number,
            None => {
                self.nodes.push(item);
                self.nodes.len() - 1
            }
        }
    }

    fn leaf(&mut self, kind: Kind, leaf: Leaf) -> usize {
        self.item(Item { kind, op: None, leaf: Some(leaf), children: Vec::new(), immediate: None })
    }

    fn node(&mut self, node: &Arc<Node>) -> usize {
        match &node.what {
            What::Variable(k) => self.leaf(node.kind, Leaf::Variable(*k)),
            What::Constant(constant) => self.leaf(node.kind, Leaf::Constant(constant.clone())),
            What::Op { name, args } => {
                let kinds: Vec<Kind> = args.iter().map(|a| a.kind).collect();
                let opcode = opcode::resolve(name, node.kind, &kinds).unwrap_or_else(|| Opcode {
                    args: kinds,
                    name: (*name).to_owned(),
                    function: None,
                });
                let children =
                    args.iter().zip(&opcode.args).map(|(arg, kind)| self.raised(arg, *kind)).collect();
                let (op, immediate) = (Some(opcode.name), opcode.function);
                self.item(Item { kind: node.kind, op, leaf: None, children, immediate })
            }
            What::Reduce { name, arg, axes } => {
                let child = self.raised(arg, node.kind);
                let axis = match axes.as_deref() {
                    Some([axis]) => u8::try_from(*axis).unwrap_or(NOTHING),
                    _ => NOTHING,
                };
                let op = Some(format!("{name}_{0}{0}n", node.kind.code()));
                self.item(Item {
                    kind: node.kind,
                    op,
                    leaf: None,
                    children: vec![child],
                    immediate: Some(axis),
                })
            }
        }
    }

    /// An operand as another kind.
    fn raised(&mut self, arg: &Arc<Node>, kind: Kind) -> usize {
        if let Some(constant) = arg.as_constant() {
            return self.leaf(kind, Leaf::Constant(constant.clone()));
        }
        let number = self.numbers[&Arc::as_ptr(arg)];
        if arg.kind == kind {
            return number;
        }
        let op = Some(format!("cast_{}{}", kind.code(), arg.kind.code()));
        self.item(Item { kind, op, leaf: None, children: vec![number], immediate: None })
    }

    /// The nodes that are reached, operands first.
    fn order(&self) -> Vec<usize> {
        let (mut order, mut seen) = (Vec::new(), HashSet::new());
        let mut open = vec![(self.nodes.len() - 1, false)];
        while let Some((number, done)) = open.pop() {
            if done {
                order.push(number);
            } else if seen.insert(number) {
                open.push((number, true));
                open.extend(self.nodes[number].children.iter().rev().map(|c| (*c, false)));
            }
        }
        order
    }

    /// For each operation the operation whose temporary it uses again, which may be itself.
    fn registers(&self) -> HashMap<usize, usize> {
        let order: Vec<usize> = self.order().into_iter().filter(|n| self.nodes[*n].op.is_some()).collect();
        let root = self.nodes.len() - 1;
        let reduction = self.nodes[root].op.as_ref().is_some_and(|op| is_reduction(op));
        let mut register: HashMap<usize, usize> = order.iter().map(|n| (*n, *n)).collect();
        let mut users: HashMap<usize, HashSet<usize>> = HashMap::new();
        for n in &order {
            for c in self.nodes[*n].children.iter().filter(|c| register.contains_key(c)) {
                users.entry(*c).or_default().insert(*n);
            }
        }
        let mut unused: Vec<usize> = Vec::new();
        for &n in order.iter().filter(|n| !(reduction && **n == root)) {
            for c in self.nodes[n].children.clone() {
                let Some(&r) = register.get(&c) else { continue };
                let open = users.entry(r).or_default();
                if open.remove(&n) && open.is_empty() && !unused.contains(&r) {
                    unused.push(r);
                }
            }
            if let Some(at) = unused.iter().position(|r| self.nodes[*r].kind == self.nodes[n].kind) {
                let again = unused.remove(at);
                let later = users.remove(&n).unwrap_or_default();
                users.insert(again, later);
                register.insert(n, again);
            }
        }
        register
    }

    fn finish(&self, registers: &HashMap<usize, usize>, inputs: &[usize]) -> Program {
        let order = self.order();
        let root = registers[&(self.nodes.len() - 1)];
        let mut constants: Vec<usize> = order
            .iter()
            .copied()
            .filter(|n| matches!(self.nodes[*n].leaf, Some(Leaf::Constant(_))))
            .collect();
        constants.sort_by(|a, b| compare_constants(&self.nodes[*a], &self.nodes[*b]));
        let first_constant = 1 + inputs.len();
        let first_temporary = first_constant + constants.len();
        let mut temporaries: Vec<usize> = Vec::new();
        let mut place: HashMap<usize, usize> = HashMap::new();
        for &n in &order {
            let at = match &self.nodes[n].leaf {
                Some(Leaf::Variable(k)) => 1 + inputs[*k],
                Some(Leaf::Constant(_)) => {
                    first_constant + constants.iter().position(|c| *c == n).expect("a constant of the list")
                }
                None if registers[&n] == root => 0,
                None => {
                    let r = registers[&n];
                    let known = temporaries.iter().position(|t| *t == r);
                    first_temporary
                        + known.unwrap_or_else(|| {
                            temporaries.push(r);
                            temporaries.len() - 1
                        })
                }
            };
            place.insert(n, at);
        }
        let instruction = |n: &usize| {
            let item = &self.nodes[*n];
            let name = item.op.clone()?;
            let registers = std::iter::once(n).chain(&item.children).map(|r| Arg::Register(place[r]));
            let args = registers.chain(item.immediate.map(Arg::Immediate)).collect();
            Some(Instruction { name, args })
        };
        let constant = |n: &usize| match &self.nodes[*n].leaf {
            Some(Leaf::Constant(constant)) => (constant.clone(), self.nodes[*n].kind),
            _ => unreachable!("the list holds constants"),
        };
        Program {
            instructions: order.iter().filter_map(instruction).collect(),
            constants: constants.iter().map(constant).collect(),
            temporaries: temporaries.iter().map(|t| self.nodes[*t].kind.code()).collect(),
        }
    }
}

fn is_reduction(op: &str) -> bool {
    ["sum_", "prod_", "min_", "max_"].iter().any(|prefix| op.starts_with(prefix))
}

/// By the words for their kinds, then by value.
fn compare_constants(a: &Item, b: &Item) -> std::cmp::Ordering {
    let value = |item: &Item| match &item.leaf {
        Some(Leaf::Constant(constant)) => constant.as_complex(),
        _ => None,
    };
    let by_kind = a.kind.name().cmp(b.kind.name());
    by_kind.then_with(|| value(a).partial_cmp(&value(b)).unwrap_or(std::cmp::Ordering::Equal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::formula::{Formula, Optimization};

    fn listing(text: &str) -> Vec<String> {
        let formula = Formula::parse(text, true).expect("a formula");
        let kinds = vec![Kind::Double; formula.names.len()];
        let tree = formula.tree(&kinds, Optimization::Aggressive).expect("kinds that fit");
        let inputs: Vec<usize> = (0..kinds.len()).collect();
        let show = |i: &Instruction| {
            let args: Vec<String> = i
                .args
                .iter()
                .map(|a| match a {
                    Arg::Register(r) => format!("r{r}"),
                    Arg::Immediate(n) => n.to_string(),
                })
                .collect();
            format!("{} {}", i.name, args.join(" "))
        };
        program(&tree, &inputs).instructions.iter().map(show).collect()
    }

    #[test]
    fn the_result_is_used_as_a_temporary() {
        assert_eq!(listing("x * x + 2"), ["mul_ddd r0 r1 r1", "add_ddd r0 r0 r2"]);
    }

    #[test]
    fn reductions_have_an_axis() {
        assert_eq!(
            listing("sum(x**2 + 2, axis=1)"),
            ["mul_ddd r3 r1 r1", "add_ddd r3 r3 r2", "sum_ddn r0 r3 1"]
        );
    }

    #[test]
    fn a_constant_is_copied() {
        assert_eq!(listing("2.5"), ["copy_dd r0 r1"]);
    }
}
