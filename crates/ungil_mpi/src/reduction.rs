//! Reductions.

use ungil_abi::exception::ExcClass;

use crate::block::Block;
use crate::collective::{Mode, collect, conclude, keep, large, send_or_in_place};
use crate::communicator::{rank, size};
use crate::datatype::{PIECE, checked, extent};
use crate::fault::fault;
use crate::function::Function;
use crate::invoke::{c_ints, mpi};
use crate::library::{Library, library};
use crate::message::{INT_MAX, Message, Staged, check_apart, plain, staged};

/// Both messages of a reduction.
fn reduction(library: &'static Library, block: Block, in_place: bool) -> Result<[Staged; 2], i64> {
    let recv = staged(library, block.recv(), 0)?;
    let send = send_or_in_place(library, block, in_place, &recv)?;
    let (s, r) = (&send.message, &recv.message);
    if s.count != r.count {
        let text = format!("mismatch in send count {} and receive count {}", s.count, r.count);
        return Err(fault(ExcClass::VALUE_ERROR, text));
    }
    if s.datatype != r.datatype && s.count > 0 {
        return Err(fault(ExcClass::VALUE_ERROR, "mismatch in send and receive MPI datatypes"));
    }
    check_apart(s, r)?;
    Ok([send, recv])
}

/// `comm.Reduce(sendbuf, recvbuf, op, root)`
pub fn reduce(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    let (comm, root) = (block.comm(), block.int(0));
    conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
        let [send, recv] = match rank(library, comm)? == root {
            true => reduction(library, block, true)?,
            false => [staged(library, block.send(), 0)?, Staged::none(library)],
        };
        let (s, r) = (&send.message, &recv.message);
        collect!(library, mode, large(&[&send]), [Reduce, Ireduce, ReduceInit], cell;
            p s.address, p r.address, c s.count, h s.datatype, h block.op(), i root, h comm)?;
        keep(held, send, recv);
        Ok(())
    })
}

/// What most reductions are: of one whole array to another, both in order. Addresses, count and datatype.
#[inline]
fn plain_reduction(library: &Library, block: Block) -> Option<[i64; 4]> {
    let (send, count, datatype) = plain(library, block.send())?;
    let (recv, received, same) = plain(library, block.recv())?;
    let bytes = count * block.send().view().item();
    let apart = send + bytes <= recv || recv + bytes <= send;
    (count == received && datatype == same && apart).then_some([send, recv, count, datatype])
}

/// A reduction whose result is on all ranks.
macro_rules! reduction_on_all {
    ($(#[$doc:meta])* $name:ident, $blocking:ident, $request:ident, $persistent:ident) => {
        $(#[$doc])*
        pub fn $name(block: Block, mode: Mode) -> Result<(), i64> {
            let library = library();
            if mode == Mode::Blocking
                && let Some([send, recv, count, datatype]) = plain_reduction(library, block)
            {
                return checked(mpi!(library, false, Function::$blocking;
                    p send, p recv, c count, h datatype, h block.op(), h block.comm()));
            }
            conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
                let [send, recv] = reduction(library, block, true)?;
                let (s, r) = (&send.message, &recv.message);
                if mode == Mode::Blocking && large(&[&send]) && library.address(Function::$blocking, true).is_none() {
                    piecewise(library, s, r, |[from, to, n]| {
                        mpi!(library, false, Function::$blocking;
                            p from, p to, c n, h s.datatype, h block.op(), h block.comm())
                    })?;
                } else {
                    collect!(library, mode, large(&[&send]), [$blocking, $request, $persistent], cell;
                        p s.address, p r.address, c s.count, h s.datatype, h block.op(), h block.comm())?;
                }
                keep(held, send, recv);
                Ok(())
            })
        }
    };
}

/// Reduces piece by piece, where the library counts in `int` only: `reduce` takes addresses to send from and to receive into,
/// and a count. Elements are reduced one by one, so that pieces change nothing.
fn piecewise(
    library: &Library,
    send: &Message,
    recv: &Message,
    mut reduce: impl FnMut([i64; 3]) -> i64,
) -> Result<(), i64> {
    let extent = extent(library, recv.datatype)?;
    let in_place = send.address == library.constants.in_place;
    for (start, n) in pieces(recv.count) {
        let from = if in_place { send.address } else { send.address + start * extent };
        checked(reduce([from, recv.address + start * extent, n]))?;
    }
    Ok(())
}

/// Starts and lengths of the pieces that `count` items are cut into.
fn pieces(count: i64) -> impl Iterator<Item = (i64, i64)> {
    (0..count).step_by(PIECE as usize).map(move |start| (start, PIECE.min(count - start)))
}

reduction_on_all!(
    /// `comm.Allreduce(sendbuf, recvbuf, op)`
    allreduce, Allreduce, Iallreduce, AllreduceInit
);
reduction_on_all!(
    /// `comm.Scan(sendbuf, recvbuf, op)`
    scan, Scan, Iscan, ScanInit
);
reduction_on_all!(
    /// `comm.Exscan(sendbuf, recvbuf, op)`
    exscan, Exscan, Iexscan, ExscanInit
);

/// `comm.Reduce_scatter_block(sendbuf, recvbuf, op)`
pub fn reduce_scatter_block(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    let comm = block.comm();
    conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
        let ranks = size(library, comm)?;
        let in_place = block.send().is_in_place();
        let recv = staged(library, block.recv(), if in_place { ranks } else { 0 })?;
        let send = match in_place {
            true => Staged::in_place(library, &recv),
            false => staged(library, block.send(), ranks)?,
        };
        let (s, r) = (&send.message, &recv.message);
        if s.count != r.count {
            let text =
                format!("mismatch in send count {} and receive count {}", s.count * ranks, r.count * ranks);
            return Err(fault(ExcClass::VALUE_ERROR, text));
        }
        check_apart(s, r)?;
        collect!(library, mode, large(&[&recv]), [ReduceScatterBlock, IreduceScatterBlock, ReduceScatterBlockInit], cell;
            p s.address, p r.address, c r.count, h r.datatype, h block.op(), h comm)?;
        keep(held, send, recv);
        Ok(())
    })
}

/// `comm.Reduce_scatter(sendbuf, recvbuf, recvcounts, op)`
pub fn reduce_scatter(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    let comm = block.comm();
    conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
        let ranks = size(library, comm)?;
        let recv = staged(library, block.recv(), 0)?;
        let in_place = block.send().is_in_place();
        let send =
            if in_place { Staged::in_place(library, &recv) } else { staged(library, block.send(), 0)? };
        let counts = receive_counts(library, block, ranks, recv.message.count)?;
        check_counts(library, comm, &counts, [&send, &recv], in_place)?;
        check_apart(&send.message, &recv.message)?;
        let large = counts.iter().any(|n| *n > INT_MAX);
        let narrow = if large { Vec::new() } else { c_ints(Function::ReduceScatter, &counts)? };
        let at = if large { counts.as_ptr() as i64 } else { narrow.as_ptr() as i64 };
        let (s, r) = (&send.message, &recv.message);
        collect!(library, mode, large, [ReduceScatter, IreduceScatter, ReduceScatterInit], cell;
            p s.address, p r.address, p at, h r.datatype, h block.op(), h comm)?;
        keep(held, send, recv);
        held.keep((counts, narrow));
        Ok(())
    })
}

/// How many entries each rank receives: as given, else what each has room for.
fn receive_counts(library: &Library, block: Block, ranks: i64, own: i64) -> Result<Vec<i64>, i64> {
    if block.int(0) != 0 {
        let given = block.numbers(0, block.int(1) as usize);
        if given.len() as i64 != ranks {
            let text = format!("expecting {ranks} items, got {}", given.len());
            return Err(fault(ExcClass::VALUE_ERROR, text));
        }
        return Ok(given.to_vec());
    }
    if block.send().is_in_place() {
        let text = "Reduce_scatter with MPI.IN_PLACE needs `recvcounts`";
        return Err(fault(ExcClass::VALUE_ERROR, text));
    }
    let (mut own, mut counts) = ([own], vec![0_i64; ranks as usize]);
    let word = library.datatype(INT64);
    checked(mpi!(library, false, Function::Allgather; p own.as_mut_ptr() as i64, c 1, h word,
        p counts.as_mut_ptr() as i64, c 1, h word, h block.comm()))?;
    Ok(counts)
}

/// Number of the dtype of 64-bit integers.
const INT64: u32 = 4;

fn check_counts(
    library: &Library,
    comm: i64,
    counts: &[i64],
    [send, recv]: [&Staged; 2],
    in_place: bool,
) -> Result<(), i64> {
    let (s, r) = (&send.message, &recv.message);
    let sum = counts.iter().fold(0_i64, |sum, n| sum.saturating_add(*n));
    let own = counts[rank(library, comm)? as usize];
    let text = match in_place {
        _ if counts.iter().any(|n| *n < 0) => "message: negative count".to_owned(),
        true if r.count != sum => format!("mismatch in receive count {} and sum(counts) {sum}", r.count),
        false if s.datatype != r.datatype => "mismatch in send and receive MPI datatypes".to_owned(),
        false if s.count != sum => format!("mismatch in send count {} and sum(counts) {sum}", s.count),
        false if r.count != own => {
            format!("mismatch in receive count {} and recvcounts[rank] {own}", r.count)
        }
        _ => return Ok(()),
    };
    Err(fault(ExcClass::VALUE_ERROR, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_all_items_once() {
        assert_eq!(pieces(5).collect::<Vec<_>>(), [(0, 5)]);
        assert_eq!(pieces(0).count(), 0);
        for count in [PIECE, PIECE + 1, 3 * PIECE, (1 << 31) + 7] {
            let mut end = 0;
            for (start, n) in pieces(count) {
                assert_eq!(start, end);
                assert!(n > 0 && n <= INT_MAX);
                end += n;
            }
            assert_eq!(end, count);
        }
    }
}
