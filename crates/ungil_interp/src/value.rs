//! Values of the IR.

use crate::memory::BlockId;
use crate::number::Num;
use ungil_ir::types::{ArrayType, DType, Layout, Type};

#[derive(Clone, Debug)]
pub enum Value {
    Num(Num),
    /// Lanes of a vector or mask.
    Vec(Vec<Num>),
    Tuple(Vec<Value>),
    Array(Array),
    Pointer(Pointer),
}

/// What a pointer points at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pointer {
    /// Nothing, or an address that leads into no block.
    Address(i64),
    /// A byte of a block.
    Block(BlockId, i64),
    /// A C function of the module's table.
    Function(u32),
}

/// Descriptor of an array.
#[derive(Clone, Debug)]
pub struct Array {
    pub ty: ArrayType,
    /// `None`: without memory.
    pub block: Option<BlockId>,
    /// Byte of the block at which element 0 lies.
    pub offset: i64,
    pub shape: Vec<i64>,
    pub strides: Vec<i64>,
}

impl Value {
    pub fn unit() -> Value {
        Value::Tuple(Vec::new())
    }

    pub fn zero(ty: &Type) -> Value {
        match ty {
            Type::Scalar(d) => Value::Num(Num::zero(*d)),
            Type::Vec(d, n) => Value::Vec(vec![Num::zero(*d); *n as usize]),
            Type::Mask(n) => Value::Vec(vec![Num::Bool(false); *n as usize]),
            Type::Pointer => Value::Pointer(Pointer::Address(0)),
            Type::Tuple(items) => Value::Tuple(items.iter().map(Value::zero).collect()),
            Type::Array(ty) => {
                let shape = vec![0; ty.ndim as usize];
                Value::Array(Array { ty: *ty, block: None, offset: 0, strides: shape.clone(), shape })
            }
        }
    }

    pub fn int(n: i64) -> Value {
        Value::Num(Num::Int(DType::I64, n))
    }

    pub fn bool(b: bool) -> Value {
        Value::Num(Num::Bool(b))
    }

    /// # Panics
    /// Where the verifier would have refused the operand; so do the other projections.
    pub fn num(&self) -> Num {
        match self {
            Value::Num(n) => *n,
            other => panic!("{other:?} is not a scalar"),
        }
    }

    pub fn as_i64(&self) -> i64 {
        match self {
            Value::Num(Num::Int(_, n)) => *n,
            other => panic!("{other:?} is not an integer"),
        }
    }

    pub fn as_bool(&self) -> bool {
        match self {
            Value::Num(Num::Bool(b)) => *b,
            other => panic!("{other:?} is not a bool"),
        }
    }

    pub fn lanes(&self) -> &[Num] {
        match self {
            Value::Vec(lanes) => lanes,
            other => panic!("{other:?} is not a vector"),
        }
    }

    pub fn pointer(&self) -> Pointer {
        match self {
            Value::Pointer(p) => *p,
            other => panic!("{other:?} is not a pointer"),
        }
    }

    pub fn array(&self) -> &Array {
        match self {
            Value::Array(a) => a,
            other => panic!("{other:?} is not an array"),
        }
    }

    /// Calls `visit` with every array in the value.
    pub fn for_each_array(&self, visit: &mut dyn FnMut(&Array)) {
        match self {
            Value::Array(a) => visit(a),
            Value::Tuple(items) => items.iter().for_each(|item| item.for_each_array(visit)),
            Value::Num(_) | Value::Vec(_) | Value::Pointer(_) => {}
        }
    }
}

impl Array {
    /// Number of elements.
    pub fn len(&self) -> i64 {
        self.shape.iter().product()
    }

    /// Byte offset of an element in its block, if the index is in range.
    pub fn locate(&self, index: &[i64]) -> Option<i64> {
        let mut at = self.offset;
        for (k, &i) in index.iter().enumerate() {
            if !(0..self.shape[k]).contains(&i) {
                return None;
            }
            at += i * self.strides[k];
        }
        Some(at)
    }

    /// All indices, the last axis fastest.
    pub fn indices(&self) -> Vec<Vec<i64>> {
        let mut all = vec![Vec::new()];
        for &extent in &self.shape {
            all = all
                .into_iter()
                .flat_map(|index| {
                    (0..extent).map(move |i| {
                        let mut index = index.clone();
                        index.push(i);
                        index
                    })
                })
                .collect();
        }
        all
    }
}

/// Strides of a contiguous array.
///
/// # Panics
/// For the layout that says nothing about them.
pub fn contiguous_strides(layout: Layout, itemsize: i64, shape: &[i64]) -> Vec<i64> {
    let mut strides = vec![0; shape.len()];
    let mut step = itemsize;
    let order: Vec<usize> = match layout {
        Layout::C => (0..shape.len()).rev().collect(),
        Layout::F => (0..shape.len()).collect(),
        Layout::Strided => panic!("a strided array has strides of its own"),
    };
    for k in order {
        strides[k] = step;
        step = step.wrapping_mul(shape[k]);
    }
    strides
}
