//! Entry points by name: what compiled code calls.

use ungil_abi::exception::ExcClass;

use crate::block::Block;
use crate::collective::{self, Mode};
use crate::communicator;
use crate::fault::fault;
use crate::function::Function;
use crate::library::library;
use crate::{point, request};

/// Runs an entry point.
///
/// # Safety
/// `words` is a block that was written for it (`ungil_abi::mpi`).
#[inline]
unsafe fn enter(words: *mut i64, run: impl FnOnce(Block) -> Result<(), i64>) -> i64 {
    let library = library();
    if !library.thread_multiple && (library.host.in_parallel)() {
        return not_multiple();
    }
    // SAFETY: as the caller vouches.
    let block = unsafe { Block::new(words) };
    match run(block) {
        Ok(()) => 0,
        Err(code) => code,
    }
}

#[cold]
fn not_multiple() -> i64 {
    let text = "MPI was called from a parallel loop, but this MPI was not initialised with THREAD_MULTIPLE";
    fault(ExcClass::RUNTIME_ERROR, text)
}

/// Defines entry points and their table.
macro_rules! entries {
    ($($symbol:ident = $run:expr;)*) => {
        $(
            /// # Safety
            /// The block was written for this function.
            unsafe extern "C" fn $symbol(words: *mut i64) -> i64 {
                // SAFETY: as the caller vouches.
                unsafe { enter(words, $run) }
            }
        )*

        /// Address of the entry point with this name.
        pub fn address(name: &str) -> Option<u64> {
            Some(match name {
                $(concat!("ungil_mpi_", stringify!($symbol)) => $symbol as *const () as u64,)*
                "MPI_Wtime" => library().address(Function::Wtime, false)? as u64,
                "MPI_Wtick" => library().address(Function::Wtick, false)? as u64,
                _ => return None,
            })
        }
    };
}

entries! {
    send = |b| point::send(b, Function::Send);
    ssend = |b| point::send(b, Function::Ssend);
    bsend = |b| point::send(b, Function::Bsend);
    rsend = |b| point::send(b, Function::Rsend);
    recv = point::recv;
    sendrecv = point::sendrecv;
    sendrecv_replace = point::sendrecv_replace;
    isend = |b| point::start(b, Function::Isend, false);
    issend = |b| point::start(b, Function::Issend, false);
    ibsend = |b| point::start(b, Function::Ibsend, false);
    irsend = |b| point::start(b, Function::Irsend, false);
    irecv = |b| point::start(b, Function::Irecv, false);
    send_init = |b| point::start(b, Function::SendInit, true);
    ssend_init = |b| point::start(b, Function::SsendInit, true);
    bsend_init = |b| point::start(b, Function::BsendInit, true);
    rsend_init = |b| point::start(b, Function::RsendInit, true);
    recv_init = |b| point::start(b, Function::RecvInit, true);
    probe = point::probe;
    iprobe = point::iprobe;
    wait = request::wait;
    test = request::test;
    wait_all = request::wait_all;
    wait_any = request::wait_any;
    test_all = request::test_all;
    test_any = request::test_any;
    start = request::start;
    start_all = request::start_all;
    cancel = request::cancel;
    request_free = request::free;
    barrier = |b| collective::barrier(b, Mode::Blocking);
    ibarrier = |b| collective::barrier(b, Mode::Request);
    bcast = |b| collective::bcast(b, Mode::Blocking);
    ibcast = |b| collective::bcast(b, Mode::Request);
    gather = |b| collective::gather(b, Mode::Blocking);
    igather = |b| collective::gather(b, Mode::Request);
    gatherv = |b| collective::gatherv(b, Mode::Blocking);
    igatherv = |b| collective::gatherv(b, Mode::Request);
    scatter = |b| collective::scatter(b, Mode::Blocking);
    iscatter = |b| collective::scatter(b, Mode::Request);
    scatterv = |b| collective::scatterv(b, Mode::Blocking);
    iscatterv = |b| collective::scatterv(b, Mode::Request);
    allgather = |b| collective::allgather(b, Mode::Blocking);
    iallgather = |b| collective::allgather(b, Mode::Request);
    allgatherv = |b| collective::allgatherv(b, Mode::Blocking);
    iallgatherv = |b| collective::allgatherv(b, Mode::Request);
    alltoall = |b| collective::alltoall(b, Mode::Blocking);
    ialltoall = |b| collective::alltoall(b, Mode::Request);
    alltoallv = |b| collective::alltoallv(b, Mode::Blocking);
    ialltoallv = |b| collective::alltoallv(b, Mode::Request);
    reduce = |b| collective::reduce(b, Mode::Blocking);
    ireduce = |b| collective::reduce(b, Mode::Request);
    allreduce = |b| collective::allreduce(b, Mode::Blocking);
    iallreduce = |b| collective::allreduce(b, Mode::Request);
    scan = |b| collective::scan(b, Mode::Blocking);
    iscan = |b| collective::scan(b, Mode::Request);
    exscan = |b| collective::exscan(b, Mode::Blocking);
    iexscan = |b| collective::exscan(b, Mode::Request);
    reduce_scatter_block = |b| collective::reduce_scatter_block(b, Mode::Blocking);
    ireduce_scatter_block = |b| collective::reduce_scatter_block(b, Mode::Request);
    comm_rank = |b| communicator::ask(b, Function::CommRank);
    comm_size = |b| communicator::ask(b, Function::CommSize);
    comm_dim = |b| communicator::ask(b, Function::CartdimGet);
    comm_dup = communicator::dup;
    comm_split = communicator::split;
    comm_split_type = communicator::split_type;
    comm_free = communicator::free;
    comm_compare = communicator::compare;
    comm_abort = communicator::abort;
    cart_create = communicator::cart_create;
    cart_sub = communicator::cart_sub;
    cart_coords = communicator::cart_coords;
    cart_rank = communicator::cart_rank;
    cart_shift = communicator::cart_shift;
    dims_create = communicator::dims_create;
    datatype_size = communicator::datatype_size;
}
