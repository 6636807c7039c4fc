//! Derived datatypes: arrays with strides, and messages of more items than an `int` counts.
//!
//! A datatype is made once for a shape and strides and kept; what the cache forgets lives as long as someone uses it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::block::View;
use crate::function::Function;
use crate::invoke::{HandleCell, mpi};
use crate::library::{Library, library};

/// Datatypes that are kept.
const KEPT: usize = 512;

/// Items of one piece of a long message.
pub const PIECE: i64 = 1 << 30;

/// A committed datatype; freed with its last user.
pub struct Derived(i64);

impl Derived {
    pub fn handle(&self) -> i64 {
        self.0
    }
}

impl Drop for Derived {
    fn drop(&mut self) {
        free(library(), self.0);
    }
}

static CACHE: Mutex<Option<HashMap<Vec<i64>, Arc<Derived>>>> = Mutex::new(None);

fn cached(key: Vec<i64>, make: impl FnOnce() -> Result<i64, i64>) -> Result<Arc<Derived>, i64> {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let map = cache.get_or_insert_default();
    if let Some(known) = map.get(&key) {
        return Ok(known.clone());
    }
    let made = Arc::new(Derived(make()?));
    let mut cell = HandleCell::new(made.0, library().narrow);
    checked(mpi!(library(), false, Function::TypeCommit; p cell.address()))?;
    if map.len() == KEPT {
        map.clear();
    }
    map.insert(key, made.clone());
    Ok(made)
}

/// MPI's error code as a result.
#[inline]
pub fn checked(code: i64) -> Result<(), i64> {
    if code == 0 { Ok(()) } else { Err(code) }
}

fn free(library: &Library, datatype: i64) {
    let mut cell = HandleCell::new(datatype, library.narrow);
    // A datatype that cannot be freed is no reason to fail.
    let _ = mpi!(library, false, Function::TypeFree; p cell.address());
}

/// Bytes from one item to the next.
pub fn extent(library: &Library, datatype: i64) -> Result<i64, i64> {
    let (mut lower, mut extent) = (0_i64, 0_i64);
    let (at, to) = (crate::invoke::address_of(&mut lower), crate::invoke::address_of(&mut extent));
    checked(mpi!(library, false, Function::TypeGetExtentX; h datatype, p at, p to))?;
    Ok(extent)
}

/// First and last byte that `n` items of a datatype touch, from where they start.
pub fn span(library: &Library, datatype: i64, n: i64) -> Result<[i64; 2], i64> {
    let (mut lower, mut width) = (0_i64, 0_i64);
    let (at, to) = (crate::invoke::address_of(&mut lower), crate::invoke::address_of(&mut width));
    checked(mpi!(library, false, Function::TypeGetTrueExtentX; h datatype, p at, p to))?;
    let last = extent(library, datatype)?.saturating_mul(n - 1);
    Ok([lower.saturating_add(last.min(0)), lower.saturating_add(width).saturating_add(last.max(0))])
}

/// The elements of an array in C's order, from the address of the first.
pub fn of_view(library: &'static Library, view: &View) -> Result<Arc<Derived>, i64> {
    let base = library.datatype(view.dtype);
    let mut key = vec![base];
    key.extend_from_slice(view.shape);
    key.extend_from_slice(view.strides);
    cached(key, || {
        let mut axes = view.shape.iter().zip(view.strides).rev().filter(|(n, _)| **n != 1).peekable();
        let mut run = 1;
        while let Some((n, stride)) = axes.peek()
            && **stride == run * view.item()
        {
            run *= **n;
            axes.next();
        }
        let mut inner = contiguous(library, run, base)?;
        for (n, stride) in axes {
            let outer = strided(library, *n, *stride, inner);
            free(library, inner);
            inner = outer?;
        }
        Ok(inner)
    })
}

fn contiguous(library: &Library, n: i64, of: i64) -> Result<i64, i64> {
    let mut made = HandleCell::new(0, library.narrow);
    let large = n > i64::from(i32::MAX);
    checked(mpi!(library, large, Function::TypeContiguous; c n, h of, p made.address()))?;
    Ok(made.get())
}

fn strided(library: &Library, n: i64, stride: i64, of: i64) -> Result<i64, i64> {
    let mut made = HandleCell::new(0, library.narrow);
    let large = n > i64::from(i32::MAX);
    checked(mpi!(library, large, Function::TypeCreateHvector; c n, c 1, a stride, h of, p made.address()))?;
    Ok(made.get())
}

/// One item that stands for `n` of a datatype, for libraries that count in `int`.
pub fn of_many(library: &'static Library, n: i64, of: i64) -> Result<Arc<Derived>, i64> {
    cached(vec![of, n], || {
        let size = extent(library, of)?;
        let (pieces, rest) = (n / PIECE, n % PIECE);
        let piece = contiguous(library, PIECE, of)?;
        let body = contiguous(library, pieces, piece);
        free(library, piece);
        let body = body?;
        let mut lengths = [1_i32, rest as i32];
        let mut offsets = [0_i64, pieces * PIECE * size];
        let mut types = crate::invoke::HandleArray::new([body, of].into_iter(), library.narrow);
        let mut made = HandleCell::new(0, library.narrow);
        let (at, to) = (crate::invoke::address_of(&mut lengths), crate::invoke::address_of(&mut offsets));
        let code = mpi!(library, false, Function::TypeCreateStruct;
            i 2, p at, p to, p types.address(), p made.address());
        free(library, body);
        checked(code)?;
        Ok(made.get())
    })
}
