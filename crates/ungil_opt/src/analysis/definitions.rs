//! Definitions: which instruction defines a value.

use std::collections::HashMap;
use ungil_ir::entities::{Inst, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, Const, InstKind};

/// For each value of a function its defining instruction; parameters and induction values have none.
pub struct Definitions {
    inst: Vec<Option<Inst>>,
    extents: HashMap<(Value, u8), Value>,
    products: HashMap<(Value, Value), Value>,
}

impl Definitions {
    /// Reads all instructions of `func`, also those that are in no region.
    pub fn compute(func: &Function) -> Definitions {
        let mut inst = vec![None; func.values.len()];
        let (mut extents, mut products) = (HashMap::new(), HashMap::new());
        for (i, data) in func.insts.iter().enumerate() {
            if let Some(v) = data.result {
                inst[v.index()] = Some(Inst(i as u32));
                if let InstKind::Dim(array, axis) = data.kind {
                    extents.entry((array, axis)).or_insert(v);
                }
                if let InstKind::Binary(BinaryOp::Mul, a, b) = data.kind {
                    products.entry((a.min(b), a.max(b))).or_insert(v);
                }
            }
        }
        Definitions { inst, extents, products }
    }

    /// One value for each extent of an array, however often it is read.
    pub fn extent(&self, array: Value, axis: u8) -> Option<Value> {
        self.extents.get(&(array, axis)).copied()
    }

    /// One value for each product, however often it is computed. It need not be defined where another use is.
    pub fn product(&self, a: Value, b: Value) -> Option<Value> {
        self.products.get(&(a.min(b), a.max(b))).copied()
    }

    pub fn inst(&self, v: Value) -> Option<Inst> {
        self.inst.get(v.index()).copied().flatten()
    }

    /// What defines `v`, if an instruction does.
    pub fn kind<'f>(&self, func: &'f Function, v: Value) -> Option<&'f InstKind> {
        self.inst(v).map(|i| &func.inst(i).kind)
    }

    /// The integer that `v` is, if it is a constant.
    pub fn constant(&self, func: &Function, v: Value) -> Option<i64> {
        match self.kind(func, v) {
            Some(InstKind::Const(Const::Int(_, c))) => Some(*c),
            _ => None,
        }
    }

    /// The array whose memory `v` shares: follows views to the value they start from.
    pub fn memory_root(&self, func: &Function, mut v: Value) -> Value {
        while let Some(InstKind::View { base, .. }) = self.kind(func, v) {
            v = *base;
        }
        v
    }
}
