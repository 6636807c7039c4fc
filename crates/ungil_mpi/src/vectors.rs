//! Collectives with a count and a displacement for each rank.

use ungil_abi::exception::ExcClass;

use crate::block::{Block, Buffer};
use crate::collective::{Mode, collect, conclude, large};
use crate::communicator::{rank, size};
use crate::fault::fault;
use crate::library::{Library, library};
use crate::message::{Staged, Vector, staged, vector};
use crate::typed::{Typed, typed};

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
        collect!(library, mode, large, [Gatherv, Igatherv, GathervInit], cell;
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
        collect!(library, mode, large, [Scatterv, Iscatterv, ScattervInit], cell;
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
        collect!(library, mode, large, [Allgatherv, Iallgatherv, AllgathervInit], cell;
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
        collect!(library, mode, large, [Alltoallv, Ialltoallv, AlltoallvInit], cell;
            p send.address, p sc, p sd, h send.datatype, p recv.address, p rc, p rd, h recv.datatype, h comm)?;
        held.vector(send, false);
        held.vector(recv, true);
        Ok(())
    })
}

/// `comm.Alltoallw([sendbuf, counts, displs, types], [recvbuf, counts, displs, types])`
pub fn alltoallw(block: Block, mode: Mode) -> Result<(), i64> {
    let library = library();
    let comm = block.comm();
    conclude(library, block, mode, &[block.send(), block.recv()], |cell, held| {
        let ranks = size(library, comm)?;
        let mut recv = typed(library, block.recv(), ranks)?;
        let mut send = match block.send().is_in_place() {
            true => Typed::in_place(library),
            false => typed(library, block.send(), ranks)?,
        };
        check_different(send.address, 1, recv.address)?;
        let large = send.is_large() || recv.is_large();
        let ([sc, sd, st], [rc, rd, rt]) = (send.arrays(large), recv.arrays(large));
        collect!(library, mode, large, [Alltoallw, Ialltoallw, AlltoallwInit], cell;
            p send.address, p sc, p sd, p st, p recv.address, p rc, p rd, p rt, h comm)?;
        held.keep(send);
        held.keep(recv);
        Ok(())
    })
}
