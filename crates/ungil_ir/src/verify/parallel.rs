//! Clauses of the parallel nodes.

use super::Verifier;
use crate::entities::{Region, Var};
use crate::inst::{ArrayReduction, InstKind, ParallelFor, ParallelRegion};
use crate::types::{Layout, Type};
use crate::walk;
use std::collections::BTreeSet;

impl Verifier<'_> {
    pub(super) fn check_parallel_for(&mut self, node: &ParallelFor) {
        self.expect_all(&[node.iv, node.start, node.stop, node.step], &Type::I64);
        for v in node.chunk.into_iter().chain(node.num_threads) {
            self.expect(v, &Type::I64);
        }
        let mut listed: Vec<Var> = Vec::new();
        listed.extend(&node.privates);
        listed.extend(&node.lasts);
        listed.extend(node.scalars.iter().map(|r| r.var));
        self.check_clauses(&listed, node.body);
        for reduction in &node.scalars {
            match self.func.var_ty(reduction.var) {
                Type::Scalar(dtype) => self.check_reduction(reduction.op, *dtype),
                ty => self.error(format!("{} must be a scalar to be reduced, is {ty}", reduction.var)),
            }
        }
        let plain = node.arrays.is_empty() && node.lasts.is_empty() && node.chunk.is_none();
        self.require(!node.in_place || plain, || "a loop in place only reduces scalars".to_owned());
        for reduction in &node.arrays {
            self.check_array_reduction(reduction, node.body);
        }
    }

    pub(super) fn check_parallel_region(&mut self, node: &ParallelRegion) {
        self.expect_all(&[node.n, node.id], &Type::I64);
        self.check_clauses(&node.privates, node.body);
    }

    fn check_clauses(&mut self, listed: &[Var], body: Region) {
        let mut seen = BTreeSet::new();
        for &x in listed {
            self.require(seen.insert(x), || format!("{x} is in two clauses"));
        }
        for x in self.shared_writes(body) {
            self.require(seen.contains(&x), || format!("{x} is assigned in the body but in no clause"));
        }
    }

    /// Variables that a body assigns, other than copies that a parallel node in it makes.
    fn shared_writes(&self, region: Region) -> BTreeSet<Var> {
        let mut writes = BTreeSet::new();
        for &inst in self.func.region(region) {
            let kind = &self.func.inst(inst).kind;
            if let InstKind::Set(x, _) = kind {
                writes.insert(*x);
            }
            let mut inner: BTreeSet<Var> = BTreeSet::new();
            for nested in walk::nested_regions(kind) {
                inner.extend(self.shared_writes(nested));
            }
            match kind {
                InstKind::ParallelFor(node) => inner.retain(|x| !node.privates.contains(x)),
                InstKind::ParallelRegion(node) => inner.retain(|x| !node.privates.contains(x)),
                _ => {}
            }
            writes.extend(inner);
        }
        writes
    }

    fn check_array_reduction(&mut self, reduction: &ArrayReduction, body: Region) {
        let ArrayReduction { target, private, op } = *reduction;
        let Some(array) = self.array(target) else { return };
        self.same_type(target, private);
        self.check_reduction(op, array.dtype);
        self.check_writable(target, array);
        self.require(array.layout != Layout::Strided && !array.swapped, || {
            format!("{target} must be contiguous and in the machine's byte order to be reduced")
        });
        let used = walk::free_values(self.func, body).contains(&target);
        self.require(!used, || format!("{target} is used in the body, which must use {private}"));
    }
}
