//! The loop over all elements of several arrays.
//!
//! Operands are broadcast; axes are put into the order of memory and joined where one lies behind the other in all
//! operands, as NumPy's iterator does, so that most loops have one axis.
//! Source: NumPy's `nditer_constr.c` (order of axes, joining).

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::evaluate::operand::{Operand, Place};
use crate::numpy::{C_CONTIGUOUS, F_CONTIGUOUS};

/// The order of axes that the result has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    C,
    F,
    /// Fortran's if all operands are in it.
    Any,
    /// That of the operands.
    Keep,
}

impl Order {
    /// The order of a letter.
    pub fn parse(text: &str) -> PyResult<Order> {
        Ok(match text {
            "C" | "c" => Order::C,
            "F" | "f" => Order::F,
            "A" | "a" => Order::Any,
            "K" | "k" => Order::Keep,
            other => {
                return Err(PyValueError::new_err(format!(
                    "order must be one of 'C', 'F', 'A' or 'K', not '{other}'"
                )));
            }
        })
    }
}

/// The array that results go to: the user's, or one that is to be made.
pub struct Target {
    pub data: *mut u8,
    pub shape: Vec<isize>,
    pub strides: Vec<isize>,
}

/// A loop: extents from the outermost axis to the innermost, and for each array its strides and where it starts. Array 0
/// is the result. There is one axis at least.
pub struct Loop {
    pub extents: Vec<isize>,
    pub strides: Vec<Vec<isize>>,
    pub data: Vec<*mut u8>,
}

/// The shape that operands are broadcast to.
pub fn broadcast(operands: &[Operand<'_>], out: Option<&Operand<'_>>) -> PyResult<Vec<isize>> {
    let arrays = || operands.iter().chain(out).filter(|o| o.place == Place::Array);
    let ndim = arrays().map(|o| o.shape.len()).max().unwrap_or(0);
    let mut shape = vec![1isize; ndim];
    for operand in arrays() {
        let added = ndim - operand.shape.len();
        for (axis, &extent) in operand.shape.iter().enumerate() {
            let common = &mut shape[added + axis];
            if *common == 1 {
                *common = extent;
            } else if extent != 1 && extent != *common {
                return Err(mismatch(operands, out));
            }
        }
    }
    if let Some(out) = out
        && out.shape != &shape[..]
    {
        let text = format!(
            "non-broadcastable output operand with shape {} doesn't match the broadcast shape {}",
            show(out.shape),
            show(&shape)
        );
        return Err(PyValueError::new_err(text));
    }
    Ok(shape)
}

fn mismatch(operands: &[Operand<'_>], out: Option<&Operand<'_>>) -> PyErr {
    let shapes: Vec<String> = operands.iter().chain(out).map(|o| show(o.shape)).collect();
    PyValueError::new_err(format!(
        "operands could not be broadcast together with shapes {}",
        shapes.join(" ")
    ))
}

fn show(shape: &[isize]) -> String {
    let extents: Vec<String> = shape.iter().map(isize::to_string).collect();
    format!("({}{})", extents.join(","), if shape.len() == 1 { "," } else { "" })
}

/// Whether all arrays have one shape and lie in one order without gaps, so that they are one axis.
pub fn is_flat(operands: &[Operand<'_>], order: Order) -> Option<i32> {
    let mut arrays = operands.iter().filter(|o| o.place == Place::Array);
    let Some(first) = arrays.next() else { return Some(C_CONTIGUOUS) };
    let mut flags = first.flags;
    for operand in arrays {
        if operand.shape != first.shape {
            return None;
        }
        flags &= operand.flags;
    }
    let (c, f) = (flags & C_CONTIGUOUS != 0, flags & F_CONTIGUOUS != 0);
    match order {
        Order::C | Order::Keep if c => Some(C_CONTIGUOUS),
        Order::F | Order::Any | Order::Keep if f => Some(F_CONTIGUOUS),
        Order::Any if c => Some(C_CONTIGUOUS),
        _ => None,
    }
}

/// Strides of an array without gaps whose axes are in this order, from the outermost in.
pub fn strides_in_order(shape: &[isize], axes: &[usize], itemsize: isize) -> Vec<isize> {
    let mut strides = vec![0; shape.len()];
    let mut step = itemsize;
    for &axis in axes.iter().rev() {
        strides[axis] = step;
        step *= shape[axis].max(1);
    }
    strides
}

/// The axes of a shape from the outermost in.
pub fn axes(
    shape: &[isize],
    operands: &[Operand<'_>],
    out: Option<&Operand<'_>>,
    order: Order,
) -> Vec<usize> {
    let ndim = shape.len();
    let order = match order {
        Order::Any => {
            let full = operands.iter().filter(|o| o.place == Place::Array);
            let fortran = full.clone().count() > 0 && full.clone().all(|o| o.flags & F_CONTIGUOUS != 0);
            if fortran { Order::F } else { Order::C }
        }
        order => order,
    };
    // The result is the user's: its elements are visited in the order of memory, whatever was asked for.
    match order {
        Order::F if out.is_none() => (0..ndim).rev().collect(),
        Order::C if out.is_none() => (0..ndim).collect(),
        _ => sorted(shape, operands, out),
    }
}

/// Axes by their strides, largest first; what no operand decides stays as it is.
fn sorted(shape: &[isize], operands: &[Operand<'_>], out: Option<&Operand<'_>>) -> Vec<usize> {
    let ndim = shape.len();
    let all: Vec<Vec<isize>> =
        operands.iter().chain(out).filter(|o| o.place == Place::Array).map(|o| spread(o, shape)).collect();
    // Some(true): axis `a` belongs further in than `b`.
    let inner = |a: usize, b: usize| -> Option<bool> {
        let mut found = None;
        for strides in &all {
            let (x, y) = (strides[a].abs(), strides[b].abs());
            if x == 0 || y == 0 || shape[a] == 1 || shape[b] == 1 {
                continue;
            }
            if x <= y {
                // One operand in the usual order decides.
                if x < y {
                    found = Some(found.unwrap_or(true));
                }
            } else {
                found = Some(false);
            }
        }
        found
    };
    let mut axes: Vec<usize> = Vec::with_capacity(ndim);
    for axis in 0..ndim {
        let mut at = axes.len();
        for k in (0..axes.len()).rev() {
            match inner(axes[k], axis) {
                Some(true) => at = k,
                Some(false) => break,
                None => {}
            }
        }
        axes.insert(at, axis);
    }
    axes
}

/// An operand's strides along the axes of the shape that it is broadcast to.
fn spread(operand: &Operand<'_>, shape: &[isize]) -> Vec<isize> {
    let mut strides = vec![0; shape.len()];
    if operand.place != Place::Array {
        return strides;
    }
    let added = shape.len() - operand.shape.len();
    for (axis, (&extent, &stride)) in operand.shape.iter().zip(operand.strides).enumerate() {
        if extent != 1 {
            strides[added + axis] = stride;
        }
    }
    strides
}

impl Loop {
    /// A loop over all elements of arrays that are one axis.
    pub fn flat(operands: &[Operand<'_>], target: *mut u8, itemsize: isize, size: isize) -> Loop {
        let mut this = Loop { extents: vec![size], strides: vec![vec![itemsize]], data: vec![target] };
        for operand in operands {
            let stride = if operand.place == Place::Array { operand.dtype.size() as isize } else { 0 };
            this.strides.push(vec![stride]);
            this.data.push(operand.data);
        }
        this
    }

    /// A loop along the axes in the given order, with those joined that can be.
    pub fn new(operands: &[Operand<'_>], target: &Target, itemsize: isize, axes: &[usize]) -> Loop {
        let all: Vec<Vec<isize>> = std::iter::once(target.strides.clone())
            .chain(operands.iter().map(|o| spread(o, &target.shape)))
            .collect();
        let mut this =
            Loop { extents: Vec::new(), strides: vec![Vec::new(); all.len()], data: vec![target.data] };
        this.data.extend(operands.iter().map(|o| o.data));
        for &axis in axes.iter().filter(|axis| target.shape[**axis] != 1) {
            let extent = target.shape[axis];
            let joins = !this.extents.is_empty()
                && all
                    .iter()
                    .zip(&this.strides)
                    .all(|(own, outer)| outer.last() == Some(&(own[axis] * extent)));
            if joins {
                let last = this.extents.len() - 1;
                this.extents[last] *= extent;
                this.strides.iter_mut().zip(&all).for_each(|(s, own)| s[last] = own[axis]);
            } else {
                this.extents.push(extent);
                this.strides.iter_mut().zip(&all).for_each(|(s, own)| s.push(own[axis]));
            }
        }
        if this.extents.is_empty() {
            this.extents.push(1);
            this.strides.iter_mut().for_each(|s| s.push(0));
            // A single element is one behind the other.
            this.strides[0][0] = itemsize;
        }
        this
    }

    /// Number of elements.
    pub fn size(&self) -> isize {
        self.extents.iter().product()
    }
}

/// The bytes that an array's elements lie in.
pub fn byte_range(data: *mut u8, shape: &[isize], strides: &[isize], itemsize: usize) -> (usize, usize) {
    let (mut low, mut high) = (data as isize, data as isize + itemsize as isize);
    for (&extent, &stride) in shape.iter().zip(strides) {
        if extent == 0 {
            return (0, 0);
        }
        let reach = (extent - 1) * stride;
        if reach < 0 { low += reach } else { high += reach }
    }
    (low as usize, high as usize)
}
