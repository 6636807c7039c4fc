//! The functions of MPI that kernels call.

macro_rules! functions {
    ($($variant:ident $name:literal),* $(,)?) => {
        /// A function of MPI.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Function {
            $($variant),*
        }

        impl Function {
            pub const ALL: &'static [Function] = &[$(Function::$variant),*];

            /// C's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Function::$variant => concat!("MPI_", $name)),*
                }
            }
        }
    };
}

functions! {
    // Point to point.
    Send "Send", Ssend "Ssend", Bsend "Bsend", Rsend "Rsend", Recv "Recv", Sendrecv "Sendrecv",
    SendrecvReplace "Sendrecv_replace", Isend "Isend", Issend "Issend", Ibsend "Ibsend", Irsend "Irsend", Irecv "Irecv",
    SendInit "Send_init", SsendInit "Ssend_init", BsendInit "Bsend_init", RsendInit "Rsend_init", RecvInit "Recv_init",
    Probe "Probe", Iprobe "Iprobe",
    // Requests and statuses.
    Wait "Wait", Test "Test", Waitall "Waitall", Waitany "Waitany", Testall "Testall", Testany "Testany", Waitsome "Waitsome", Testsome "Testsome", Start "Start",
    Startall "Startall", Cancel "Cancel", RequestFree "Request_free", GetElementsX "Get_elements_x",
    TestCancelled "Test_cancelled",
    // Collectives.
    Barrier "Barrier", Bcast "Bcast", Gather "Gather", Gatherv "Gatherv", Scatter "Scatter", Scatterv "Scatterv",
    Allgather "Allgather", Allgatherv "Allgatherv", Alltoall "Alltoall", Alltoallv "Alltoallv",
    Alltoallw "Alltoallw", Reduce "Reduce", Allreduce "Allreduce", ReduceScatter "Reduce_scatter", ReduceScatterBlock "Reduce_scatter_block", Scan "Scan",
    Exscan "Exscan",
    Ibarrier "Ibarrier", Ibcast "Ibcast", Igather "Igather", Igatherv "Igatherv", Iscatter "Iscatter",
    Iscatterv "Iscatterv", Iallgather "Iallgather", Iallgatherv "Iallgatherv", Ialltoall "Ialltoall",
    Ialltoallv "Ialltoallv", Ialltoallw "Ialltoallw", Ireduce "Ireduce", IreduceScatter "Ireduce_scatter", Iallreduce "Iallreduce", IreduceScatterBlock "Ireduce_scatter_block", Iscan "Iscan", Iexscan "Iexscan",
    BarrierInit "Barrier_init", BcastInit "Bcast_init", GatherInit "Gather_init", GathervInit "Gatherv_init", ScatterInit "Scatter_init", ScattervInit "Scatterv_init", AllgatherInit "Allgather_init", AllgathervInit "Allgatherv_init", AlltoallInit "Alltoall_init", AlltoallvInit "Alltoallv_init", AlltoallwInit "Alltoallw_init", ReduceInit "Reduce_init", AllreduceInit "Allreduce_init", ReduceScatterInit "Reduce_scatter_init", ReduceScatterBlockInit "Reduce_scatter_block_init", ScanInit "Scan_init", ExscanInit "Exscan_init",
    // Communicators.
    CommRank "Comm_rank", CommSize "Comm_size", CommRemoteSize "Comm_remote_size", CommDup "Comm_dup", CommSplit "Comm_split",
    CommSplitType "Comm_split_type", CommFree "Comm_free", CommCompare "Comm_compare", CommTestInter "Comm_test_inter",
    CartCreate "Cart_create", CartCoords "Cart_coords", CartRank "Cart_rank", CartShift "Cart_shift", CartSub "Cart_sub",
    CartdimGet "Cartdim_get", CartGet "Cart_get", DimsCreate "Dims_create", Abort "Abort",
    Wtime "Wtime", Wtick "Wtick",
    // Datatypes.
    TypeGetExtentX "Type_get_extent_x", TypeGetTrueExtentX "Type_get_true_extent_x", TypeSizeX "Type_size_x", TypeContiguous "Type_contiguous",
    TypeCreateHvector "Type_create_hvector", TypeCreateStruct "Type_create_struct", TypeCommit "Type_commit",
    TypeFree "Type_free",
}
