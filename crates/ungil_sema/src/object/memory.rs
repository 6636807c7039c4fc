//! Memory of C beside objects: variables that have an address, elements, fields, casts, `sizeof`.
//!
//! Arrays, structs and variables whose address is taken lie in words of the frame; other variables of C are values. A
//! [`Place`] is what can be read, assigned and pointed to. Whole structs and arrays go from and to objects by the host.
//!
//! Limits: a variable has at most [`MAX_FRAME`] bytes.

use std::collections::HashSet;
use std::sync::Arc;

use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp, InstKind};
use ungil_ir::types::{ArrayType, DType, Layout, Type};
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::stmt::{Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

use super::character::char_type;
use super::entries::Entry;
use super::function::Lowerer;
use super::typing::Kind;
use super::value::{CTy, Obj, Val};
use super::{Constant, Result, refuse};
use crate::c_text::parse_c_text;
use crate::ctype::{CStruct, CType};
use crate::cython::Declared;
use crate::lower::memory::{MAX_FRAME, same_type};

/// What plain text calls the variables of the module.
pub(super) const DATA: &str = "__pyx_g__";
/// Bytes up to which memory is copied word by word.
const WORDWISE: u64 = 128;

/// What lies at an address.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub address: Value,
    pub ty: CTy,
    pub is_const: bool,
}

/// Names whose address a function takes, perhaps with those inside it.
#[derive(Default)]
struct Taken {
    names: HashSet<String>,
    goes_inside: bool,
}

impl Visitor for Taken {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        if self.goes_inside || !matches!(stmt.kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_)) {
            walk_stmt(self, stmt);
        }
    }

    fn visit_expr(&mut self, e: &Expr) {
        if let Some(Expr { kind: ExprKind::Name(name), .. }) = operand_of(e, "__pyx_addr") {
            self.names.insert(name.to_string());
        }
        walk_expr(self, e);
    }
}

/// The variables whose address is taken.
pub(super) fn taken(body: &[Stmt]) -> HashSet<String> {
    let mut taken = Taken::default();
    body.iter().for_each(|stmt| taken.visit_stmt(stmt));
    taken.names
}

/// The names whose address a function or one inside it takes.
pub fn taken_inside(body: &[Stmt]) -> HashSet<String> {
    let mut taken = Taken { goes_inside: true, ..Taken::default() };
    body.iter().for_each(|stmt| taken.visit_stmt(stmt));
    taken.names
}

/// The only argument of a call of an operator of C.
pub(super) fn operand_of<'e>(e: &'e Expr, operator: &str) -> Option<&'e Expr> {
    let ExprKind::Call(call) = &e.kind else { return None };
    let is_it = matches!(&call.func.kind, ExprKind::Name(name) if &**name == operator);
    call.args.first().filter(|_| is_it && call.args.len() == 1)
}

/// The text of a literal.
pub(super) fn text_of(e: &Expr) -> Option<&str> {
    match &e.kind {
        ExprKind::Literal(Literal::Str(text)) => text.as_str(),
        _ => None,
    }
}

/// The struct of members that a tuple of C is.
pub fn struct_of_tuple(items: &[Declared]) -> Option<CType> {
    let (mut fields, mut names, mut end, mut align) = (Vec::new(), Vec::new(), 0u64, 1u64);
    for (k, item) in items.iter().enumerate() {
        let ty = match item {
            Declared::Scalar { dtype, .. } => CType::Scalar(*dtype),
            Declared::Bint => CType::Bint,
            Declared::Tuple(inner) => struct_of_tuple(inner)?,
            _ => return None,
        };
        let own = crate::c_text::alignment(&ty);
        let offset = end.next_multiple_of(own);
        end = offset + ty.size()?;
        align = align.max(own);
        names.push(ty.to_string());
        fields.push(crate::ctype::Field { name: format!("f{k}").into(), ty, offset, c_name: "".into() });
    }
    let name = format!("({})", names.join(", ")).into();
    let size = end.next_multiple_of(align);
    Some(CType::Struct(Arc::new(CStruct { name, size, fields, is_union: false })))
}

/// Whether a struct is a tuple of C.
pub fn is_tuple(s: &CStruct) -> bool {
    s.name.starts_with('(')
}

/// A type under another name.
fn named(ty: CType, name: &str) -> CTy {
    match ty {
        CType::Scalar(dtype) => CTy::Num(dtype, name.into()),
        ty => CTy::C(ty, name.into()),
    }
}

fn array_of(dtype: DType) -> Type {
    Type::Array(ArrayType { dtype, ndim: 1, layout: Layout::Strided, readonly: false, swapped: false })
}

impl Lowerer<'_> {
    /// The type that is meant by the name of an incomplete one.
    pub(super) fn complete(&self, ty: &CType) -> CType {
        match ty {
            CType::Opaque(name) => self.source.c.types.get(&**name).cloned().unwrap_or_else(|| ty.clone()),
            _ => ty.clone(),
        }
    }

    /// A type of C by its text.
    pub(super) fn type_named(&self, text: &str) -> Option<CType> {
        parse_c_text(text).map(|ty| self.complete(&ty))
    }

    /// The struct that an expression of this type is, or points at.
    fn struct_behind(&self, ty: &CTy) -> Option<Arc<CStruct>> {
        let CTy::C(ty, _) = ty else { return None };
        match self.complete(ty) {
            CType::Struct(s) => Some(s),
            CType::Pointer(p) => match self.complete(&p.to) {
                CType::Struct(s) => Some(s),
                _ => None,
            },
            _ => None,
        }
    }

    /// The type of elements, and whether they are constant.
    pub(super) fn element_type(&self, ty: &CTy) -> Option<(CType, bool)> {
        match ty {
            CTy::C(CType::Pointer(p), _) => Some((self.complete(&p.to), p.constant)),
            CTy::C(CType::Array(element, _), _) => Some((self.complete(element), false)),
            _ => None,
        }
    }

    /// A variable of the module in memory of C.
    fn module_data(&self, e: &Expr) -> Option<(CTy, u64)> {
        let ExprKind::Attribute { value, attr } = &e.kind else { return None };
        if !matches!(&value.kind, ExprKind::Name(name) if &**name == DATA) {
            return None;
        }
        let (declared, address) = self.source.c.data.get(&*attr.name)?;
        Some((super::convert::declared(declared).ok()?, *address))
    }

    /// The type of what an expression names, if it is a place of C.
    pub(super) fn place_type(&self, e: &Expr) -> Option<CTy> {
        match &e.kind {
            ExprKind::Name(name) => self.local(name).filter(|l| l.memory.is_some())?.ty,
            ExprKind::Subscript { value, index } => {
                if matches!(index.kind, ExprKind::Slice { .. }) {
                    return None;
                }
                if self.is_view_item(value, index) {
                    return self.view_kind(value, index);
                }
                let Kind::C(ty @ CTy::C(..)) = self.kind(value) else { return None };
                if let Some((element, _)) = self.element_type(&ty) {
                    return Some(CTy::of(&element));
                }
                self.member_of_tuple(&ty, index).map(|(ty, _)| ty)
            }
            ExprKind::Attribute { value, attr } => {
                if let Some((ty, _)) = self.module_data(e) {
                    return Some(ty);
                }
                let Kind::C(ty) = self.kind(value) else { return None };
                let s = self.struct_behind(&ty)?;
                let field = s.fields.iter().find(|f| *f.name == *attr.name)?;
                Some(CTy::of(&self.complete(&field.ty)))
            }
            _ => None,
        }
    }

    /// `t[n]` of a tuple of C.
    fn member_of_tuple(&self, ty: &CTy, index: &Expr) -> Option<(CTy, u64)> {
        let CTy::C(CType::Struct(s), _) = ty else { return None };
        let ExprKind::Literal(Literal::Int(n)) = &index.kind else { return None };
        let field = s.fields.get(usize::try_from(*n).ok()?).filter(|_| is_tuple(s))?;
        Some((CTy::of(&field.ty), field.offset))
    }

    /// What an expression names, if it is a place of C.
    pub(super) fn place(&mut self, e: &Expr) -> Result<Option<Place>> {
        let Some(ty) = self.place_type(e) else { return self.no_field(e).map(|()| None) };
        let place = |address, ty, is_const| Ok(Some(Place { address, ty, is_const }));
        match &e.kind {
            ExprKind::Name(name) => {
                let memory = self.local(name).and_then(|l| l.memory);
                memory.map_or_else(|| refuse("a variable without memory"), |at| place(at, ty, false))
            }
            ExprKind::Subscript { value, index } => {
                if let Some(element) = self.view_place(e, value, index)? {
                    return Ok(Some(element));
                }
                let Kind::C(of) = self.kind(value) else { return refuse("this element") };
                if let Some((_, offset)) = self.member_of_tuple(&of, index) {
                    let base = self.address_of_value(value)?;
                    return place(self.offset(base, offset), ty, false);
                }
                let Some((element, is_const)) = self.element_type(&of) else { return refuse("this element") };
                let Some(size) = element.size() else {
                    return refuse(&format!("an element of a pointer to `{element}`"));
                };
                let base = self.address_of_value(value)?;
                let index = self.index_word(index)?;
                self.at(e.span);
                if let CTy::C(CType::Array(_, n), _) = of {
                    self.check_extent(index, n);
                }
                place(self.element_address(base, index, size), ty, is_const)
            }
            ExprKind::Attribute { value, attr } => {
                if let Some((_, address)) = self.module_data(e) {
                    let at = self.constant(Constant::Address(address)).value;
                    return place(at, ty, false);
                }
                let Kind::C(of) = self.kind(value) else { return refuse("this field") };
                let is_const = matches!(&of, CTy::C(CType::Pointer(p), _) if p.constant);
                let is_const = is_const || self.is_in_const_view(value);
                let Some(s) = self.struct_behind(&of) else { return refuse("this field") };
                let field = s.fields.iter().find(|f| *f.name == *attr.name);
                let Some(offset) = field.map(|f| f.offset) else { return refuse("this field") };
                let base = self.address_of_value(value)?;
                place(self.offset(base, offset), ty, is_const)
            }
            _ => Ok(None),
        }
    }

    /// Refuses a field that a struct does not have.
    pub(super) fn no_field(&self, e: &Expr) -> Result<()> {
        if let ExprKind::Attribute { value, attr } = &e.kind
            && let Kind::C(ty) = self.kind(value)
            && let Some(s) = self.struct_behind(&ty)
            && !s.fields.iter().any(|f| *f.name == *attr.name)
        {
            return refuse(&format!("a field `{}`, which struct `{}` has not", attr.name, s.name));
        }
        Ok(())
    }

    /// The address that a pointer, a struct or an array is.
    fn address_of_value(&mut self, e: &Expr) -> Result<Value> {
        match self.expr(e)? {
            Val::C(address, CTy::C(..)) => Ok(address),
            _ => refuse("a value that is no memory of C"),
        }
    }

    pub(super) fn offset(&mut self, base: Value, bytes: u64) -> Value {
        if bytes == 0 {
            return base;
        }
        let bytes = self.word(bytes as i64);
        self.b().binary(Ir::Add, base, bytes)
    }

    pub(super) fn element_address(&mut self, base: Value, index: Value, size: u64) -> Value {
        let size = self.word(size as i64);
        let mut b = self.b();
        let offset = b.binary(Ir::Mul, index, size);
        b.binary(Ir::Add, base, offset)
    }

    /// An index in 64 bits.
    pub(super) fn index_word(&mut self, e: &Expr) -> Result<Value> {
        let value = self.expr(e)?;
        match value {
            Val::C(value, CTy::Num(dtype, _)) if dtype.is_int() => Ok(self.b().cast(value, DType::I64)),
            Val::C(value, CTy::Bint) => Ok(self.b().cast(value, DType::I64)),
            Val::C(..) => refuse("an index that is no integer"),
            other => self.number(other, &CTy::Num(DType::I64, "Py_ssize_t".into())),
        }
    }

    /// Raises where an index is not within an array.
    fn check_extent(&mut self, index: Value, n: u64) {
        let mut b = self.b();
        let (zero, n_value) = (b.i64(0), b.i64(n as i64));
        let (low, high) = (b.compare(CompareOp::Lt, index, zero), b.compare(CompareOp::Ge, index, n_value));
        let bad = b.binary(Ir::Or, low, high);
        self.raise_if(
            bad,
            ExcClass::INDEX_ERROR,
            &format!("index is out of bounds for an array of {n} elements"),
        );
    }

    /// What lies at a place.
    pub(super) fn load_place(&mut self, place: &Place) -> Val {
        if place.ty.is_aggregate() {
            return Val::C(place.address, place.ty.clone());
        }
        let value = self.peek(place.address, place.ty.dtype());
        Val::C(value, place.ty.clone())
    }

    /// The number at an address.
    pub(super) fn peek(&mut self, address: Value, dtype: DType) -> Value {
        let memory = self.one_at(address, dtype);
        let mut b = self.b();
        let zero = b.i64(0);
        b.load(memory, vec![zero])
    }

    pub(super) fn poke(&mut self, address: Value, value: Value, dtype: DType) {
        let memory = self.one_at(address, dtype);
        let mut b = self.b();
        let zero = b.i64(0);
        b.store(memory, vec![zero], value);
    }

    fn one_at(&mut self, address: Value, dtype: DType) -> Value {
        let one = self.word(1);
        self.many_at(address, one, dtype)
    }

    /// Numbers side by side.
    pub(super) fn many_at(&mut self, address: Value, n: Value, dtype: DType) -> Value {
        let mut b = self.b();
        let pointer = b.value(InstKind::Pointer(address));
        let size = b.i64(dtype.size() as i64);
        b.typed(InstKind::ArrayAt { pointer, shape: vec![n], strides: vec![size] }, array_of(dtype))
    }

    /// Assigns what lies at a place; an object is given up.
    pub(super) fn store_place(&mut self, place: &Place, value: Val) -> Result<()> {
        if place.is_const {
            return refuse("an assignment to what a pointer to `const` leads to");
        }
        if !place.ty.is_aggregate() {
            let value = self.number(value, &place.ty)?;
            self.poke(place.address, value, place.ty.dtype());
            return Ok(());
        }
        match value {
            Val::C(from, ty @ CTy::C(..)) => {
                let whole = place.ty.ctype();
                if !same_type(&ty.ctype(), &whole) {
                    return refuse(&format!("a value of type `{}` assigned to `{whole}`", ty.ctype()));
                }
                self.copy(place.address, from, whole.size().unwrap_or(0));
                Ok(())
            }
            other => {
                let obj = self.object(other)?;
                self.store_object(place.address, &place.ty.ctype(), obj);
                Ok(())
            }
        }
    }

    /// Makes what lies at an address what an object says.
    pub(super) fn store_object(&mut self, address: Value, ty: &CType, obj: Obj) {
        let record = self.constant(Constant::Type(ty.clone())).value;
        self.status_from(Entry::ToC, &[record, obj.value, address], &[obj]);
    }

    /// Copies memory; the two places may overlap.
    pub(super) fn copy(&mut self, to: Value, from: Value, size: u64) {
        if size > WORDWISE {
            let size = self.word(size as i64);
            self.call(Entry::MoveMemory, &[to, from, size]);
            return;
        }
        let (mut pieces, mut at) = (Vec::new(), 0);
        while at < size {
            let dtype = if size - at >= 8 { DType::I64 } else { DType::U8 };
            let place = self.offset(from, at);
            pieces.push((at, dtype, self.peek(place, dtype)));
            at += dtype.size();
        }
        for (at, dtype, piece) in pieces {
            let place = self.offset(to, at);
            self.poke(place, piece, dtype);
        }
    }

    /// Memory of a type in the frame.
    pub(super) fn frame_memory(&mut self, ty: &CType) -> Result<Value> {
        let Some(size) = self.complete(ty).size().filter(|size| *size <= MAX_FRAME) else {
            return refuse(&format!("a variable of type `{ty}`, which does not fit the frame of a function"));
        };
        let offset = self.word(i64::from(self.slots) * 8);
        self.slots += size.div_ceil(8).max(1) as u32;
        let base = self.slots_address;
        Ok(self.b().binary(Ir::Add, base, offset))
    }

    /// A copy of a struct or array that later assignments do not change; other values as they are.
    pub(super) fn snapshot(&mut self, value: Val) -> Result<Val> {
        let Val::C(from, ty) = value else { return Ok(value) };
        if !ty.is_aggregate() {
            return Ok(Val::C(from, ty));
        }
        let to = self.frame_memory(&ty.ctype())?;
        self.copy(to, from, ty.ctype().size().unwrap_or(0));
        Ok(Val::C(to, ty))
    }

    /// A struct or array as the address of memory with it.
    pub(super) fn aggregate(&mut self, value: Val, ty: &CTy) -> Result<Value> {
        if let Val::C(address, from @ CTy::C(..)) = &value {
            if same_type(&from.ctype(), &ty.ctype()) {
                return Ok(*address);
            }
            return refuse(&format!("a value of type `{}` where `{}` is wanted", from.ctype(), ty.ctype()));
        }
        let obj = self.object(value)?;
        let address = self.frame_memory(&ty.ctype())?;
        self.store_object(address, &ty.ctype(), obj);
        Ok(address)
    }

    /// What Python gets of a value that is an address.
    pub(super) fn object_at(&mut self, address: Value, ty: &CType) -> Result<Obj> {
        match ty {
            CType::Pointer(p) if matches!(p.to, CType::Scalar(DType::I8 | DType::U8)) => {
                let whole = self.word(-1);
                Ok(self.make(Entry::BytesAt, &[address, whole]))
            }
            CType::Struct(_) | CType::Array(..) => {
                let record = self.constant(Constant::Type(self.complete(ty))).value;
                Ok(self.make(Entry::FromC, &[record, address]))
            }
            other => refuse(&format!("a value of type `{other}` as a Python object")),
        }
    }

    /// `sizeof`: a type's text, or a variable.
    pub(super) fn size_of(&self, e: &Expr) -> Option<u64> {
        if let Some(text) = text_of(e) {
            return self.type_named(text)?.size();
        }
        match self.kind(e) {
            Kind::C(ty) => self.complete(&ty.ctype()).size(),
            _ => None,
        }
    }

    /// The operators of C that plain text calls: `&x`, casts, `sizeof`; `None` for other functions.
    pub(super) fn c_operator(&mut self, e: &Expr, call: &Call, name: &str) -> Result<Option<Val>> {
        match (name, call.args.as_slice()) {
            ("__pyx_addr", [place]) => self.address_of(place).map(Some),
            ("__pyx_sizeof", [what]) => {
                let Some(size) = self.size_of(what) else { return refuse("the size of this") };
                let size = self.word(size as i64);
                let size = self.b().cast(size, DType::U64);
                Ok(Some(Val::C(size, CTy::Num(DType::U64, "size_t".into()))))
            }
            ("__pyx_cast", [text, name, value]) => {
                let ty = text_of(text).and_then(|text| self.type_named(text));
                let (Some(ty), Some(name)) = (ty, text_of(name)) else { return refuse("this cast") };
                let ty = named(ty, name);
                let value = self.expr(value)?;
                self.at(e.span);
                if let CTy::Num(dtype, _) = &ty {
                    // Of an enumeration.
                    let value = match value {
                        Val::C(value, from) if !from.is_address() => self.b().cast(value, *dtype),
                        other => self.number(other, &ty)?,
                    };
                    return Ok(Some(Val::C(value, ty)));
                }
                Ok(Some(Val::C(self.cast(value, &ty)?, ty)))
            }
            ("__pyx_view", _) => self.cast_to_view(e, call).map(Some),
            ("__pyx_object", [value]) => {
                let value = self.expr(value)?;
                self.at(e.span);
                self.object_behind(value).map(|obj| Some(Val::Obj(obj)))
            }
            ("__pyx_char", [value]) => {
                let value = self.expr(value)?;
                self.at(e.span);
                let value = match value {
                    Val::C(value, ty) if !ty.is_address() => self.b().cast(value, DType::U32),
                    other => self.number(other, &char_type())?,
                };
                Ok(Some(Val::C(value, char_type())))
            }
            _ => Ok(None),
        }
    }

    /// The type that such an operator gives.
    pub(super) fn c_operator_type(&self, call: &Call, name: &str) -> Option<CTy> {
        match (name, call.args.as_slice()) {
            ("__pyx_addr", [place]) => {
                let ty = self.place_type(place)?;
                Some(CTy::of(&ty.ctype().pointer_to(false)))
            }
            ("__pyx_sizeof", [_]) => Some(CTy::Num(DType::U64, "size_t".into())),
            ("__pyx_char", [_]) => Some(char_type()),
            ("__pyx_cast", [text, name, _]) => Some(named(self.type_named(text_of(text)?)?, text_of(name)?)),
            _ => None,
        }
    }

    /// Whether an expression is an element of a buffer.
    fn is_of_buffer(&self, e: &Expr) -> bool {
        let ExprKind::Subscript { value, .. } = &e.kind else { return false };
        matches!(&value.kind, ExprKind::Name(name) if self.source.c.buffers.contains(&**name))
    }

    /// `&place`
    fn address_of(&mut self, e: &Expr) -> Result<Val> {
        if let Some(place) = self.place(e)? {
            let is_const = place.is_const && !self.is_of_buffer(e);
            return Ok(Val::C(place.address, CTy::of(&place.ty.ctype().pointer_to(is_const))));
        }
        match self.expr(e)? {
            // The address of a function is the function.
            function @ (Val::Function(_) | Val::Extern(_)) => Ok(function),
            Val::C(address, ty) if ty.is_aggregate() => {
                Ok(Val::C(address, CTy::of(&ty.ctype().pointer_to(false))))
            }
            _ => refuse("the address of this"),
        }
    }
}
