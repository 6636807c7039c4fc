//! Memory of C in functions of the Cython language: variables that have an address, structs, arrays, casts, `sizeof`.
//!
//! Arrays, structs and variables whose address is taken live in the frame of the function; all other variables are
//! values. Arrays of numbers are arrays of the language, with checked indices, that also stand for pointers. A struct is
//! a reference to its memory, which is copied where C copies: at assignment, when a function takes or returns it.
//!
//! Limits: memory in the frame is at most [`MAX_FRAME`] bytes a variable; parallel sections share it, but for what
//! [`super::private_memory`] gives each thread.

use std::collections::HashSet;
use std::sync::Arc;

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp, InstKind};
use ungil_ir::types::{ArrayType, DType, Layout, Type};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::stmt::{Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

use crate::c_text::parse_c_text;
use crate::ctype::{CType, FunctionType, Pointee};
use crate::cython::Declared;
use crate::diagnostics::foreign::ForeignError;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::cython::libc_params;
use crate::lower::data;
use crate::lower::external::external;
use crate::lower::struct_calls::Passed;
use crate::object::memory::struct_of_tuple;
use crate::operand::Operand;
use crate::resolve::scopes::Body;
use crate::ty::Ty;

/// Most bytes of a variable in the frame.
pub const MAX_FRAME: u64 = 512 << 10;
/// Structs up to this many bytes are copied word by word.
const WORDWISE: u64 = 128;

/// How names of functions of C's mathematical library begin.
const LIBC_MATH: &str = "libc.math.";
/// `void *(void *, const void *, size_t)`.
pub const MEMMOVE: &str = "memmove";

/// A variable that has an address.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    pub ty: CType,
    pub(crate) pointer: Value,
    /// Of numbers: the memory as an array.
    pub(crate) array: Option<Operand>,
}

/// Names whose address a function takes.
#[derive(Default)]
struct Taken {
    names: HashSet<String>,
}

impl Visitor for Taken {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        if !matches!(stmt.kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_)) {
            walk_stmt(self, stmt);
        }
    }

    fn visit_expr(&mut self, expr: &Expr) {
        self.names.extend(address_of(expr).map(str::to_owned));
        walk_expr(self, expr);
    }
}

/// The variable whose address an expression takes.
pub(super) fn address_of(expr: &Expr) -> Option<&str> {
    let ExprKind::Call(call) = &expr.kind else { return None };
    match (&call.func.kind, call.args.as_slice()) {
        (ExprKind::Name(name), [Expr { kind: ExprKind::Name(of), .. }]) if &**name == "__pyx_addr" => {
            Some(of)
        }
        _ => None,
    }
}

pub(crate) fn misuse(title: impl Into<String>, label: &str, help: &str, span: Span) -> Error {
    let (title, label, help) = (title.into(), label.to_owned(), help.to_owned());
    ForeignError::Use { title, label, help, span }.into()
}

impl Lowerer<'_, '_> {
    /// Makes the memory of the variables that have some. Runs at the start of the function.
    pub(crate) fn init_memory(&mut self) -> Result<()> {
        let Some(c) = self.c_function().filter(|_| self.code.id.nested.is_none()) else { return Ok(()) };
        let mut taken = Taken::default();
        if let Body::Block(stmts) = &*self.code.body.clone() {
            stmts.iter().for_each(|stmt| taken.visit_stmt(stmt));
        }
        let span = self.code.span;
        for (name, declared) in &c.vars {
            let is_taken = taken.names.contains(name);
            let ty = match declared {
                Declared::C { ty: ty @ (CType::Array(..) | CType::Struct(_)), .. } => ty.clone(),
                Declared::C { ty, .. } if is_taken => ty.clone(),
                Declared::Scalar { dtype, .. } if is_taken => CType::Scalar(*dtype),
                Declared::Bint if is_taken => CType::Bint,
                _ => continue,
            };
            let memory = self.frame_memory(&ty, span)?;
            self.memory.insert(name.clone(), memory);
        }
        Ok(())
    }

    /// Memory of a type in the frame.
    pub(crate) fn frame_memory(&mut self, ty: &CType, span: Span) -> Result<Memory> {
        let size = ty.size().filter(|size| *size <= MAX_FRAME).ok_or_else(|| {
            let title = format!("a variable of type `{ty}` does not fit the frame of a function");
            misuse(title, "too large, or of unknown size", "use a memoryview, or `malloc`", span)
        })?;
        let (mut extents, mut at) = (Vec::new(), ty);
        while let CType::Array(element, n) = at {
            extents.push(*n as i64);
            at = element;
        }
        let (dtype, words) = match at {
            CType::Scalar(d) => (*d, size / d.size()),
            CType::Bint => (DType::I32, size / 4),
            _ => (DType::I64, size.div_ceil(8)),
        };
        let flat = ArrayType { dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
        let memory = self.b().typed(InstKind::StackArray(words.max(1) as u32), Type::Array(flat));
        let address = self.b().value(InstKind::Address(memory));
        let pointer = self.b().value(InstKind::Pointer(address));
        if let (1, CType::Scalar(_) | CType::Bint) = (extents.len(), at) {
            let array = Some(Operand::value(Ty::Array(flat), memory, span));
            return Ok(Memory { ty: ty.clone(), pointer, array });
        }
        Ok(self.memory_over(ty, pointer, span))
    }

    /// Memory of a type behind a pointer.
    pub(crate) fn memory_over(&mut self, ty: &CType, pointer: Value, span: Span) -> Memory {
        let (mut extents, mut at) = (Vec::new(), ty);
        while let CType::Array(element, n) = at {
            extents.push(*n as i64);
            at = element;
        }
        let dtype = match at {
            CType::Scalar(dtype) => Some(*dtype),
            CType::Bint => Some(DType::I32),
            _ => None,
        };
        let array = match dtype {
            Some(dtype) if (1..=8).contains(&extents.len()) => {
                let ndim = extents.len() as u8;
                let flat = ArrayType { dtype, ndim, layout: Layout::C, readonly: false, swapped: false };
                let shape: Vec<Value> = extents.iter().map(|n| self.b().i64(*n)).collect();
                Some(self.array_over(pointer, shape, flat, span))
            }
            _ => None,
        };
        Memory { ty: ty.clone(), pointer, array }
    }

    /// An array over memory behind a pointer, one element behind the other.
    pub(crate) fn array_over(
        &mut self,
        pointer: Value,
        shape: Vec<Value>,
        ty: ArrayType,
        span: Span,
    ) -> Operand {
        let strides = self.contiguous_strides(&shape, ty.dtype, ty.layout);
        let value = self.b().typed(InstKind::ArrayAt { pointer, shape, strides }, Type::Array(ty));
        Operand::value(Ty::Array(ty), value, span)
    }

    /// Whether a variable in memory is an array of truth values.
    pub(crate) fn holds_bints(&self, name: &str) -> bool {
        let Some(mut at) = self.memory.get(name).map(|memory| &memory.ty) else { return false };
        while let CType::Array(element, _) = at {
            at = element;
        }
        *at == CType::Bint
    }

    /// The value of a variable in memory; `None` if it has none.
    pub(crate) fn read_memory(&mut self, name: &str, span: Span) -> Result<Option<Operand>> {
        let Some(memory) = self.memory.get(name).cloned() else { return Ok(None) };
        if let Some(array) = memory.array {
            return Ok(Some(array.at(span)));
        }
        if let CType::Array(element, _) = &memory.ty {
            let to = Pointee { to: (**element).clone(), constant: false };
            return Ok(Some(Operand::value(Ty::Pointer(Arc::new(to)), memory.pointer, span)));
        }
        let address = self.b().value(InstKind::Address(memory.pointer));
        let value = self.load_c(address, &memory.ty, span)?;
        Ok(Some(value))
    }

    /// Assigns a variable in memory; whether there is one of that name.
    pub(crate) fn write_memory(&mut self, name: &str, value: &Operand, span: Span) -> Result<bool> {
        let Some(memory) = self.memory.get(name).cloned() else { return Ok(false) };
        if self.in_parallel() && !name.starts_with("__pyx_g__.") && !self.private.contains(name) {
            let title = format!("the threads of a parallel loop share `{name}`, which has an address");
            let help = "use a variable of its own inside the loop, whose address is not taken";
            return Err(misuse(title, "assigned by several threads", help, span));
        }
        let address = self.b().value(InstKind::Address(memory.pointer));
        self.store_c(address, &memory.ty, value, span)?;
        Ok(true)
    }

    /// The type that is meant by the name of an incomplete one.
    pub(crate) fn complete(&self, ty: &CType) -> CType {
        match ty {
            CType::Opaque(name) => self
                .options
                .c
                .as_ref()
                .and_then(|c| c.types.get(&**name).cloned())
                .unwrap_or_else(|| ty.clone()),
            _ => ty.clone(),
        }
    }

    /// A pointer to a type that is complete by now.
    pub(crate) fn completed(&self, p: &Operand) -> Operand {
        match &p.ty {
            Ty::Pointer(to) if matches!(to.to, CType::Opaque(_)) => {
                let to = Pointee { to: self.complete(&to.to), constant: to.constant };
                Operand { ty: Ty::Pointer(Arc::new(to)), ..p.clone() }
            }
            _ => p.clone(),
        }
    }

    /// A value as a type of C, where C or Cython convert it without being asked.
    pub(crate) fn as_c(&mut self, ty: &CType, name: &str, x: &Operand, span: Span) -> Result<Operand> {
        let refuse = || {
            let title = format!("cannot assign a value of type {} to `{name}`", x.ty);
            misuse(title, &format!("expected `{name}`"), "cast it: `<type>value`", span)
        };
        match ty {
            CType::Void => Ok(x.clone()),
            CType::Scalar(dtype) => {
                let declared = Declared::Scalar { dtype: *dtype, name: name.into() };
                self.as_declared(&declared, x, span)
            }
            CType::Bint => self.as_declared(&Declared::Bint, x, span),
            CType::Pointer(to) => match self.as_pointer(to, x, span)? {
                Some(pointer) => Ok(Operand::value(Ty::Pointer(to.clone()), pointer, x.span)),
                None => Err(refuse()),
            },
            CType::Struct(s) => match &x.ty {
                Ty::CStruct(other) if same_type(ty, &CType::Struct(other.clone())) => Ok(x.clone()),
                // A struct that Python passed, as its bytes.
                Ty::Array(a) if a.dtype == DType::U8 && a.ndim == 1 => {
                    let pointer = self.array_pointer(x)?;
                    Ok(Operand::value(Ty::CStruct(s.clone()), pointer, x.span))
                }
                _ => Err(refuse()),
            },
            _ => Err(refuse()),
        }
    }

    /// The pointer that a value becomes; `None` if it does not.
    fn as_pointer(&mut self, to: &Arc<Pointee>, x: &Operand, span: Span) -> Result<Option<Value>> {
        Ok(match &x.ty {
            // What a variable holds is Python's `None`, and no `NULL`.
            Ty::None if self.webs.use_at(x.span.lo).is_some() => {
                return self.always_raise(ExcClass::TYPE_ERROR, "expected bytes, NoneType found");
            }
            Ty::None => Some(self.null_pointer()),
            Ty::Pointer(from) if converts(from, to) => Some(self.value(x)?),
            Ty::Array(a) if is_text(a, &to.to) => Some(self.array_pointer(x)?),
            Ty::Array(a) if to.to == CType::Void || elements_suit(a, &to.to) => {
                if a.layout == Layout::Strided || (a.readonly && !to.constant) {
                    None
                } else {
                    Some(self.array_pointer(x)?)
                }
            }
            Ty::Func(_) | Ty::CFunc(_) | Ty::Builtin(_) => match &to.to {
                CType::Function(wanted) => Some(self.code_pointer(x, &wanted.clone(), span)?),
                _ => None,
            },
            Ty::Bytes(bytes) if matches!(to.to, CType::Scalar(DType::I8 | DType::U8) | CType::Void) => {
                Some(self.bytes_pointer(&bytes.clone())?)
            }
            Ty::Choice(members) => {
                let (members, number) = (members.clone(), self.value(x)?);
                let number = self.tuple_get(number, 0);
                let mut address = self.b().i64(0);
                for (k, member) in members.iter().enumerate() {
                    let member = Operand::entity(member.clone(), x.span);
                    let Some(pointer) = self.as_pointer(to, &member, span)? else { return Ok(None) };
                    let (own, k) = (self.b().value(InstKind::Address(pointer)), self.b().i64(k as i64));
                    let same = self.b().compare(CompareOp::Eq, number, k);
                    address = self.b().select(same, own, address);
                }
                Some(self.b().value(InstKind::Pointer(address)))
            }
            _ => None,
        })
    }

    /// `&place`
    pub(crate) fn address_of(&mut self, place: &Expr, span: Span) -> Result<Operand> {
        let pointer = |to: CType, constant: bool, value: Value| {
            Operand::value(Ty::Pointer(Arc::new(Pointee { to, constant })), value, span)
        };
        match &place.kind {
            ExprKind::Name(name) if self.memory.contains_key(&**name) => {
                let memory = self.memory[&**name].clone();
                Ok(pointer(memory.ty, false, memory.pointer))
            }
            ExprKind::Subscript { value, index } => {
                let container = self.lower_expr(value)?;
                let container = self.completed(&container);
                match &container.ty {
                    Ty::Pointer(_) => {
                        let index = self.lower_expr(index)?;
                        let (address, to) = self.element_of_pointer(&container, &index, span)?;
                        let value = self.b().value(InstKind::Pointer(address));
                        Ok(pointer(to.to, to.constant, value))
                    }
                    Ty::StructView(view) => {
                        let (view, index) = (view.clone(), self.index_operands(index)?);
                        let address = self.struct_view_place(&container, &index, span)?;
                        let value = self.b().value(InstKind::Pointer(address));
                        Ok(pointer(CType::Struct(view.element.clone()), view.array.readonly, value))
                    }
                    Ty::Array(a) => {
                        let (a, index) = (*a, self.index_operands(index)?);
                        let address = self.place_address(&container, &index, span)?;
                        let value = self.b().value(InstKind::Pointer(address));
                        Ok(pointer(CType::Scalar(a.dtype), a.readonly, value))
                    }
                    ty => Err(no_address(ty, span)),
                }
            }
            ExprKind::Attribute { value, attr } => {
                let object = self.lower_expr(value)?;
                if let (Ty::Builtin(name), Some(memory)) =
                    (&object.ty, self.memory.get(&data::key(&attr.name)))
                    && &**name == data::NAME
                {
                    return Ok(pointer(memory.ty.clone(), false, memory.pointer));
                }
                let object = self.completed(&object);
                match self.field_place(&object, &attr.name)? {
                    Some((address, ty)) => {
                        let value = self.b().value(InstKind::Pointer(address));
                        Ok(pointer(ty, false, value))
                    }
                    None => Err(no_address(&object.ty, span)),
                }
            }
            _ => {
                let value = self.lower_expr(place)?;
                match &value.ty {
                    // The address of a function is the function.
                    Ty::Func(_) | Ty::CFunc(_) => Ok(value),
                    Ty::Builtin(name) if name.starts_with(LIBC_MATH) => Ok(value),
                    Ty::CStruct(s) => {
                        let to = CType::Struct(s.clone());
                        let value = self.value(&value)?;
                        Ok(pointer(to, false, value))
                    }
                    ty => Err(no_address(ty, span)),
                }
            }
        }
    }

    /// Whether an array is a variable of C, or a row of one.
    pub(crate) fn is_frame_array(&self, x: &Operand) -> bool {
        self.frame_type(x).is_some()
    }

    /// The type of a variable of C that is an array, or of a row of one.
    pub(crate) fn frame_type(&self, x: &Operand) -> Option<CType> {
        let value = x.value?;
        let is_whole = |m: &&Memory| m.array.as_ref().is_some_and(|a| a.value == Some(value));
        let whole = self.memory.values().find(is_whole).map(|m| m.ty.clone());
        whole.or_else(|| self.frame_rows.get(&value).cloned())
    }

    /// Keeps in mind that an array is a part of a variable of C: what `n` indices of it denote.
    pub(crate) fn mark_frame_row(&mut self, row: &Operand, whole: &Operand, n: usize) {
        let Some(mut ty) = self.frame_type(whole) else { return };
        for _ in 0..n {
            let CType::Array(element, _) = &ty else { return };
            ty = (**element).clone();
        }
        self.frame_rows.extend(row.value.filter(|_| matches!(row.ty, Ty::Array(_))).map(|value| (value, ty)));
    }

    /// Calls a function through a pointer.
    pub(crate) fn call_pointer(
        &mut self,
        callee: &Operand,
        ty: &CType,
        args: Args,
        span: Span,
    ) -> Result<Operand> {
        let CType::Function(f) = ty else { return Err(Error::Untyped) };
        args.check_no_keywords("pointer")?;
        if args.positional.len() != f.params.len() {
            let (name, prototype) = ("pointer to a function".to_owned(), ty.to_string());
            let (expected, given) = (f.params.len(), args.positional.len());
            return Err(ForeignError::Count { name, prototype, expected, given, span }.into());
        }
        let pointer = self.value(callee)?;
        let mut passed = Passed::default();
        let returned = self.struct_result(&f.ret, &mut passed, span)?;
        for (param, arg) in f.params.iter().zip(&args.positional) {
            if let CType::Struct(s) = self.complete(param) {
                self.struct_argument(&s, arg, &mut passed)?;
                continue;
            }
            let arg = self.as_c(param, &param.to_string(), arg, arg.span)?;
            let value = self.value(&arg)?;
            passed.push(param, value);
        }
        let values = self.passed_values(passed);
        self.set_span(span);
        let result = self.checked_call(f.raises, |l| l.b().call_c(pointer, values, returned.ir()));
        if let Some(made) = self.returned_struct(&returned, result, span)? {
            return Ok(made);
        }
        self.c_result(&f.ret, result, span)
    }

    /// The address of a function's code for C.
    fn code_pointer(&mut self, x: &Operand, wanted: &FunctionType, span: Span) -> Result<Value> {
        let f = match &x.ty {
            Ty::CFunc(f) => {
                let f = f.clone();
                return Ok(self.function_pointer(&f));
            }
            Ty::Builtin(name) if name.starts_with("cython.extern:") => {
                let f = external(&name["cython.extern:".len()..]).ok_or(Error::Untyped)?;
                return Ok(self.function_pointer(&f));
            }
            Ty::Builtin(name) if name.starts_with(LIBC_MATH) => {
                let own = &name[LIBC_MATH.len()..];
                let has_type = libc_params(own) == Some((wanted.params.clone(), wanted.ret.clone()));
                let address = self.program.world.host_function(name).filter(|_| has_type);
                let Some(address) = address else { return Err(no_address(&x.ty, span)) };
                return Ok(self.extern_address(own, address));
            }
            Ty::Func(f) if f.code.nested.is_none() => {
                self.refuse_struct_callback(&wanted.params, &wanted.ret, span)?;
                f.clone()
            }
            ty => return Err(no_address(ty, span)),
        };
        match self.program.world.c_entry(f.code.kernel, wanted) {
            Ok(address) => Ok(self.extern_address(&f.name, address)),
            Err(why) => {
                let title = format!("`{}` does not become a pointer to a function: {why}", f.name);
                Err(misuse(
                    title,
                    "cannot be called by C",
                    "give it a signature of numbers and pointers",
                    span,
                ))
            }
        }
    }

    /// The address of an array's element.
    fn place_address(&mut self, array: &Operand, index: &[Operand], span: Span) -> Result<Value> {
        let a = array.ty.as_array().expect("an array");
        if index.len() != usize::from(a.ndim) || !index.iter().all(|i| i.ty.is_scalar()) {
            let help = "give one index for each axis: `&a[i, j]`";
            return Err(misuse(
                "only elements of a memoryview have an address",
                "not an element",
                help,
                span,
            ));
        }
        let base = self.value(array)?;
        let mut address = self.b().value(InstKind::Address(base));
        for (axis, i) in index.iter().enumerate() {
            let size = self.b().dim(base, axis as u8);
            let at = self.checked_index(i, size, axis as u8, &array.ty)?;
            let stride = self.b().stride(base, axis as u8);
            let offset = self.b().binary(Ir::Mul, at, stride);
            address = self.b().binary(Ir::Add, address, offset);
        }
        Ok(address)
    }

    /// `<type>x` of pointers, structs and functions.
    pub(crate) fn cast_c(&mut self, args: Args) -> Result<Operand> {
        let span = args.span;
        let [text, name, x] = args.positional.as_slice() else { return Err(Error::Untyped) };
        let ty = self.complete(&text.as_str().and_then(parse_c_text).ok_or(Error::Untyped)?);
        let name = name.as_str().unwrap_or_default().to_owned();
        if let CType::Scalar(dtype) = ty {
            // An enumeration.
            let x = self.element_of(x)?;
            let value = self.value(&x)?;
            return Ok(Operand::value(Ty::Scalar(dtype), self.b().cast(value, dtype), span));
        }
        let CType::Pointer(to) = &ty else { return self.as_c(&ty, &name, x, span) };
        if let (Ty::Func(_) | Ty::CFunc(_) | Ty::Builtin(_), CType::Function(_)) = (&x.ty, &to.to) {
            return self.as_c(&ty, &name, x, span);
        }
        let value = match &x.ty {
            Ty::Pointer(_) => Some(self.value(x)?),
            Ty::CStruct(_) => None,
            ty if ty.is_integral() => {
                let address = self.index(x)?;
                Some(self.b().value(InstKind::Pointer(address)))
            }
            _ => {
                let any = Arc::new(Pointee { to: CType::Void, constant: true });
                match self.as_pointer(to, x, span)? {
                    Some(value) => Some(value),
                    None => self.as_pointer(&any, x, span)?,
                }
            }
        };
        match value {
            Some(value) => Ok(Operand::value(Ty::Pointer(to.clone()), value, span)),
            None => {
                let title = format!("a value of type {} does not become a `{name}`", x.ty);
                Err(misuse(title, "cannot be cast", "cast a pointer, an address or an array of C", span))
            }
        }
    }

    /// `sizeof(type)` and `sizeof(variable)`.
    pub(crate) fn size_of(&mut self, arg: &Expr, span: Span) -> Result<Operand> {
        let known = |l: &mut Self| -> Result<Option<u64>> {
            if let ExprKind::Name(name) = &arg.kind {
                if let Some(memory) = l.memory.get(&**name) {
                    return Ok(memory.ty.size());
                }
                if let Some(declared) = l.options.c.as_ref().and_then(|c| c.vars.get(&**name)) {
                    return Ok(match declared {
                        Declared::Scalar { dtype, .. } => Some(dtype.size()),
                        Declared::Bint => Some(4),
                        Declared::C { ty, .. } => ty.size(),
                        Declared::Tuple(items) => struct_of_tuple(items).and_then(|ty| ty.size()),
                        _ => None,
                    });
                }
            }
            if let ExprKind::Attribute { value, attr } = &arg.kind
                && matches!(&value.kind, ExprKind::Name(name) if &**name == "__pyx_g__")
                && let Some(memory) = l.memory.get(&data::key(&attr.name))
            {
                return Ok(memory.ty.size());
            }
            let x = l.lower_expr(arg)?;
            Ok(match &x.ty {
                Ty::Str(text) => parse_c_text(text).and_then(|ty| l.complete(&ty).size()),
                Ty::Pointer(_) => Some(8),
                Ty::CStruct(s) => Some(s.size),
                ty => ty.dtype().map(DType::size),
            })
        };
        let size = known(self)?
            .ok_or_else(|| misuse("this has no size in C", "not a type of C", "name a type of C", span))?;
        let constant = crate::operand::Constant::Int(size.into());
        Ok(Operand::constant(Ty::Scalar(DType::U64), constant, span))
    }

    /// `<double[:n, :m]>p`: an array over memory.
    pub(crate) fn view_c(&mut self, args: Args) -> Result<Operand> {
        let span = args.span;
        let [element, order, p, extents @ ..] = args.positional.as_slice() else {
            return Err(Error::Untyped);
        };
        let text = element.as_str().ok_or(Error::Untyped)?;
        let element = self.complete(&parse_c_text(text).ok_or(Error::Untyped)?);
        let layout = if order.as_str() == Some("f") { Layout::F } else { Layout::C };
        let any = Arc::new(Pointee { to: element.clone(), constant: true });
        let pointer = match &p.ty {
            Ty::None => None,
            _ => self.as_pointer(&any, p, span)?,
        };
        let Some(pointer) = pointer else {
            let title = format!("a value of type {} does not become a memoryview of `{element}`", p.ty);
            return Err(misuse(title, "not a pointer to such elements", "cast the pointer first", span));
        };
        let (address, zero) = (self.b().value(InstKind::Address(pointer)), self.b().i64(0));
        let fine = self.b().compare(CompareOp::Ne, address, zero);
        let class = ExcClass::VALUE_ERROR;
        self.check(fine, class, "Cannot create cython.array from NULL pointer", Vec::new());
        let readonly = matches!(&p.ty, Ty::Pointer(to) if to.constant);
        let mut shape = Vec::new();
        for (axis, extent) in extents.iter().enumerate() {
            let n = self.integer_argument(extent, "memoryview", "shape")?;
            let fine = self.b().compare(CompareOp::Gt, n, zero);
            let message = format!("Invalid shape in axis {axis}: {{0}}.");
            self.check(fine, class, &message, vec![(n, true)]);
            shape.push(n);
        }
        if let CType::Struct(s) = &element {
            return Ok(self.structs_over(pointer, shape, (s, layout, readonly), span));
        }
        let CType::Scalar(dtype) = element else { return Err(Error::Untyped) };
        let ty = ArrayType { dtype, ndim: shape.len() as u8, layout, readonly, swapped: false };
        Ok(self.array_over(pointer, shape, ty, span))
    }

    /// Copies memory; the two places may overlap.
    pub(crate) fn copy_memory(&mut self, to: Value, from: Value, size: u64) -> Result<()> {
        if size > WORDWISE {
            let to = self.b().value(InstKind::Pointer(to));
            let from = self.b().value(InstKind::Pointer(from));
            let n = self.b().i64(size as i64);
            let n = self.b().cast(n, DType::U64);
            self.call_host(MEMMOVE, vec![to, from, n], Type::Pointer).ok_or(Error::Untyped)?;
            return Ok(());
        }
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < size {
            let dtype = if size - at >= 8 { DType::I64 } else { DType::U8 };
            let offset = self.b().i64(at as i64);
            let place = self.b().binary(Ir::Add, from, offset);
            let memory = self.memory_at(place, dtype, true);
            let zero = self.b().i64(0);
            pieces.push((at, dtype, self.b().load(memory, vec![zero])));
            at += dtype.size();
        }
        for (at, dtype, piece) in pieces {
            let offset = self.b().i64(at as i64);
            let place = self.b().binary(Ir::Add, to, offset);
            let memory = self.memory_at(place, dtype, false);
            let zero = self.b().i64(0);
            self.b().store(memory, vec![zero], piece);
        }
        Ok(())
    }
}

fn no_address(ty: &Ty, span: Span) -> Error {
    let title = format!("a value of type {ty} has no address");
    misuse(title, "not a variable of C", "take the address of a `cdef` variable, an element or a field", span)
}

/// Whether a pointer becomes another one without a cast.
fn converts(from: &Pointee, to: &Pointee) -> bool {
    (to.to == CType::Void || same_type(&from.to, &to.to))
        && (to.constant || !from.constant || to.to == CType::Void)
}

/// Whether two types are the same: structs by their names, functions by what they take and return.
pub(crate) fn same_type(a: &CType, b: &CType) -> bool {
    let name = |ty: &CType| match ty {
        CType::Struct(s) => Some(s.name.clone()),
        CType::Opaque(name) => Some(name.clone()),
        _ => None,
    };
    match (a, b) {
        (CType::Pointer(p), CType::Pointer(q)) => same_type(&p.to, &q.to),
        (CType::Array(p, m), CType::Array(q, n)) => m == n && same_type(p, q),
        (CType::Array(p, _), other) | (other, CType::Array(p, _)) => same_type(p, other),
        // Who may raise is called like others.
        (CType::Function(f), CType::Function(g)) => f.params == g.params && f.ret == g.ret,
        // `char` and `signed char`.
        (CType::Bint, CType::Scalar(DType::I32)) | (CType::Scalar(DType::I32), CType::Bint) => true,
        _ => a == b || (name(a).is_some() && name(a) == name(b)),
    }
}

/// Whether a pointer to this leads to the elements of an array.
/// Whether an array is what kernels have instead of bytes, which are a `char *` to C, constant or not.
fn is_text(a: &ArrayType, to: &CType) -> bool {
    let is_bytes = a.readonly && a.ndim == 1 && a.dtype == DType::U8 && a.layout == Layout::C;
    is_bytes && matches!(to, CType::Scalar(DType::I8 | DType::U8))
}

fn elements_suit(a: &ArrayType, to: &CType) -> bool {
    match to {
        CType::Array(element, _) => elements_suit(a, element),
        CType::Scalar(d) => *d == a.dtype,
        CType::Bint => a.dtype == DType::I32,
        _ => false,
    }
}
