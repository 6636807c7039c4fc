//! Types of MPI's objects.

use std::fmt;

/// What an object of mpi4py is to a kernel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Mpi {
    /// An intracommunicator. Value: its handle, in 64 bits.
    Comm,
    /// A communicator with a Cartesian grid. Value as above.
    Cart,
    /// A reduction operation. Value as above.
    Op,
    /// Value as above.
    Datatype,
    /// Value: the number that `ungil_mpi::request` gave it.
    Request,
    /// A persistent request. Value as above.
    Prequest,
    /// Value: the words of `ungil_abi::mpi::StatusWord`.
    Status,
    /// `MPI.IN_PLACE`, at compile time.
    InPlace,
}

impl Mpi {
    /// Whether its value is a handle of the MPI library.
    pub fn is_handle(self) -> bool {
        matches!(self, Mpi::Comm | Mpi::Cart | Mpi::Op | Mpi::Datatype)
    }

    pub fn is_comm(self) -> bool {
        matches!(self, Mpi::Comm | Mpi::Cart)
    }

    pub fn is_request(self) -> bool {
        matches!(self, Mpi::Request | Mpi::Prequest)
    }

    /// The number of a handle's type among a call's arguments.
    pub fn number(self) -> u64 {
        self as u64
    }
}

impl fmt::Display for Mpi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mpi::Comm => "MPI.Intracomm",
            Mpi::Cart => "MPI.Cartcomm",
            Mpi::Op => "MPI.Op",
            Mpi::Datatype => "MPI.Datatype",
            Mpi::Request => "MPI.Request",
            Mpi::Prequest => "MPI.Prequest",
            Mpi::Status => "MPI.Status",
            Mpi::InPlace => "MPI.IN_PLACE",
        })
    }
}
