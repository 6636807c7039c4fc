//! Expressions.

use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_ir::inst::InstKind;
use ungil_ir::types::{DType, Layout};
use ungil_syntax::ast::expr::{Expr, ExprKind, StringPart};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::name::Ident;
use ungil_syntax::ast::operator::{BinaryOp, BoolOp};

use crate::cython::{BINT, Declared};
use crate::diagnostics::types::TypeError;
use crate::diagnostics::unsupported::Unsupported;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::build::Cond;
use crate::lower::data;
use crate::operand::{Constant, Operand};
use crate::resolve::scopes::Captured;
use crate::ty::{CodeId, FuncTy, SliceTy, Ty};

const MAX_DEPTH: u32 = 200;

impl Lowerer<'_, '_> {
    /// Lowers an expression.
    pub fn lower_expr(&mut self, e: &Expr) -> Result<Operand> {
        let operand = self.lower_lazily(e)?;
        self.settled_whole(e, &operand)
    }

    /// Lowers an expression whose elements are used once, at once: arrays may be lazy.
    pub(crate) fn lower_lazily(&mut self, e: &Expr) -> Result<Operand> {
        if self.depth >= MAX_DEPTH {
            return Err(Unsupported::TooDeep { span: e.span }.into());
        }
        self.depth += 1;
        let outer = self.loc;
        self.set_span(e.span);
        let result = self.expression(e);
        self.loc = outer;
        self.depth -= 1;
        result.map(|o| o.at(e.span))
    }

    fn expression(&mut self, e: &Expr) -> Result<Operand> {
        let span = e.span;
        let unsupported = |what, help| Err(Error::from(Unsupported::Expression { what, span, help }));
        match &e.kind {
            ExprKind::Name(name) => self.name(name, span),
            ExprKind::Literal(Literal::Bytes(bytes)) if self.is_c() => {
                Ok(Operand::entity(Ty::Bytes(bytes[..].into()), span))
            }
            ExprKind::Literal(literal) => literal_operand(literal, span),
            ExprKind::Named { target, value } => {
                let value = self.lower_expr(value)?;
                self.define_name(target.span, &value)?;
                Ok(value)
            }
            ExprKind::Bool { op, values } => self.bool_operator(*op, values, span),
            ExprKind::Binary { left, op, right } => self.binary_expression(*op, left, right, span),
            ExprKind::Unary { op, operand } => {
                let operand = self.lower_lazily(operand)?;
                self.unary(*op, &operand, span)
            }
            ExprKind::Compare { left, rest } => self.comparison_chain(left, rest, span),
            ExprKind::Conditional { test, body, orelse } => self.conditional(test, body, orelse),
            ExprKind::Lambda { params, .. } => {
                self.evaluate_defaults(params)?;
                Ok(self.bare_function(span.lo, "<lambda>", span))
            }
            ExprKind::Call(call) => self.call(call, span),
            ExprKind::Attribute { value, attr } => self.attribute_of(value, attr, span),
            ExprKind::Subscript { value, index } => self.subscript_of(e, value, index),
            ExprKind::Slice { lower, upper, step } => {
                self.slice(lower.as_deref(), upper.as_deref(), step.as_deref(), span)
            }
            ExprKind::Tuple(items) => {
                let items = self.starred_items(items)?;
                self.tuple_of(&items, span)
            }
            ExprKind::FString(parts) if parts.iter().all(|p| matches!(p, StringPart::Literal { .. })) => {
                let text: String = parts
                    .iter()
                    .filter_map(|p| match p {
                        StringPart::Literal { text, .. } => text.as_str(),
                        StringPart::Interpolation(_) => None,
                    })
                    .collect();
                Ok(Operand::entity(Ty::Str(text.into()), span))
            }
            ExprKind::FString(parts) => self.text(parts, span),
            ExprKind::TString(_) => unsupported("t-strings are", "build the text outside the kernel"),
            ExprKind::Starred(_) => unsupported("a `*` here is", "write the elements one by one"),
            ExprKind::List(items) => {
                let display = self.list_display(items, span)?;
                if matches!(display.ty, Ty::List(_)) {
                    return Ok(display);
                }
                let items = self.items(&display);
                self.list_of(&items, span)
            }
            ExprKind::ListComp { element, generators } => {
                let generator = self.generator(element, generators, span)?;
                self.list_from(&generator, span)
            }
            ExprKind::Set(_) | ExprKind::SetComp { .. } => unsupported("sets are", "use an array or a tuple"),
            ExprKind::Dict(_) | ExprKind::DictComp { .. } => {
                unsupported("dictionaries are", "use arrays, or pass the values as arguments")
            }
            ExprKind::Generator { element, generators } => self.generator(element, generators, span),
            ExprKind::Await(_) => unsupported("`await` is", "call compiled functions from the coroutine"),
            ExprKind::Yield(_) | ExprKind::YieldFrom(_) => {
                unsupported("`yield` is", "write the results into an array and return it")
            }
            ExprKind::Cython(_) => {
                unsupported("this expression of the Cython language is", "write it in Python")
            }
            // What did not parse was reported by the parser.
            ExprKind::Invalid => Err(Error::Untyped),
        }
    }

    /// A tuple, with copies of the structs in it.
    fn tuple_of(&mut self, items: &[Operand], span: Span) -> Result<Operand> {
        let items = items.iter().map(|i| self.struct_copy(i)).collect::<Result<Vec<_>>>()?;
        Ok(Operand::tuple(items, span))
    }

    /// Two operands, the first evaluated before the second. What a call in the second changes does not reach the first.
    pub(crate) fn lower_pair(&mut self, left: &Expr, right: &Expr) -> Result<(Operand, Operand)> {
        let mut first = self.lower_lazily(left)?;
        if first.lazy.is_some() && self.may_change_arrays(right) {
            first = self.settled(&first)?;
        }
        Ok((first, self.lower_lazily(right)?))
    }

    /// Expressions with `*tuple` among them taken apart.
    pub(crate) fn starred_items(&mut self, items: &[Expr]) -> Result<Vec<Operand>> {
        let mut operands = Vec::new();
        for item in items {
            match &item.kind {
                ExprKind::Starred(inner) => {
                    let tuple = self.lower_expr(inner)?;
                    if !matches!(tuple.ty, Ty::Tuple(_)) {
                        let found = tuple.ty.to_string();
                        return Err(
                            crate::diagnostics::calls::CallError::Star { span: item.span, found }.into()
                        );
                    }
                    operands.extend(self.items(&tuple));
                }
                _ => operands.push(self.lower_expr(item)?),
            }
        }
        Ok(operands)
    }

    fn slice(
        &mut self,
        lower: Option<&Expr>,
        upper: Option<&Expr>,
        step: Option<&Expr>,
        span: Span,
    ) -> Result<Operand> {
        let mut parts = Vec::new();
        let mut given = [false; 3];
        for (k, part) in [lower, upper, step].into_iter().enumerate() {
            let Some(part) = part else { continue };
            let operand = self.lower_expr(part)?;
            if operand.is_none() {
                continue;
            }
            if !operand.ty.is_integral() {
                let container = Ty::Slice(SliceTy { start: true, stop: true, step: true });
                return Err(TypeError::Index { found: operand.ty, container, span: part.span }.into());
            }
            given[k] = true;
            parts.push(operand);
        }
        let ty = SliceTy { start: given[0], stop: given[1], step: given[2] };
        Ok(Operand::parts(Ty::Slice(ty), parts, span))
    }

    /// `a and b`, `a or b`: the value of the operand that decides.
    fn bool_operator(&mut self, op: BoolOp, values: &[Expr], span: Span) -> Result<Operand> {
        let (first, rest) = values.split_first().expect("an operator has operands");
        let first = self.lower_expr(first)?;
        if rest.is_empty() {
            return Ok(first);
        }
        match self.truth(&first)? {
            Cond::Known(b) if b == (op == BoolOp::Or) => Ok(first),
            Cond::Known(_) => self.bool_operator(op, rest, span),
            Cond::Value(cond) => {
                let (then, taken) = self.nested(|l| match op {
                    BoolOp::And => l.bool_operator(op, rest, span),
                    BoolOp::Or => Ok(first.clone()),
                });
                let (otherwise, other) = self.nested(|l| match op {
                    BoolOp::And => Ok(first.clone()),
                    BoolOp::Or => l.bool_operator(op, rest, span),
                });
                self.merge(cond, (then, taken), (otherwise, other), span)
            }
        }
    }

    fn binary_expression(&mut self, op: BinaryOp, a: &Expr, b: &Expr, span: Span) -> Result<Operand> {
        let (mut left, mut right) = self.lower_pair(a, b)?;
        self.set_span(span);
        if self.divides_longs(op, (a, &left), (b, &right)) {
            let long = Ty::Scalar(DType::I64);
            (left, right) = (self.convert(&left, &long)?, self.convert(&right, &long)?);
        }
        self.binary(op, &left, &right, span)
    }

    /// The truth of a test, which may be known from the types.
    pub(crate) fn decided(&mut self, test: &Expr) -> Result<Cond> {
        match self.webs.decision(test) {
            Some(known) => Ok(Cond::Known(known)),
            None => {
                let test = self.lower_expr(test)?;
                self.truth(&test)
            }
        }
    }

    /// `body if test else orelse`.
    fn conditional(&mut self, test: &Expr, body: &Expr, orelse: &Expr) -> Result<Operand> {
        let span = body.span.to(orelse.span);
        match self.decided(test)? {
            Cond::Known(true) => self.lower_expr(body),
            Cond::Known(false) => self.lower_expr(orelse),
            Cond::Value(cond) => {
                let then = self.nested(|l| l.lower_expr(body));
                let otherwise = self.nested(|l| l.lower_expr(orelse));
                self.merge(cond, then, otherwise, span)
            }
        }
    }

    fn attribute_of(&mut self, value: &Expr, attr: &Ident, span: Span) -> Result<Operand> {
        if let Some(ndim) = self.none_view(value) {
            return self.none_attribute(ndim, &attr.name, span);
        }
        let value = self.lower_lazily(value)?;
        self.attribute(&value, &attr.name, attr.span)
    }

    fn subscript_of(&mut self, e: &Expr, value: &Expr, index: &Expr) -> Result<Operand> {
        if let Some(merged) = self.merged_subscript(e) {
            return self.lower_expr(&merged);
        }
        if let Some(ndim) = self.none_view(value) {
            return self.none_subscript(ndim, index, e.span);
        }
        if let ExprKind::Attribute { value: object, attr } = &value.kind
            && &*attr.name == "flat"
        {
            let object = self.lower_expr(object)?;
            let flat = self.attribute(&object, &attr.name, value.span)?;
            let part = self.subscript(&flat, index, e.span)?;
            return match (&object.ty, &part.ty) {
                // Parts of `array.flat` are copies.
                (Ty::Array(_), Ty::Array(ty)) => self.converted_copy(&part, ty.dtype, Layout::C, e.span),
                _ => Ok(part),
            };
        }
        let is_of_bints = self.is_of_bints(value);
        let value = self.lower_expr(value)?;
        let part = self.subscript(&value, index, e.span)?;
        if is_of_bints && part.ty == Ty::Scalar(DType::I32) {
            let truth = self.truth_value(&part)?;
            return Ok(Operand::value(Ty::PyBool, truth, e.span));
        }
        Ok(part)
    }

    /// Whether an expression is an array or a memoryview of `bint`, which has the type of one of `int`.
    fn is_of_bints(&self, e: &Expr) -> bool {
        let Some(c) = self.options.c.as_ref() else { return false };
        let is_view =
            |ty: Option<&Declared>| matches!(ty, Some(Declared::View { name, .. }) if &**name == BINT);
        match &e.kind {
            ExprKind::Name(name) => self.holds_bints(name) || is_view(c.vars.get(&**name)),
            ExprKind::Attribute { value, attr } if matches!(&value.kind, ExprKind::Name(name) if &**name == "__pyx_g__") => {
                self.holds_bints(&data::key(&attr.name)) || is_view(c.data.get(&*attr.name).map(|(ty, _)| ty))
            }
            ExprKind::Subscript { value, .. } => self.is_of_bints(value),
            _ => false,
        }
    }

    /// Stands for a value whose computation is not typed yet; this round's code is thrown away.
    fn unknown(&mut self, ty: Ty, span: Span) -> Operand {
        let var = self.new_var("unknown", ty.ir());
        let value = self.b().get(var);
        Operand::value(ty, value, span)
    }

    /// The value that one of two branches computed, as their common type.
    pub(crate) fn merge(
        &mut self,
        cond: ungil_ir::entities::Value,
        (then, a): (ungil_ir::entities::Region, Result<Operand>),
        (otherwise, b): (ungil_ir::entities::Region, Result<Operand>),
        span: Span,
    ) -> Result<Operand> {
        // A branch that control does not leave decides nothing.
        let (a, b) = match (a, b) {
            (Err(Error::Never), Ok(known)) => return self.one_leaves(cond, (then, otherwise), known, false),
            (Ok(known), Err(Error::Never)) => return self.one_leaves(cond, (then, otherwise), known, true),
            (Err(Error::Never), Err(Error::Never)) => {
                self.b().push(InstKind::If { cond, then, otherwise });
                return Err(Error::Never);
            }
            others => others,
        };
        // A recursive call has no type before the other branch has given it one.
        let (a, b) = match (a, b) {
            (Err(Error::Untyped), Ok(known)) | (Ok(known), Err(Error::Untyped)) => {
                self.untyped = true;
                let value = if known.ty.is_compile_time() { known } else { self.unknown(known.ty, span) };
                return Ok(value);
            }
            (a, b) => (a?, b?),
        };
        self.check_storable(&a)?;
        self.check_storable(&b)?;
        let (a, b) = if a.ty == b.ty { (a, b) } else { (self.choosable(&a)?, self.choosable(&b)?) };
        let ty = self.common_type(&a, &b).ok_or_else(|| TypeError::Variable {
            name: "if … else …".to_owned(),
            old: a.ty.clone(),
            new: b.ty.clone(),
            span,
            first: None,
        })?;
        if ty.is_compile_time() {
            self.b().push(InstKind::If { cond, then, otherwise });
            return Ok(Operand::entity(ty, span));
        }
        let var = self.new_var("choice", ty.ir());
        for (region, operand) in [(then, &a), (otherwise, &b)] {
            let outer = std::mem::replace(&mut self.region, region);
            let value = self.convert(operand, &ty).and_then(|o| self.value(&o));
            if let Ok(value) = value {
                self.b().set(var, value);
            }
            self.region = outer;
            value?;
        }
        self.b().push(InstKind::If { cond, then, otherwise });
        let value = self.b().get(var);
        Ok(Operand::value(ty, value, span))
    }

    /// The value of the one branch that control leaves; the other one never returns.
    fn one_leaves(
        &mut self,
        cond: ungil_ir::entities::Value,
        (then, otherwise): (ungil_ir::entities::Region, ungil_ir::entities::Region),
        known: Operand,
        is_then: bool,
    ) -> Result<Operand> {
        self.check_storable(&known)?;
        let (leaving, stuck) = if is_then { (then, otherwise) } else { (otherwise, then) };
        let outer = std::mem::replace(&mut self.region, stuck);
        self.never_reached();
        self.region = leaving;
        let var = (!known.ty.is_compile_time()).then(|| self.new_var("choice", known.ty.ir()));
        let value = var.map(|_| self.value(&known)).transpose();
        if let (Some(var), Ok(Some(value))) = (var, &value) {
            self.b().set(var, *value);
        }
        self.region = outer;
        value?;
        self.b().push(InstKind::If { cond, then, otherwise });
        Ok(match var {
            None => known,
            Some(var) => Operand::value(known.ty.clone(), self.b().get(var), known.span),
        })
    }

    /// A lambda or a nested function as a value: what it captures travels with it.
    pub(crate) fn closure(&mut self, nested: u32, name: &str, span: Span) -> Result<Operand> {
        let captured: Vec<Captured> = self.code.scopes.funcs[&Some(nested)].captures.clone();
        let mut types: Vec<(Arc<str>, Ty)> = Vec::new();
        let mut values = Vec::new();
        for c in &captured {
            let operand = self.captured_operand(c, span)?;
            let operand = self.escaping(&operand)?;
            types.push((c.0.clone(), operand.ty.clone()));
            values.push(operand);
        }
        let code = CodeId { kernel: self.code.id.kernel, nested: Some(nested) };
        let ty = FuncTy { code, name: name.into(), captures: Some(types) };
        Ok(Operand::parts(Ty::Func(Arc::new(ty)), values, span))
    }

    /// A value that leaves this function: its nested functions take along what they capture.
    pub(crate) fn escaping(&mut self, operand: &Operand) -> Result<Operand> {
        match &operand.ty {
            Ty::Func(f) if f.captures.is_none() && f.code.kernel == self.code.id.kernel => {
                match f.code.nested {
                    Some(nested) => self.closure(nested, &f.name.clone(), operand.span),
                    None => Ok(operand.clone()),
                }
            }
            Ty::Tuple(types) if types.iter().any(holds_bare_function) => {
                let items = self.items(operand);
                let items = items.iter().map(|i| self.escaping(i)).collect::<Result<Vec<_>>>()?;
                Ok(Operand::tuple(items, operand.span))
            }
            _ => Ok(operand.clone()),
        }
    }

    /// The present value of a variable that a nested function captures.
    pub(crate) fn captured_operand(&mut self, captured: &Captured, span: Span) -> Result<Operand> {
        if captured.1 == self.code.id.nested {
            let used = self.webs.captured(&captured.0).ok_or(Error::Untyped)?;
            return self.read_use(used, &captured.0, span);
        }
        self.captures.get(captured).cloned().ok_or(Error::Untyped)
    }
}

/// Whether a nested function is among the values that reads its variables where it is defined.
fn holds_bare_function(ty: &Ty) -> bool {
    match ty {
        Ty::Func(f) => f.captures.is_none(),
        Ty::Tuple(items) => items.iter().any(holds_bare_function),
        _ => false,
    }
}

fn literal_operand(literal: &Literal, span: Span) -> Result<Operand> {
    Ok(match literal {
        Literal::None => Operand::none(span),
        Literal::Bool(b) => Operand::bool(*b, span),
        Literal::Ellipsis => Operand::entity(Ty::Ellipsis, span),
        Literal::Int(n) => Operand::int(*n, span),
        Literal::BigInt(digits) => match digits.parse::<i128>() {
            Ok(n) => Operand::constant(Ty::PyInt, Constant::Int(n), span),
            Err(_) => return Err(TypeError::IntRange { value: i128::MAX, ty: Ty::PyInt, span }.into()),
        },
        Literal::Float(x) => Operand::float(*x, span),
        Literal::Imaginary(x) => Operand::constant(Ty::PyComplex, Constant::Complex(0.0, *x), span),
        Literal::Str(text) => Operand::entity(Ty::Str(text.as_str().unwrap_or("").into()), span),
        Literal::Bytes(_) => {
            let help = "use an array of `np.uint8`";
            return Err(Unsupported::Expression { what: "bytes are", span, help }.into());
        }
    })
}
