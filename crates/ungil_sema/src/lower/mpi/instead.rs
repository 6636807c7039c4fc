//! What to use instead of the parts of mpi4py that kernels do not have.

const PROBE: &str = "call `Probe(source, tag, status)`, then `Recv(buf, status.source, status.tag)`";
const NEIGHBOURS: &str = "exchange with the neighbours that `Shift` names: `Sendrecv(…)`";
const NAMES: &str = "kernels have no texts of MPI: ask for it in Python";
const GROUPS: &str = "choose ranks by `Split(color, key)`, or make the communicator in Python and pass it";
const BUFFERS: &str = "attach and detach the buffer of `Bsend` in Python, before and after the kernel";
const PARTS: &str = "use `Send_init` and `Recv_init`, one for each part";
const STATUS: &str = "call `Test(status)`, or `Wait(status)`";

/// A help for a method or attribute of a class of mpi4py; `class` is empty for functions of the module.
pub(super) fn instead(class: &str, name: &str) -> Option<&'static str> {
    let class = class.trim_start_matches("MPI.");
    let neighbours = name.to_ascii_lowercase().trim_start_matches('i').starts_with("neighbor_");
    Some(match (class, name) {
        ("Intracomm" | "Cartcomm" | "Comm", _) if neighbours => NEIGHBOURS,
        (_, "Mprobe" | "mprobe") => PROBE,
        (_, "Improbe" | "improbe") => {
            "call `Iprobe(source, tag, status)`, then `Recv(buf, status.source, status.tag)`"
        }
        (_, "Isendrecv" | "Isendrecv_replace") => "call `Isend` and `Irecv`, and wait for both: `Waitall`",
        (_, "Psend_init" | "Precv_init" | "Pready" | "Pready_range" | "Pready_list" | "Parrived") => PARTS,
        (_, "Get_name" | "Set_name" | "name" | "Get_library_version" | "Get_error_string") => NAMES,
        (_, "Get_group" | "group" | "Create" | "Create_group" | "Create_from_group") => GROUPS,
        (_, "Idup" | "Dup_with_info" | "Idup_with_info") => "call `Dup()`",
        (_, "Attach_buffer" | "Detach_buffer" | "Flush_buffer" | "Iflush_buffer") => BUFFERS,
        (_, "Create_graph" | "Create_dist_graph" | "Create_dist_graph_adjacent" | "Cart_map") => {
            "call `Create_cart(dims, periods)`, or make the communicator in Python and pass it"
        }
        (_, "Create_intercomm" | "Get_remote_size" | "Get_remote_group" | "remote_size") => {
            "kernels take intracommunicators: merge them in Python, `comm.Merge()`"
        }
        (_, "Cart_create") => "mpi4py calls it `Create_cart(dims, periods, reorder)`",
        ("Request" | "Prequest", "waitsome") => "call `Waitsome(requests)`",
        ("Request" | "Prequest", "testsome") => "call `Testsome(requests)`",
        ("Request" | "Prequest", _) if name.to_ascii_lowercase().starts_with("get_status") => STATUS,
        ("Status", _) if name.starts_with("Set_") => "receive or wait with the status, which sets it",
        ("Datatype", _) => {
            "make datatypes in Python and pass them; slices of any stride need none: `comm.Send(a[:, 0], …)`"
        }
        ("Op", _) => "reduce with the operators of Python, or call `Allreduce(sendbuf, recvbuf, op)`",
        _ => return None,
    })
}
