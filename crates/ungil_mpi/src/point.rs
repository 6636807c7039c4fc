//! Point-to-point communication.

use ungil_abi::exception::ExcClass;

use crate::block::{Block, Buffer};
use crate::datatype::checked;
use crate::fault::fault;
use crate::function::Function;
use crate::invoke::{HandleCell, address_of, mpi};
use crate::library::{Library, library};
use crate::message::{Message, check_apart, message, plain};
use crate::request::{Held, register};
use crate::status::RawStatus;

/// The message for a peer: nothing for `MPI.PROC_NULL`.
#[inline]
fn message_for(library: &'static Library, buffer: Buffer, peer: i64) -> Result<Message, i64> {
    if peer == library.constants.proc_null { Ok(Message::none(library)) } else { message(library, buffer) }
}

/// `comm.Send(buf, dest, tag)` and its kin.
#[inline]
pub fn send(block: Block, function: Function) -> Result<(), i64> {
    let library = library();
    let (dest, tag) = (block.int(0), block.int(1));
    if let Some((address, count, datatype)) = plain(library, block.send()) {
        return checked(mpi!(library, false, function;
            p address, c count, h datatype, i dest, i tag, h block.comm()));
    }
    let mut m = message_for(library, block.send(), dest)?;
    let large = m.fit(library, function)?;
    checked(mpi!(library, large, function;
        p m.address, c m.count, h m.datatype, i dest, i tag, h block.comm()))
}

/// `comm.Recv(buf, source, tag, status)`
#[inline]
pub fn recv(block: Block) -> Result<(), i64> {
    let library = library();
    let (source, tag) = (block.int(0), block.int(1));
    let mut status = RawStatus::new();
    if let Some((address, count, datatype)) = plain(library, block.send()) {
        checked(mpi!(library, false, Function::Recv; p address, c count, h datatype,
            i source, i tag, h block.comm(), p status.address()))?;
        status.publish(library, block.status());
        return Ok(());
    }
    let mut m = message_for(library, block.send(), source)?;
    let large = m.fit(library, Function::Recv)?;
    checked(mpi!(library, large, Function::Recv;
        p m.address, c m.count, h m.datatype, i source, i tag, h block.comm(), p status.address()))?;
    m.finish();
    status.publish(library, block.status());
    Ok(())
}

/// `comm.Sendrecv(sendbuf, dest, sendtag, recvbuf, source, recvtag, status)`
pub fn sendrecv(block: Block) -> Result<(), i64> {
    let library = library();
    let [dest, sendtag, source, recvtag] = [0, 1, 2, 3].map(|k| block.int(k));
    let mut s = message_for(library, block.send(), dest)?;
    let mut r = message_for(library, block.recv(), source)?;
    check_apart(&s, &r)?;
    let mut large = s.fit(library, Function::Sendrecv)?;
    large |= r.fit(library, Function::Sendrecv)?;
    let mut status = RawStatus::new();
    checked(mpi!(library, large, Function::Sendrecv;
        p s.address, c s.count, h s.datatype, i dest, i sendtag,
        p r.address, c r.count, h r.datatype, i source, i recvtag, h block.comm(), p status.address()))?;
    r.finish();
    status.publish(library, block.status());
    Ok(())
}

/// `comm.Sendrecv_replace(buf, dest, sendtag, source, recvtag, status)`
pub fn sendrecv_replace(block: Block) -> Result<(), i64> {
    let library = library();
    let [dest, sendtag, source, recvtag] = [0, 1, 2, 3].map(|k| block.int(k));
    let mut m = message(library, block.send())?;
    let large = m.fit(library, Function::SendrecvReplace)?;
    let mut status = RawStatus::new();
    checked(mpi!(library, large, Function::SendrecvReplace;
        p m.address, c m.count, h m.datatype, i dest, i sendtag, i source, i recvtag, h block.comm(),
        p status.address()))?;
    m.finish();
    status.publish(library, block.status());
    Ok(())
}

/// `comm.Isend`, `comm.Irecv` and their kin, and the persistent ones.
pub fn start(block: Block, function: Function, persistent: bool) -> Result<(), i64> {
    let library = library();
    let mut held = Held::of(&[block.send()]);
    let begun = begin(library, block, function, persistent);
    match begun {
        Ok((handle, m)) => {
            held.message(m, matches!(function, Function::Irecv | Function::RecvInit));
            block.set_result(register(handle, held, persistent));
            Ok(())
        }
        Err(code) => {
            held.release(library);
            Err(code)
        }
    }
}

fn begin(
    library: &'static Library,
    block: Block,
    function: Function,
    persistent: bool,
) -> Result<(i64, Message), i64> {
    let (peer, tag) = (block.int(0), block.int(1));
    if let Some((address, count, datatype)) = plain(library, block.send()) {
        let mut request = HandleCell::new(library.constants.request_null, library.narrow);
        checked(mpi!(library, false, function;
            p address, c count, h datatype, i peer, i tag, h block.comm(), p request.address()))?;
        return Ok((request.get(), Message::none(library)));
    }
    let mut m = message_for(library, block.send(), peer)?;
    let large = m.fit(library, function)?;
    if persistent && function != Function::RecvInit && m.is_copied() {
        let text = "persistent sends of arrays with negative strides are not supported; send a copy";
        return Err(fault(ExcClass::NOT_IMPLEMENTED, text));
    }
    let mut request = HandleCell::new(library.constants.request_null, library.narrow);
    checked(mpi!(library, large, function;
        p m.address, c m.count, h m.datatype, i peer, i tag, h block.comm(), p request.address()))?;
    Ok((request.get(), m))
}

/// `comm.Probe(source, tag, status)`
pub fn probe(block: Block) -> Result<(), i64> {
    let library = library();
    let mut status = RawStatus::new();
    checked(mpi!(library, false, Function::Probe;
        i block.int(0), i block.int(1), h block.comm(), p status.address()))?;
    status.publish(library, block.status());
    Ok(())
}

/// `comm.Iprobe(source, tag, status)`
pub fn iprobe(block: Block) -> Result<(), i64> {
    let library = library();
    let (mut status, mut flag) = (RawStatus::new(), 0_i32);
    checked(mpi!(library, false, Function::Iprobe;
        i block.int(0), i block.int(1), h block.comm(), p address_of(&mut flag), p status.address()))?;
    if flag != 0 {
        status.publish(library, block.status());
    }
    block.set_result(i64::from(flag != 0));
    Ok(())
}
