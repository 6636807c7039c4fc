//! Lower-case methods: numbers, tuples of numbers, and arrays, by value.
//!
//! A number or tuple travels as packed words behind a word that tells its type; an array as two messages, its shape and its
//! elements. What `recv` returns has the type that the kernel's calls of `send` have, those with the same constant tag
//! if there are any: all ranks run one program. A message of another type is a TypeError at run time.

use ungil_abi::exception::ExcClass;
use ungil_abi::mpi::{StatusWord, Word};
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::packing::packed_size;
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use super::absent;
use super::buffer::Use;
use crate::diagnostics::mpi::MpiError;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::mpi::Mpi;
use crate::operand::Operand;
use crate::promote::join;
use crate::ty::{BOX, Ty};

/// Whether values of a type travel as packed words.
pub(super) fn is_flat(ty: &Ty) -> bool {
    match ty {
        Ty::Tuple(items) => items.iter().all(is_flat),
        ty => ty.is_scalar(),
    }
}

/// The number of a type in messages.
pub(super) fn signature(ty: &Ty) -> i64 {
    let text = match ty {
        Ty::Array(a) => format!("array({}, {})", a.dtype, a.ndim),
        ty => ty.to_string(),
    };
    // FNV-1a.
    let hash =
        text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    hash as i64
}

/// The words of a packed value, with the one for its type.
pub(super) fn word_count(ty: &Ty) -> usize {
    1 + packed_size(&ty.ir()) as usize / 8
}

/// The type of arrays that are received.
fn received(a: ArrayType) -> ArrayType {
    ArrayType { layout: Layout::C, readonly: false, swapped: false, ..a }
}

/// The upper-case twin of a method.
fn upper(name: &str) -> String {
    let mut text = name.to_owned();
    text[..1].make_ascii_uppercase();
    text
}

pub(super) fn no_object(name: &str, x: &Operand) -> Error {
    let (function, found) = (name.to_owned(), format!("`{}`", x.ty));
    MpiError::Object { function, found, upper: upper(name), span: x.span }.into()
}

impl Lowerer<'_, '_> {
    /// A lower-case method of a communicator.
    pub(super) fn object_method(&mut self, name: &str, comm: &Operand, args: Args) -> Result<Operand> {
        let span = args.span;
        match name {
            "send" | "ssend" | "bsend" => {
                let mut bound = args.bind(name, &["obj", "dest", "tag"], 2)?;
                let tag = bound.pop().flatten().unwrap_or_else(|| Operand::int(0, span));
                let [x, dest] = [0, 1].map(|k| bound[k].clone().expect("required"));
                let x = self.sendable(name, &x)?;
                self.note_sent(&x, &tag, span)?;
                let x = self.as_sent(&x, tag.const_int())?;
                let (dest, tag) =
                    (self.mpi_integer(name, "dest", &dest)?, self.mpi_integer(name, "tag", &tag)?);
                self.send_object(comm, name, &x, dest, tag, span)?;
                Ok(Operand::none(span))
            }
            "isend" | "issend" | "ibsend" => self.start_sending(comm, name, args),
            "irecv" => self.start_receiving(comm, args),
            "recv" => self.receive(comm, args),
            "sendrecv" => self.send_and_receive(comm, args),
            "bcast" => {
                let bound = args.bind(name, &["obj", "root"], 1)?;
                let x = self.sendable(name, bound[0].as_ref().expect("required"))?;
                let root = self.root(name, bound[1].as_ref())?;
                self.bcast_object(comm, &x, root, span)
            }
            "gather" | "allgather" => {
                let names: &[&str] = if name == "gather" { &["sendobj", "root"] } else { &["sendobj"] };
                let bound = args.bind(name, names, 1)?;
                let x = self.sendable(name, bound[0].as_ref().expect("required"))?;
                let root = match name {
                    "gather" => Some(self.root(name, bound[1].as_ref())?),
                    _ => None,
                };
                self.gather_objects(comm, name, &x, root, span)
            }
            "alltoall" => {
                let bound = args.bind(name, &["sendobj"], 1)?;
                self.exchange_objects(comm, bound[0].as_ref().expect("required"), span)
            }
            "scatter" => {
                let bound = args.bind(name, &["sendobj", "root"], 1)?;
                let root = self.root(name, bound[1].as_ref())?;
                self.scatter_objects(comm, bound[0].as_ref().expect("required"), root, span)
            }
            "reduce" | "allreduce" | "scan" | "exscan" => {
                let names: &[&str] = match name {
                    "reduce" => &["sendobj", "op", "root"],
                    _ => &["sendobj", "op"],
                };
                let bound = args.bind(name, names, 1)?;
                let x = self.settled(bound[0].as_ref().expect("required"))?;
                let root =
                    if name == "reduce" { self.root(name, bound[2].as_ref())? } else { self.b().i64(0) };
                self.reduce_object(comm, name, &x, bound[1].as_ref(), root, span)
            }
            _ => Err(absent(format!("`{name}` of `MPI.Intracomm`"), None, span)),
        }
    }

    fn root(&mut self, name: &str, root: Option<&Operand>) -> Result<Value> {
        match root {
            Some(x) => self.mpi_integer(name, "root", x),
            None => Ok(self.b().i64(0)),
        }
    }

    /// An object that can travel: arrays in C's order.
    pub(super) fn sendable(&mut self, name: &str, x: &Operand) -> Result<Operand> {
        let x = self.settled(x)?;
        match &x.ty {
            Ty::Array(a) if a.layout == Layout::C && !a.swapped => Ok(x),
            Ty::Array(a) => self.converted_copy(&x, a.dtype, Layout::C, x.span),
            ty if is_flat(ty) => Ok(x),
            _ => Err(no_object(name, &x)),
        }
    }

    /// Notes the type of what is sent.
    pub(super) fn note_sent(&mut self, x: &Operand, tag: &Operand, span: Span) -> Result<()> {
        let ty = match &x.ty {
            Ty::Array(a) => Ty::Array(received(*a)),
            ty => ty.clone(),
        };
        let key = tag.const_int();
        let joined = match self.program.sent.get(&key) {
            Some(old) if *old == ty => return Ok(()),
            Some(old) if signature(old) == signature(&ty) => return Ok(()),
            Some(old) => join(old, &ty).ok_or_else(|| self.mixed_objects(old, &ty, span))?,
            None => ty,
        };
        self.program.sent.insert(key, joined);
        self.program.changed = true;
        Ok(())
    }

    fn mixed_objects(&self, old: &Ty, new: &Ty, span: Span) -> Error {
        MpiError::Argument {
            function: "send".to_owned(),
            parameter: "obj".to_owned(),
            expected: format!("`{old}`, as in the other calls with this tag"),
            found: format!("`{new}`"),
            help: "send objects of different types with different constant tags".to_owned(),
            span,
        }
        .into()
    }

    /// The type of what arrives with a tag.
    pub(super) fn sent_type(&self, tag: Option<&Operand>, span: Span) -> Result<Ty> {
        let key = tag.and_then(Operand::const_int);
        let sent = &self.program.sent;
        if let (Some(ty), true) = (sent.get(&key), key.is_some()) {
            return Ok(ty.clone());
        }
        let mut all = sent.values();
        let Some(first) = all.next().cloned() else {
            if !self.program.settled {
                return Err(Error::Untyped);
            }
            return Err(MpiError::Object {
                function: "recv".to_owned(),
                found: "no `send` in this kernel that says what arrives".to_owned(),
                upper: "Recv".to_owned(),
                span,
            }
            .into());
        };
        all.try_fold(first, |joined, ty| {
            join(&joined, ty).ok_or_else(|| self.mixed_objects(&joined, ty, span))
        })
    }

    /// An object under the type that travels.
    pub(super) fn as_sent(&mut self, x: &Operand, tag: Option<i128>) -> Result<Operand> {
        match self.program.sent.get(&tag).cloned() {
            Some(ty) if is_flat(&ty) && join(&ty, &x.ty).as_ref() == Some(&ty) => self.convert(x, &ty),
            _ => Ok(x.clone()),
        }
    }

    /// Words in the frame that hold a packed value behind its type.
    pub(super) fn packed(&mut self, x: &Operand) -> Result<Value> {
        let words = self.words(word_count(&x.ty));
        self.put_number(words, 0, signature(&x.ty));
        let value = self.value(x)?;
        if packed_size(&x.ty.ir()) > 0 {
            let at = self.offset_address(words, 8);
            self.b().push(InstKind::StorePacked(at, value));
        }
        Ok(words)
    }

    fn offset_address(&mut self, words: Value, offset: i64) -> Value {
        let (start, offset) = (self.address_word(words), self.b().i64(offset));
        self.b().binary(BinaryOp::Add, start, offset)
    }

    /// The value at an address, behind a word that must tell its type.
    pub(super) fn object_at(&mut self, at: Value, ty: &Ty, span: Span) -> Operand {
        let one = self.b().i64(1);
        let eight = self.b().i64(8);
        let pointer = self.b().value(InstKind::Pointer(at));
        let word = self
            .b()
            .typed(InstKind::ArrayAt { pointer, shape: vec![one], strides: vec![eight] }, Type::Array(BOX));
        let found = self.get_word(word, 0);
        self.check_signature(found, ty);
        let at = self.b().binary(BinaryOp::Add, at, eight);
        if ty.is_compile_time() {
            return Operand::entity(ty.clone(), span);
        }
        let value = self.b().typed(InstKind::LoadPacked(at), ty.ir());
        Operand::value(ty.clone(), value, span)
    }

    fn check_signature(&mut self, found: Value, ty: &Ty) {
        let expected = self.b().i64(signature(ty));
        let fine = self.b().compare(CompareOp::Eq, found, expected);
        let text =
            format!("the message does not hold the expected `{ty}`").replace('{', "{{").replace('}', "}}");
        self.check(fine, ExcClass::TYPE_ERROR, &text, Vec::new());
    }

    /// Writes words as a buffer.
    fn put_words(&mut self, block: Value, at: usize, name: &str, words: Value, span: Span) -> Result<()> {
        let x = Operand::value(Ty::Array(BOX), words, span);
        self.put_whole(block, at, name, &x)
    }

    pub(super) fn put_whole(&mut self, block: Value, at: usize, name: &str, x: &Operand) -> Result<()> {
        let written = false;
        let used =
            Use { function: name, parameter: "obj", written, vector: false, typed: false, held: false };
        self.put_buffer(block, at, used, x)
    }

    /// The shape of an array behind its type, in words of the frame.
    fn header(&mut self, x: &Operand) -> Result<Value> {
        let Ty::Array(a) = x.ty else { unreachable!("called for arrays") };
        let words = self.words(1 + usize::from(a.ndim));
        self.put_number(words, 0, signature(&x.ty));
        for (k, extent) in self.extents(x)?.into_iter().enumerate() {
            self.put_word(words, 1 + k, extent);
        }
        Ok(words)
    }

    /// A fresh array of the shape in a header that has arrived.
    fn array_for(&mut self, header: Value, a: ArrayType, span: Span) -> Operand {
        let found = self.get_word(header, 0);
        self.check_signature(found, &Ty::Array(a));
        let shape = (0..usize::from(a.ndim)).map(|k| self.get_word(header, 1 + k)).collect();
        self.fresh_array(received(a), shape, span)
    }

    fn send_object(
        &mut self,
        comm: &Operand,
        name: &str,
        x: &Operand,
        dest: Value,
        tag: Value,
        span: Span,
    ) -> Result<()> {
        let send = |l: &mut Self, part: &Operand| {
            let block = l.block_for(comm)?;
            l.put_whole(block, Word::SEND, name, part)?;
            l.put_word(block, Word::INTS, dest);
            l.put_word(block, Word::INTS + 1, tag);
            l.call_mpi(name, block, span)
        };
        if let Ty::Array(_) = x.ty {
            let header = self.header(x)?;
            send(self, &Operand::value(Ty::Array(BOX), header, span))?;
            return send(self, x);
        }
        let words = self.packed(x)?;
        send(self, &Operand::value(Ty::Array(BOX), words, span))
    }

    /// `comm.recv(buf=None, source=ANY_SOURCE, tag=ANY_TAG, status=None)`
    fn receive(&mut self, comm: &Operand, args: Args) -> Result<Operand> {
        let span = args.span;
        let bound = args.bind("recv", &["buf", "source", "tag", "status"], 0)?;
        let ty = self.sent_type(bound[2].as_ref(), span)?;
        let source = match &bound[1] {
            Some(x) => self.mpi_integer("recv", "source", x)?,
            None => self.mpi_constant("ANY_SOURCE", span)?,
        };
        let tag = match &bound[2] {
            Some(x) => self.mpi_integer("recv", "tag", x)?,
            None => self.mpi_constant("ANY_TAG", span)?,
        };
        self.receive_object(comm, &ty, [source, tag], bound[3].as_ref(), span)
    }

    fn receive_object(
        &mut self,
        comm: &Operand,
        ty: &Ty,
        [source, tag]: [Value; 2],
        status: Option<&Operand>,
        span: Span,
    ) -> Result<Operand> {
        let status = match status {
            Some(x) if !x.is_none() => self.status_word("recv", Some(x)).and_then(|_| self.value(x))?,
            _ => self.words(StatusWord::COUNT),
        };
        let receive = |l: &mut Self, into: &Operand, source: Value, tag: Value| {
            let block = l.block_for(comm)?;
            l.put_whole(block, Word::SEND, "recv", into)?;
            l.put_word(block, Word::INTS, source);
            l.put_word(block, Word::INTS + 1, tag);
            let at = l.address_word(status);
            l.put_word(block, Word::STATUS, at);
            l.call_mpi("recv", block, span)
        };
        let Ty::Array(a) = ty else {
            let words = self.words(word_count(ty));
            self.put_number(words, 0, 0);
            receive(self, &Operand::value(Ty::Array(BOX), words, span), source, tag)?;
            let at = self.address_word(words);
            return Ok(self.object_at(at, ty, span));
        };
        let header = self.words(1 + usize::from(a.ndim));
        self.put_number(header, 0, 0);
        receive(self, &Operand::value(Ty::Array(BOX), header, span), source, tag)?;
        let array = self.array_for(header, *a, span);
        // The elements come from whoever sent the shape.
        let (source, tag) =
            (self.get_word(status, StatusWord::SOURCE), self.get_word(status, StatusWord::TAG));
        receive(self, &array, source, tag)?;
        Ok(array)
    }

    /// `comm.sendrecv(sendobj, dest, sendtag=0, recvbuf=None, source=ANY_SOURCE, recvtag=ANY_TAG, status=None)`: what
    /// arrives has the type of what is sent.
    fn send_and_receive(&mut self, comm: &Operand, args: Args) -> Result<Operand> {
        let (name, span) = ("sendrecv", args.span);
        let names = ["sendobj", "dest", "sendtag", "recvbuf", "source", "recvtag", "status"];
        let bound = args.bind(name, &names, 2)?;
        let x = self.sendable(name, bound[0].as_ref().expect("required"))?;
        if !is_flat(&x.ty) {
            return Err(no_object(name, &x));
        }
        let mut numbers = Vec::new();
        for (k, constant) in [(1, ""), (2, ""), (4, "ANY_SOURCE"), (5, "ANY_TAG")] {
            numbers.push(match &bound[k] {
                Some(given) => self.mpi_integer(name, names[k], given)?,
                None if constant.is_empty() => self.b().i64(0),
                None => self.mpi_constant(constant, span)?,
            });
        }
        let (send, recv) = (self.packed(&x)?, self.words(word_count(&x.ty)));
        self.put_number(recv, 0, 0);
        let block = self.block_for(comm)?;
        self.put_words(block, Word::SEND, name, send, span)?;
        self.put_words(block, Word::RECV, name, recv, span)?;
        for (k, number) in numbers.into_iter().enumerate() {
            self.put_word(block, Word::INTS + k, number);
        }
        let status = self.status_word(name, bound[6].as_ref())?;
        self.put_word(block, Word::STATUS, status);
        self.call_mpi(name, block, span)?;
        let at = self.address_word(recv);
        Ok(self.object_at(at, &x.ty, span))
    }

    fn bcast_words(&mut self, comm: &Operand, x: &Operand, root: Value, span: Span) -> Result<()> {
        let block = self.block_for(comm)?;
        self.put_whole(block, Word::SEND, "bcast", x)?;
        self.put_word(block, Word::INTS, root);
        self.call_mpi("bcast", block, span)
    }

    fn bcast_object(&mut self, comm: &Operand, x: &Operand, root: Value, span: Span) -> Result<Operand> {
        let Ty::Array(a) = x.ty else {
            let words = self.packed(x)?;
            self.bcast_words(comm, &Operand::value(Ty::Array(BOX), words, span), root, span)?;
            let at = self.address_word(words);
            return Ok(self.object_at(at, &x.ty, span));
        };
        let header = self.header(x)?;
        self.bcast_words(comm, &Operand::value(Ty::Array(BOX), header, span), root, span)?;
        let array = self.array_for(header, a, span);
        let at_root = self.is_rank(comm, root, span)?;
        self.if_then(at_root, |l| l.copy_into(&array, x))?;
        self.bcast_words(comm, &array, root, span)?;
        Ok(array)
    }

    fn ask_comm(&mut self, comm: &Operand, symbol: &str, span: Span) -> Result<Value> {
        let block = self.block_for(comm)?;
        self.call_mpi(symbol, block, span)?;
        Ok(self.result_word(block))
    }

    fn is_rank(&mut self, comm: &Operand, rank: Value, span: Span) -> Result<Value> {
        let own = self.ask_comm(comm, "comm_rank", span)?;
        Ok(self.b().compare(CompareOp::Eq, own, rank))
    }

    /// Memory for packed values: `n` of a type.
    pub(super) fn packed_array(&mut self, ty: &Ty, n: Value, span: Span) -> Operand {
        let each = self.b().i64(word_count(ty) as i64);
        let all = self.b().binary(BinaryOp::Mul, n, each);
        self.fresh_array(BOX, vec![all], span)
    }

    pub(super) fn packed_place(&mut self, array: &Operand, ty: &Ty, i: Value) -> Result<Value> {
        let array = self.value(array)?;
        let size = self.b().i64(8 * word_count(ty) as i64);
        let offset = self.b().binary(BinaryOp::Mul, i, size);
        let start = self.address_word(array);
        Ok(self.b().binary(BinaryOp::Add, start, offset))
    }

    /// `comm.gather(obj, root)` and `comm.allgather(obj)`: a list, which is empty where nothing arrives.
    fn gather_objects(
        &mut self,
        comm: &Operand,
        name: &str,
        x: &Operand,
        root: Option<Value>,
        span: Span,
    ) -> Result<Operand> {
        if !is_flat(&x.ty) || x.ty.is_compile_time() {
            return Err(no_object(name, x));
        }
        let size = self.ask_comm(comm, "comm_size", span)?;
        let n = match root {
            Some(root) => {
                let (at_root, zero) = (self.is_rank(comm, root, span)?, self.b().i64(0));
                self.b().select(at_root, size, zero)
            }
            None => size,
        };
        let words = self.packed(x)?;
        let all = self.packed_array(&x.ty, n, span);
        let block = self.block_for(comm)?;
        self.put_words(block, Word::SEND, name, words, span)?;
        self.put_whole(block, Word::RECV, name, &all)?;
        if let Some(root) = root {
            self.put_word(block, Word::INTS, root);
        }
        self.call_mpi(name, block, span)?;
        self.unpacked_items(&all, &x.ty, n, span)
    }

    /// Objects for the ranks as a list, and the type of one.
    fn objects_for_ranks(&mut self, name: &str, objs: &Operand, span: Span) -> Result<(Operand, Ty)> {
        let objs = match &objs.ty {
            Ty::List(_) => objs.clone(),
            Ty::Tuple(items) if !items.is_empty() && items.iter().all(is_flat) => {
                let items = self.items(objs);
                self.list_of(&items, span)?
            }
            _ => return Err(no_object(name, objs)),
        };
        let ty = self.element_ty(&objs)?;
        if !is_flat(&ty) || ty.is_compile_time() {
            return Err(no_object(name, &objs));
        }
        Ok((objs, ty))
    }

    /// The first `n` objects of a list in memory.
    fn packed_items(&mut self, objs: &Operand, ty: &Ty, n: Value, span: Span) -> Result<Operand> {
        let all = self.packed_array(ty, n, span);
        self.ordered(&[n], &mut |l, at| {
            let item = l.list_item(objs, at[0], span)?;
            let words = l.packed(&item)?;
            let place = l.packed_place(&all, ty, at[0])?;
            l.copy_words(words, place, word_count(ty));
            Ok(())
        })?;
        Ok(all)
    }

    fn unpacked_items(&mut self, all: &Operand, ty: &Ty, n: Value, span: Span) -> Result<Operand> {
        let list = self.empty_list(Some(ty), span)?;
        self.reserve_items(&list, n)?;
        self.ordered(&[n], &mut |l, at| {
            let place = l.packed_place(all, ty, at[0])?;
            let item = l.object_at(place, ty, span);
            l.push_item(&list, &item, span)
        })?;
        Ok(list)
    }

    /// Refuses lists of another length than there are ranks, unless `spared`.
    fn check_length(&mut self, objs: &Operand, size: Value, spared: Option<Value>) -> Result<()> {
        let length = self.list_length(objs)?;
        let mut fine = self.b().compare(CompareOp::Eq, length, size);
        if let Some(spared) = spared {
            fine = self.b().binary(BinaryOp::Or, fine, spared);
        }
        let text = "expecting {0} items, got {1}";
        self.check(fine, ExcClass::VALUE_ERROR, text, vec![(size, true), (length, true)]);
        Ok(())
    }

    /// `comm.alltoall(objs)`: an object for each rank, a list of those from all.
    fn exchange_objects(&mut self, comm: &Operand, objs: &Operand, span: Span) -> Result<Operand> {
        let name = "alltoall";
        let (objs, ty) = self.objects_for_ranks(name, objs, span)?;
        let size = self.ask_comm(comm, "comm_size", span)?;
        self.check_length(&objs, size, None)?;
        let all = self.packed_items(&objs, &ty, size, span)?;
        let found = self.packed_array(&ty, size, span);
        let block = self.block_for(comm)?;
        self.put_whole(block, Word::SEND, name, &all)?;
        self.put_whole(block, Word::RECV, name, &found)?;
        self.call_mpi(name, block, span)?;
        self.unpacked_items(&found, &ty, size, span)
    }

    /// `comm.scatter(objs, root)`: one of a list, whose type all ranks know.
    fn scatter_objects(
        &mut self,
        comm: &Operand,
        objs: &Operand,
        root: Value,
        span: Span,
    ) -> Result<Operand> {
        let name = "scatter";
        let (objs, ty) = self.objects_for_ranks(name, objs, span)?;
        let size = self.ask_comm(comm, "comm_size", span)?;
        let (at_root, zero) = (self.is_rank(comm, root, span)?, self.b().i64(0));
        let n = self.b().select(at_root, size, zero);
        let away = self.b().unary(ungil_ir::inst::UnaryOp::Not, at_root);
        self.check_length(&objs, size, Some(away))?;
        let all = self.packed_items(&objs, &ty, n, span)?;
        let own = self.words(word_count(&ty));
        let block = self.block_for(comm)?;
        self.put_whole(block, Word::SEND, name, &all)?;
        self.put_words(block, Word::RECV, name, own, span)?;
        self.put_word(block, Word::INTS, root);
        self.call_mpi(name, block, span)?;
        let at = self.address_word(own);
        Ok(self.object_at(at, &ty, span))
    }

    pub(super) fn copy_words(&mut self, words: Value, place: Value, n: usize) {
        let (extent, eight) = (self.b().i64(n as i64), self.b().i64(8));
        let pointer = self.b().value(InstKind::Pointer(place));
        let to = self.b().typed(
            InstKind::ArrayAt { pointer, shape: vec![extent], strides: vec![eight] },
            Type::Array(BOX),
        );
        for k in 0..n {
            let word = self.get_word(words, k);
            self.put_word(to, k, word);
        }
    }

    /// `comm.reduce`, `comm.allreduce`, `comm.scan` and `comm.exscan` of numbers and arrays. Off the root `reduce` gives zeros, as
    /// `exscan` does on the first rank.
    fn reduce_object(
        &mut self,
        comm: &Operand,
        name: &str,
        x: &Operand,
        op: Option<&Operand>,
        root: Value,
        span: Span,
    ) -> Result<Operand> {
        let dtype = match &x.ty {
            Ty::Array(a) => a.dtype,
            // Python adds truth values as integers.
            ty if ty.dtype().is_some_and(|d| d != DType::Bool) => ty.dtype().expect("a number"),
            _ => return Err(no_object(name, x)),
        };
        let (send, recv) = match &x.ty {
            Ty::Array(a) => {
                let send = self.sendable(name, x)?;
                let shape = self.extents(&send)?;
                (send, self.allocated(received(*a), shape, true, span))
            }
            _ => {
                let ty = ArrayType { dtype, ..BOX };
                let memory = [0, 1].map(|_| self.b().typed(InstKind::StackArray(1), Type::Array(ty)));
                let (value, first, zero) = (self.cast_to(x, dtype)?, self.b().i64(0), self.zero(dtype));
                self.b().store(memory[0], vec![first], value);
                self.b().store(memory[1], vec![first], zero);
                let [send, recv] = memory.map(|m| Operand::value(Ty::Array(ty), m, span));
                (send, recv)
            }
        };
        let block = self.block_for(comm)?;
        self.put_whole(block, Word::SEND, name, &send)?;
        self.put_whole(block, Word::RECV, name, &recv)?;
        let op = match op {
            Some(op) => self.mpi_handle(name, "op", Mpi::Op, op)?,
            None => self.mpi_constant("SUM", span)?,
        };
        self.put_word(block, Word::OP, op);
        self.put_word(block, Word::INTS, root);
        self.call_mpi(name, block, span)?;
        if let Ty::Array(_) = x.ty {
            return Ok(recv);
        }
        let (memory, first) = (self.value(&recv)?, self.b().i64(0));
        let value = self.b().load(memory, vec![first]);
        Ok(Operand::value(x.ty.clone(), value, span))
    }
}
