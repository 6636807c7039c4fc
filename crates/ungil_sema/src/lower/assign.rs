//! Assignment in every form, annotations, nested functions.

use ungil_diag::span::Span;
use ungil_ir::types::Layout;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::operator::BinaryOp;
use ungil_syntax::ast::parameter::Parameters;
use ungil_syntax::ast::stmt::FunctionDef;

use crate::ctype::CType;
use crate::diagnostics::types::TypeError;
use crate::diagnostics::unsupported::Unsupported;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::data;
use crate::operand::Operand;
use crate::ty::Ty;
use crate::world::Global;

impl Lowerer<'_, '_> {
    /// `a = b = value`.
    pub(crate) fn assign(&mut self, targets: &[Expr], value: &Expr) -> Result<()> {
        let key = if let [target] = targets { variable_key(target) } else { None };
        if let Some(name) = &key
            && let Some(value) = self.struct_display(name, value)?
        {
            return self.assign_to(&targets[0], &value);
        }
        let source = value;
        let value = match targets {
            [target]
                if matches!(target.kind, ExprKind::Subscript { .. })
                    && matches!(value.kind, ExprKind::List(_)) =>
            {
                let nested = matches!(&value.kind, ExprKind::List(items) if items.iter().any(is_list));
                if nested && self.is_part_of_list(target)? {
                    self.lower_expr(value)?
                } else {
                    self.display(value)?
                }
            }
            [_] if key
                .as_ref()
                .and_then(|k| self.memory.get(k))
                .is_some_and(|m| matches!(m.ty, CType::Array(..)))
                && matches!(value.kind, ExprKind::List(_) | ExprKind::Tuple(_)) =>
            {
                self.display(value)?
            }
            // The elements are computed where they are stored.
            [target]
                if matches!(target.kind, ExprKind::Subscript { .. }) && !self.may_change_arrays(target) =>
            {
                let outer = std::mem::replace(&mut self.copies, true);
                let value = self.lower_lazily(value);
                self.copies = outer;
                value?
            }
            _ => self.lower_expr(value)?,
        };
        let nothing = value.is_none() && self.none_view(source).is_some();
        for target in targets {
            if let (true, ExprKind::Subscript { value: container, .. }) = (nothing, &target.kind)
                && self.none_view(container).is_none()
            {
                let view = self.lower_expr(target)?;
                self.assign_none(&view, target.span)?;
                continue;
            }
            self.assign_to(target, &value)?;
        }
        Ok(())
    }

    /// Whether a target is the slice of a variable that is a list: lists put there are elements, not rows of an array.
    fn is_part_of_list(&mut self, target: &Expr) -> Result<bool> {
        match &target.kind {
            ExprKind::Subscript { value, index }
                if matches!(index.kind, ExprKind::Slice { .. })
                    && matches!(value.kind, ExprKind::Name(_)) =>
            {
                Ok(matches!(self.lower_expr(value)?.ty, Ty::List(_)))
            }
            _ => Ok(false),
        }
    }

    /// Assigns a value to a target.
    pub(crate) fn assign_to(&mut self, target: &Expr, value: &Operand) -> Result<()> {
        self.set_span(target.span);
        match &target.kind {
            ExprKind::Name(_) => self.define_name(target.span, value),
            ExprKind::Tuple(targets) | ExprKind::List(targets) => self.unpack(targets, value, target.span),
            ExprKind::Subscript { value: container, index } => {
                if let Some(merged) = self.merged_subscript(target) {
                    return self.assign_to(&merged, value);
                }
                if let Some(ndim) = self.none_view(container) {
                    return self.none_assign(ndim, index, value, target.span);
                }
                let (container, flat) = self.assigned_container(container)?;
                match &container.ty {
                    Ty::Array(_) if flat => {
                        let index = self.index_operands(index)?;
                        self.set_span(target.span);
                        self.assign_flat(&container, &index, value, target.span)
                    }
                    Ty::Array(_) => {
                        let index = self.index_operands(index)?;
                        self.set_span(target.span);
                        self.array_assign(&container, &index, value, target.span)
                    }
                    Ty::StructView(_) => {
                        let index = self.index_operands(index)?;
                        self.set_span(target.span);
                        self.struct_view_assign(&container, &index, value, target.span)
                    }
                    Ty::Pointer(_) => {
                        let at = self.lower_expr(index)?;
                        self.set_span(target.span);
                        self.pointer_assign(&container, &at, value, target.span)
                    }
                    Ty::List(_) => {
                        let at = self.lower_expr(index)?;
                        self.set_span(target.span);
                        self.list_assign(&container, &at, value, target.span)
                    }
                    ty => Err(TypeError::ItemAssignment { ty: ty.clone(), span: target.span }.into()),
                }
            }
            ExprKind::Starred(inner) => self.assign_to(inner, value),
            ExprKind::Attribute { value: object, attr } => {
                let object = self.lower_expr(object)?;
                self.set_span(target.span);
                if matches!(&object.ty, Ty::Builtin(name) if &**name == data::NAME) {
                    return self.write_data(&attr.name, value, target.span);
                }
                match self.assign_attribute(&object, &attr.name, value, target.span)? {
                    true => Ok(()),
                    false => Err(attribute_target(target.span)),
                }
            }
            // The parser refuses other targets.
            _ => Err(attribute_target(target.span)),
        }
    }

    /// What a subscript that is assigned to is one of; for `array.flat` the array, and `true`, where no view has its elements
    /// in order.
    fn assigned_container(&mut self, e: &Expr) -> Result<(Operand, bool)> {
        let ExprKind::Attribute { value, attr } = &e.kind else { return Ok((self.lower_expr(e)?, false)) };
        if &*attr.name != "flat" || self.is_c() {
            return Ok((self.lower_expr(e)?, false));
        }
        let array = self.lower_expr(value)?;
        if array.ty.as_array().is_some_and(|t| t.ndim > 0 && t.layout != Layout::C) {
            return Ok((array, true));
        }
        Ok((self.attribute(&array, &attr.name, attr.span)?, false))
    }

    /// Assigns the local variable whose name stands here.
    pub(crate) fn define_name(&mut self, span: Span, value: &Operand) -> Result<()> {
        match self.webs.def_at(span.lo) {
            Some(web) => self.define_web(web, value, span),
            // The analysis found that control does not get here.
            None => Err(Error::Untyped),
        }
    }

    /// `a, (b, *c) = value`.
    fn unpack(&mut self, targets: &[Expr], value: &Operand, span: Span) -> Result<()> {
        let (items, counted) = self.unpacked(targets, value, span)?;
        let star = targets.iter().position(|t| matches!(t.kind, ExprKind::Starred(_)));
        // Where the number of items shows at run time only, there is one for each target, starred or not.
        let star = star.filter(|_| counted);
        let n = items.len();
        let wrong =
            |expected, at_least| TypeError::UnpackCount { expected, at_least, found: n, span: value.span };
        let Some(star) = star else {
            if n != targets.len() {
                return Err(wrong(targets.len(), false).into());
            }
            for (target, item) in targets.iter().zip(&items) {
                self.assign_to(target, item)?;
            }
            return Ok(());
        };
        let after = targets.len() - star - 1;
        if n < star + after {
            return Err(wrong(star + after, true).into());
        }
        for (target, item) in targets[..star].iter().zip(&items) {
            self.assign_to(target, item)?;
        }
        let middle = Operand::tuple(items[star..n - after].to_vec(), span);
        self.assign_to(&targets[star], &middle)?;
        for (target, item) in targets[star + 1..].iter().zip(&items[n - after..]) {
            self.assign_to(target, item)?;
        }
        Ok(())
    }

    /// The elements of a value that is unpacked, and whether their number is known. That of others is checked at run time.
    fn unpacked(&mut self, targets: &[Expr], value: &Operand, span: Span) -> Result<(Vec<Operand>, bool)> {
        let known = match &value.ty {
            // The variables may be assigned while later elements are still to be read from them.
            Ty::Tuple(_) => Some(self.items(value)),
            Ty::Iter(_) => self.static_items(value),
            Ty::List(_) | Ty::Range => None,
            Ty::Array(ty) if ty.ndim > 0 => None,
            ty => return Err(TypeError::NotUnpackable { ty: ty.clone(), span }.into()),
        };
        match known {
            Some(items) => Ok((items, true)),
            None => Ok((self.unpacked_at_run_time(targets, value)?, false)),
        }
    }

    /// As many items as there are targets of an iterable whose length is known at run time only.
    fn unpacked_at_run_time(&mut self, targets: &[Expr], value: &Operand) -> Result<Vec<Operand>> {
        if let Some(star) = targets.iter().position(|t| matches!(t.kind, ExprKind::Starred(_))) {
            return self.unpacked_around(star, targets, value);
        }
        let wanted = targets.len();
        let (n, expected) = (self.iteration_length(value)?, self.b().i64(wanted as i64));
        let class = ungil_abi::exception::ExcClass::VALUE_ERROR;
        let enough = self.b().compare(ungil_ir::inst::CompareOp::Ge, n, expected);
        let message = format!("not enough values to unpack (expected {wanted}, got {{0}})");
        self.check(enough, class, &message, vec![(n, true)]);
        let fits = self.b().compare(ungil_ir::inst::CompareOp::Le, n, expected);
        let message = format!("too many values to unpack (expected {wanted})");
        self.check(fits, class, &message, Vec::new());
        let mut items = Vec::new();
        for k in 0..wanted {
            let k = self.b().i64(k as i64);
            items.push(self.iteration_item(value, k)?);
        }
        Ok(items)
    }

    /// The items before and behind a starred target, and for that a list of those between.
    fn unpacked_around(&mut self, star: usize, targets: &[Expr], value: &Operand) -> Result<Vec<Operand>> {
        let fixed = targets.len() - 1;
        let (n, least) = (self.iteration_length(value)?, self.b().i64(fixed as i64));
        let enough = self.b().compare(ungil_ir::inst::CompareOp::Ge, n, least);
        let message = format!("not enough values to unpack (expected at least {fixed}, got {{0}})");
        self.check(enough, ungil_abi::exception::ExcClass::VALUE_ERROR, &message, vec![(n, true)]);
        let rest = self.b().binary(ungil_ir::inst::BinaryOp::Sub, n, least);
        let mut items = Vec::new();
        for k in 0..star {
            let k = self.b().i64(k as i64);
            items.push(self.iteration_item(value, k)?);
        }
        let span = targets[star].span;
        let list = self.empty_list(None, span)?;
        let first = self.b().i64(star as i64);
        self.ordered(&[rest], &mut |l, at| {
            let k = l.b().binary(ungil_ir::inst::BinaryOp::Add, first, at[0]);
            let item = l.iteration_item(value, k)?;
            l.push_item(&list, &item, span)
        })?;
        items.push(list);
        for k in star..fixed {
            let k = self.b().i64(k as i64);
            let k = self.b().binary(ungil_ir::inst::BinaryOp::Add, rest, k);
            items.push(self.iteration_item(value, k)?);
        }
        Ok(items)
    }

    /// `name op= value`.
    fn augmented_name(
        &mut self,
        name: &str,
        place: Span,
        op: BinaryOp,
        value: &Expr,
        span: Span,
    ) -> Result<()> {
        if op == BinaryOp::Add
            && let Some(list) = self.collecting_list(place)
        {
            let value = self.lower_expr(value)?;
            self.set_span(span);
            return self.added_to_list(&list, &value, span);
        }
        let old = self.name(name, place)?;
        let value = self.lower_lazily(value)?;
        self.set_span(span);
        if old.ty.as_array().is_some() && op == BinaryOp::MatMult {
            self.multiplied_in_place(&old, &value, span)?;
            return self.define_name(place, &old);
        }
        if old.ty.as_array().is_some() {
            // Arrays are updated in place.
            let mut apply = |l: &mut Self, old: &Operand, new: &Operand| l.binary(op, old, new, span);
            self.update_view(&old, &value, &mut apply)?;
            return self.define_name(place, &old);
        }
        if matches!(old.ty, Ty::List(_)) && op == BinaryOp::Add {
            self.added_to_list(&old, &value, span)?;
            return self.define_name(place, &old);
        }
        if matches!(old.ty, Ty::List(_)) && op == BinaryOp::Mult && value.ty.is_integral() {
            self.repeat_in_place(&old, &value, span)?;
            return self.define_name(place, &old);
        }
        let new = self.binary(op, &old, &value, span)?;
        let new = self.settled(&new)?;
        self.define_name(place, &new)
    }

    /// `list += value`.
    fn added_to_list(&mut self, list: &Operand, value: &Operand, span: Span) -> Result<()> {
        if value.ty.as_array().is_some() {
            let reason = Some("the sum of a list and an array is an array");
            return Err(self.binary_error(BinaryOp::Add, list, value, span, reason));
        }
        self.list_extend(list, value, span)
    }

    /// `target op= value`.
    pub(crate) fn augmented(&mut self, target: &Expr, op: BinaryOp, value: &Expr, span: Span) -> Result<()> {
        let mut apply = |l: &mut Self, old: &Operand, new: &Operand| l.binary(op, old, new, span);
        match &target.kind {
            ExprKind::Name(name) => self.augmented_name(name, target.span, op, value, span),
            ExprKind::Subscript { value: container, index } => {
                if let Some(merged) = self.merged_subscript(target) {
                    return self.augmented(&merged, op, value, span);
                }
                if let Some(ndim) = self.none_view(container) {
                    let value = self.lower_expr(value)?;
                    return self.none_assign(ndim, index, &value, target.span);
                }
                let container = self.lower_expr(container)?;
                if matches!(container.ty, Ty::List(_)) {
                    let at = self.lower_expr(index)?;
                    let old = self.list_subscript(&container, &at, target.span)?;
                    let value = self.lower_expr(value)?;
                    self.set_span(span);
                    if old.ty.as_array().is_some() {
                        return self.update_view(&old, &value, &mut apply);
                    }
                    // Lists in lists are the same ones afterwards.
                    if matches!(old.ty, Ty::List(_)) && op == BinaryOp::Add {
                        return self.added_to_list(&old, &value, span);
                    }
                    if matches!(old.ty, Ty::List(_)) && op == BinaryOp::Mult && value.ty.is_integral() {
                        return self.repeat_in_place(&old, &value, span);
                    }
                    let new = apply(self, &old, &value)?;
                    let new = self.settled(&new)?;
                    return self.list_assign(&container, &at, &new, target.span);
                }
                if matches!(container.ty, Ty::Pointer(_)) {
                    let at = self.lower_expr(index)?;
                    let old = self.pointer_subscript(&container, &at, target.span)?;
                    let value = self.lower_expr(value)?;
                    let new = apply(self, &old, &value)?;
                    return self.pointer_assign(&container, &at, &new, target.span);
                }
                if !matches!(container.ty, Ty::Array(_)) {
                    return Err(TypeError::ItemAssignment { ty: container.ty, span: target.span }.into());
                }
                let index = self.index_operands(index)?;
                let value = self.lower_lazily(value)?;
                self.set_span(span);
                if op == BinaryOp::MatMult && !index.iter().any(|part| self.is_fancy(part)) {
                    let view = self.array_subscript(&container, &index, target.span)?;
                    if view.ty.as_array().is_some() {
                        return self.multiplied_in_place(&view, &value, span);
                    }
                }
                self.array_update(&container, &index, &value, target.span, &mut apply)
            }
            ExprKind::Attribute { value: object, attr } => {
                let object = self.lower_expr(object)?;
                let old = self.attribute(&object, &attr.name, target.span)?;
                let value = self.lower_expr(value)?;
                self.set_span(span);
                let new = apply(self, &old, &value)?;
                if matches!(&object.ty, Ty::Builtin(name) if &**name == data::NAME) {
                    return self.write_data(&attr.name, &new, target.span);
                }
                match self.assign_attribute(&object, &attr.name, &new, target.span)? {
                    true => Ok(()),
                    false => Err(attribute_target(target.span)),
                }
            }
            _ => Err(attribute_target(target.span)),
        }
    }

    /// `target: annotation = value`.
    pub(crate) fn annotated_assign(&mut self, target: &Expr, annotation: &Expr, value: &Expr) -> Result<()> {
        let value = self.lower_expr(value)?;
        let name = match &target.kind {
            ExprKind::Name(name) => name.to_string(),
            _ => "the target".to_owned(),
        };
        let value = self.annotated(&name, annotation, value)?;
        self.assign_to(target, &value)
    }

    /// A value under an annotation: ungil's scalar types convert and bind, others are hints.
    pub(crate) fn annotated(&mut self, name: &str, annotation: &Expr, value: Operand) -> Result<Operand> {
        if self.is_c() {
            // Those that declare are among the function's declarations.
            return Ok(value);
        }
        let Some(Global::DType(dtype)) = self.annotation_global(annotation) else { return Ok(value) };
        let declared = Ty::Scalar(dtype);
        if !value.ty.is_scalar() {
            let (name, span) = (name.to_owned(), value.span);
            return Err(TypeError::Annotation { name, declared, found: value.ty, span }.into());
        }
        let number = self.cast_to(&value, dtype)?;
        Ok(Operand::value(declared, number, value.span))
    }

    fn annotation_global(&mut self, annotation: &Expr) -> Option<Global> {
        match &annotation.kind {
            ExprKind::Name(name) => self.program.world.lookup(self.code.id.kernel, name),
            ExprKind::Attribute { value, attr } => match self.annotation_global(value)? {
                Global::Module { object, .. } => self.program.world.attribute(object, &attr.name),
                _ => None,
            },
            _ => None,
        }
    }

    /// `def inner(…)` inside a kernel: defaults are evaluated here, the function itself when it is called.
    pub(crate) fn nested_function(&mut self, def: &FunctionDef) -> Result<()> {
        self.evaluate_defaults(&def.params)?;
        let key = self.code.id.nested;
        if self.code.scopes.funcs[&key].statics.contains_key(&def.name.name) {
            return Ok(());
        }
        let span = def.name.span;
        let value = self.bare_function(span.lo, &def.name.name, span);
        self.define_name(span, &value)
    }

    /// Default values of a nested function live in variables of the enclosing one.
    pub(crate) fn evaluate_defaults(&mut self, params: &Parameters) -> Result<()> {
        for p in params.iter() {
            let Some(default) = &p.default else { continue };
            let value = self.lower_expr(default)?;
            if let Some(web) = self.webs.def_at(p.name.span.lo) {
                self.define_web(web, &value, p.name.span)?;
            }
        }
        Ok(())
    }
}

/// How a variable that is assigned is called among those in memory.
fn variable_key(target: &Expr) -> Option<String> {
    match &target.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Attribute { value, attr } => {
            matches!(&value.kind, ExprKind::Name(name) if &**name == "__pyx_g__")
                .then(|| data::key(&attr.name))
        }
        _ => None,
    }
}

fn attribute_target(span: Span) -> Error {
    let help = "assign to a variable or an array element";
    Unsupported::Expression { what: "assignment to attributes is", span, help }.into()
}

fn is_list(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::List(_))
}
