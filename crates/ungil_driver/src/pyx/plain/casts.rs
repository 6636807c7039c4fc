//! Casts and sizes, which plain text has as calls.

use ungil_diag::span::Span;
use ungil_syntax::ast::cython::{CType, CTypeKind, DeclaratorKind, TypeArgument, TypeName};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::visit::Visitor;

use super::Plain;
use crate::pyx::functions;
use crate::pyx::types::{dotted, is_aggregate, is_c, is_constructed, is_number};
use crate::pyx::values::kind::pieces;

impl Plain<'_> {
    /// `<type>value`.
    pub(super) fn cast(&mut self, span: Span, ty: &TypeName, is_checked: bool, value: &Expr) {
        let end = ty.declarator.span.hi.max(ty.base.span.hi) as usize;
        self.extents(value);
        let close = self.text[end..].find('>').map_or(end, |at| end + at + 1);
        if let CTypeKind::View { base, axes } = &ty.base.kind {
            return self.view_cast(span, (base, axes), value);
        }
        match self.types.declared(&ty.base, &ty.declarator) {
            Ok(_) if self.rewritten.bytes.get(&span.lo) == Some(&span) => {
                self.replace(span.lo as usize, close, "bytes(");
            }
            Ok(known) if is_checked && functions::class(&known).is_some() => {
                let class = functions::class(&known).unwrap_or_default();
                self.replace(span.lo as usize, close, &format!("__pyx_checked(\"{class}\", "));
            }
            Ok(known) if known.text == "object" => {
                let name = if self.points_at_objects() { "__pyx_object(" } else { "(" };
                self.replace(span.lo as usize, close, name);
            }
            Ok(known) if known.text == "bint" => self.replace(span.lo as usize, close, "bool("),
            Ok(known) if matches!(known.name.as_str(), "Py_UCS4" | "Py_UNICODE") => {
                self.replace(span.lo as usize, close, "__pyx_char(");
            }
            Ok(known) if known.name.starts_with("enum ") => {
                let call = format!("__pyx_cast(\"{}\", \"{}\", ", known.text, known.name);
                self.replace(span.lo as usize, close, &call);
            }
            Ok(known) if is_number(&known.text) => {
                self.replace(span.lo as usize, close, &format!("__pyx_{}(", known.text));
            }
            Ok(known) if is_constructed(&known.text) => {
                let call = format!("__pyx_cast(\"{}\", \"{}\", ", known.text, known.name);
                self.replace(span.lo as usize, close, &call);
            }
            Ok(_) => self.unsupported("this cast is", ty.base.span, None),
            Err(error) => self.errors.push(error),
        }
        self.visit_expr(value);
        self.replace(span.hi as usize, span.hi as usize, ")");
    }

    /// `<double[:n, :m]>pointer`.
    fn view_cast(&mut self, span: Span, (base, axes): (&CType, &[Expr]), value: &Expr) {
        let element = match self.types.base(base) {
            Ok(known) if is_number(&known.text) || is_aggregate(&known.text) => known.text,
            Ok(known) if known.text == "bint" => "int32".to_owned(),
            Ok(_) => return self.unsupported("memoryviews of this type are", base.span, None),
            Err(error) => return self.errors.push(error),
        };
        let (mut extents, mut order) = (Vec::new(), "c");
        for (i, axis) in axes.iter().enumerate() {
            let ExprKind::Slice { lower: None, upper: Some(upper), step } = &axis.kind else {
                let help = Some("give the length of each axis: `<double[:n, :m]>pointer`");
                return self.unsupported("this memoryview of a pointer is", axis.span, help);
            };
            if step.is_some() && i == 0 && axes.len() > 1 {
                order = "f";
            }
            extents.push(self.rendered(upper));
        }
        let value = self.rendered(value);
        let extents = extents.join(", ");
        self.replace_span(span, &format!("__pyx_view(\"{element}\", \"{order}\", {value}, {extents})"));
    }

    /// Whether a module has pointers to objects of Python, which a cast makes objects again.
    fn points_at_objects(&self) -> bool {
        ["PyObject", "GET_ITEM", "GetItem", "PyDict_Next", "PyDict_SetDefault", "void"]
            .iter()
            .any(|word| self.text.contains(word))
    }

    /// `sizeof(type)` and `sizeof(variable)`.
    pub(super) fn size_of(&mut self, span: Span, argument: &TypeArgument) {
        match argument {
            TypeArgument::Type(ty) if is_long_double(ty) => {
                let is_complex = matches!(ty.base.kind, CTypeKind::Basic { complex: true, .. });
                self.replace_span(span, &format!("__pyx_uint64({})", if is_complex { 32 } else { 16 }));
            }
            TypeArgument::Type(ty) => match self.types.declared(&ty.base, &ty.declarator) {
                Ok(known) if is_c(&known.text) || known.text.starts_with('(') => {
                    self.size_of_type(span, &known.text)
                }
                Ok(_) => self.unsupported("`sizeof` of this is", span, None),
                Err(error) => self.errors.push(error),
            },
            TypeArgument::Expr(name) => {
                let variable = match &name.kind {
                    ExprKind::Name(name) if self.is_data(name) => self.data.get(&**name).filter(|t| is_c(t)),
                    _ => None,
                };
                match variable.cloned().or_else(|| self.type_text(name)) {
                    Some(text) => self.size_of_type(span, &text),
                    None => {
                        let argument = self.rendered(name);
                        self.replace_span(span, &format!("__pyx_sizeof({argument})"));
                    }
                }
            }
        }
    }

    /// Whether an expression is a variable of the module in memory of C, or an element of one.
    pub(super) fn is_place_of_data(&self, place: &Expr) -> bool {
        match &place.kind {
            ExprKind::Name(name) => self.is_data(name),
            ExprKind::Subscript { value, index } => {
                let parts = parts_of(index);
                !parts.iter().any(|part| matches!(part.kind, ExprKind::Slice { .. }))
                    && self.is_place_of_data(value)
            }
            _ => false,
        }
    }

    /// `&x` and `&x[i]` outside of functions.
    pub(super) fn address_of_data(&mut self, span: Span, place: &Expr) {
        let (mut at, mut indices) = (place, Vec::new());
        while let ExprKind::Subscript { value, index } = &at.kind {
            indices.extend(parts_of(index).into_iter().rev().map(|part| self.rendered(part)));
            at = value;
        }
        let ExprKind::Name(name) = &at.kind else { return };
        let indices: String = indices.iter().rev().map(|index| format!(", {index}")).collect();
        self.replace_span(span, &format!("__pyx_g__._address(\"{name}\"{indices})"));
    }

    fn size_of_type(&mut self, span: Span, text: &str) {
        self.replace_span(span, &format!("__pyx_sizeof(\"{}\")", as_struct(text)));
    }

    /// The type that an expression names: a name, or a tuple of some.
    fn type_text(&self, expr: &Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Tuple(items) => {
                let items: Option<Vec<String>> = items
                    .iter()
                    .map(|item| self.type_text(item).or_else(|| self.types.basic_text(&dotted(item)?)))
                    .collect();
                Some(format!("({})", items?.join(", ")))
            }
            _ => dotted(expr).and_then(|name| self.types.known(&name)).map(|known| known.text),
        }
    }
}

/// The indices of a subscript.
fn parts_of(index: &Expr) -> Vec<&Expr> {
    match &index.kind {
        ExprKind::Tuple(items) => items.iter().collect(),
        _ => vec![index],
    }
}

/// Whether it is `long double`, complex or not, itself.
fn is_long_double(ty: &TypeName) -> bool {
    let CTypeKind::Basic { name, longs: 1, .. } = &ty.base.kind else { return false };
    &*name.name == "double" && matches!(ty.declarator.kind, DeclaratorKind::Name { .. })
}

/// The text of a type with tuples of C as the structs that they are.
fn as_struct(text: &str) -> String {
    let Some(items) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else {
        return text.to_owned();
    };
    let members = pieces(items, ',')
        .iter()
        .enumerate()
        .map(|(k, item)| format!("f{k} {};", as_struct(item.trim())))
        .collect::<String>();
    format!("struct ctuple{{{members}}}")
}
