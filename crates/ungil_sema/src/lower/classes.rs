//! `isinstance(x, T)` and `type(x)`, decided at compile time.
//!
//! The answer follows from the type of `x` alone, so only the branch that is taken is compiled. Classes are Python's
//! and NumPy's scalar types and their abstract bases, `tuple`, `range`, `slice`, `str`, `np.ndarray`, `type(None)`,
//! the numeric towers of `numbers`, unions and tuples of those.
//! Limits: a variable that holds values of several types has one common type and is refused, since the answer would
//! depend on the place. `np.float64` is a `float` and `np.complex128` a `complex`, as in NumPy.

use ungil_diag::span::Span;
use ungil_ir::types::DType;
use ungil_syntax::ast::expr::{Expr, ExprKind};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::resolve::webs::Use;
use crate::ty::Ty;
use crate::world::Global;

/// Builtin classes that no value of compiled code is an instance of.
const OTHERS: &[&str] =
    &["dict", "set", "frozenset", "bytes", "bytearray", "memoryview", "type", "BaseException"];

/// NumPy's classes that no value of compiled code is an instance of.
const NUMPY_OTHERS: &[&str] =
    &["character", "flexible", "void", "str_", "bytes_", "object_", "float16", "longdouble", "clongdouble"];

/// Whether a value of a type is an instance of a class, a tuple or a union of classes; `None` for unknown classes.
pub(crate) fn is_instance(ty: &Ty, class: &Ty) -> Option<bool> {
    match class {
        Ty::Tuple(classes) => {
            let answers = classes.iter().map(|c| is_instance(ty, c)).collect::<Option<Vec<bool>>>()?;
            Some(answers.contains(&true))
        }
        Ty::None => Some(*ty == Ty::None),
        Ty::DType(d) => Some(*ty == Ty::Scalar(*d)),
        Ty::Exception(_) => Some(false),
        Ty::Builtin(name) => match name.strip_prefix("builtins.") {
            Some(builtin) => is_builtin(ty, builtin),
            None => is_numpy(ty, name.strip_prefix("numpy.")?),
        },
        Ty::Class(name) if &**name == "NoneType" => Some(*ty == Ty::None),
        Ty::Class(name) => is_number(ty, name),
        _ => None,
    }
}

fn is_builtin(ty: &Ty, class: &str) -> Option<bool> {
    Some(match class {
        "object" => true,
        "int" => matches!(ty, Ty::PyInt | Ty::PyBool),
        "bool" => *ty == Ty::PyBool,
        "float" => matches!(ty, Ty::PyFloat | Ty::Scalar(DType::F64)),
        "complex" => matches!(ty, Ty::PyComplex | Ty::Scalar(DType::C128)),
        "tuple" => matches!(ty, Ty::Tuple(_)),
        "list" => matches!(ty, Ty::List(_)),
        "range" => *ty == Ty::Range,
        "slice" => matches!(ty, Ty::Slice(_)),
        "str" => matches!(ty, Ty::Str(_)),
        // Classes are values too.
        "type" => !matches!(ty, Ty::None | Ty::Tuple(_)) && is_class(ty),
        other if OTHERS.contains(&other) => false,
        _ => return None,
    })
}

fn is_numpy(ty: &Ty, class: &str) -> Option<bool> {
    let scalar = match ty {
        Ty::Scalar(d) => Some(*d),
        _ => None,
    };
    let holds = |test: fn(DType) -> bool| scalar.is_some_and(test);
    Some(match class {
        "ndarray" => matches!(ty, Ty::Array(_)),
        "generic" => scalar.is_some(),
        "number" => holds(|d| d != DType::Bool),
        "integer" => holds(DType::is_int),
        "signedinteger" => holds(|d| d.is_int() && d.is_signed()),
        "unsignedinteger" => holds(DType::is_unsigned),
        "inexact" => holds(|d| d.is_float() || d.is_complex()),
        "floating" => holds(DType::is_float),
        "complexfloating" => holds(DType::is_complex),
        other if NUMPY_OTHERS.contains(&other) => false,
        _ => return None,
    })
}

/// The classes of the module `numbers`.
fn is_number(ty: &Ty, class: &str) -> Option<bool> {
    let dtype = ty.dtype().filter(|d| *ty == Ty::PyBool || *d != DType::Bool);
    let integral = |d: DType| d.is_int() || d == DType::Bool;
    Some(match class {
        "Number" | "Complex" => dtype.is_some(),
        "Real" => dtype.is_some_and(|d| !d.is_complex()),
        "Rational" | "Integral" => dtype.is_some_and(integral),
        _ => return None,
    })
}

/// The class of the values of a type, as `type(x)` gives it.
pub(crate) fn class_of(ty: &Ty) -> Option<Ty> {
    let builtin = |name: &str| Some(Ty::Builtin(format!("builtins.{name}").into()));
    match ty {
        Ty::PyBool => builtin("bool"),
        Ty::PyInt => builtin("int"),
        Ty::PyFloat => builtin("float"),
        Ty::PyComplex => builtin("complex"),
        Ty::Scalar(d) => Some(Ty::DType(*d)),
        Ty::None => Some(Ty::Class("NoneType".into())),
        Ty::Tuple(_) => builtin("tuple"),
        Ty::Range => builtin("range"),
        Ty::Slice(_) => builtin("slice"),
        Ty::Str(_) => builtin("str"),
        Ty::Array(_) => Some(Ty::Builtin("numpy.ndarray".into())),
        _ => None,
    }
}

/// The type that stands for a class, function or constant of Python.
pub(crate) fn type_of_global(global: &Global) -> Option<Ty> {
    Some(match global {
        Global::Builtin(name) => Ty::Builtin(name.as_str().into()),
        Global::Class(name) => Ty::Class(name.as_str().into()),
        Global::DType(d) => Ty::DType(*d),
        Global::Exception(class) => Ty::Exception(*class),
        Global::None => Ty::None,
        Global::Module { object, name } => Ty::Module(*object, name.as_str().into()),
        Global::Tuple(items) => Ty::Tuple(items.iter().map(type_of_global).collect::<Option<Vec<_>>>()?),
        _ => return None,
    })
}

/// Whether a type stands for a class, so that `int | float` is a union.
pub(crate) fn is_class(ty: &Ty) -> bool {
    match ty {
        Ty::Builtin(name) => {
            let class = name.strip_prefix("builtins.").unwrap_or(name);
            is_instance(&Ty::None, ty).is_some() || OTHERS.contains(&class)
        }
        Ty::Class(_) | Ty::DType(_) | Ty::Exception(_) | Ty::None => true,
        Ty::Tuple(items) => items.iter().all(is_class),
        _ => false,
    }
}

impl Lowerer<'_, '_> {
    /// `isinstance(x, class)`.
    pub(crate) fn isinstance(&mut self, x: &Operand, class: &Operand, span: Span) -> Result<Operand> {
        match is_instance(&x.ty, &class.ty) {
            Some(known) => Ok(Operand::bool(known, span)),
            None => Err(TypeError::Argument {
                function: "isinstance".to_owned(),
                parameter: "class_or_tuple".to_owned(),
                expected: "scalar types, `tuple`, `np.ndarray`, abstract number types or a tuple of them"
                    .to_owned(),
                found: class.ty.clone(),
                span: class.span,
            }
            .into()),
        }
    }

    /// `type(x)`.
    pub(crate) fn type_of(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        match class_of(&x.ty) {
            Some(class) => Ok(Operand::entity(class, span)),
            None => Err(TypeError::Argument {
                function: "type".to_owned(),
                parameter: "object".to_owned(),
                expected: "a number, a tuple or an array".to_owned(),
                found: x.ty.clone(),
                span: x.span,
            }
            .into()),
        }
    }

    /// Refuses to ask for the type of a variable that holds values of several types.
    pub(crate) fn check_one_type(&mut self, function: &str, e: &Expr) -> Result<()> {
        let ExprKind::Name(_) = &e.kind else { return Ok(()) };
        let Some(Use::Web { web, .. }) = self.webs.use_at(e.span.lo) else { return Ok(()) };
        let instance = &self.program.instances[self.instance];
        if !instance.was_mixed.contains(&web) {
            return Ok(());
        }
        let found = instance.web_types[web.0 as usize].clone().unwrap_or(Ty::None);
        Err(TypeError::Argument {
            function: function.to_owned(),
            parameter: "object".to_owned(),
            expected: "a variable whose values all have one type".to_owned(),
            found,
            span: e.span,
        }
        .into())
    }
}
