//! Methods of communicators whose calls are all alike: what they take and give, with mpi4py's names and defaults.

use crate::mpi::Mpi;

/// A parameter and the word that it fills.
#[derive(Clone, Copy, Debug)]
pub(super) enum Param {
    /// The one buffer of a function, in the first place; whether it is written to.
    Buffer(&'static str, bool),
    /// The buffer that is sent; whether it has counts for each rank.
    Send(&'static str, bool),
    /// The buffer that is received into.
    Recv(&'static str, bool),
    /// An integer with its place and its default.
    Int(&'static str, usize, Fallback),
    Op,
    Status,
    /// A number for each rank, or None.
    Counts(&'static str),
}

/// The value of an integer that is not given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fallback {
    Required,
    Number(i64),
    Constant(&'static str),
}

/// What a method returns.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    None,
    Int,
    Bool,
    Object(Mpi),
}

/// A method.
#[derive(Debug)]
pub(super) struct Method {
    pub name: &'static str,
    /// Name of the host's function, without its prefix.
    pub symbol: &'static str,
    pub params: &'static [Param],
    pub outcome: Outcome,
}

use Fallback::{Constant, Number, Required};
use Outcome::Object;
use Param::{Buffer, Counts, Int, Op, Recv, Send, Status};

const DEST: Param = Int("dest", 0, Required);
const TAG: Param = Int("tag", 1, Number(0));
const SOURCE: Param = Int("source", 0, Constant("ANY_SOURCE"));
const ANY_TAG: Param = Int("tag", 1, Constant("ANY_TAG"));
const ROOT: Param = Int("root", 0, Number(0));

const SENDING: &[Param] = &[Buffer("buf", false), DEST, TAG];
const RECEIVING: &[Param] = &[Buffer("buf", true), SOURCE, ANY_TAG];
const PROBING: &[Param] = &[SOURCE, ANY_TAG, Status];
const BOTH: &[Param] = &[Send("sendbuf", false), Recv("recvbuf", false)];
const ROOTED: &[Param] = &[Send("sendbuf", false), Recv("recvbuf", false), ROOT];
const GATHERING: &[Param] = &[Send("sendbuf", false), Recv("recvbuf", true), ROOT];
const SCATTERING: &[Param] = &[Send("sendbuf", true), Recv("recvbuf", false), ROOT];
const ALL_GATHERING: &[Param] = &[Send("sendbuf", false), Recv("recvbuf", true)];
const EXCHANGING: &[Param] = &[Send("sendbuf", true), Recv("recvbuf", true)];
const REDUCING: &[Param] = &[Send("sendbuf", false), Recv("recvbuf", false), Op];
const REDUCING_PARTS: &[Param] = &[Send("sendbuf", false), Recv("recvbuf", false), Counts("recvcounts"), Op];
const ROOT_REDUCING: &[Param] = &[Send("sendbuf", false), Recv("recvbuf", false), Op, ROOT];

macro_rules! methods {
    ($($name:literal $symbol:literal $params:expr => $outcome:expr;)*) => {
        &[$(Method { name: $name, symbol: $symbol, params: $params, outcome: $outcome }),*]
    };
}

/// The methods of communicators.
pub(super) const METHODS: &[Method] = methods! {
    "Get_rank" "comm_rank" &[] => Outcome::Int;
    "Get_size" "comm_size" &[] => Outcome::Int;
    "Send" "send" SENDING => Outcome::None;
    "Ssend" "ssend" SENDING => Outcome::None;
    "Bsend" "bsend" SENDING => Outcome::None;
    "Rsend" "rsend" SENDING => Outcome::None;
    "Recv" "recv" &[Buffer("buf", true), SOURCE, ANY_TAG, Status] => Outcome::None;
    "Sendrecv" "sendrecv" &[
        Send("sendbuf", false), DEST, Int("sendtag", 1, Number(0)), Recv("recvbuf", false),
        Int("source", 2, Constant("ANY_SOURCE")), Int("recvtag", 3, Constant("ANY_TAG")), Status,
    ] => Outcome::None;
    "Sendrecv_replace" "sendrecv_replace" &[
        Buffer("buf", true), DEST, Int("sendtag", 1, Number(0)),
        Int("source", 2, Constant("ANY_SOURCE")), Int("recvtag", 3, Constant("ANY_TAG")), Status,
    ] => Outcome::None;
    "Isend" "isend" SENDING => Object(Mpi::Request);
    "Issend" "issend" SENDING => Object(Mpi::Request);
    "Ibsend" "ibsend" SENDING => Object(Mpi::Request);
    "Irsend" "irsend" SENDING => Object(Mpi::Request);
    "Irecv" "irecv" RECEIVING => Object(Mpi::Request);
    "Send_init" "send_init" SENDING => Object(Mpi::Prequest);
    "Ssend_init" "ssend_init" SENDING => Object(Mpi::Prequest);
    "Bsend_init" "bsend_init" SENDING => Object(Mpi::Prequest);
    "Rsend_init" "rsend_init" SENDING => Object(Mpi::Prequest);
    "Recv_init" "recv_init" RECEIVING => Object(Mpi::Prequest);
    "Probe" "probe" PROBING => Outcome::Bool;
    "probe" "probe" PROBING => Outcome::Bool;
    "Iprobe" "iprobe" PROBING => Outcome::Bool;
    "iprobe" "iprobe" PROBING => Outcome::Bool;
    "barrier" "barrier" &[] => Outcome::None;
    "Barrier" "barrier" &[] => Outcome::None;
    "Ibarrier" "ibarrier" &[] => Object(Mpi::Request);
    "Barrier_init" "barrier_init" &[] => Object(Mpi::Prequest);
    "Bcast" "bcast" &[Buffer("buf", true), ROOT] => Outcome::None;
    "Ibcast" "ibcast" &[Buffer("buf", true), ROOT] => Object(Mpi::Request);
    "Bcast_init" "bcast_init" &[Buffer("buf", true), ROOT] => Object(Mpi::Prequest);
    "Gather" "gather" ROOTED => Outcome::None;
    "Igather" "igather" ROOTED => Object(Mpi::Request);
    "Gather_init" "gather_init" ROOTED => Object(Mpi::Prequest);
    "Gatherv" "gatherv" GATHERING => Outcome::None;
    "Igatherv" "igatherv" GATHERING => Object(Mpi::Request);
    "Gatherv_init" "gatherv_init" GATHERING => Object(Mpi::Prequest);
    "Scatter" "scatter" ROOTED => Outcome::None;
    "Iscatter" "iscatter" ROOTED => Object(Mpi::Request);
    "Scatter_init" "scatter_init" ROOTED => Object(Mpi::Prequest);
    "Scatterv" "scatterv" SCATTERING => Outcome::None;
    "Iscatterv" "iscatterv" SCATTERING => Object(Mpi::Request);
    "Scatterv_init" "scatterv_init" SCATTERING => Object(Mpi::Prequest);
    "Allgather" "allgather" BOTH => Outcome::None;
    "Iallgather" "iallgather" BOTH => Object(Mpi::Request);
    "Allgather_init" "allgather_init" BOTH => Object(Mpi::Prequest);
    "Allgatherv" "allgatherv" ALL_GATHERING => Outcome::None;
    "Iallgatherv" "iallgatherv" ALL_GATHERING => Object(Mpi::Request);
    "Allgatherv_init" "allgatherv_init" ALL_GATHERING => Object(Mpi::Prequest);
    "Alltoall" "alltoall" BOTH => Outcome::None;
    "Ialltoall" "ialltoall" BOTH => Object(Mpi::Request);
    "Alltoall_init" "alltoall_init" BOTH => Object(Mpi::Prequest);
    "Alltoallv" "alltoallv" EXCHANGING => Outcome::None;
    "Ialltoallv" "ialltoallv" EXCHANGING => Object(Mpi::Request);
    "Alltoallv_init" "alltoallv_init" EXCHANGING => Object(Mpi::Prequest);
    "Alltoallw" "alltoallw" EXCHANGING => Outcome::None;
    "Ialltoallw" "ialltoallw" EXCHANGING => Object(Mpi::Request);
    "Alltoallw_init" "alltoallw_init" EXCHANGING => Object(Mpi::Prequest);
    "Reduce" "reduce" ROOT_REDUCING => Outcome::None;
    "Ireduce" "ireduce" ROOT_REDUCING => Object(Mpi::Request);
    "Reduce_init" "reduce_init" ROOT_REDUCING => Object(Mpi::Prequest);
    "Allreduce" "allreduce" REDUCING => Outcome::None;
    "Iallreduce" "iallreduce" REDUCING => Object(Mpi::Request);
    "Allreduce_init" "allreduce_init" REDUCING => Object(Mpi::Prequest);
    "Reduce_scatter" "reduce_scatter" REDUCING_PARTS => Outcome::None;
    "Ireduce_scatter" "ireduce_scatter" REDUCING_PARTS => Object(Mpi::Request);
    "Reduce_scatter_init" "reduce_scatter_init" REDUCING_PARTS => Object(Mpi::Prequest);
    "Reduce_scatter_block" "reduce_scatter_block" REDUCING => Outcome::None;
    "Ireduce_scatter_block" "ireduce_scatter_block" REDUCING => Object(Mpi::Request);
    "Reduce_scatter_block_init" "reduce_scatter_block_init" REDUCING => Object(Mpi::Prequest);
    "Scan" "scan" REDUCING => Outcome::None;
    "Iscan" "iscan" REDUCING => Object(Mpi::Request);
    "Scan_init" "scan_init" REDUCING => Object(Mpi::Prequest);
    "Exscan" "exscan" REDUCING => Outcome::None;
    "Iexscan" "iexscan" REDUCING => Object(Mpi::Request);
    "Exscan_init" "exscan_init" REDUCING => Object(Mpi::Prequest);
    "Split" "comm_split" &[Int("color", 0, Number(0)), Int("key", 1, Number(0))] => Object(Mpi::Comm);
    "Split_type" "comm_split_type" &[Int("split_type", 0, Required), Int("key", 1, Number(0))] => Object(Mpi::Comm);
    "Free" "comm_free" &[] => Outcome::None;
    "Abort" "comm_abort" &[Int("errorcode", 0, Number(0))] => Outcome::None;
};

/// Those of Cartesian communicators beside them.
pub(super) const CART_METHODS: &[Method] = methods! {
    "Get_dim" "comm_dim" &[] => Outcome::Int;
};

/// Other methods of communicators, which `members` and `cart` lower.
pub(super) const OTHERS: &[&str] = &[
    "Dup",
    "Clone",
    "Create_cart",
    "send",
    "ssend",
    "recv",
    "sendrecv",
    "bcast",
    "scatter",
    "gather",
    "allgather",
    "reduce",
    "allreduce",
    "scan",
    "exscan",
    "alltoall",
    "bsend",
    "isend",
    "issend",
    "ibsend",
    "irecv",
    "Is_inter",
    "Is_intra",
    "Compare",
];
pub(super) const CART_OTHERS: &[&str] = &["Get_coords", "Get_cart_rank", "Shift", "Sub", "Get_topo"];

impl Param {
    pub fn name(self) -> &'static str {
        match self {
            Param::Buffer(name, _)
            | Param::Send(name, _)
            | Param::Recv(name, _)
            | Param::Int(name, ..)
            | Param::Counts(name) => name,
            Param::Op => "op",
            Param::Status => "status",
        }
    }

    /// Whether it has a default. `recvbuf` of `Sendrecv` has one in mpi4py, and then nothing is received.
    pub fn is_optional(self, method: &str) -> bool {
        match self {
            Param::Int(.., Fallback::Required) | Param::Buffer(..) | Param::Send(..) => false,
            Param::Recv(..) => method == "Sendrecv",
            _ => true,
        }
    }
}
