//! Communicators: who is there, new ones, Cartesian grids.

use core::ffi::c_int;

use ungil_abi::exception::ExcClass;

use crate::block::Block;
use crate::datatype::checked;
use crate::fault::fault;
use crate::function::Function;
use crate::invoke::{HandleCell, address_of, c_ints, mpi};
use crate::library::{Library, library};

/// The longest list of dimensions.
const MAX_DIMS: i64 = 1024;

/// Rank of this process.
#[inline]
pub fn rank(library: &Library, comm: i64) -> Result<i64, i64> {
    number(library, comm, Function::CommRank)
}

/// Number of processes.
#[inline]
pub fn size(library: &Library, comm: i64) -> Result<i64, i64> {
    number(library, comm, Function::CommSize)
}

#[inline]
fn number(library: &Library, comm: i64, function: Function) -> Result<i64, i64> {
    let mut n: c_int = 0;
    checked(mpi!(library, false, function; h comm, p address_of(&mut n)))?;
    Ok(n.into())
}

/// `comm.rank`, `comm.size`, `comm.dim`
pub fn ask(block: Block, function: Function) -> Result<(), i64> {
    block.set_result(number(library(), block.comm(), function)?);
    Ok(())
}

/// `comm.Dup()`
pub fn dup(block: Block) -> Result<(), i64> {
    made(block, |library, cell| mpi!(library, false, Function::CommDup; h block.comm(), p cell.address()))
}

/// `comm.Split(color, key)`
pub fn split(block: Block) -> Result<(), i64> {
    made(
        block,
        |library, cell| mpi!(library, false, Function::CommSplit; h block.comm(), i block.int(0), i block.int(1), p cell.address()),
    )
}

/// `comm.Split_type(split_type, key)`
pub fn split_type(block: Block) -> Result<(), i64> {
    made(block, |library, cell| {
        mpi!(library, false, Function::CommSplitType;
            h block.comm(), i block.int(0), i block.int(1), h library.constants.info_null, p cell.address())
    })
}

fn made(block: Block, make: impl FnOnce(&Library, &mut HandleCell) -> i64) -> Result<(), i64> {
    let library = library();
    let mut cell = HandleCell::new(library.constants.comm_null, library.narrow);
    checked(make(library, &mut cell))?;
    block.set_result(cell.get());
    Ok(())
}

/// `comm.Free()`
pub fn free(block: Block) -> Result<(), i64> {
    made(block, |library, cell| {
        *cell = HandleCell::new(block.comm(), library.narrow);
        mpi!(library, false, Function::CommFree; p cell.address())
    })
}

/// `MPI.Comm.Compare(a, b)`
pub fn compare(block: Block) -> Result<(), i64> {
    let mut result: c_int = 0;
    let code = mpi!(library(), false, Function::CommCompare; h block.comm(), h block.op(), p address_of(&mut result));
    checked(code)?;
    block.set_result(result.into());
    Ok(())
}

/// `comm.Abort(errorcode)`
pub fn abort(block: Block) -> Result<(), i64> {
    checked(mpi!(library(), false, Function::Abort; h block.comm(), i block.int(0)))
}

/// Numbers of a list, which is the first argument.
fn ints(block: Block, function: Function) -> Result<Vec<c_int>, i64> {
    c_ints(function, block.numbers(0, block.int(1) as usize))
}

/// `comm.Create_cart(dims, periods, reorder)`: `dims` and `periods` lie one behind the other.
pub fn cart_create(block: Block) -> Result<(), i64> {
    let n = block.int(1);
    if !(0..=MAX_DIMS).contains(&n) {
        return Err(fault(ExcClass::VALUE_ERROR, format!("{n} dimensions of a grid")));
    }
    let both = block.numbers(0, 2 * n as usize);
    let mut dims = c_ints(Function::CartCreate, &both[..n as usize])?;
    // Truth values.
    let mut periods: Vec<c_int> = both[n as usize..].iter().map(|p| c_int::from(*p != 0)).collect();
    made(block, |library, cell| {
        mpi!(library, false, Function::CartCreate; h block.comm(), i n, p dims.as_mut_ptr() as i64,
            p periods.as_mut_ptr() as i64, i i64::from(block.int(2) != 0), p cell.address())
    })
}

/// `comm.Sub(remain_dims)`
pub fn cart_sub(block: Block) -> Result<(), i64> {
    let remain = block.numbers(0, block.int(1) as usize);
    let mut remain: Vec<c_int> = remain.iter().map(|r| c_int::from(*r != 0)).collect();
    check_dims(block.comm(), remain.len())?;
    made(
        block,
        |library, cell| mpi!(library, false, Function::CartSub; h block.comm(), p remain.as_mut_ptr() as i64, p cell.address()),
    )
}

/// Refuses lists of another length than the grid has dimensions.
fn check_dims(comm: i64, n: usize) -> Result<(), i64> {
    let dims = number(library(), comm, Function::CartdimGet)?;
    if dims == n as i64 {
        return Ok(());
    }
    Err(fault(ExcClass::VALUE_ERROR, format!("expecting {dims} items, got {n}")))
}

/// `comm.Get_coords(rank)`: into as many numbers as the grid has dimensions.
pub fn cart_coords(block: Block) -> Result<(), i64> {
    let (library, n) = (library(), block.int(2) as usize);
    check_dims(block.comm(), n)?;
    let mut coords = vec![0 as c_int; n.max(1)];
    checked(mpi!(library, false, Function::CartCoords;
        h block.comm(), i block.int(0), i n, p coords.as_mut_ptr() as i64))?;
    publish(block, 1, &coords[..n]);
    Ok(())
}

/// `comm.Get_topo()`: sizes, periods and coordinates, into as many numbers each as the grid has dimensions.
pub fn cart_get(block: Block) -> Result<(), i64> {
    let (library, n) = (library(), block.int(0) as usize);
    check_dims(block.comm(), n)?;
    let mut all = [0, 1, 2].map(|_| vec![0 as c_int; n.max(1)]);
    let [dims, periods, coords] = all.each_mut().map(|list| list.as_mut_ptr() as i64);
    checked(mpi!(library, false, Function::CartGet; h block.comm(), i n, p dims, p periods, p coords))?;
    for (k, list) in all.iter().enumerate() {
        publish(block, 1 + k, &list[..n]);
    }
    Ok(())
}

fn publish(block: Block, at: usize, values: &[c_int]) {
    for (to, from) in block.results(at, values.len()).iter_mut().zip(values) {
        *to = (*from).into();
    }
}

/// `comm.Get_cart_rank(coords)`
pub fn cart_rank(block: Block) -> Result<(), i64> {
    let mut coords = ints(block, Function::CartRank)?;
    check_dims(block.comm(), coords.len())?;
    let mut rank: c_int = 0;
    checked(mpi!(library(), false, Function::CartRank;
        h block.comm(), p coords.as_mut_ptr() as i64, p address_of(&mut rank)))?;
    block.set_result(rank.into());
    Ok(())
}

/// `comm.Shift(direction, disp)`: source and destination, into two numbers.
pub fn cart_shift(block: Block) -> Result<(), i64> {
    let (mut source, mut dest): (c_int, c_int) = (0, 0);
    checked(mpi!(library(), false, Function::CartShift; h block.comm(), i block.int(0), i block.int(1),
        p address_of(&mut source), p address_of(&mut dest)))?;
    publish(block, 2, &[source, dest]);
    Ok(())
}

/// `MPI.Compute_dims(nnodes, dims)`: in place.
pub fn dims_create(block: Block) -> Result<(), i64> {
    let n = block.int(2) as usize;
    let mut dims = c_ints(Function::DimsCreate, block.numbers(1, n))?;
    checked(mpi!(library(), false, Function::DimsCreate; i block.int(0), i n, p dims.as_mut_ptr() as i64))?;
    publish(block, 1, &dims);
    Ok(())
}

/// `datatype.Get_size()`
pub fn datatype_size(block: Block) -> Result<(), i64> {
    let mut size = 0_i64;
    checked(mpi!(library(), false, Function::TypeSizeX; h block.op(), p address_of(&mut size)))?;
    block.set_result(size);
    Ok(())
}
