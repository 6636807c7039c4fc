//! LLVM's remarks in plain words, one for each loop of the user.
//!
//! LLVM speaks of each loop of its code: versions, strips and rests of one loop in the source, loops around others that
//! it never vectorises, loops that are in lanes already. Here a loop is a place in the source, it counts if it contains
//! no other, and what LLVM did to its best version is said, or the one reason that says most.

use std::collections::{BTreeMap, BTreeSet};
use ungil_ir::entities::{Region, Value};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, InstKind, Loc};
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::walk::insts_of;

/// The pass whose remarks users can act on.
pub const PASS: &str = "loop-vectorize";

/// A remark of LLVM's: function, place, text.
pub struct Line<'a> {
    pub function: usize,
    pub loc: Loc,
    pub text: &'a str,
}

/// Parts of LLVM's reasons and what they mean, the most telling first.
const REASONS: &[(&str, &str)] = &[
    (
        "cannot prove it is safe to reorder floating-point operations",
        "a sum or product of floats keeps its order (fastmath frees it, so does prange)",
    ),
    ("unsafe dependent memory operations", "an iteration may read or write what an earlier one wrote"),
    ("cost-model indicates that vectorization is not beneficial", "vectors would not be faster"),
    ("cost-model indicates that interleaving is not beneficial", "vectors would not be faster"),
    ("could not determine number of loop iterations", "the number of iterations is not known before it runs"),
    ("cannot identify array bounds", "it is not known in advance which elements it touches"),
    ("value that could not be identified as reduction", "it carries a value from iteration to iteration"),
    ("call instruction cannot be vectorized", "it calls a function, or an error may leave it"),
    ("Control flow cannot be substituted for a select", "its branches do too much to be computed both"),
    ("arly exit", "it may end early, by break, return or an error"),
    ("loop control flow is not understood", "its number of iterations depends on what it computes"),
];

/// One remark for each innermost loop that LLVM speaks of.
pub fn summarise(lines: &[Line], ir: &Module) -> Vec<Remark> {
    let loops: Vec<Loops> = ir.functions.iter().map(Loops::of).collect();
    let mut said: BTreeMap<(usize, (u32, u32)), Said> = BTreeMap::new();
    for line in lines {
        let Some(place) = loops.get(line.function).and_then(|l| l.place(line.loc)) else { continue };
        said.entry((line.function, place)).or_default().take(line.text);
    }
    let remark = |((function, (line, col)), said): ((usize, (u32, u32)), Said)| {
        let in_order = loops[function].found.get(&(line, col)).is_some_and(|extent| extent.sums_in_order);
        let (kind, text) = said.text(in_order)?;
        let function = ir.functions[function].name.clone();
        Some(Remark { pass: PASS, kind, function, loc: Loc { line, col }, text })
    };
    said.into_iter().filter_map(remark).collect()
}

/// What LLVM said of the versions of a loop.
#[derive(Default)]
struct Said {
    /// Width and number of vectors of the widest version.
    vectors: Option<(u32, u32)>,
    /// The most telling reason against it.
    reason: Option<usize>,
}

impl Said {
    fn take(&mut self, text: &str) {
        if let Some(vectors) = vectors_of(text) {
            self.vectors = self.vectors.max(Some(vectors));
        } else if text.contains("not vectorized") || text.contains("not beneficial") {
            let found = REASONS.iter().position(|(part, _)| text.contains(part));
            self.reason = self.reason.into_iter().chain(found).min();
        }
    }

    fn text(&self, in_order: bool) -> Option<(RemarkKind, String)> {
        let but =
            if in_order { ", but sums in their order (fastmath frees them, so does prange)" } else { "" };
        match (self.vectors, self.reason) {
            (Some((width, 1)), _) => {
                Some((RemarkKind::Applied, format!("vectorised: {width} iterations at once{but}")))
            }
            (Some((width, count)), _) => {
                let all = width * count;
                let text = format!("vectorised: {all} iterations at once in {count} vectors of {width}{but}");
                Some((RemarkKind::Applied, text))
            }
            (None, Some(reason)) => {
                Some((RemarkKind::Missed, format!("not vectorised: {}", REASONS[reason].1)))
            }
            (None, None) => None,
        }
    }
}

/// Width and count in `vectorized loop (vectorization width: 4, interleaved count: 2)`.
fn vectors_of(text: &str) -> Option<(u32, u32)> {
    let number = |key: &str| -> Option<u32> {
        let (_, rest) = text.split_once(key)?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    let vectors = (number("vectorization width: ")?, number("interleaved count: ")?);
    (text.starts_with("vectorized") && vectors.0 > 1).then_some(vectors)
}

/// The loops of a function by their places: versions of one are one.
struct Loops {
    found: BTreeMap<(u32, u32), Extent>,
}

#[derive(Default)]
struct Extent {
    /// Places of the instructions inside.
    inside: BTreeSet<u32>,
    holds_others: bool,
    in_lanes: bool,
    /// Adds up or multiplies floats one after the other.
    sums_in_order: bool,
}

impl Loops {
    fn of(f: &Function) -> Loops {
        let mut found: BTreeMap<(u32, u32), Extent> = BTreeMap::new();
        for inst in insts_of(f, f.body) {
            let data = f.inst(inst);
            let body = match &data.kind {
                InstKind::For(node) => node.body,
                InstKind::ParallelFor(node) => node.body,
                InstKind::While { body, .. } | InstKind::Domain { body, .. } => *body,
                _ => continue,
            };
            let extent = found.entry((data.loc.line, data.loc.col)).or_default();
            extent.sums_in_order |= sums_in_order(f, body);
            for inner in insts_of(f, body) {
                let inner = f.inst(inner);
                extent.inside.insert(inner.loc.line);
                extent.in_lanes |= inner.result.is_some_and(|v| f.ty(v).lanes().is_some());
                let is_other = inner.loc != data.loc && inner.loc != Loc::default();
                extent.holds_others |= is_loop(&inner.kind) && is_other;
            }
        }
        Loops { found }
    }

    /// The innermost loop, not in lanes, that a place belongs to.
    fn place(&self, loc: Loc) -> Option<(u32, u32)> {
        let named = self.found.get_key_value(&(loc.line, loc.col));
        let around = || {
            let holds = self.found.iter().filter(|(_, extent)| extent.inside.contains(&loc.line));
            holds.min_by_key(|(_, extent)| extent.inside.len())
        };
        let (place, extent) = named.or_else(around)?;
        (!extent.holds_others && !extent.in_lanes && place.0 > 0).then_some(*place)
    }
}

fn is_loop(kind: &InstKind) -> bool {
    matches!(
        kind,
        InstKind::For(_) | InstKind::ParallelFor(_) | InstKind::While { .. } | InstKind::Domain { .. }
    )
}

/// Whether a region adds to or multiplies a float that it carries from iteration to iteration, which must keep its order.
fn sums_in_order(f: &Function, body: Region) -> bool {
    let (mut carried, mut sums, mut assigned) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    !f.attributes.fastmath.reassoc
        && insts_of(f, body).into_iter().any(|inst| {
            let data = f.inst(inst);
            match (&data.kind, data.result) {
                (InstKind::Get(x), Some(v)) if !assigned.contains(x) && is_float(f, v) => {
                    carried.insert(v, *x);
                }
                (InstKind::Binary(BinaryOp::Add | BinaryOp::Mul, a, b), Some(v)) => {
                    sums.extend(carried.get(a).or_else(|| carried.get(b)).map(|x| (v, *x)));
                }
                (InstKind::Set(x, v), _) => {
                    assigned.insert(*x);
                    return sums.get(v) == Some(x);
                }
                _ => {}
            }
            false
        })
}

fn is_float(f: &Function, v: Value) -> bool {
    f.ty(v).dtype().is_some_and(|d| d.is_float())
}
