//! Collective communication, blocking, non-blocking and persistent.
//!
//! Each function of MPI has one function here for its three forms: [`Mode`] says which, and those that make requests leave what
//! they need in them. Counts for each rank are in [`crate::vectors`], reductions in [`crate::reduction`].

use ungil_abi::exception::ExcClass;

use crate::block::{Block, Buffer};
use crate::communicator::{rank, size};
use crate::datatype::checked;
use crate::fault::fault;
use crate::function::Function;
use crate::invoke::{HandleCell, mpi};
use crate::library::{Library, library};
use crate::message::{INT_MAX, Staged, check_apart, message, staged};
use crate::request::{Held, register};

/// Whether to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Blocking,
    Request,
    /// A request that is started again and again.
    Persistent,
}

/// Calls a collective, or one of its twins that make a request.
macro_rules! collect {
    ($library:expr, $mode:expr, $large:expr, [$blocking:ident, $request:ident, $persistent:ident], $cell:expr;
        $($kind:ident $value:expr),* $(,)?) => {
        $crate::datatype::checked(match $mode {
            Mode::Blocking => {
                $crate::invoke::mpi!($library, $large, $crate::function::Function::$blocking; $($kind $value),*)
            }
            Mode::Request => $crate::invoke::mpi!($library, $large, $crate::function::Function::$request;
                $($kind $value,)* p $cell.address()),
            Mode::Persistent => $crate::invoke::mpi!($library, $large, $crate::function::Function::$persistent;
                $($kind $value,)* h $library.constants.info_null, p $cell.address()),
        })
    };
}

pub(crate) use collect;

/// What a collective leaves behind: registers its request, or gives everything back.
pub fn conclude(
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
        (Mode::Persistent, Ok(())) => return persist(library, block, &mut cell, held),
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

/// Registers a persistent request. What is copied before the first round would be sent again in all others.
fn persist(library: &Library, block: Block, cell: &mut HandleCell, held: Held) -> Result<(), i64> {
    if !held.is_copied() {
        block.set_result(register(cell.get(), held, true));
        return Ok(());
    }
    let freed = checked(mpi!(library, false, Function::RequestFree; p cell.address()));
    held.release(library);
    freed?;
    let text = "persistent collectives need arrays that are contiguous; make a copy and use it in all rounds";
    Err(fault(ExcClass::NOT_IMPLEMENTED, text))
}

pub fn barrier(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    conclude(
        library,
        block,
        mode,
        &[],
        |cell, _| collect!(library, mode, false, [Barrier, Ibarrier, BarrierInit], cell; h block.comm()),
    )
}

/// `comm.Bcast(buf, root)`
pub fn bcast(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    conclude(library, block, mode, &[block.send()], |cell, held| {
        let mut m = message(library, block.send())?;
        let large = m.fit(library, Function::Bcast)?;
        collect!(library, mode, large, [Bcast, Ibcast, BcastInit], cell;
            p m.address, c m.count, h m.datatype, i block.int(0), h block.comm())?;
        held.message(m, true);
        Ok(())
    })
}

/// Whether functions with these counts need the version for large ones.
pub fn large(messages: &[&Staged]) -> bool {
    messages.iter().any(|m| m.message.count > INT_MAX)
}

/// Keeps both messages until the end; the second is received into.
pub fn keep(held: &mut Held, send: Staged, recv: Staged) {
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
        collect!(library, mode, large(&[&send, &recv]), [Gather, Igather, GatherInit], cell;
            p s.address, c s.count, h s.datatype, p r.address, c r.count, h r.datatype, i root, h comm)?;
        keep(held, send, recv);
        Ok(())
    })
}

/// The message that is sent, which may be `MPI.IN_PLACE` where something is received.
pub fn send_or_in_place(
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
        collect!(library, mode, large(&[&send, &recv]), [Scatter, Iscatter, ScatterInit], cell;
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
        collect!(library, mode, large(&[&send, &recv]), [Allgather, Iallgather, AllgatherInit], cell;
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
        collect!(library, mode, large(&[&send, &recv]), [Alltoall, Ialltoall, AlltoallInit], cell;
            p s.address, c s.count, h s.datatype, p r.address, c r.count, h r.datatype, h comm)?;
        keep(held, send, recv);
        Ok(())
    })
}
