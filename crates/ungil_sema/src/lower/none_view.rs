//! `None` as a memoryview of the Cython language.
//!
//! To C it is a view of no memory, all of whose extents are zero: elements are out of bounds, slices are `None` again, assignments to
//! slices do nothing. With `nonecheck`, and where bounds are not checked, what would touch it raises, with Cython's texts.
//!
//! Limits: known is `None` that a variable certainly is, as in a kernel made for the argument `None`.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::inst::CompareOp;
use ungil_ir::types::{ArrayType, Layout};
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;

use crate::cython::Declared;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::resolve::webs::Use;
use crate::ty::Ty;

/// What Cython says of a copy from no memory that fits.
const NOT_DIRECT: &str = "Dimension 0 is not direct";

/// What an index of a view names.
enum Part {
    Element,
    /// Some axes, the first of which that is an integer.
    Slice(Option<usize>),
}

fn part(index: &Expr, ndim: usize) -> Part {
    let items: Vec<&Expr> = match &index.kind {
        ExprKind::Tuple(items) => items.iter().collect(),
        _ => vec![index],
    };
    let is_slice = |e: &&Expr| {
        matches!(
            e.kind,
            ExprKind::Slice { .. }
                | ExprKind::Literal(Literal::None | Literal::Ellipsis)
                | ExprKind::Starred(_)
        )
    };
    if items.len() == ndim && !items.iter().any(is_slice) {
        return Part::Element;
    }
    Part::Slice(items.iter().position(|e| !is_slice(e)))
}

impl Lowerer<'_, '_> {
    /// The axes of a variable that is declared as a memoryview and is `None` here.
    pub(crate) fn none_view(&self, e: &Expr) -> Option<usize> {
        let ExprKind::Name(name) = &e.kind else { return None };
        let ndim = match self.declared(name) {
            Some(Declared::View { ndim, .. } | Declared::Structs { ndim, .. }) => usize::from(ndim),
            _ => return None,
        };
        let Some(Use::Web { web, .. }) = self.webs.use_at(e.span.lo) else { return None };
        let at = web.0 as usize;
        let is_none = match &self.slots[at].direct {
            Some(operand) => operand.is_none(),
            None => self.program.instances[self.instance].web_types[at] == Some(Ty::None),
        };
        is_none.then_some(ndim)
    }

    fn checks_none(&self) -> bool {
        self.options.c.as_ref().is_some_and(|c| c.nonecheck)
    }

    /// Raises; control does not get behind it.
    fn raise_for_none<T>(&mut self, class: ExcClass, text: &str, span: Span) -> Result<T> {
        self.set_span(span);
        let never = self.b().bool(false);
        self.check(never, class, text, Vec::new());
        Err(Error::Never)
    }

    fn none_element<T>(&mut self, ndim: usize, span: Span) -> Result<T> {
        if self.checks_none() || !self.options.boundscheck {
            return self.raise_for_none(ExcClass::TYPE_ERROR, "Cannot index None memoryview slice", span);
        }
        let text = format!("Out of bounds on buffer access (axis {})", ndim - 1);
        self.raise_for_none(ExcClass::INDEX_ERROR, &text, span)
    }

    /// `view[index]` for reading.
    pub(crate) fn none_subscript(&mut self, ndim: usize, index: &Expr, span: Span) -> Result<Operand> {
        match part(index, ndim) {
            Part::Element => self.none_element(ndim, span),
            Part::Slice(_) if self.checks_none() => {
                self.raise_for_none(ExcClass::TYPE_ERROR, "Cannot slice None memoryview slice", span)
            }
            Part::Slice(Some(axis)) if self.options.boundscheck => self.raise_for_none(
                ExcClass::INDEX_ERROR,
                &format!("Index out of bounds (axis {axis})"),
                span,
            ),
            Part::Slice(_) => Ok(Operand::none(span)),
        }
    }

    /// `view[index] = value`.
    pub(crate) fn none_assign(
        &mut self,
        ndim: usize,
        index: &Expr,
        value: &Operand,
        span: Span,
    ) -> Result<()> {
        match part(index, ndim) {
            Part::Element => return self.none_element(ndim, span),
            Part::Slice(_) if self.checks_none() => {
                return self.raise_for_none(
                    ExcClass::TYPE_ERROR,
                    "Cannot assign to None memoryview slice",
                    span,
                );
            }
            Part::Slice(Some(axis)) if self.options.boundscheck => {
                let text = format!("Index out of bounds (axis {axis})");
                return self.raise_for_none(ExcClass::INDEX_ERROR, &text, span);
            }
            Part::Slice(_) => {}
        }
        if value.is_none() {
            return self.raise_for_none(ExcClass::VALUE_ERROR, NOT_DIRECT, span);
        }
        let Some(from) = value.ty.as_array() else { return Ok(()) };
        let array = self.value(value)?;
        for axis in 0..from.ndim {
            let size = self.b().dim(array, axis);
            let (zero, one) = (self.b().i64(0), self.b().i64(1));
            let empty = self.b().compare(CompareOp::Eq, size, zero);
            let spread = self.b().compare(CompareOp::Eq, size, one);
            let fine = self.b().binary(ungil_ir::inst::BinaryOp::Or, empty, spread);
            let text = format!("got differing extents in dimension {axis} (got 0 and {{0}})");
            self.check(fine, ExcClass::VALUE_ERROR, &text, vec![(size, true)]);
        }
        Ok(())
    }

    /// `target[…] = view`, which is `None`, of a view that is none.
    pub(crate) fn assign_none(&mut self, target: &Operand, span: Span) -> Result<()> {
        self.set_span(span);
        let ndim = target.ty.as_array().map_or(0, |a| a.ndim);
        let array = self.value(target)?;
        for axis in 0..ndim.min(1) {
            let (size, zero) = (self.b().dim(array, axis), self.b().i64(0));
            let empty = self.b().compare(CompareOp::Eq, size, zero);
            let text = format!("got differing extents in dimension {axis} (got {{0}} and 0)");
            self.check(empty, ExcClass::VALUE_ERROR, &text, vec![(size, true)]);
        }
        self.raise_for_none(ExcClass::VALUE_ERROR, NOT_DIRECT, span)
    }

    /// `view.attr`.
    pub(crate) fn none_attribute(&mut self, ndim: usize, attr: &str, span: Span) -> Result<Operand> {
        let is_own = matches!(
            attr,
            "shape" | "strides" | "suboffsets" | "copy" | "copy_fortran" | "is_c_contig" | "is_f_contig"
        );
        if self.checks_none() && (is_own || attr == "T") {
            let text = match attr {
                "T" => "Cannot transpose None memoryview slice".to_owned(),
                _ => format!("Cannot access '{attr}' attribute of None memoryview slice"),
            };
            return self.raise_for_none(ExcClass::ATTRIBUTE, &text, span);
        }
        match attr {
            "T" => Ok(Operand::none(span)),
            "shape" | "strides" | "suboffsets" => {
                Ok(Operand::tuple((0..ndim).map(|_| Operand::int(0, span)).collect(), span))
            }
            "copy" | "copy_fortran" => {
                let text = "Cannot copy memoryview slice with indirect dimensions (axis 0)";
                self.raise_for_none(ExcClass::VALUE_ERROR, text, span)
            }
            _ => {
                let text = format!("'NoneType' object has no attribute '{attr}'");
                self.raise_for_none(ExcClass::ATTRIBUTE, &text, span)
            }
        }
    }

    /// `len(view)`.
    pub(crate) fn none_call(&self, call: &Call, callee: &Operand, span: Span) -> Option<Operand> {
        let is_len = matches!(&callee.ty, Ty::Builtin(name) if &**name == "builtins.len");
        match call.args.as_slice() {
            [only] if is_len && call.keywords.is_empty() => {
                self.none_view(only).map(|_| Operand::int(0, span))
            }
            _ => None,
        }
    }

    /// `view.is_c_contig()` and the like, which are false.
    pub(crate) fn none_method(&self, call: &Call, span: Span) -> Option<Operand> {
        let ExprKind::Attribute { value, attr } = &call.func.kind else { return None };
        if !self.is_c() || !matches!(&*attr.name, "is_c_contig" | "is_f_contig") || self.checks_none() {
            return None;
        }
        self.none_view(value).map(|_| Operand::bool(false, span))
    }

    /// Raises where a loop runs over `None`.
    pub(crate) fn loop_over_none(&mut self, iter: &Expr) -> Result<()> {
        if self.is_c() && self.none_view(iter).is_some() {
            return self.raise_for_none(ExcClass::TYPE_ERROR, "'NoneType' is not iterable", iter.span);
        }
        Ok(())
    }

    /// Raises, as Cython's buffers do, where an array that is assigned to a memoryview does not have its layout.
    pub(crate) fn check_view(
        &mut self,
        array: &Operand,
        ty: ArrayType,
        (layout, is_const): (Option<Layout>, bool),
        span: Span,
    ) -> Result<()> {
        if ty.swapped {
            let text = "Big-endian buffer not supported on little-endian compiler";
            return self.raise_for_none(ExcClass::VALUE_ERROR, text, span);
        }
        if ty.readonly && !is_const {
            return self.raise_for_none(ExcClass::VALUE_ERROR, "buffer source array is read-only", span);
        }
        let Some(wanted) = layout.filter(|wanted| *wanted != ty.layout && *wanted != Layout::Strided) else {
            return Ok(());
        };
        let base = self.value(array)?;
        let mut expected = self.b().i64(ty.dtype.size() as i64);
        let is_c = wanted == Layout::C;
        let name = if is_c { "C" } else { "Fortran" };
        for k in 0..ty.ndim {
            let axis = if is_c { ty.ndim - 1 - k } else { k };
            let (size, stride) = (self.b().dim(base, axis), self.b().stride(base, axis));
            let one = self.b().i64(1);
            let short = self.b().compare(CompareOp::Le, size, one);
            let same = self.b().compare(CompareOp::Eq, stride, expected);
            let fine = self.b().binary(ungil_ir::inst::BinaryOp::Or, short, same);
            let text = format!("ndarray is not {name}-contiguous");
            self.check(fine, ExcClass::VALUE_ERROR, &text, Vec::new());
            expected = self.b().binary(ungil_ir::inst::BinaryOp::Mul, expected, size);
        }
        Ok(())
    }

    /// `a[i][j]` of a memoryview as `a[i, j]`, whose indices are checked together, where it is an element.
    pub(crate) fn merged_subscript(&self, e: &Expr) -> Option<Expr> {
        let ExprKind::Subscript { value, index } = &e.kind else { return None };
        if !self.is_c() || !matches!(value.kind, ExprKind::Subscript { .. }) {
            return None;
        }
        let (mut base, mut parts) = (&**value, vec![&**index]);
        while let ExprKind::Subscript { value, index } = &base.kind {
            parts.push(index);
            base = value;
        }
        let ExprKind::Name(name) = &base.kind else { return None };
        let Some(Declared::View { ndim, .. }) = self.declared(name) else { return None };
        let mut items = Vec::new();
        for index in parts.into_iter().rev() {
            match &index.kind {
                ExprKind::Tuple(inner) => items.extend(inner.iter().cloned()),
                _ => items.push(index.clone()),
            }
        }
        let index = Expr { kind: ExprKind::Tuple(items), span: index.span };
        let is_element = matches!(part(&index, usize::from(ndim)), Part::Element);
        let kind = ExprKind::Subscript { value: Box::new(base.clone()), index: Box::new(index) };
        is_element.then_some(Expr { kind, span: e.span })
    }
}
