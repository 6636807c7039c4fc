//! Text form: `Display` of modules, functions and instructions.
//!
//! Complete: whatever affects code is in the text (entity numbers, types, flags, places), so that it can be hashed
//! for the cache and `read` gives the same module back. Only [`crate::function::Origin`] is left out. A result's
//! type is printed when it must be told or differs from what follows from the operands. Floats are printed in the
//! shortest form that reads back exactly, NaNs with their payload.

use crate::entities::{Inst, Region, Value};
use crate::function::{FastMath, Function, Inline, Module, Simd};
use crate::inst::{Const, InstData, InstKind, Loc, MemFlags, ParallelFor, PrintPart, Raise, Schedule};
use crate::types::Type;
use crate::typing::{ResultType, result_type};
use crate::walk;
use std::fmt::{self, Display, Formatter, Write};

impl Display for Module {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, array) in self.arrays.iter().enumerate() {
            writeln!(f, "array g{i} {}: {}", Quoted(&array.name), array.ty)?;
        }
        for (i, c) in self.externs.iter().enumerate() {
            let count = c.count.map_or(String::new(), |count| format!(" counts {}", count.name()));
            writeln!(f, "extern e{i} {}{count}", Quoted(&c.name))?;
        }
        if let Some(entry) = self.entry {
            writeln!(f, "entry {entry}")?;
        }
        for (i, function) in self.functions.iter().enumerate() {
            if i > 0 || self.entry.is_some() || !self.arrays.is_empty() || !self.externs.is_empty() {
                writeln!(f)?;
            }
            write!(f, "{function}")?;
        }
        Ok(())
    }
}

impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "func {}(", Name(&self.name))?;
        for (i, &v) in self.params.iter().enumerate() {
            write!(f, "{}{v}: {}", if i > 0 { ", " } else { "" }, self.ty(v))?;
        }
        write!(f, ") -> {}", self.ret)?;
        write_attributes(f, self)?;
        writeln!(f, " {{")?;
        for (i, var) in self.vars.iter().enumerate() {
            writeln!(f, "  var x{i} {}: {}", Quoted(&var.name), var.ty)?;
        }
        Writer { func: self, out: f }.region(self.body, 1)?;
        writeln!(f, "}}")
    }
}

fn write_attributes(f: &mut Formatter<'_>, func: &Function) -> fmt::Result {
    let flags = fastmath_names(func.attributes.fastmath);
    if !flags.is_empty() {
        write!(f, " fastmath({})", flags.join(", "))?;
    }
    match func.attributes.inline {
        Inline::Auto => {}
        Inline::Always => write!(f, " inline")?,
        Inline::Never => write!(f, " noinline")?,
    }
    match func.attributes.simd {
        Simd::Auto => {}
        Simd::Always => write!(f, " simd")?,
        Simd::Never => write!(f, " nosimd")?,
    }
    f.write_str(if func.attributes.recursive { " recursive" } else { "" })?;
    f.write_str(if func.attributes.in_registers { " in_registers" } else { "" })
}

/// The names of the flags that are set, in the order of the text form.
pub(crate) fn fastmath_names(flags: FastMath) -> Vec<&'static str> {
    let FastMath { reassoc, nnan, ninf, nsz, arcp, contract, afn } = flags;
    let all = [
        (reassoc, "reassoc"),
        (nnan, "nnan"),
        (ninf, "ninf"),
        (nsz, "nsz"),
        (arcp, "arcp"),
        (contract, "contract"),
        (afn, "afn"),
    ];
    all.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect()
}

/// One instruction of a function without its nested regions: for messages.
pub fn inst_line(func: &Function, inst: Inst) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = Writer { func, out: &mut text }.head(func.inst(inst));
    text
}

/// One region of a function: for messages and tests.
pub fn region_text(func: &Function, region: Region) -> String {
    let mut text = String::new();
    let _ = Writer { func, out: &mut text }.region(region, 0);
    text
}

struct Writer<'a> {
    func: &'a Function,
    out: &'a mut dyn Write,
}

impl Writer<'_> {
    fn region(&mut self, region: Region, depth: usize) -> fmt::Result {
        let func = self.func;
        for &inst in func.region(region) {
            self.inst(func.inst(inst), depth)?;
        }
        Ok(())
    }

    fn inst(&mut self, data: &InstData, depth: usize) -> fmt::Result {
        self.indent(depth)?;
        self.head(data)?;
        let mut regions = walk::nested_regions(&data.kind);
        if let Some(first) = regions.next() {
            writeln!(self.out, " {{")?;
            self.region(first, depth + 1)?;
            self.indent(depth)?;
            write!(self.out, "}}")?;
        }
        if let Some(second) = regions.next() {
            match &data.kind {
                InstKind::If { .. } if self.func.region(second).is_empty() => return writeln!(self.out),
                InstKind::If { .. } => write!(self.out, " else")?,
                InstKind::While { test, .. } => write!(self.out, " do {test}")?,
                InstKind::Try { .. } => write!(self.out, " handler")?,
                _ => write!(self.out, " cleanup")?,
            }
            writeln!(self.out, " {{")?;
            self.region(second, depth + 1)?;
            self.indent(depth)?;
            write!(self.out, "}}")?;
        }
        writeln!(self.out)
    }

    fn indent(&mut self, depth: usize) -> fmt::Result {
        (0..depth).try_for_each(|_| self.out.write_str("  "))
    }

    /// The instruction up to its first region.
    fn head(&mut self, data: &InstData) -> fmt::Result {
        let mut told = None;
        if let Some(result) = data.result {
            write!(self.out, "{result}")?;
            let ty = self.func.ty(result);
            match result_type(self.func, &data.kind) {
                Ok(ResultType::Told) => told = Some(ty),
                Ok(ResultType::Known(known)) if known == *ty => {}
                _ => write!(self.out, ": {ty}")?,
            }
            write!(self.out, " = ")?;
        }
        self.kind(&data.kind)?;
        if let Some(ty) = told {
            write!(self.out, " : {ty}")?;
        }
        let Loc { line, col } = data.loc;
        if data.loc == Loc::default() { Ok(()) } else { write!(self.out, " @{line}:{col}") }
    }

    fn kind(&mut self, kind: &InstKind) -> fmt::Result {
        use InstKind as K;
        match kind {
            K::Const(c) => write!(self.out, "const {}", ConstText(*c)),
            K::Unary(op, a) => write!(self.out, "{} {a}", op.name()),
            K::Binary(op, a, b) => write!(self.out, "{} {a}, {b}", op.name()),
            K::CheckedBinary(op, a, b) => write!(self.out, "checked.{} {a}, {b}", op.name()),
            K::Compare(op, a, b) => write!(self.out, "{} {a}, {b}", op.name()),
            K::Select(c, a, b) => write!(self.out, "select {c}, {a}, {b}"),
            K::Cast(a, to) => write!(self.out, "cast {a} to {to}"),
            K::Math(name, args) => write!(self.out, "math.{name} {}", List(args)),
            K::TupleMake(items) if items.is_empty() => write!(self.out, "tuple"),
            K::TupleMake(items) => write!(self.out, "tuple {}", List(items)),
            K::TupleGet(t, i) => write!(self.out, "tuple_get {t}, {i}"),
            K::TupleIndex(t, i) => write!(self.out, "tuple_index {t}, {i}"),
            K::Get(x) => write!(self.out, "get {x}"),
            K::Set(x, v) => write!(self.out, "set {x}, {v}"),
            K::Splat(v, n) => write!(self.out, "splat {v}, {n}"),
            K::Iota(n) => write!(self.out, "iota {n}"),
            K::Extract(v, i) => write!(self.out, "extract {v}, {i}"),
            K::Shuffle(a, b, chosen) => write!(self.out, "shuffle {a}, {b} {chosen:?}"),
            K::MaskAny(m) => write!(self.out, "mask_any {m}"),
            K::MaskAll(m) => write!(self.out, "mask_all {m}"),
            K::VecReduce(op, v) => write!(self.out, "vec_reduce {} {v}", op.name()),
            K::Call(callee, args) => write!(self.out, "call {callee}({})", List(args)),
            K::Library(f, args) => write!(self.out, "library {f}({})", List(args)),
            K::Check(cond, raise) => {
                write!(self.out, "check {cond} ")?;
                self.raise(raise)
            }
            K::Raise(raise) => self.raise(raise),
            K::Print(parts) => self.print(parts),
            K::Safepoint => write!(self.out, "safepoint"),
            K::ThreadId => write!(self.out, "thread_id"),
            K::NumThreads => write!(self.out, "num_threads"),
            K::SetNumThreads(n) => write!(self.out, "set_num_threads {n}"),
            K::Retain(v) => write!(self.out, "retain {v}"),
            K::Release(v) => write!(self.out, "release {v}"),
            K::Break(label) => write!(self.out, "break {label}"),
            K::Continue(label) => write!(self.out, "continue {label}"),
            K::Return(None) => write!(self.out, "return"),
            K::Return(Some(v)) => write!(self.out, "return {v}"),
            K::If { cond, .. } => write!(self.out, "if {cond}"),
            K::While { label, .. } => write!(self.out, "while {label}"),
            K::Scope { .. } => write!(self.out, "scope"),
            K::Try { .. } => write!(self.out, "try"),
            K::Caught(class) => write!(self.out, "caught {}", class.name()),
            K::CaughtArg(k) => write!(self.out, "caught_arg {k}"),
            K::Reraise => write!(self.out, "reraise"),
            K::For(_) | K::Domain { .. } | K::ParallelFor(_) | K::ParallelRegion(_) => self.loop_head(kind),
            _ => self.memory(kind),
        }
    }

    fn memory(&mut self, kind: &InstKind) -> fmt::Result {
        use InstKind as K;
        match kind {
            K::Dim(a, axis) => write!(self.out, "dim {a}, {axis}"),
            K::Stride(a, axis) => write!(self.out, "stride {a}, {axis}"),
            K::Address(a) => write!(self.out, "address {a}"),
            K::View { base, offset, shape, strides } => {
                let (shape, strides) = (List(shape), List(strides));
                write!(self.out, "view {base} offset {offset} shape [{shape}] strides [{strides}]")
            }
            K::Alloc { shape, zeroed } => {
                write!(self.out, "alloc{} [{}]", if *zeroed { " zeroed" } else { "" }, List(shape))
            }
            K::Null => write!(self.out, "null"),
            K::GlobalArray(i) => write!(self.out, "global_array g{i}"),
            K::Extern(i) => write!(self.out, "extern e{i}"),
            K::Pointer(a) => write!(self.out, "pointer {a}"),
            K::ArrayAt { pointer, shape, strides } => {
                write!(self.out, "array_at {pointer} shape [{}] strides [{}]", List(shape), List(strides))
            }
            K::StackArray(n) => write!(self.out, "stack_array {n}"),
            K::CallC(callee, args) => write!(self.out, "call_c {callee}({})", List(args)),
            K::ListReserve(list, n) => write!(self.out, "list_reserve {list}, {n}"),
            K::ListDrop(list, from, to) => write!(self.out, "list_drop {list}, {from}, {to}"),
            K::LoadPacked(at) => write!(self.out, "load_packed {at}"),
            K::StorePacked(at, v) => write!(self.out, "store_packed {at}, {v}"),
            K::CheckIndex { index, size, axis, wrap, check } => {
                write!(self.out, "check_index {index}, {size} axis {axis}")?;
                self.out.write_str(if *wrap { " wrap" } else { "" })?;
                self.out.write_str(if *check { " check" } else { "" })
            }
            K::Load { array, index, flags } => {
                write!(self.out, "load {array}[{}]", List(index))?;
                self.flags(flags)
            }
            K::Store { array, index, value, flags } => {
                write!(self.out, "store {array}[{}], {value}", List(index))?;
                self.flags(flags)
            }
            K::AtomicUpdate { op, array, index, value } => {
                write!(self.out, "atomic {} {array}[{}], {value}", op.name(), List(index))
            }
            K::VecLoad { array, index, mask, lanes, flags } => {
                write!(self.out, "vec_load {array}[{}] lanes {lanes}", List(index))?;
                self.mask(mask)?;
                self.flags(flags)
            }
            K::VecStore { array, index, value, mask, flags } => {
                write!(self.out, "vec_store {array}[{}], {value}", List(index))?;
                self.mask(mask)?;
                self.flags(flags)
            }
            K::Gather { array, index, mask } => {
                write!(self.out, "gather {array}[{}] mask {mask}", List(index))
            }
            K::Scatter { array, index, value, mask } => {
                write!(self.out, "scatter {array}[{}], {value} mask {mask}", List(index))
            }
            other => unreachable!("not an instruction on memory: {other:?}"),
        }
    }

    fn mask(&mut self, mask: &Option<Value>) -> fmt::Result {
        mask.iter().try_for_each(|m| write!(self.out, " mask {m}"))
    }

    fn flags(&mut self, flags: &MemFlags) -> fmt::Result {
        if flags.alias_set != 0 {
            write!(self.out, " alias {}", flags.alias_set)?;
        }
        self.out.write_str(if flags.nontemporal { " nontemporal" } else { "" })
    }

    fn raise(&mut self, raise: &Raise) -> fmt::Result {
        write!(self.out, "raise {}", raise.class.name())?;
        if let Some(message) = &raise.message {
            write!(self.out, " {}", Quoted(message))?;
        }
        if !raise.args.is_empty() {
            let args: Vec<String> = raise
                .args
                .iter()
                .map(|(v, weak)| format!("{v}{}", if *weak { " weak" } else { "" }))
                .collect();
            write!(self.out, " ({})", args.join(", "))?;
        }
        Ok(())
    }

    fn print(&mut self, parts: &[PrintPart]) -> fmt::Result {
        write!(self.out, "print")?;
        for (i, part) in parts.iter().enumerate() {
            self.out.write_str(if i > 0 { ", " } else { " " })?;
            match part {
                PrintPart::Text(text) => write!(self.out, "{}", Quoted(text))?,
                PrintPart::None => write!(self.out, "none")?,
                PrintPart::Value { value, weak } => {
                    write!(self.out, "{value}{}", if *weak { " weak" } else { "" })?;
                }
                PrintPart::TupleOpen => write!(self.out, "open")?,
                PrintPart::TupleClose => write!(self.out, "close")?,
            }
        }
        Ok(())
    }

    fn loop_head(&mut self, kind: &InstKind) -> fmt::Result {
        match kind {
            InstKind::For(node) => {
                write!(self.out, "for {} ", node.label)?;
                self.define(node.iv, &Type::I64)?;
                write!(self.out, " in {}..{} step {}", node.start, node.stop, node.step)?;
                self.out.write_str(if node.hints.scalar { " scalar" } else { "" })?;
                self.out.write_str(if node.hints.few { " few" } else { "" })?;
                self.out.write_str(if node.hints.independent { " independent" } else { "" })?;
                self.out.write_str(if node.hints.strips { " strips" } else { "" })?;
                self.out.write_str(if node.hints.nonempty { " nonempty" } else { "" })?;
                self.out.write_str(if node.hints.lanes { " lanes" } else { "" })
            }
            InstKind::Domain { extents, ivs, .. } => {
                write!(self.out, "domain ")?;
                for (i, &iv) in ivs.iter().enumerate() {
                    self.define(iv, &Type::I64)?;
                    self.out.write_str(if i + 1 < ivs.len() { ", " } else { " " })?;
                }
                write!(self.out, "in [{}]", List(extents))
            }
            InstKind::ParallelFor(node) => self.parallel_for(node),
            InstKind::ParallelRegion(node) => {
                write!(self.out, "parallel_region {} id ", node.n)?;
                self.define(node.id, &Type::I64)?;
                self.clause("private", &node.privates)
            }
            other => unreachable!("not a loop: {other:?}"),
        }
    }

    fn parallel_for(&mut self, node: &ParallelFor) -> fmt::Result {
        write!(self.out, "parallel_for {} ", node.label)?;
        self.define(node.iv, &Type::I64)?;
        write!(self.out, " in {}..{} step {}", node.start, node.stop, node.step)?;
        if node.schedule != Schedule::default() {
            write!(self.out, " schedule({})", node.schedule.name())?;
        }
        if let Some(chunk) = node.chunk {
            write!(self.out, " chunk({chunk})")?;
        }
        if let Some(threads) = node.num_threads {
            write!(self.out, " num_threads({threads})")?;
        }
        if node.in_place {
            write!(self.out, " in_place")?;
        }
        if node.scalar {
            write!(self.out, " scalar")?;
        }
        self.clause("private", &node.privates)?;
        self.clause("last", &node.lasts)?;
        if !node.scalars.is_empty() {
            let list: Vec<String> =
                node.scalars.iter().map(|r| format!("{} {}", r.op.name(), r.var)).collect();
            write!(self.out, " reduce({})", list.join(", "))?;
        }
        for reduction in &node.arrays {
            write!(self.out, " reduce_array({} {} as ", reduction.op.name(), reduction.target)?;
            self.define(reduction.private, self.func.ty(reduction.target))?;
            write!(self.out, ")")?;
        }
        if node.min_block != 0 { write!(self.out, " min_block {}", node.min_block) } else { Ok(()) }
    }

    fn clause<T: Display>(&mut self, name: &str, list: &[T]) -> fmt::Result {
        if list.is_empty() { Ok(()) } else { write!(self.out, " {name}({})", List(list)) }
    }

    /// A value that a region gets, with its type unless it is the expected one.
    fn define(&mut self, v: Value, expected: &Type) -> fmt::Result {
        let ty = self.func.ty(v);
        if ty == expected { write!(self.out, "{v}") } else { write!(self.out, "{v}: {ty}") }
    }
}

struct List<'a, T>(&'a [T]);

impl<T: Display> Display for List<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, item) in self.0.iter().enumerate() {
            write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

struct ConstText(Const);

impl Display for ConstText {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Const::Bool(b) => write!(f, "bool {b}"),
            Const::Int(d, n) if d.is_unsigned() => write!(f, "{d} {}", n as u64),
            Const::Int(d, n) => write!(f, "{d} {n}"),
            Const::Float(d, x) => write!(f, "{d} {}", FloatText(x)),
            Const::Complex(d, re, im) => write!(f, "{d} {} {}", FloatText(re), FloatText(im)),
        }
    }
}

/// Shortest text that reads back to the same bits.
struct FloatText(f64);

impl Display for FloatText {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.is_nan() { write!(f, "nan:{:#x}", self.0.to_bits()) } else { write!(f, "{:?}", self.0) }
    }
}

/// Text in double quotes with escapes.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                '\r' => f.write_str("\\r")?,
                c if c.is_control() => write!(f, "\\u{{{:x}}}", c as u32)?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

/// A function's name: bare after `@` where it is an identifier, else quoted.
struct Name<'a>(&'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plain = |c: char| c.is_alphanumeric() || c == '_';
        if !self.0.is_empty() && self.0.chars().all(plain) {
            write!(f, "@{}", self.0)
        } else {
            write!(f, "@{}", Quoted(self.0))
        }
    }
}
