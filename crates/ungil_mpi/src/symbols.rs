//! Entry points by name: what compiled code calls.

use ungil_abi::exception::ExcClass;

use crate::block::Block;
use crate::collective::{self, Mode};
use crate::communicator;
use crate::fault::fault;
use crate::function::Function;
use crate::library::library;
use crate::{point, reduction, request, vectors};

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
    wait_some = |b| request::some(b, Function::Waitsome);
    test_some = |b| request::some(b, Function::Testsome);
    start = request::start;
    start_all = request::start_all;
    cancel = request::cancel;
    request_free = request::free;
    barrier = |b| collective::barrier(b, Mode::Blocking);
    ibarrier = |b| collective::barrier(b, Mode::Request);
    barrier_init = |b| collective::barrier(b, Mode::Persistent);
    bcast = |b| collective::bcast(b, Mode::Blocking);
    ibcast = |b| collective::bcast(b, Mode::Request);
    bcast_init = |b| collective::bcast(b, Mode::Persistent);
    gather = |b| collective::gather(b, Mode::Blocking);
    igather = |b| collective::gather(b, Mode::Request);
    gather_init = |b| collective::gather(b, Mode::Persistent);
    gatherv = |b| vectors::gatherv(b, Mode::Blocking);
    igatherv = |b| vectors::gatherv(b, Mode::Request);
    gatherv_init = |b| vectors::gatherv(b, Mode::Persistent);
    scatter = |b| collective::scatter(b, Mode::Blocking);
    iscatter = |b| collective::scatter(b, Mode::Request);
    scatter_init = |b| collective::scatter(b, Mode::Persistent);
    scatterv = |b| vectors::scatterv(b, Mode::Blocking);
    iscatterv = |b| vectors::scatterv(b, Mode::Request);
    scatterv_init = |b| vectors::scatterv(b, Mode::Persistent);
    allgather = |b| collective::allgather(b, Mode::Blocking);
    iallgather = |b| collective::allgather(b, Mode::Request);
    allgather_init = |b| collective::allgather(b, Mode::Persistent);
    allgatherv = |b| vectors::allgatherv(b, Mode::Blocking);
    iallgatherv = |b| vectors::allgatherv(b, Mode::Request);
    allgatherv_init = |b| vectors::allgatherv(b, Mode::Persistent);
    alltoall = |b| collective::alltoall(b, Mode::Blocking);
    ialltoall = |b| collective::alltoall(b, Mode::Request);
    alltoall_init = |b| collective::alltoall(b, Mode::Persistent);
    alltoallv = |b| vectors::alltoallv(b, Mode::Blocking);
    ialltoallv = |b| vectors::alltoallv(b, Mode::Request);
    alltoallv_init = |b| vectors::alltoallv(b, Mode::Persistent);
    alltoallw = |b| vectors::alltoallw(b, Mode::Blocking);
    ialltoallw = |b| vectors::alltoallw(b, Mode::Request);
    alltoallw_init = |b| vectors::alltoallw(b, Mode::Persistent);
    reduce = |b| reduction::reduce(b, Mode::Blocking);
    ireduce = |b| reduction::reduce(b, Mode::Request);
    reduce_init = |b| reduction::reduce(b, Mode::Persistent);
    allreduce = |b| reduction::allreduce(b, Mode::Blocking);
    iallreduce = |b| reduction::allreduce(b, Mode::Request);
    allreduce_init = |b| reduction::allreduce(b, Mode::Persistent);
    reduce_scatter = |b| reduction::reduce_scatter(b, Mode::Blocking);
    ireduce_scatter = |b| reduction::reduce_scatter(b, Mode::Request);
    reduce_scatter_init = |b| reduction::reduce_scatter(b, Mode::Persistent);
    reduce_scatter_block = |b| reduction::reduce_scatter_block(b, Mode::Blocking);
    ireduce_scatter_block = |b| reduction::reduce_scatter_block(b, Mode::Request);
    reduce_scatter_block_init = |b| reduction::reduce_scatter_block(b, Mode::Persistent);
    scan = |b| reduction::scan(b, Mode::Blocking);
    iscan = |b| reduction::scan(b, Mode::Request);
    scan_init = |b| reduction::scan(b, Mode::Persistent);
    exscan = |b| reduction::exscan(b, Mode::Blocking);
    iexscan = |b| reduction::exscan(b, Mode::Request);
    exscan_init = |b| reduction::exscan(b, Mode::Persistent);
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
    cart_get = communicator::cart_get;
    cart_rank = communicator::cart_rank;
    cart_shift = communicator::cart_shift;
    dims_create = communicator::dims_create;
    datatype_size = communicator::datatype_size;
}
