//! Values of the IR as LLVM values.
//!
//! Aggregates never exist as LLVM values: a tuple, a complex number or an array is a tree whose leaves are LLVM
//! scalars or vectors, so that nothing has to be taken apart by the optimiser. Leaves travel as parameters, live in
//! one alloca each, and lie in memory by the rule of [`ungil_ir::packing`]. Bools are `i1` as values and bytes in
//! memory. Contiguous arrays have no stride leaves; their strides follow from the shape.

use crate::raw::{Llvm, Ty, Val};
use llvm_sys::{LLVMIntPredicate, LLVMOpcode};
use ungil_ir::packing::packed_size;
use ungil_ir::types::{ArrayType, DType, Layout, Type};

/// A value of the IR.
#[derive(Clone, Debug)]
pub enum Operand {
    /// Scalar, vector or mask of a type that is not complex.
    Scalar(Val),
    /// Real and imaginary part, each a scalar or vector.
    Complex(Val, Val),
    Array(Box<ArrayValue>),
    Tuple(Vec<Operand>),
}

/// An array's descriptor. `strides` is empty for contiguous layouts.
#[derive(Clone, Debug)]
pub struct ArrayValue {
    pub ty: ArrayType,
    pub data: Val,
    pub owner: Val,
    pub shape: Vec<Val>,
    pub strides: Vec<Val>,
}

impl Operand {
    /// The single LLVM value.
    pub fn scalar(&self) -> Val {
        match self {
            Operand::Scalar(v) => *v,
            other => panic!("expected a scalar, found {other:?}"),
        }
    }

    pub fn array(&self) -> &ArrayValue {
        match self {
            Operand::Array(a) => a,
            other => panic!("expected an array, found {other:?}"),
        }
    }

    /// Appends the leaves in order.
    pub fn flatten(&self, leaves: &mut Vec<Val>) {
        match self {
            Operand::Scalar(v) => leaves.push(*v),
            Operand::Complex(re, im) => leaves.extend([*re, *im]),
            Operand::Array(a) => {
                leaves.extend([a.data, a.owner]);
                leaves.extend(&a.shape);
                leaves.extend(&a.strides);
            }
            Operand::Tuple(items) => items.iter().for_each(|i| i.flatten(leaves)),
        }
    }

    pub fn leaves(&self) -> Vec<Val> {
        let mut leaves = Vec::new();
        self.flatten(&mut leaves);
        leaves
    }
}

/// Rebuilds a value of a type from its leaves.
pub fn unflatten(ty: &Type, leaves: &mut dyn Iterator<Item = Val>) -> Operand {
    let mut next = || leaves.next().expect("too few leaves");
    match ty {
        Type::Scalar(d) | Type::Vec(d, _) if d.is_complex() => {
            let re = next();
            Operand::Complex(re, next())
        }
        Type::Scalar(_) | Type::Vec(..) | Type::Mask(_) | Type::Pointer => Operand::Scalar(next()),
        Type::Array(a) => {
            let (data, owner) = (next(), next());
            let shape = (0..a.ndim).map(|_| next()).collect();
            let strides = (0..stride_leaves(*a)).map(|_| next()).collect();
            Operand::Array(Box::new(ArrayValue { ty: *a, data, owner, shape, strides }))
        }
        Type::Tuple(items) => Operand::Tuple(items.iter().map(|t| unflatten(t, leaves)).collect()),
    }
}

/// Number of strides that an array carries as values.
pub fn stride_leaves(a: ArrayType) -> u8 {
    if a.layout == Layout::Strided { a.ndim } else { 0 }
}

/// What is known of a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeafKind {
    Number,
    /// `i1`, or a vector of them.
    Bool,
    Pointer,
    /// An extent: not negative.
    Extent,
}

/// A leaf of a type.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    pub ty: Ty,
    pub kind: LeafKind,
}

impl Llvm {
    /// LLVM's type of a number that is not complex.
    pub fn number(&self, dtype: DType) -> Ty {
        match dtype {
            DType::F32 => self.f32(),
            DType::F64 => self.f64(),
            DType::C64 | DType::C128 => panic!("complex numbers have two leaves"),
            other => self.int(other.bits()),
        }
    }

    /// The leaves of a type in order.
    pub fn leaves_of(&self, ty: &Type, leaves: &mut Vec<Leaf>) {
        let leaf = |ty, kind| Leaf { ty, kind };
        let kind = |d: DType| if d == DType::Bool { LeafKind::Bool } else { LeafKind::Number };
        match ty {
            Type::Scalar(d) | Type::Vec(d, _) if d.is_complex() => {
                let part = self.lane_type(ty, d.real());
                leaves.extend([leaf(part, LeafKind::Number); 2]);
            }
            Type::Scalar(d) | Type::Vec(d, _) => leaves.push(leaf(self.lane_type(ty, *d), kind(*d))),
            Type::Mask(_) => leaves.push(leaf(self.lane_type(ty, DType::Bool), LeafKind::Bool)),
            Type::Pointer => leaves.push(leaf(self.ptr(), LeafKind::Pointer)),
            Type::Array(a) => {
                leaves.extend([leaf(self.ptr(), LeafKind::Pointer); 2]);
                leaves.extend((0..a.ndim).map(|_| leaf(self.int(64), LeafKind::Extent)));
                leaves.extend((0..stride_leaves(*a)).map(|_| leaf(self.int(64), LeafKind::Number)));
            }
            Type::Tuple(items) => items.iter().for_each(|t| self.leaves_of(t, leaves)),
        }
    }

    /// A number, or a vector of them if `ty` is one.
    fn lane_type(&self, ty: &Type, dtype: DType) -> Ty {
        let number = self.number(dtype);
        ty.lanes().map_or(number, |n| self.vector(number, u32::from(n)))
    }

    /// Zero of a type: false, 0, arrays without memory and of no elements.
    pub fn zero_of(&self, ty: &Type) -> Operand {
        let mut leaves = Vec::new();
        self.leaves_of(ty, &mut leaves);
        unflatten(ty, &mut leaves.iter().map(|l| self.zero(l.ty)))
    }

    /// Stride of an axis in bytes: the array's own, or what its layout makes of the shape.
    pub fn stride(&self, a: &ArrayValue, axis: usize) -> Val {
        if let Some(stride) = a.strides.get(axis) {
            return *stride;
        }
        let inner = match a.ty.layout {
            Layout::C => &a.shape[axis + 1..],
            _ => &a.shape[..axis],
        };
        let size = self.i64(a.ty.dtype.size() as i64);
        inner.iter().fold(size, |product, extent| self.nsw_mul(product, *extent))
    }

    /// Stores a value by the rule of `ungil_ir::packing`.
    pub fn store_packed(&self, ty: &Type, v: &Operand, to: Val) {
        match (ty, v) {
            (Type::Scalar(d), Operand::Complex(re, im)) => {
                self.store(*re, to, 8);
                self.store(*im, self.offset(to, d.size() / 2), 4);
            }
            (Type::Vec(d, n), Operand::Complex(re, im)) => {
                self.store(*re, to, 8);
                self.store(*im, self.offset(to, d.size() / 2 * u64::from(*n)), 4);
            }
            (Type::Scalar(DType::Bool), Operand::Scalar(b)) => {
                self.store(self.cast(LLVMOpcode::LLVMZExt, *b, self.int(8)), to, 8);
            }
            (_, Operand::Scalar(x)) => {
                self.store(*x, to, 8);
            }
            (_, Operand::Array(a)) => {
                self.store(a.data, to, 8);
                self.store(a.owner, self.offset(to, 8), 8);
                let ndim = a.shape.len();
                for (axis, extent) in a.shape.iter().enumerate() {
                    self.store(*extent, self.offset(to, 16 + 8 * axis as u64), 8);
                    self.store(self.stride(a, axis), self.offset(to, 16 + 8 * (ndim + axis) as u64), 8);
                }
            }
            (Type::Tuple(types), Operand::Tuple(items)) => {
                let mut at = 0;
                for (ty, item) in types.iter().zip(items) {
                    self.store_packed(ty, item, self.offset(to, at));
                    at += packed_size(ty);
                }
            }
            (ty, v) => panic!("{v:?} is not of type {ty}"),
        }
    }

    /// Loads a value by the rule of `ungil_ir::packing`. `constant`: the memory never changes while code runs.
    pub fn load_packed(&self, ty: &Type, from: Val, constant: bool) -> Operand {
        let load = |ty, offset, align| {
            let v = self.load(ty, self.offset(from, offset), align);
            if constant {
                self.attach_flag(v, "invariant.load");
            }
            v
        };
        match ty {
            Type::Scalar(d) if d.is_complex() => {
                let part = self.number(d.real());
                Operand::Complex(load(part, 0, 8), load(part, d.size() / 2, 4))
            }
            Type::Vec(d, n) if d.is_complex() => {
                let part = self.vector(self.number(d.real()), u32::from(*n));
                Operand::Complex(load(part, 0, 8), load(part, d.size() / 2 * u64::from(*n), 4))
            }
            Type::Scalar(DType::Bool) => Operand::Scalar(self.is_nonzero(load(self.int(8), 0, 8))),
            Type::Scalar(_) | Type::Vec(..) | Type::Mask(_) | Type::Pointer => {
                let mut leaves = Vec::new();
                self.leaves_of(ty, &mut leaves);
                Operand::Scalar(load(leaves[0].ty, 0, 8))
            }
            Type::Array(a) => {
                let word = |i: u64| load(self.int(64), 16 + 8 * i, 8);
                let (data, owner) = (load(self.ptr(), 0, 8), load(self.ptr(), 8, 8));
                let ndim = u64::from(a.ndim);
                let shape: Vec<Val> = (0..ndim).map(word).collect();
                shape.iter().for_each(|extent| self.attach_nonnegative(*extent));
                let strides = (0..u64::from(stride_leaves(*a))).map(|i| word(ndim + i)).collect();
                Operand::Array(Box::new(ArrayValue { ty: *a, data, owner, shape, strides }))
            }
            Type::Tuple(items) => {
                let mut at = 0;
                let load_item = |ty: &Type| {
                    let item = self.load_packed(ty, self.offset(from, at), constant);
                    at += packed_size(ty);
                    item
                };
                Operand::Tuple(items.iter().map(load_item).collect())
            }
        }
    }

    /// Whether `a < b` as unsigned numbers.
    pub fn below(&self, a: Val, b: Val) -> Val {
        self.icmp(LLVMIntPredicate::LLVMIntULT, a, b)
    }
}
