//! Expressions as text.

use super::Dumper;
use crate::ast::expr::{Call, Comprehension, Conversion, Expr, ExprKind, Interpolation, Keyword, StringPart};
use crate::ast::literal::Text;
use crate::ast::parameter::{Parameter, Parameters, TypeParam, TypeParamKind};
use crate::literal::string::TextBuilder;

impl Dumper<'_> {
    pub(super) fn exprs(&mut self, exprs: &[Expr]) {
        self.list(exprs, |dumper, expr| dumper.expr(expr));
    }

    fn child(&mut self, expr: &Expr) {
        self.out.push(' ');
        self.expr(expr);
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        self.open(kind_name(&expr.kind), expr.span);
        match &expr.kind {
            ExprKind::Invalid => {}
            ExprKind::Name(name) => self.word(name),
            ExprKind::Literal(literal) => {
                self.out.push(' ');
                self.literal(literal);
            }
            ExprKind::FString(parts) | ExprKind::TString(parts) => self.parts(parts),
            ExprKind::Named { target, value } => {
                self.word(&target.name);
                self.child(value);
            }
            ExprKind::Lambda { params, body } => {
                self.params(params);
                self.child(body);
            }
            ExprKind::Call(call) => self.call(call),
            ExprKind::Attribute { value, attr } => {
                self.child(value);
                self.word(&attr.name);
            }
            ExprKind::Starred(value) | ExprKind::Await(value) | ExprKind::YieldFrom(value) => {
                self.child(value)
            }
            ExprKind::Yield(value) => self.optional(value.as_deref(), Self::expr),
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => self.exprs(items),
            ExprKind::Dict(items) => self.list(items, |dumper, item| {
                dumper.out.push('(');
                match &item.key {
                    Some(key) => dumper.expr(key),
                    None => dumper.out.push('_'),
                }
                dumper.child(&item.value);
                dumper.out.push(')');
            }),
            ExprKind::ListComp { element, generators }
            | ExprKind::SetComp { element, generators }
            | ExprKind::Generator { element, generators } => {
                self.child(element);
                self.generators(generators);
            }
            ExprKind::DictComp { key, value, generators } => {
                self.child(key);
                self.child(value);
                self.generators(generators);
            }
            ExprKind::Cython(inner) => self.cython_expr(inner),
            _ => self.operator(&expr.kind),
        }
        self.close();
    }

    fn operator(&mut self, kind: &ExprKind) {
        match kind {
            ExprKind::Bool { op, values } => {
                self.word(op.symbol());
                self.exprs(values);
            }
            ExprKind::Binary { left, op, right } => {
                self.word(op.symbol());
                self.child(left);
                self.child(right);
            }
            ExprKind::Unary { op, operand } => {
                self.word(op.symbol());
                self.child(operand);
            }
            ExprKind::Compare { left, rest } => {
                self.child(left);
                for step in rest {
                    self.word(step.op.symbol());
                    self.child(&step.right);
                }
            }
            ExprKind::Conditional { test, body, orelse } => {
                self.child(test);
                self.child(body);
                self.child(orelse);
            }
            ExprKind::Subscript { value, index } => {
                self.child(value);
                self.child(index);
            }
            ExprKind::Slice { lower, upper, step } => {
                for bound in [lower, upper, step] {
                    self.optional(bound.as_deref(), Self::expr);
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, call: &Call) {
        self.child(&call.func);
        self.exprs(&call.args);
        self.keywords(&call.keywords);
    }

    pub(super) fn keywords(&mut self, keywords: &[Keyword]) {
        self.list(keywords, |dumper, keyword| {
            dumper.open("keyword", keyword.span);
            dumper.optional(keyword.name.as_ref(), Self::ident);
            dumper.child(&keyword.value);
            dumper.close();
        });
    }

    fn generators(&mut self, generators: &[Comprehension]) {
        self.list(generators, |dumper, generator| {
            dumper.out.push_str(if generator.is_async { "(async-for" } else { "(for" });
            dumper.child(&generator.target);
            dumper.child(&generator.iter);
            dumper.exprs(&generator.conditions);
            dumper.close();
        });
    }

    pub(super) fn params(&mut self, params: &Parameters) {
        self.list(&params.posonly, Self::param);
        self.list(&params.regular, Self::param);
        self.optional(params.vararg.as_deref(), Self::param);
        self.list(&params.kwonly, Self::param);
        self.optional(params.kwarg.as_deref(), Self::param);
    }

    fn param(&mut self, param: &Parameter) {
        self.open("param", param.span);
        self.word(&param.name.name);
        self.optional(param.annotation.as_ref(), Self::expr);
        self.optional(param.default.as_ref(), Self::expr);
        if let Some(ty) = &param.ty {
            self.parameter_type(ty);
        }
        self.close();
    }

    pub(super) fn type_params(&mut self, params: &[TypeParam]) {
        self.list(params, |dumper, param| {
            let kind = match param.kind {
                TypeParamKind::TypeVar { .. } => "type-var",
                TypeParamKind::TypeVarTuple => "type-var-tuple",
                TypeParamKind::ParamSpec => "param-spec",
            };
            dumper.open(kind, param.span);
            dumper.word(&param.name.name);
            if let TypeParamKind::TypeVar { bound } = &param.kind {
                dumper.optional(bound.as_ref(), Self::expr);
            }
            dumper.optional(param.default.as_ref(), Self::expr);
            dumper.close();
        });
    }

    fn parts(&mut self, parts: &[StringPart]) {
        self.inside_string += 1;
        self.out.push_str(" [");
        let mut first = true;
        let mut pending = TextBuilder::default();
        for part in parts {
            match part {
                StringPart::Literal { text, .. } => pending.push_text(text),
                StringPart::Interpolation(field) => {
                    if let Some(debug) = field.debug.as_ref().filter(|_| self.options.expand_debug) {
                        pending.push_text(debug);
                    }
                    self.text_part(&mut pending, &mut first);
                    self.separate(&mut first);
                    self.field(field);
                }
            }
        }
        self.text_part(&mut pending, &mut first);
        self.out.push(']');
        self.inside_string -= 1;
    }

    fn separate(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.push(' ');
        }
    }

    fn text_part(&mut self, pending: &mut TextBuilder, first: &mut bool) {
        if !pending.is_empty() {
            self.separate(first);
            let text: Text = std::mem::take(pending).finish();
            self.text(&text);
        }
    }

    fn field(&mut self, field: &Interpolation) {
        self.out.push_str("(field");
        self.child(&field.value);
        let repr_by_default = self.options.expand_debug && field.debug.is_some() && field.format.is_none();
        self.word(match field.conversion {
            Some(Conversion::Str) => "s",
            Some(Conversion::Repr) => "r",
            Some(Conversion::Ascii) => "a",
            None if repr_by_default => "r",
            None => "_",
        });
        if !self.options.expand_debug {
            self.optional(field.debug.as_ref(), Self::text);
        }
        match &field.format {
            Some(parts) => self.parts(parts),
            None => self.word("_"),
        }
        self.close();
    }
}

fn kind_name(kind: &ExprKind) -> &'static str {
    match kind {
        ExprKind::Invalid => "invalid",
        ExprKind::Name(_) => "name",
        ExprKind::Literal(_) => "literal",
        ExprKind::FString(_) => "f-string",
        ExprKind::TString(_) => "t-string",
        ExprKind::Named { .. } => "named",
        ExprKind::Bool { .. } => "bool",
        ExprKind::Binary { .. } => "binary",
        ExprKind::Unary { .. } => "unary",
        ExprKind::Compare { .. } => "compare",
        ExprKind::Conditional { .. } => "conditional",
        ExprKind::Lambda { .. } => "lambda",
        ExprKind::Call(_) => "call",
        ExprKind::Attribute { .. } => "attribute",
        ExprKind::Subscript { .. } => "subscript",
        ExprKind::Slice { .. } => "slice",
        ExprKind::Starred(_) => "starred",
        ExprKind::Tuple(_) => "tuple",
        ExprKind::List(_) => "list",
        ExprKind::Set(_) => "set",
        ExprKind::Dict(_) => "dict",
        ExprKind::ListComp { .. } => "list-comp",
        ExprKind::SetComp { .. } => "set-comp",
        ExprKind::DictComp { .. } => "dict-comp",
        ExprKind::Generator { .. } => "generator",
        ExprKind::Await(_) => "await",
        ExprKind::Yield(_) => "yield",
        ExprKind::YieldFrom(_) => "yield-from",
        ExprKind::Cython(inner) => super::cython::expr_name(inner),
    }
}
