//! Collective communication, blocking and not.
//!
//! Each function of MPI has one function here for both: [`Mode`] says which, and non-blocking ones leave what they need in the
//! request.

use ungil_abi::exception::ExcClass;

use crate::block::{Block, Buffer};
use crate::communicator::{rank, size};
use crate::datatype::checked;
use crate::fault::fault;
use crate::function::Function;
use crate::invoke::{HandleCell, mpi};
use crate::library::{Library, library};
use crate::message::{INT_MAX, Staged, Vector, check_apart, message, staged, vector};
use crate::request::{Held, register};

/// Whether to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Blocking,
    Request,
}

/// Calls a collective, or its twin that makes a request.
macro_rules! collect {
    ($library:expr, $mode:expr, $large:expr, [$blocking:ident, $request:ident], $cell:expr; $($kind:ident $value:expr),* $(,)?) => {
        checked(match $mode {
            Mode::Blocking => mpi!($library, $large, Function::$blocking; $($kind $value),*),
            Mode::Request => mpi!($library, $large, Function::$request; $($kind $value,)* p $cell.address()),
        })
    };
}

/// What a collective leaves behind: registers its request, or gives everything back.
fn conclude(
    library: &Library,
    block: Block,
    mode: Mode,
    buffers: &[Buffer],
    run: impl FnOnce(&mut HandleCell, &mut Held) -> Result<(), i64>,
) -> Result<(), i64> {
    let mut held = Held::of(buffers);
    let mut cell = HandleCell::new(library.constants.request_null, library.narrow);
    let done = run(&mut cell, &mut held);
    match (mode, done) {
        (Mode::Request, Ok(())) => block.set_result(register(cell.get(), held, false)),
        (Mode::Blocking, Ok(())) => {
            held.finish();
            held.release(library);
        }
        (_, Err(code)) => {
            held.release(library);
            return Err(code);
        }
    }
    Ok(())
}

pub fn barrier(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    conclude(
        library,
        block,
        mode,
        &[],
        |cell, _| collect!(library, mode, false, [Barrier, Ibarrier], cell; h block.comm()),
    )
}

/// `comm.Bcast(buf, root)`
pub fn bcast(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    conclude(library, block, mode, &[block.send()], |cell, held| {
        let mut m = message(library, block.send())?;
        let large = m.fit(library, Function::Bcast)?;
        collect!(library, mode, large, [Bcast, Ibcast], cell;
            p m.address, c m.count, h m.datatype, i block.int(0), h block.comm())?;
        held.message(m, true);
        Ok(())
    })
}

/// Whether functions with these counts need the version for large ones.
fn large(messages: &[&Staged]) -> bool {
    messages.iter().any(|m| m.message.count > INT_MAX)
}

/// Keeps both messages until the end; the second is received into.
fn keep(held: &mut Held, send: Staged, recv: Staged) {
    held.stage(send, false);
    held.stage(recv, true);
}

/// `comm.Gather(sendbuf, recvbuf, root)`
pub fn gather(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    let (comm, root) = (block.comm(), block.int(0));
    conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
        let at_root = rank(library, comm)? == root;
        let recv = if at_root {
            staged(library, block.recv(), size(library, comm)?)?
        } else {
            Staged::none(library)
        };
        let send = send_or_in_place(library, block, at_root, &recv)?;
        check_apart(&send.message, &recv.message)?;
        let (s, r) = (&send.message, &recv.message);
        collect!(library, mode, large(&[&send, &recv]), [Gather, Igather], cell;
            p s.address, c s.count, h s.datatype, p r.address, c r.count, h r.datatype, i root, h comm)?;
        keep(held, send, recv);
        Ok(())
    })
}

/// The message that is sent, which may be `MPI.IN_PLACE` where something is received.
fn send_or_in_place(
    library: &'static Library,
    block: Block,
    allowed: bool,
    recv: &Staged,
) -> Result<Staged, i64> {
    match block.send().is_in_place() && allowed {
        true => Ok(Staged::in_place(library, recv)),
        false => staged(library, block.send(), 0),
    }
}

/// `comm.Scatter(sendbuf, recvbuf, root)`
pub fn scatter(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    let (comm, root) = (block.comm(), block.int(0));
    conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
        let at_root = rank(library, comm)? == root;
        let send = if at_root {
            staged(library, block.send(), size(library, comm)?)?
        } else {
            Staged::none(library)
        };
        let recv = match block.recv().is_in_place() && at_root {
            true => Staged::in_place(library, &send),
            false => staged(library, block.recv(), 0)?,
        };
        check_apart(&send.message, &recv.message)?;
        let (s, r) = (&send.message, &recv.message);
        collect!(library, mode, large(&[&send, &recv]), [Scatter, Iscatter], cell;
            p s.address, c s.count, h s.datatype, p r.address, c r.count, h r.datatype, i root, h comm)?;
        keep(held, send, recv);
        Ok(())
    })
}

/// `comm.Allgather(sendbuf, recvbuf)`
pub fn allgather(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    let comm = block.comm();
    conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
        let recv = staged(library, block.recv(), size(library, comm)?)?;
        let send = send_or_in_place(library, block, true, &recv)?;
        check_apart(&send.message, &recv.message)?;
        let (s, r) = (&send.message, &recv.message);
        collect!(library, mode, large(&[&send, &recv]), [Allgather, Iallgather], cell;
            p s.address, c s.count, h s.datatype, p r.address, c r.count, h r.datatype, h comm)?;
        keep(held, send, recv);
        Ok(())
    })
}

/// `comm.Alltoall(sendbuf, recvbuf)`
pub fn alltoall(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    let comm = block.comm();
    conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
        let ranks = size(library, comm)?;
        let recv = staged(library, block.recv(), ranks)?;
        let send = match block.send().is_in_place() {
            true => Staged::in_place(library, &recv),
            false => staged(library, block.send(), ranks)?,
        };
        check_apart(&send.message, &recv.message)?;
        let (s, r) = (&send.message, &recv.message);
        collect!(library, mode, large(&[&send, &recv]), [Alltoall, Ialltoall], cell;
            p s.address, c s.count, h s.datatype, p r.address, c r.count, h r.datatype, h comm)?;
        keep(held, send, recv);
        Ok(())
    })
}

/// `comm.Gatherv(sendbuf, [recvbuf, counts, displs], root)`
pub fn gatherv(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    let (comm, root) = (block.comm(), block.int(0));
    conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
        let at_root = rank(library, comm)? == root;
        let mut recv = match at_root {
            true => vector(library, block.recv(), size(library, comm)?)?,
            false => Vector::none(library),
        };
        let send = own_part(library, block.send(), at_root, &recv)?;
        let large = large(&[&send]) || recv.is_large();
        let ([counts, displacements], s) = (recv.arrays(large), &send.message);
        collect!(library, mode, large, [Gatherv, Igatherv], cell;
            p s.address, c s.count, h s.datatype,
            p recv.address, p counts, p displacements, h recv.datatype, i root, h comm)?;
        held.stage(send, false);
        held.vector(recv, true);
        Ok(())
    })
}

/// The message of this rank beside a vector of all: `MPI.IN_PLACE` if `allowed`.
fn own_part(library: &'static Library, buffer: Buffer, allowed: bool, all: &Vector) -> Result<Staged, i64> {
    if buffer.is_in_place() && allowed {
        let mut none = Staged::none(library);
        none.message.address = library.constants.in_place;
        return Ok(none);
    }
    let part = staged(library, buffer, 0)?;
    check_different(part.message.address, part.message.count, all.address)?;
    Ok(part)
}

fn check_different(address: i64, count: i64, other: i64) -> Result<(), i64> {
    if address == other && address != 0 && count > 0 {
        let text =
            "the buffers to send and to receive overlap; receive into another array, or use MPI.IN_PLACE";
        return Err(fault(ExcClass::VALUE_ERROR, text));
    }
    Ok(())
}

/// `comm.Scatterv([sendbuf, counts, displs], recvbuf, root)`
pub fn scatterv(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    let (comm, root) = (block.comm(), block.int(0));
    conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
        let at_root = rank(library, comm)? == root;
        let mut send = match at_root {
            true => vector(library, block.send(), size(library, comm)?)?,
            false => Vector::none(library),
        };
        let recv = own_part(library, block.recv(), at_root, &send)?;
        let large = large(&[&recv]) || send.is_large();
        let ([counts, displacements], r) = (send.arrays(large), &recv.message);
        collect!(library, mode, large, [Scatterv, Iscatterv], cell;
            p send.address, p counts, p displacements, h send.datatype,
            p r.address, c r.count, h r.datatype, i root, h comm)?;
        held.vector(send, false);
        held.stage(recv, true);
        Ok(())
    })
}

/// `comm.Allgatherv(sendbuf, [recvbuf, counts, displs])`
pub fn allgatherv(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    let comm = block.comm();
    conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
        let mut recv = vector(library, block.recv(), size(library, comm)?)?;
        let send = own_part(library, block.send(), true, &recv)?;
        let large = large(&[&send]) || recv.is_large();
        let ([counts, displacements], s) = (recv.arrays(large), &send.message);
        collect!(library, mode, large, [Allgatherv, Iallgatherv], cell;
            p s.address, c s.count, h s.datatype,
            p recv.address, p counts, p displacements, h recv.datatype, h comm)?;
        held.stage(send, false);
        held.vector(recv, true);
        Ok(())
    })
}

/// `comm.Alltoallv([sendbuf, counts, displs], [recvbuf, counts, displs])`
pub fn alltoallv(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    let comm = block.comm();
    conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
        let ranks = size(library, comm)?;
        let mut recv = vector(library, block.recv(), ranks)?;
        let mut send = vector(library, block.send(), ranks)?;
        check_different(send.address, 1, recv.address)?;
        let large = send.is_large() || recv.is_large();
        let ([sc, sd], [rc, rd]) = (send.arrays(large), recv.arrays(large));
        collect!(library, mode, large, [Alltoallv, Ialltoallv], cell;
            p send.address, p sc, p sd, h send.datatype, p recv.address, p rc, p rd, h recv.datatype, h comm)?;
        held.vector(send, false);
        held.vector(recv, true);
        Ok(())
    })
}

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
        collect!(library, mode, large(&[&send]), [Reduce, Ireduce], cell;
            p s.address, p r.address, c s.count, h s.datatype, h block.op(), i root, h comm)?;
        keep(held, send, recv);
        Ok(())
    })
}

/// A reduction whose result is on all ranks.
macro_rules! reduction_on_all {
    ($(#[$doc:meta])* $name:ident, $blocking:ident, $request:ident) => {
        $(#[$doc])*
        pub fn $name(block: Block, mode: Mode) -> Result<(), i64> {
            let library = library();
            conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
                let [send, recv] = reduction(library, block, true)?;
                let (s, r) = (&send.message, &recv.message);
                collect!(library, mode, large(&[&send]), [$blocking, $request], cell;
                    p s.address, p r.address, c s.count, h s.datatype, h block.op(), h block.comm())?;
                keep(held, send, recv);
                Ok(())
            })
        }
    };
}

reduction_on_all!(
    /// `comm.Allreduce(sendbuf, recvbuf, op)`
    allreduce, Allreduce, Iallreduce
);
reduction_on_all!(
    /// `comm.Scan(sendbuf, recvbuf, op)`
    scan, Scan, Iscan
);
reduction_on_all!(
    /// `comm.Exscan(sendbuf, recvbuf, op)`
    exscan, Exscan, Iexscan
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
        collect!(library, mode, large(&[&recv]), [ReduceScatterBlock, IreduceScatterBlock], cell;
            p s.address, p r.address, c r.count, h r.datatype, h block.op(), h comm)?;
        keep(held, send, recv);
        Ok(())
    })
}
