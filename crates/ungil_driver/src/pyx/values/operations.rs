//! What expressions are, and operations that their operands do not have.

use ungil_diag::span::Span;
use ungil_syntax::ast::cython::CythonExpr;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::{BinaryOp, UnaryOp};

use super::kind::{self, Kind, combined};
use super::{CALL, Callee, Check, OPERATION};
use crate::pyx::types::Known;

impl Check<'_> {
    pub(super) fn kind(&self, expr: &Expr) -> Kind {
        match &expr.kind {
            ExprKind::Literal(literal) => of_literal(literal),
            ExprKind::List(_) => Kind::List,
            ExprKind::Name(name) => match self.variables.get(&**name) {
                Some(ty) => Kind::of(ty),
                None if self.objects.contains(&**name) => Kind::Object,
                None if &**name == "NULL" => {
                    Kind::Pointer(Known { text: "*void".to_owned(), name: "NULL".to_owned() })
                }
                None => Kind::Unknown,
            },
            ExprKind::Unary { op: UnaryOp::Neg | UnaryOp::Pos, operand } => match self.kind(operand) {
                number if number.rank() > 0 => number,
                _ => Kind::Unknown,
            },
            ExprKind::Binary { left, op, right } => {
                combined(*op, self.kind(left), self.kind(right), self.divides_truly)
            }
            ExprKind::Conditional { body, orelse, .. } => {
                combined(BinaryOp::Add, self.kind(body), self.kind(orelse), self.divides_truly)
            }
            ExprKind::Subscript { value, index } => {
                self.element(value, index).map_or(Kind::Unknown, |ty| Kind::of(&ty))
            }
            ExprKind::Attribute { value, attr } => {
                kind::member(&self.kind(value), &attr.name).map_or(Kind::Unknown, |ty| Kind::of(&ty))
            }
            ExprKind::Call(call) => {
                let ret = self.callee(call).and_then(|(_, callee)| callee.ret.as_ref());
                ret.map_or(Kind::Unknown, Kind::of)
            }
            ExprKind::Cython(inner) => self.of_cython(inner),
            _ => Kind::Unknown,
        }
    }

    fn of_cython(&self, expr: &CythonExpr) -> Kind {
        match expr {
            CythonExpr::Cast { ty, .. } => {
                let found = self.types.declared(&ty.base, &ty.declarator);
                let is_fused = !self.types.take_used().is_empty();
                match found {
                    Ok(ty) if !is_fused => Kind::of(&ty),
                    _ => Kind::Unknown,
                }
            }
            CythonExpr::AddressOf(value) => match &value.kind {
                ExprKind::Name(name) => match self.variables.get(&**name) {
                    Some(ty) if has_address(&Kind::of(ty)) => {
                        let text = format!("*{}", ty.text.strip_prefix("const ").unwrap_or(&ty.text));
                        let stars = if ty.name.ends_with('*') { "*" } else { " *" };
                        Kind::Pointer(Known { text, name: format!("{}{stars}", ty.name) })
                    }
                    _ => Kind::Unknown,
                },
                _ => Kind::Unknown,
            },
            _ => Kind::Unknown,
        }
    }

    /// The type of an element of a variable, if the indices lead to one.
    pub(super) fn element(&self, value: &Expr, index: &Expr) -> Option<Known> {
        let indices = indices(index);
        if !indices.iter().all(|e| matches!(self.kind(e), Kind::Int(_))) {
            return None;
        }
        match self.kind(value) {
            Kind::View(ty) => {
                let (element, axes) = kind::element(&ty)?;
                let name = ty.name.split('[').next().unwrap_or_default().trim();
                let found = Known { text: element.to_owned(), name: name.to_owned() };
                (axes == indices.len()).then_some(found)
            }
            Kind::Pointer(ty) if indices.len() == 1 => kind::target(&ty),
            _ => None,
        }
    }

    /// The memoryview that an expression is, or is a part of.
    pub(super) fn view(&self, expr: &Expr) -> Option<Known> {
        match &expr.kind {
            ExprKind::Subscript { value, index } => {
                let found = self.view(value)?;
                let (_, axes) = kind::element(&found)?;
                let indices = indices(index);
                let is_part = |e: &Expr| {
                    matches!(e.kind, ExprKind::Slice { .. } | ExprKind::Literal(Literal::Ellipsis))
                };
                (indices.len() < axes || indices.iter().any(is_part)).then_some(found)
            }
            ExprKind::Attribute { value, attr } if &*attr.name == "T" => self.view(value),
            ExprKind::Name(_) => match self.kind(expr) {
                Kind::View(ty) => Some(ty),
                _ => None,
            },
            _ => None,
        }
    }

    /// A text that is cast to a number of C.
    fn cast_text(&mut self, to: Kind, value: &Expr) {
        let help = "convert it: `int(…)` or `float(…)`";
        match (&to, self.kind(value)) {
            (Kind::Int(name), Kind::Str(Some(1)) | Kind::Bytes(1)) if name != "bint" => self.character(value),
            (Kind::Int(name), Kind::Str(Some(_)) | Kind::Bytes(_)) if name != "bint" => {
                self.refuse(super::VALUE, (super::ONE_CHARACTER, value.span), "a text", help);
            }
            (Kind::Float(_), Kind::Str(_)) => {
                let title = "Unicode literals do not support coercion to C types other than Py_UCS4/Py_UNICODE (for characters), Py_UNICODE* (for strings) or char*/void* (for auto-encoded strings).";
                self.refuse(super::VALUE, (title, value.span), "a text", help);
            }
            _ => {}
        }
    }

    fn callee<'c>(&self, call: &'c Call) -> Option<(&'c str, &Callee)> {
        let ExprKind::Name(name) = &call.func.kind else { return None };
        let is_hidden = self.own.contains(&**name) || self.variables.contains_key(&**name);
        let found = self.callees.get(&**name).filter(|_| !is_hidden)?;
        Some((name, found))
    }

    /// What is wrong about an expression itself.
    pub(super) fn operation(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Call(call) => self.call(call, expr.span),
            ExprKind::Subscript { value, index } => self.subscript(value, index, expr.span),
            ExprKind::Attribute { value, attr } => {
                let kind = self.kind(value);
                if kind::lacks(&kind, &attr.name) {
                    let name = kind.name().unwrap_or_default().trim_end_matches(['*', ' ']).to_owned();
                    let title = format!("struct `{name}` has no member `{}`", attr.name);
                    let help = "name one of its members, or declare this one";
                    self.refuse(OPERATION, (&title, expr.span), "no such member", help);
                }
            }
            ExprKind::Binary { left, op, right } => {
                let (left, right) = (self.kind(left), self.kind(right));
                self.operands(*op, &left, &right, expr.span);
            }
            ExprKind::Unary { op, operand } => self.operand(*op, operand, expr.span),
            ExprKind::Compare { left, rest } => self.compared(left, rest),
            ExprKind::Cython(inner) => {
                self.made_bytes(expr, inner);
                match &**inner {
                    CythonExpr::AddressOf(value) => self.address(value, expr.span),
                    CythonExpr::Cast { value, .. } => self.cast_text(self.of_cython(inner), value),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Operands that an operator does not take.
    pub(super) fn operands(&mut self, op: BinaryOp, left: &Kind, right: &Kind, span: Span) {
        if kind::is_invalid(op, left, right) {
            let (a, b) = (left.name().unwrap_or_default(), right.name().unwrap_or_default());
            let title = format!("Invalid operand types for '{}' ({a}; {b})", op.symbol());
            self.refuse(
                OPERATION,
                (&title, span),
                "C has no such operation",
                "cast an operand, or declare it otherwise",
            );
        }
    }

    fn operand(&mut self, op: UnaryOp, operand: &Expr, span: Span) {
        let kind = self.kind(operand);
        let (symbol, is_wrong) = match op {
            UnaryOp::Neg => ("-", kind.is_address()),
            UnaryOp::Pos => ("+", kind.is_address()),
            UnaryOp::Invert => ("~", kind.is_address() || kind.rank() > 1),
            UnaryOp::Not => return,
        };
        if is_wrong {
            let title = format!("Invalid operand type for '{symbol}' ({})", kind.name().unwrap_or_default());
            self.refuse(
                OPERATION,
                (&title, span),
                "C has no such operation",
                "cast the operand, or declare it otherwise",
            );
        }
    }

    /// `&value`
    fn address(&mut self, value: &Expr, span: Span) {
        let help = "take the address of a variable that is declared with a type of C";
        match &value.kind {
            ExprKind::Name(name) if self.objects.contains(&**name) => {
                let title = format!("Cannot take address of Python variable '{name}'");
                self.refuse(OPERATION, (&title, span), "a Python object", help);
            }
            ExprKind::Literal(_) | ExprKind::Binary { .. } | ExprKind::Unary { .. } => {
                self.refuse(
                    OPERATION,
                    ("Taking address of non-lvalue", span),
                    "has no place in memory",
                    help,
                );
            }
            _ => {}
        }
    }

    fn subscript(&mut self, value: &Expr, index: &Expr, span: Span) {
        let kind = self.kind(value);
        let name = kind.name().unwrap_or_default().to_owned();
        if kind.rank() > 0 && !name.starts_with("Py_U") {
            let title = format!("Attempting to index non-array type '{name}'");
            return self.refuse(
                OPERATION,
                (&title, span),
                "no array",
                "index an array, a pointer or a memoryview",
            );
        }
        let indices = indices(index);
        let is_float = |e: &Expr| self.kind(e).rank() > 1;
        match &kind {
            Kind::View(ty) => {
                let axes = kind::element(ty).map_or(0, |(_, axes)| axes);
                let counts =
                    |e: &&Expr| !matches!(e.kind, ExprKind::Literal(Literal::Ellipsis | Literal::None));
                if indices.iter().filter(counts).count() > axes {
                    let title = format!("Too many indices specified for a memoryview of {axes} axes");
                    self.refuse(
                        OPERATION,
                        (&title, span),
                        "too many indices",
                        "give one index for each axis at most",
                    );
                } else if let Some(wrong) = indices.iter().find(|e| is_float(e)) {
                    let title = "Invalid index for memoryview specified, a float";
                    self.refuse(OPERATION, (title, wrong.span), "a float", "cast it: `<int>…`");
                }
            }
            Kind::Pointer(_) => {
                if let Some(wrong) = indices.iter().find(|e| is_float(e)) {
                    let title = "Invalid index type, a float";
                    self.refuse(OPERATION, (title, wrong.span), "a float", "cast it: `<int>…`");
                }
            }
            _ => {}
        }
    }

    /// A call of a function of C, or of what is none.
    fn call(&mut self, call: &Call, span: Span) {
        let func = self.kind(&call.func);
        let is_function = |ty: &Known| ty.text.contains("fn(");
        let is_value = match &func {
            Kind::Pointer(ty) => !is_function(ty),
            other => other.rank() > 0 || matches!(other, Kind::View(_) | Kind::Struct(_)),
        };
        if is_value {
            let title = format!("Calling non-function type '{}'", func.name().unwrap_or_default());
            return self.refuse(CALL, (&title, span), "no function", "call a function; brackets index");
        }
        let Some((name, callee)) = self.callee(call).map(|(name, callee)| (name.to_owned(), callee.clone()))
        else {
            return;
        };
        let has_star = call.args.iter().any(|e| matches!(e.kind, ExprKind::Starred(_)));
        let known = |name: &str| callee.params.iter().any(|(param, _)| param == name);
        let fits = |k: &ungil_syntax::ast::expr::Keyword| k.name.as_ref().is_some_and(|n| known(&n.name));
        if has_star || !call.keywords.iter().all(fits) {
            if !callee.is_cpdef {
                let title = format!("`{name}` takes neither stars nor keywords that it does not declare");
                self.refuse(CALL, (&title, span), "called here", "C functions take arguments one by one");
            }
            return;
        }
        self.arguments(call, &callee, span);
    }

    fn arguments(&mut self, call: &Call, callee: &Callee, span: Span) {
        let (n, most, needed) = (call.args.len() + call.keywords.len(), callee.params.len(), callee.needed);
        if n < needed || n > most && !callee.is_variadic {
            let least = if n < needed && needed < most { "at least " } else { "" };
            let expected = if n < needed { needed } else { most };
            let title = format!("Call with wrong number of arguments (expected {least}{expected}, got {n})");
            return self.refuse(CALL, (&title, span), "called here", "pass what the function declares");
        }
        for value in call.args.iter().skip(most).filter(|_| callee.is_variadic) {
            if self.kind(value) == Kind::Object {
                let title = "Python object cannot be passed as a varargs parameter";
                self.refuse(CALL, (title, value.span), "a Python object", "declare it as a type of C");
            }
        }
        let by_name = |name: &str| callee.params.iter().find(|(param, _)| param == name);
        let named = call.keywords.iter().filter_map(|k| Some((&k.value, by_name(&k.name.as_ref()?.name)?)));
        for (value, (_, ty)) in call.args.iter().zip(&callee.params).chain(named) {
            match ty {
                Some(ty) => self.assigned(ty, value),
                None => self.as_object(value),
            }
        }
    }
}

fn of_literal(literal: &Literal) -> Kind {
    match literal {
        Literal::None => Kind::Nothing,
        Literal::Int(_) | Literal::Bool(_) => Kind::Int("long".to_owned()),
        Literal::Float(_) => Kind::double(),
        Literal::Imaginary(_) => Kind::Complex("double complex".to_owned()),
        Literal::Str(text) => Kind::Str(text.as_str().map(|text| text.chars().count())),
        Literal::Bytes(bytes) => Kind::Bytes(bytes.len()),
        _ => Kind::Unknown,
    }
}

/// Whether the address of a variable is one of its type: that of an array is not.
fn has_address(kind: &Kind) -> bool {
    kind.rank() > 0 || matches!(kind, Kind::Struct(_)) || kind.is_address()
}

/// The indices in brackets.
fn indices(index: &Expr) -> &[Expr] {
    match &index.kind {
        ExprKind::Tuple(items) => items.as_slice(),
        _ => core::slice::from_ref(index),
    }
}
