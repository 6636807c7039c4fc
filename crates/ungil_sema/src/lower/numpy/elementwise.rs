//! Calls of users' universal functions: functions of numbers that apply to the elements of arrays.
//!
//! With declared loops the first one is taken to which all operands convert safely, an exact one before others; without,
//! the function is compiled for the operands' dtypes. Python's numbers adapt to the other operands, as in NumPy.

use std::rc::Rc;

use ungil_diag::span::Span;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::diagnostics::calls::CallError;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::numpy::calling::{self, Casting, can_cast};
use crate::operand::Operand;
use crate::promote::{kind, promote_dtypes, promote_weak};
use crate::ty::{FuncTy, LoopTypes, Ty, UfuncTy};

impl Lowerer<'_, '_> {
    /// Calls a user's universal function.
    pub(crate) fn call_ufunc(&mut self, ufunc: &UfuncTy, mut args: Args, span: Span) -> Result<Operand> {
        let name = ufunc.func.name.to_string();
        let code = self.program.code(ufunc.func.code, Some(span))?;
        let nin = code.params.iter().count();
        let declared = ufunc.loops.first().map(|l| l.results.len()).filter(|n| *n > 0);
        let outs = args.keywords.iter().find(|(name, _)| name == "out").map(|(_, out)| match &out.ty {
            Ty::Tuple(items) => items.len(),
            _ => 1,
        });
        let given = outs.unwrap_or(0).max(args.positional.len().saturating_sub(nin)).max(1);
        let options = calling::options(self, &mut args, &name, (nin, declared.unwrap_or(given)))?;
        args.check_no_keywords(&name)?;
        let mut operands = args.positional;
        if operands.len() != nin {
            let message = format!(
                "{name}() takes from {nin} to {} positional arguments but {} were given",
                nin + declared.unwrap_or(1),
                operands.len()
            );
            let names: Vec<String> = code.params.iter().map(|p| p.name.name.to_string()).collect();
            let signature = format!("{name}({})", names.join(", "));
            return Err(CallError::Binding { message, span, definition: Some(code.span), signature }.into());
        }
        for x in &mut operands {
            if matches!(x.ty, Ty::Tuple(_) | Ty::List(_)) {
                *x = self.as_array(x, None, span)?;
            }
        }
        let types = loop_types(ufunc, &operands, options.dtype, options.casting, span)?;
        let func = ufunc.func.clone();
        let apply =
            Rc::new(move |l: &mut Lowerer<'_, '_>, x: &[Operand]| l.call_element(&func, &types, x, span));
        if !operands.iter().any(|x| self.is_proper_array(x)) {
            let result = self.lift(&operands, span, apply)?;
            return self.with_options(result, &options, span);
        }
        let results = match ufunc.loops.first() {
            Some(declared) => declared.results.len(),
            None => self.result_count(&operands, &*apply)?,
        };
        if results == 1 {
            let result = self.lift(&operands, span, apply)?;
            return self.with_options(result, &options, span);
        }
        let parts = self.lift_parts(&operands, results, span, apply)?;
        self.with_several(&parts, &options, span)
    }

    /// The dtype of what a function would return for these arguments; it is not called.
    pub(crate) fn result_dtype(&mut self, mut args: Args) -> Result<Operand> {
        let span = args.span;
        let function = args.positional.remove(0);
        let (_, sample) = self.nested(|l| l.call_operand(&function, args, span));
        let sample = sample?;
        let dtype = sample.ty.dtype().ok_or_else(|| TypeError::Convert {
            from: sample.ty.clone(),
            to: "an element of an array".to_owned(),
            span,
        })?;
        Ok(Operand::entity(Ty::DType(dtype), span))
    }

    /// How many numbers the function returns.
    fn result_count(
        &mut self,
        operands: &[Operand],
        apply: &crate::lower::array::lazy::Apply,
    ) -> Result<usize> {
        let (_, sample) = self.nested(|l| {
            let elements: Vec<Operand> = operands
                .iter()
                .map(|x| match x.ty.as_array() {
                    Some(ty) => Operand::value(Ty::Scalar(ty.dtype), l.zero(ty.dtype), x.span),
                    None => x.clone(),
                })
                .collect();
            apply(l, &elements)
        });
        Ok(match sample?.ty {
            Ty::Tuple(items) => items.len(),
            _ => 1,
        })
    }

    /// The function of one element of each operand.
    fn call_element(
        &mut self,
        func: &std::sync::Arc<FuncTy>,
        types: &LoopTypes,
        x: &[Operand],
        span: Span,
    ) -> Result<Operand> {
        let mut positional = Vec::new();
        for (element, dtype) in x.iter().zip(&types.operands) {
            let value = self.cast_checked(element, *dtype)?;
            positional.push(Operand::value(Ty::Scalar(*dtype), value, span));
        }
        let callee = Operand::entity(Ty::Func(func.clone()), span);
        let args = Args { positional, keywords: Vec::new(), span };
        let result = self.call_operand(&callee, args, span)?;
        let parts =
            if matches!(result.ty, Ty::Tuple(_)) { self.items(&result) } else { vec![result.clone()] };
        let mut converted = Vec::new();
        for (k, part) in parts.iter().enumerate() {
            converted.push(match types.results.get(k) {
                Some(dtype) => {
                    let value = self.cast_to(part, *dtype)?;
                    Operand::value(Ty::Scalar(*dtype), value, span)
                }
                None if part.ty.is_scalar() => self.as_numpy(part)?,
                None => {
                    let to = "an element of an array".to_owned();
                    return Err(TypeError::Convert { from: part.ty.clone(), to, span }.into());
                }
            });
        }
        Ok(if matches!(result.ty, Ty::Tuple(_)) {
            Operand::tuple(converted, span)
        } else {
            converted.remove(0)
        })
    }
}

/// The dtypes that a call computes with.
pub(super) fn loop_types(
    ufunc: &UfuncTy,
    operands: &[Operand],
    dtype: Option<DType>,
    casting: Casting,
    span: Span,
) -> Result<LoopTypes> {
    let element = |x: &Operand| x.ty.as_array().map(|t| t.dtype).or(x.ty.dtype());
    let not_a_number = |x: &Operand| {
        let to = "a number or an array".to_owned();
        TypeError::Convert { from: x.ty.clone(), to, span: x.span }
    };
    let strong = operands.iter().filter(|x| !x.ty.is_weak()).filter_map(element).reduce(promote_dtypes);
    let mut found = Vec::new();
    for x in operands {
        let own = element(x).ok_or_else(|| not_a_number(x))?;
        found.push(match strong {
            Some(strong) if x.ty.is_weak() => promote_weak(kind(own), strong),
            _ => own,
        });
    }
    if let Some(dtype) = dtype {
        found.fill(dtype);
    }
    if ufunc.loops.is_empty() {
        return Ok(LoopTypes { operands: found, results: Vec::new() });
    }
    let exact = ufunc.loops.iter().find(|l| l.operands == found);
    let fits = |l: &LoopTypes, rule: Casting| {
        found.iter().zip(&l.operands).all(|(from, to)| can_cast(*from, *to, rule))
    };
    let safe = || ufunc.loops.iter().find(|l| fits(l, Casting::Safe.min(casting)));
    // A loop that was asked for by its dtype may need more than safe conversions.
    let wanted =
        || ufunc.loops.iter().find(|l| dtype.is_some_and(|d| l.results.contains(&d)) && fits(l, casting));
    exact.or_else(safe).or_else(wanted).cloned().ok_or_else(|| {
        let names = |types: &[DType]| types.iter().map(|d| d.name()).collect::<Vec<_>>().join(", ");
        let declared: Vec<String> = ufunc.loops.iter().map(|l| format!("({})", names(&l.operands))).collect();
        let signature = declared.join(", ");
        let name = &ufunc.func.name;
        let message = format!("{name}() has no loop for operands of dtypes ({})", names(&found));
        CallError::Binding { message, span, definition: None, signature }.into()
    })
}
