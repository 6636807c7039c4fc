//! Structs of C as values: copies, displays, what functions return, and what Python gets.
//!
//! A struct is a reference to its memory. It travels out of a function as the words that it consists of; Python gets a
//! dictionary, and a list or bytes for an array.

use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, InstKind};
use ungil_ir::types::{ArrayType, DType, Layout};
use ungil_syntax::ast::expr::{DictItem, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;

use crate::c_text::parse_c_text;
use crate::ctype::{CStruct, CType};
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::memory::misuse;
use crate::operand::Operand;
use crate::ty::{RecordKind, RecordTy, Ty};

impl Lowerer<'_, '_> {
    /// A copy of a struct in the frame; other operands as they are.
    pub(crate) fn struct_copy(&mut self, x: &Operand) -> Result<Operand> {
        let Ty::CStruct(s) = x.ty.clone() else { return Ok(x.clone()) };
        if !self.is_c() {
            return Ok(x.clone());
        }
        let memory = self.frame_memory(&CType::Struct(s.clone()), x.span)?;
        let (to, from) = (self.b().value(InstKind::Address(memory.pointer)), self.pointer_address(x)?);
        self.copy_memory(to, from, s.size)?;
        Ok(Operand::value(Ty::CStruct(s), memory.pointer, x.span))
    }

    /// `name(x, y=…)` of a struct.
    pub(crate) fn make_struct(&mut self, text: &str, args: Args) -> Result<Operand> {
        let Some(CType::Struct(s)) = parse_c_text(text).map(|ty| self.complete(&ty)) else {
            return Err(Error::Untyped);
        };
        if let ([only], true) = (args.positional.as_slice(), args.keywords.is_empty())
            && matches!(&only.ty, Ty::CStruct(other) if other.name == s.name)
        {
            return self.struct_copy(&only.clone());
        }
        self.new_struct(&s, args)
    }

    fn new_struct(&mut self, s: &Arc<CStruct>, mut args: Args) -> Result<Operand> {
        let span = args.span;
        let memory = self.frame_memory(&CType::Struct(s.clone()), span)?;
        let result = Operand::value(Ty::CStruct(s.clone()), memory.pointer, span);
        let positional = std::mem::take(&mut args.positional);
        let named = std::mem::take(&mut args.keywords);
        let by_place = positional.into_iter().enumerate();
        let by_place = by_place.map(|(k, value)| (s.fields.get(k).map(|f| f.name.to_string()), value));
        for (name, value) in by_place.chain(named.into_iter().map(|(name, value)| (Some(name), value))) {
            let name = name.unwrap_or_default();
            if !self.assign_attribute(&result, &name, &value, value.span)? {
                let title = format!("struct `{}` has no field `{name}`", s.name);
                return Err(misuse(title, "no such field", "name the fields of the struct", value.span));
            }
        }
        Ok(result)
    }

    /// A dictionary or list that is written out for a variable of a struct's type.
    pub(crate) fn struct_display(&mut self, name: &str, value: &Expr) -> Result<Option<Operand>> {
        let Some(CType::Struct(s)) = self.memory.get(name).map(|m| m.ty.clone()) else { return Ok(None) };
        let span = value.span;
        let mut args = Args { positional: Vec::new(), keywords: Vec::new(), span };
        match &value.kind {
            ExprKind::Dict(items) => {
                for DictItem { key, value: item } in items {
                    let Some(Expr { kind: ExprKind::Literal(Literal::Str(key)), .. }) = key else {
                        return Ok(None);
                    };
                    let item = self.lower_expr(item)?;
                    args.keywords.push((key.as_str().unwrap_or_default().to_owned(), item));
                }
            }
            ExprKind::List(items) => args.positional = self.starred_items(items)?,
            _ => return Ok(None),
        }
        self.new_struct(&s, args).map(Some)
    }

    /// A struct as the words that a function returns.
    pub(crate) fn struct_words(&mut self, x: &Operand, s: &CStruct) -> Result<Operand> {
        let start = self.pointer_address(x)?;
        let mut words = Vec::new();
        for k in 0..s.size.div_ceil(8) {
            let offset = self.b().i64(8 * k as i64);
            let address = self.b().binary(Ir::Add, start, offset);
            let memory = self.memory_at(address, DType::I64, true);
            let zero = self.b().i64(0);
            let word = self.b().load(memory, vec![zero]);
            words.push(Operand::value(Ty::Scalar(DType::I64), word, x.span));
        }
        Ok(Operand::tuple(words, x.span))
    }

    /// What Python gets of what lies at an address.
    pub(crate) fn python_of(&mut self, address: Value, ty: &CType, span: Span) -> Result<Operand> {
        let ty = &self.complete(ty);
        match ty {
            CType::Scalar(_) | CType::Bint => {
                let value = self.load_c(address, ty, span)?;
                self.cython_result(&value)
            }
            CType::Struct(s) => {
                let (mut names, mut items) = (Vec::new(), Vec::new());
                // Gaps of a header's struct are no members.
                for field in s.fields.iter().filter(|f| !f.name.starts_with("__pyx_pad")) {
                    let offset = self.b().i64(field.offset as i64);
                    let at = self.b().binary(Ir::Add, address, offset);
                    items.push(self.python_of(at, &field.ty, span)?);
                    names.push(field.name.clone());
                }
                Ok(record(RecordKind::Dict(names), items, span))
            }
            CType::Array(element, n) => self.python_of_array(address, ty, (element, *n), span),
            other => {
                let title = format!("Cannot convert '{other}' to Python object");
                Err(misuse(title, "Python has no such value", "return what it points at", span))
            }
        }
    }

    fn python_of_array(
        &mut self,
        address: Value,
        ty: &CType,
        (element, n): (&CType, u64),
        span: Span,
    ) -> Result<Operand> {
        let (mut extents, mut at) = (Vec::new(), ty);
        while let CType::Array(element, n) = at {
            extents.push(*n as i64);
            at = element;
        }
        if let CType::Scalar(dtype) = at {
            let ty = ArrayType {
                dtype: *dtype,
                ndim: extents.len() as u8,
                layout: Layout::C,
                readonly: false,
                swapped: false,
            };
            let shape: Vec<Value> = extents.iter().map(|n| self.b().i64(*n)).collect();
            let copy = self.b().alloc(ty, shape, false);
            let to = self.b().value(InstKind::Address(copy));
            let bytes = extents.iter().product::<i64>() as u64 * dtype.size();
            self.copy_memory(to, address, bytes)?;
            let kind = match (dtype, extents.len()) {
                (DType::I8 | DType::U8, 1) => RecordKind::Bytes,
                _ => RecordKind::Numbers,
            };
            return Ok(record(kind, vec![Operand::value(Ty::Array(ty), copy, span)], span));
        }
        if n > 256 {
            let title = format!("an array `{ty}` is too long to become a list");
            return Err(misuse(title, "too many elements", "write the elements into an array", span));
        }
        let size = element.size().unwrap_or(0);
        let mut items = Vec::new();
        for k in 0..n {
            let offset = self.b().i64((k * size) as i64);
            let place = self.b().binary(Ir::Add, address, offset);
            items.push(self.python_of(place, element, span)?);
        }
        Ok(record(RecordKind::List, items, span))
    }

    /// A variable of C that is an array, as Python gets it; other operands as they are.
    pub(crate) fn python_of_variable(&mut self, x: &Operand) -> Result<Operand> {
        let Some(ty) = self.frame_type(x) else { return Ok(x.clone()) };
        let pointer = self.array_pointer(x)?;
        let address = self.b().value(InstKind::Address(pointer));
        self.python_of(address, &ty, x.span)
    }

    /// The struct that a function returned as words.
    pub(crate) fn struct_of_words(&mut self, words: &Operand, s: &Arc<CStruct>) -> Result<Operand> {
        // Whole words: what is returned may end in padding.
        let n = s.size.div_ceil(8);
        let whole = CType::Array(Arc::new(CType::Scalar(DType::I64)), n);
        let memory = self.frame_memory(&whole, words.span)?;
        let array = memory.array.expect("an array of numbers");
        let array = self.value(&array)?;
        for (k, word) in self.items(words).iter().enumerate() {
            let (value, k) = (self.value(word)?, self.b().i64(k as i64));
            self.b().store(array, vec![k], value);
        }
        Ok(Operand::value(Ty::CStruct(s.clone()), memory.pointer, words.span))
    }
}

pub(crate) fn record(kind: RecordKind, items: Vec<Operand>, span: Span) -> Operand {
    let types = items.iter().map(|item| item.ty.clone()).collect();
    Operand::parts(Ty::Record(Arc::new(RecordTy { kind, items: types })), items, span)
}
