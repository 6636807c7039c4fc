//! Texts of C types, as declarations of the Cython language are handed over.
//!
//! `*T` and `*const T` are pointers, `[3]T` arrays, `struct Name{x float64;next *@Name}` and `union Name{…}` definitions,
//! in which `x int32=int32_t;` tells what a member is declared as,
//! `@Name` a type that is defined elsewhere, `fn(T,T)T` functions, `fn(T)!T` those that may raise; numbers go by their NumPy names. Layouts are those of
//! the platform's C compilers: each member at a multiple of its alignment.

use std::sync::Arc;

use ungil_ir::types::DType;

use crate::ctype::{CStruct, CType, Field, FunctionType, Pointee};

/// Reads the text of a type; `None` if it is no type of C.
pub fn parse_c_text(text: &str) -> Option<CType> {
    let mut reader = Reader { rest: text };
    let ty = reader.ty()?;
    reader.rest.is_empty().then_some(ty)
}

/// Alignment of a type in bytes.
pub fn alignment(ty: &CType) -> u64 {
    match ty {
        CType::Scalar(d) => d.real().size(),
        CType::Bint => 4,
        CType::Struct(s) => s.fields.iter().map(|f| alignment(&f.ty)).max().unwrap_or(1),
        CType::Array(element, _) => alignment(element),
        _ => 8,
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> &'t str {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    fn until_semicolon(&mut self) -> &'t str {
        let (name, rest) = self.rest.split_at(self.rest.find(';').unwrap_or(self.rest.len()));
        self.rest = rest;
        name
    }

    fn ty(&mut self) -> Option<CType> {
        if self.eat("*") {
            let constant = self.eat("const ");
            return Some(CType::Pointer(Arc::new(Pointee { to: self.ty()?, constant })));
        }
        if self.eat("[") {
            let n = self.word().parse().ok()?;
            return (self.eat("]")).then_some(()).and_then(|()| Some(CType::Array(Arc::new(self.ty()?), n)));
        }
        if self.eat("@") {
            return Some(CType::Opaque(self.word().into()));
        }
        if self.eat("fn(") {
            return self.function();
        }
        if self.eat("packed ") {
            self.eat("struct ");
            return self.members(false, true);
        }
        for (keyword, is_union) in [("struct ", false), ("union ", true)] {
            if self.eat(keyword) {
                return self.members(is_union, false);
            }
        }
        Some(match self.word() {
            "void" => CType::Void,
            "bint" => CType::Bint,
            word => CType::Scalar(DType::from_name(word)?),
        })
    }

    fn function(&mut self) -> Option<CType> {
        let mut params = Vec::new();
        while !self.eat(")") {
            params.push(self.ty()?);
            self.eat(",");
        }
        let raises = self.eat("!");
        Some(CType::Function(Arc::new(FunctionType { params, ret: self.ty()?, raises })))
    }

    fn members(&mut self, is_union: bool, is_packed: bool) -> Option<CType> {
        let name = self.word();
        if !self.eat("{") {
            return None;
        }
        let (mut fields, mut end, mut align) = (Vec::new(), 0u64, 1u64);
        while !self.eat("}") {
            let field = self.word();
            self.eat(" ");
            let ty = self.ty()?;
            let c_name = if self.eat("=") { self.until_semicolon() } else { "" }.into();
            self.eat(";");
            let own = if is_packed { 1 } else { alignment(&ty) };
            let offset = if is_union { 0 } else { end.next_multiple_of(own) };
            end = end.max(offset + ty.size()?);
            align = align.max(own);
            fields.push(Field { name: field.into(), ty, offset, c_name });
        }
        let size = end.next_multiple_of(align);
        Some(CType::Struct(Arc::new(CStruct { name: name.into(), size, fields, is_union })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read() {
        let shown = |text| parse_c_text(text).map(|t| (t.to_string(), t.size()));
        assert_eq!(shown("*const float64"), Some(("const double *".to_owned(), Some(8))));
        assert_eq!(shown("[2][3]int16"), Some(("int16_t [2][3]".to_owned(), Some(12))));
        assert_eq!(
            shown("struct A{c int8;x float64;next *@A;b [3]int8}"),
            Some(("struct A".to_owned(), Some(32)))
        );
        assert_eq!(shown("packed struct A{c int8;x float64}"), Some(("struct A".to_owned(), Some(9))));
        assert_eq!(shown("union U{c int8;x float64}"), Some(("struct U".to_owned(), Some(8))));
        assert_eq!(
            shown("fn(*const void,int32)float64"),
            Some(("double (const void *, int)".to_owned(), None))
        );
        let raises = |text| matches!(parse_c_text(text), Some(CType::Function(f)) if f.raises);
        assert!(raises("fn(float64)!float64") && !raises("fn(float64)float64"));
        assert_eq!(shown("struct A{x complex64}").and_then(|t| t.1), Some(8));
        assert_eq!(parse_c_text("double"), None);
        assert_eq!(parse_c_text("[3"), None);
        assert_eq!(parse_c_text("struct A{x"), None);
    }
}
