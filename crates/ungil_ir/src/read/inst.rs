//! Reading of instructions and regions.

use super::{Parser, Read, Token};
use crate::entities::{FuncId, Inst, Region, Value};
use crate::inst::{
    ArrayReduction, BinaryOp, CompareOp, Const, For, InstData, InstKind, Loc, LoopHints, MemFlags,
    ParallelFor, ParallelRegion, PrintPart, Raise, ReduceOp, ScalarReduction, Schedule, UnaryOp,
};
use crate::library::LibFn;
use crate::math::MathFn;
use crate::types::{DType, Type};
use crate::typing::{ResultType, result_type};
use ungil_abi::exception::ExcClass;

impl Parser {
    /// Instructions up to the closing brace, which stays.
    pub(super) fn insts(&mut self) -> Read<Vec<Inst>> {
        let mut list = Vec::new();
        while !matches!(self.peek(), Token::Punct("}") | Token::End) {
            list.push(self.inst()?);
        }
        Ok(list)
    }

    fn region(&mut self) -> Read<Region> {
        self.punct("{")?;
        let insts = self.insts()?;
        self.punct("}")?;
        let region = self.func.new_region();
        self.func.regions[region.index()] = insts;
        Ok(region)
    }

    fn inst(&mut self) -> Read<Inst> {
        let (line, start) = (self.line(), self.pos);
        let mut result = None;
        let mut given = None;
        if self.is_entity("v") {
            result = Some(self.value()?);
            if self.eat(":") {
                given = Some(self.ty()?);
            }
            self.punct("=")?;
        }
        let name = self.word()?;
        let mut loc = Loc::default();
        let mut told = None;
        let kind = if is_structured(&name) {
            self.structured(&name, &mut loc)?
        } else {
            let kind = self.simple(&name)?;
            if self.same_line() && self.eat(":") {
                told = Some(self.ty()?);
            }
            self.place(&mut loc)?;
            kind
        };
        if let Some(v) = result {
            let ty = match (given, result_type(&self.func, &kind)) {
                (Some(ty), _) => ty,
                (None, Ok(ResultType::Known(ty))) => ty,
                (None, Ok(ResultType::Told)) => match told {
                    Some(ty) => ty,
                    None => return self.fail_at(start, format!("the type of {v} must be given: `… : type`")),
                },
                (None, Ok(ResultType::None)) => {
                    return self.fail_at(start, format!("`{name}` has no result"));
                }
                (None, Err(why)) => return self.fail_at(start, why),
            };
            self.define(v, ty)?;
        } else if !matches!(result_type(&self.func, &kind), Ok(ResultType::None)) {
            return self.fail_at(start, format!("the result of `{name}` needs a value: `v0 = …`"));
        }
        self.func.insts.push(InstData { kind, result, loc });
        self.lines.push(line);
        Ok(Inst(self.func.insts.len() as u32 - 1))
    }

    /// `@line:col`, if it follows.
    fn place(&mut self, loc: &mut Loc) -> Read<()> {
        if self.same_line() && self.eat("@") {
            loc.line = self.number()?;
            self.punct(":")?;
            loc.col = self.number()?;
        }
        Ok(())
    }

    fn pair(&mut self) -> Read<(Value, Value)> {
        let a = self.value()?;
        self.punct(",")?;
        Ok((a, self.value()?))
    }

    fn simple(&mut self, name: &str) -> Read<InstKind> {
        if let Some(op) = UnaryOp::from_name(name) {
            return Ok(InstKind::Unary(op, self.value()?));
        }
        if let Some(op) = BinaryOp::from_name(name) {
            let (a, b) = self.pair()?;
            return Ok(InstKind::Binary(op, a, b));
        }
        if let Some(op) = CompareOp::from_name(name) {
            let (a, b) = self.pair()?;
            return Ok(InstKind::Compare(op, a, b));
        }
        if let Some(op) = name.strip_prefix("checked.").and_then(BinaryOp::from_name) {
            let (a, b) = self.pair()?;
            return Ok(InstKind::CheckedBinary(op, a, b));
        }
        if let Some(function) = name.strip_prefix("math.").and_then(MathFn::from_name) {
            return Ok(InstKind::Math(function, self.comma_values()?));
        }
        match self.scalar_or_tuple(name)? {
            Some(kind) => Ok(kind),
            None => match self.memory(name)? {
                Some(kind) => Ok(kind),
                None => self.effect(name),
            },
        }
    }

    /// Values up to the end of the line or what cannot be one.
    fn comma_values(&mut self) -> Read<Vec<Value>> {
        let mut list = Vec::new();
        if self.same_line() && self.is_entity("v") {
            list.push(self.value()?);
            while self.eat(",") {
                list.push(self.value()?);
            }
        }
        Ok(list)
    }

    fn scalar_or_tuple(&mut self, name: &str) -> Read<Option<InstKind>> {
        Ok(Some(match name {
            "const" => InstKind::Const(self.constant()?),
            "select" => {
                let (c, a) = self.pair()?;
                self.punct(",")?;
                InstKind::Select(c, a, self.value()?)
            }
            "cast" => {
                let a = self.value()?;
                self.keyword("to")?;
                InstKind::Cast(a, self.dtype()?)
            }
            "tuple" => InstKind::TupleMake(self.comma_values()?),
            "tuple_get" => {
                let (t, i) = self.value_and_number()?;
                InstKind::TupleGet(t, i)
            }
            "tuple_index" => {
                let (t, i) = self.pair()?;
                InstKind::TupleIndex(t, i)
            }
            "get" => InstKind::Get(self.var()?),
            "set" => {
                let x = self.var()?;
                self.punct(",")?;
                InstKind::Set(x, self.value()?)
            }
            "splat" => {
                let (v, n) = self.value_and_number()?;
                InstKind::Splat(v, n)
            }
            "iota" => InstKind::Iota(self.number()?),
            "extract" => {
                let (v, i) = self.value_and_number()?;
                InstKind::Extract(v, i)
            }
            "shuffle" => {
                let (a, b) = self.pair()?;
                InstKind::Shuffle(a, b, self.chosen_lanes()?)
            }
            "mask_any" => InstKind::MaskAny(self.value()?),
            "mask_all" => InstKind::MaskAll(self.value()?),
            "vec_reduce" => InstKind::VecReduce(self.reduce_op()?, self.value()?),
            _ => return Ok(None),
        }))
    }

    fn chosen_lanes(&mut self) -> Read<Vec<u16>> {
        self.punct("[")?;
        let mut chosen = vec![self.number()?];
        while self.eat(",") {
            chosen.push(self.number()?);
        }
        self.punct("]")?;
        Ok(chosen)
    }

    fn value_and_number<T: std::str::FromStr>(&mut self) -> Read<(Value, T)> {
        let v = self.value()?;
        self.punct(",")?;
        Ok((v, self.number()?))
    }

    fn reduce_op(&mut self) -> Read<ReduceOp> {
        let name = self.word()?;
        match ReduceOp::from_name(&name) {
            Some(op) => Ok(op),
            None => self.fail(format!("unknown reduction `{name}`")),
        }
    }

    fn constant(&mut self) -> Read<Const> {
        let dtype = self.dtype()?;
        Ok(match dtype {
            DType::Bool if self.eat_word("true") => Const::Bool(true),
            DType::Bool => {
                self.keyword("false")?;
                Const::Bool(false)
            }
            d if d.is_unsigned() => Const::Int(d, self.number::<u64>()? as i64),
            d if d.is_int() => Const::Int(d, self.number()?),
            d if d.is_float() => Const::Float(d, self.float()?),
            d => Const::Complex(d, self.float()?, self.float()?),
        })
    }

    fn float(&mut self) -> Read<f64> {
        match self.next() {
            Token::Number(text) => match text.parse() {
                Ok(x) => Ok(x),
                Err(_) => self.fail(format!("`{text}` is not a float")),
            },
            Token::Word(w) if w == "inf" => Ok(f64::INFINITY),
            Token::Word(w) if w == "nan" => {
                self.punct(":")?;
                match self.next() {
                    Token::Number(bits) => {
                        let digits = bits.strip_prefix("0x").and_then(|d| u64::from_str_radix(d, 16).ok());
                        match digits.map(f64::from_bits) {
                            Some(x) if x.is_nan() => Ok(x),
                            _ => self.fail(format!("`{bits}` are not the bits of a NaN")),
                        }
                    }
                    found => self.fail(format!("expected the bits of a NaN, found {found}")),
                }
            }
            found => self.fail(format!("expected a float, found {found}")),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a match that only dispatches")]
    fn memory(&mut self, name: &str) -> Read<Option<InstKind>> {
        Ok(Some(match name {
            "dim" => {
                let (a, axis) = self.value_and_number()?;
                InstKind::Dim(a, axis)
            }
            "stride" => {
                let (a, axis) = self.value_and_number()?;
                InstKind::Stride(a, axis)
            }
            "address" => InstKind::Address(self.value()?),
            "view" => self.view()?,
            "alloc" => {
                let zeroed = self.flag("zeroed");
                self.punct("[")?;
                InstKind::Alloc { shape: self.values("]")?, zeroed }
            }
            "null" => InstKind::Null,
            "global_array" => InstKind::GlobalArray(self.entity("g")?),
            "extern" => InstKind::Extern(self.entity("e")?),
            "pointer" => InstKind::Pointer(self.value()?),
            "array_at" => {
                let pointer = self.value()?;
                let (shape, strides) = self.extents()?;
                InstKind::ArrayAt { pointer, shape, strides }
            }
            "stack_array" => InstKind::StackArray(self.number()?),
            "call_c" => {
                let callee = self.value()?;
                self.punct("(")?;
                InstKind::CallC(callee, self.values(")")?)
            }
            "list_reserve" => {
                let (list, n) = self.pair()?;
                InstKind::ListReserve(list, n)
            }
            "list_drop" => {
                let (list, from) = self.pair()?;
                self.punct(",")?;
                InstKind::ListDrop(list, from, self.value()?)
            }
            "load_packed" => InstKind::LoadPacked(self.value()?),
            "store_packed" => {
                let (at, v) = self.pair()?;
                InstKind::StorePacked(at, v)
            }
            "check_index" => self.check_index()?,
            "load" => {
                let (array, index) = self.element()?;
                InstKind::Load { array, index, flags: self.flags()? }
            }
            "store" => {
                let (array, index) = self.element()?;
                self.punct(",")?;
                InstKind::Store { array, index, value: self.value()?, flags: self.flags()? }
            }
            "atomic" => {
                let op = self.reduce_op()?;
                let (array, index) = self.element()?;
                self.punct(",")?;
                InstKind::AtomicUpdate { op, array, index, value: self.value()? }
            }
            "vec_load" => {
                let (array, index) = self.element()?;
                self.keyword("lanes")?;
                let lanes = self.number()?;
                InstKind::VecLoad { array, index, lanes, mask: self.mask()?, flags: self.flags()? }
            }
            "vec_store" => {
                let (array, index) = self.element()?;
                self.punct(",")?;
                let value = self.value()?;
                InstKind::VecStore { array, index, value, mask: self.mask()?, flags: self.flags()? }
            }
            "gather" => {
                let (array, index) = self.element()?;
                self.keyword("mask")?;
                InstKind::Gather { array, index, mask: self.value()? }
            }
            "scatter" => {
                let (array, index) = self.element()?;
                self.punct(",")?;
                let value = self.value()?;
                self.keyword("mask")?;
                InstKind::Scatter { array, index, value, mask: self.value()? }
            }
            _ => return Ok(None),
        }))
    }

    fn view(&mut self) -> Read<InstKind> {
        let base = self.value()?;
        self.keyword("offset")?;
        let offset = self.value()?;
        let (shape, strides) = self.extents()?;
        Ok(InstKind::View { base, offset, shape, strides })
    }

    /// `shape [v0] strides [v1]`.
    fn extents(&mut self) -> Read<(Vec<Value>, Vec<Value>)> {
        self.keyword("shape")?;
        self.punct("[")?;
        let shape = self.values("]")?;
        self.keyword("strides")?;
        self.punct("[")?;
        Ok((shape, self.values("]")?))
    }

    fn check_index(&mut self) -> Read<InstKind> {
        let (index, size) = self.pair()?;
        self.keyword("axis")?;
        let axis = self.number()?;
        let wrap = self.flag("wrap");
        Ok(InstKind::CheckIndex { index, size, axis, wrap, check: self.flag("check") })
    }

    /// `v0[v1, v2]`.
    fn element(&mut self) -> Read<(Value, Vec<Value>)> {
        let array = self.value()?;
        self.punct("[")?;
        Ok((array, self.values("]")?))
    }

    fn mask(&mut self) -> Read<Option<Value>> {
        if self.flag("mask") { self.value().map(Some) } else { Ok(None) }
    }

    fn flags(&mut self) -> Read<MemFlags> {
        let mut flags = MemFlags::default();
        if self.flag("alias") {
            flags.alias_set = self.number()?;
        }
        flags.nontemporal = self.flag("nontemporal");
        Ok(flags)
    }

    fn effect(&mut self, name: &str) -> Read<InstKind> {
        Ok(match name {
            "call" => {
                let callee = FuncId(self.entity("f")?);
                self.punct("(")?;
                InstKind::Call(callee, self.values(")")?)
            }
            "library" => {
                let name = self.word()?;
                let Some(function) = LibFn::from_name(&name) else {
                    return self.fail(format!("unknown library function `{name}`"));
                };
                self.punct("(")?;
                InstKind::Library(function, self.values(")")?)
            }
            "check" => {
                let cond = self.value()?;
                self.keyword("raise")?;
                InstKind::Check(cond, Box::new(self.raise()?))
            }
            "raise" => InstKind::Raise(Box::new(self.raise()?)),
            "reraise" => InstKind::Reraise,
            "caught_arg" => InstKind::CaughtArg(self.number()?),
            "caught" => {
                let name = self.word()?;
                match ExcClass::from_name(&name) {
                    Some(class) => InstKind::Caught(class),
                    None => return self.fail(format!("unknown exception class `{name}`")),
                }
            }
            "print" => InstKind::Print(self.print()?),
            "safepoint" => InstKind::Safepoint,
            "thread_id" => InstKind::ThreadId,
            "num_threads" => InstKind::NumThreads,
            "set_num_threads" => InstKind::SetNumThreads(self.value()?),
            "retain" => InstKind::Retain(self.value()?),
            "release" => InstKind::Release(self.value()?),
            "break" => InstKind::Break(self.label()?),
            "continue" => InstKind::Continue(self.label()?),
            "return" if self.same_line() && self.is_entity("v") => InstKind::Return(Some(self.value()?)),
            "return" => InstKind::Return(None),
            other => return self.fail(format!("unknown instruction `{other}`")),
        })
    }

    /// After the word `raise`.
    fn raise(&mut self) -> Read<Raise> {
        let name = self.word()?;
        let Some(class) = ExcClass::from_name(&name) else {
            return self.fail(format!("unknown exception class `{name}`"));
        };
        let message = if let Token::Str(_) = self.peek() { Some(self.string()?) } else { None };
        let mut args = Vec::new();
        if self.eat("(") {
            args = self.list(")", |p| Ok((p.value()?, p.flag("weak"))))?;
        }
        Ok(Raise { class, message, args })
    }

    fn print(&mut self) -> Read<Vec<PrintPart>> {
        let mut parts = Vec::new();
        loop {
            let start = parts.is_empty();
            if start && (!self.same_line() || matches!(self.peek(), Token::Punct("@" | "}"))) {
                return Ok(parts);
            }
            if !start && !self.eat(",") {
                return Ok(parts);
            }
            parts.push(self.print_part()?);
        }
    }

    fn print_part(&mut self) -> Read<PrintPart> {
        if let Token::Str(_) = self.peek() {
            return self.string().map(PrintPart::Text);
        }
        if self.is_entity("v") {
            return Ok(PrintPart::Value { value: self.value()?, weak: self.flag("weak") });
        }
        match self.word()?.as_str() {
            "none" => Ok(PrintPart::None),
            "open" => Ok(PrintPart::TupleOpen),
            "close" => Ok(PrintPart::TupleClose),
            other => self.fail(format!("expected a part of a line to print, found `{other}`")),
        }
    }

    fn structured(&mut self, name: &str, loc: &mut Loc) -> Read<InstKind> {
        match name {
            "if" => {
                let cond = self.value()?;
                self.place(loc)?;
                let then = self.region()?;
                let otherwise = if self.eat_word("else") { self.region()? } else { self.func.new_region() };
                Ok(InstKind::If { cond, then, otherwise })
            }
            "while" => {
                let label = self.label()?;
                self.place(loc)?;
                let cond = self.region()?;
                self.keyword("do")?;
                let test = self.value()?;
                Ok(InstKind::While { label, cond, test, body: self.region()? })
            }
            "scope" => {
                self.place(loc)?;
                let body = self.region()?;
                self.keyword("cleanup")?;
                Ok(InstKind::Scope { body, cleanup: self.region()? })
            }
            "try" => {
                self.place(loc)?;
                let body = self.region()?;
                self.keyword("handler")?;
                Ok(InstKind::Try { body, handler: self.region()? })
            }
            "for" => self.for_loop(loc),
            "domain" => self.domain(loc),
            "parallel_for" => self.parallel_for(loc),
            _ => {
                let n = self.value()?;
                self.keyword("id")?;
                let id = self.region_value(Type::I64)?;
                let privates = if self.eat_word("private") { self.vars()? } else { Vec::new() };
                self.place(loc)?;
                let body = self.region()?;
                Ok(InstKind::ParallelRegion(Box::new(ParallelRegion { n, id, privates, body })))
            }
        }
    }

    /// `v4..v5 step v6`, after `in`.
    fn range(&mut self) -> Read<(Value, Value, Value)> {
        self.keyword("in")?;
        let start = self.value()?;
        self.punct("..")?;
        let stop = self.value()?;
        self.keyword("step")?;
        Ok((start, stop, self.value()?))
    }

    fn for_loop(&mut self, loc: &mut Loc) -> Read<InstKind> {
        let label = self.label()?;
        let iv = self.region_value(Type::I64)?;
        let (start, stop, step) = self.range()?;
        let scalar = self.flag("scalar");
        let few = self.flag("few");
        let independent = self.flag("independent");
        let strips = self.flag("strips");
        let nonempty = self.flag("nonempty");
        let hints = LoopHints { scalar, few, independent, strips, nonempty, lanes: self.flag("lanes") };
        self.place(loc)?;
        let body = self.region()?;
        Ok(InstKind::For(Box::new(For { label, iv, start, stop, step, body, hints })))
    }

    fn domain(&mut self, loc: &mut Loc) -> Read<InstKind> {
        let mut ivs = Vec::new();
        while !self.eat_word("in") {
            if !ivs.is_empty() {
                self.punct(",")?;
            }
            ivs.push(self.region_value(Type::I64)?);
        }
        self.punct("[")?;
        let extents = self.values("]")?;
        self.place(loc)?;
        Ok(InstKind::Domain { extents, ivs, body: self.region()? })
    }

    fn parallel_for(&mut self, loc: &mut Loc) -> Read<InstKind> {
        let label = self.label()?;
        let iv = self.region_value(Type::I64)?;
        let (start, stop, step) = self.range()?;
        let mut node = ParallelFor {
            label,
            iv,
            start,
            stop,
            step,
            schedule: Schedule::default(),
            chunk: None,
            num_threads: None,
            privates: Vec::new(),
            lasts: Vec::new(),
            scalars: Vec::new(),
            arrays: Vec::new(),
            min_block: 0,
            in_place: false,
            scalar: false,
            body: Region(0),
        };
        while matches!(self.peek(), Token::Word(_)) {
            let clause = self.word()?;
            self.clause(&clause, &mut node)?;
        }
        self.place(loc)?;
        node.body = self.region()?;
        Ok(InstKind::ParallelFor(Box::new(node)))
    }

    fn clause(&mut self, name: &str, node: &mut ParallelFor) -> Read<()> {
        match name {
            "schedule" => {
                self.punct("(")?;
                let word = self.word()?;
                match Schedule::from_name(&word) {
                    Some(schedule) => node.schedule = schedule,
                    None => return self.fail(format!("unknown schedule `{word}`")),
                }
                self.punct(")")
            }
            "chunk" | "num_threads" => {
                self.punct("(")?;
                let v = Some(self.value()?);
                *(if name == "chunk" { &mut node.chunk } else { &mut node.num_threads }) = v;
                self.punct(")")
            }
            "in_place" => {
                node.in_place = true;
                Ok(())
            }
            "scalar" => {
                node.scalar = true;
                Ok(())
            }
            "private" => self.vars().map(|vars| node.privates = vars),
            "last" => self.vars().map(|vars| node.lasts = vars),
            "reduce" => {
                self.punct("(")?;
                node.scalars = self.list(")", |p| {
                    let op = p.reduce_op()?;
                    Ok(ScalarReduction { op, var: p.var()? })
                })?;
                Ok(())
            }
            "reduce_array" => {
                self.punct("(")?;
                let op = self.reduce_op()?;
                let target = self.value()?;
                self.keyword("as")?;
                let ty = self.func.ty(target).clone();
                let private = self.region_value(ty)?;
                node.arrays.push(ArrayReduction { target, private, op });
                self.punct(")")
            }
            "min_block" => self.number().map(|n| node.min_block = n),
            other => self.fail(format!("unknown clause `{other}`")),
        }
    }
}

fn is_structured(name: &str) -> bool {
    matches!(name, "if" | "while" | "scope" | "try" | "for" | "domain" | "parallel_for" | "parallel_region")
}
