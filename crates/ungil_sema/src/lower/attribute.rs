//! Attributes.

use ungil_diag::span::Span;
use ungil_ir::inst::UnaryOp;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::diagnostics::names::NameError;
use crate::lower::Lowerer;
use crate::lower::array::attribute::{ATTRIBUTES, METHODS};
use crate::lower::data;
use crate::lower::mpi;
use crate::lower::numpy::{limits, methods};
use crate::operand::Operand;
use crate::ty::{Ty, UfuncTy};
use crate::world::{Global, GuardPlace};

impl Lowerer<'_, '_> {
    /// `value.attr`.
    pub(crate) fn attribute(&mut self, value: &Operand, attr: &str, span: Span) -> Result<Operand> {
        let found = match &value.ty {
            Ty::Module(object, module) => {
                let (object, module) = (*object, module.to_string());
                return match self.program.world.attribute(object, attr) {
                    Some(global) => {
                        let place = GuardPlace::Attribute(object, attr.to_owned());
                        self.global_operand(&global, place, &format!("{module}.{attr}"), span)
                    }
                    None => Err(NameError::NoModuleAttribute { module, attr: attr.to_owned(), span }.into()),
                };
            }
            Ty::Builtin(name) if &**name == data::NAME => self.read_data(attr, span)?,
            Ty::Builtin(name) if methods::has(name, attr) => {
                Some(Operand::entity(Ty::Builtin(format!("{name}.{attr}").into()), span))
            }
            Ty::Builtin(name) if name.starts_with("numpy.") && UFUNC_ATTRIBUTES.contains(&attr) => {
                self.ufunc_attribute(&name[6..], attr, span)?
            }
            Ty::Ufunc(ufunc) if UFUNC_ATTRIBUTES.contains(&attr) => {
                let ufunc = ufunc.clone();
                self.own_ufunc_attribute(&ufunc, attr, span)?
            }
            Ty::Ufunc(_) if methods::METHODS.contains(&attr) => {
                let method =
                    Ty::Method(Box::new(value.ty.clone()), format!("{}{attr}", methods::PREFIX).into());
                Some(Operand { ty: method, span, ..value.clone() })
            }
            Ty::Builtin(name) if name.starts_with(mpi::PREFIX) => {
                Some(Operand::entity(Ty::Builtin(format!("{name}.{attr}").into()), span))
            }
            Ty::Builtin(name) if limits::is_limits(name) => limits::attribute_of_limits(name, attr, span),
            Ty::DType(dtype) => limits::attribute_of_dtype(*dtype, attr, span),
            Ty::Mpi(_) | Ty::Pending(_) => self.mpi_attribute(value, attr, span)?,
            Ty::Array(_) => self.array_attribute(value, attr, span)?,
            Ty::StructView(_) => self.struct_view_attribute(value, attr, span)?,
            Ty::Pointer(_) | Ty::CBox(_) | Ty::CStruct(_) => self.foreign_attribute(value, attr, span)?,
            Ty::Method(_, name) if &**name == "numpy.ndarray.ctypes" => {
                self.ctypes_attribute(value, attr, span)?
            }
            Ty::Method(_, name) if &**name == "numpy.ndarray.flags" => self.array_flag(value, attr, span)?,
            Ty::List(_) if crate::lower::list::method::METHODS.contains(&attr) => {
                let method = Ty::Method(Box::new(value.ty.clone()), format!("list.{attr}").into());
                Some(Operand { ty: method, span, ..value.clone() })
            }
            ty if ty.is_scalar() => self.scalar_attribute(value, attr, span)?,
            Ty::Range if matches!(attr, "start" | "stop" | "step") => {
                let parts = self.items(value);
                let k = ["start", "stop", "step"].iter().position(|n| *n == attr).expect("one of them");
                Some(parts[k].clone().at(span))
            }
            _ => None,
        };
        found.ok_or_else(|| {
            let similar = closest(attr, ATTRIBUTES.iter().chain(METHODS).copied());
            NameError::NoAttribute { ty: value.ty.clone(), attr: attr.to_owned(), span, similar }.into()
        })
    }

    /// What a universal function of NumPy tells about itself.
    fn ufunc_attribute(&mut self, function: &str, attr: &str, span: Span) -> Result<Option<Operand>> {
        let Some(global) = self.program.world.ufunc_attribute(function, attr) else { return Ok(None) };
        constant_of(&global, span).map_or_else(|| Ok(None), |o| Ok(Some(o)))
    }

    /// What a user's universal function tells about itself.
    fn own_ufunc_attribute(&mut self, ufunc: &UfuncTy, attr: &str, span: Span) -> Result<Option<Operand>> {
        let nin = self.program.code(ufunc.func.code, Some(span))?.params.iter().count() as i64;
        let nout = ufunc.loops.first().map_or(1, |l| l.results.len().max(1)) as i64;
        Ok(match attr {
            "nin" => Some(Operand::int(nin, span)),
            "nout" => Some(Operand::int(nout, span)),
            "nargs" => Some(Operand::int(nin + nout, span)),
            "ntypes" => Some(Operand::int(ufunc.loops.len() as i64, span)),
            "signature" => Some(Operand::none(span)),
            "__name__" => Some(Operand::entity(Ty::Str(ufunc.func.name.clone()), span)),
            _ => None,
        })
    }

    fn scalar_attribute(&mut self, value: &Operand, attr: &str, span: Span) -> Result<Option<Operand>> {
        let dtype = value.ty.dtype().expect("a scalar");
        let numpy = !value.ty.is_weak();
        let part = |weak: &Ty, d: DType| if weak.is_weak() { Ty::weak_of(d) } else { Ty::Scalar(d) };
        Ok(Some(match attr {
            "real" if dtype.is_complex() => {
                let v = self.value(value)?;
                let v = self.b().unary(UnaryOp::Real, v);
                Operand::value(part(&value.ty, dtype.real()), v, span)
            }
            "imag" if dtype.is_complex() => {
                let v = self.value(value)?;
                let v = self.b().unary(UnaryOp::Imag, v);
                Operand::value(part(&value.ty, dtype.real()), v, span)
            }
            "real" => value.clone().at(span),
            "imag" => {
                let zero = Operand::int(0, span);
                self.convert(&zero, &value.ty)?
            }
            "conjugate" | "conj" | "item" | "tolist" | "astype" | "copy" | "view"
                if attr == "conjugate" || numpy =>
            {
                let method = Ty::Method(Box::new(value.ty.clone()), format!("scalar.{attr}").into());
                let number = self.value(value)?;
                Operand::value(method, number, span)
            }
            "dtype" if numpy => Operand::entity(Ty::DType(dtype), span),
            "ndim" if numpy => Operand::int(0, span),
            "size" if numpy => Operand::int(1, span),
            "itemsize" if numpy => Operand::int(dtype.size() as i64, span),
            "shape" if numpy => Operand::tuple(Vec::new(), span),
            "T" if numpy => value.clone().at(span),
            // NumPy's scalars have the methods of arrays.
            _ if numpy => {
                let array = self.as_array(value, None, span)?;
                return self.array_attribute(&array, attr, span);
            }
            _ => return Ok(None),
        }))
    }
}

/// Constants that universal functions have.
const UFUNC_ATTRIBUTES: &[&str] =
    &["nin", "nout", "nargs", "ntypes", "types", "identity", "signature", "__name__"];

/// A value that never changes, as a constant.
fn constant_of(value: &Global, span: Span) -> Option<Operand> {
    Some(match value {
        Global::Int(n) => Operand::int(*n, span),
        Global::Float(x) => Operand::float(*x, span),
        Global::Bool(b) => Operand::bool(*b, span),
        Global::None => Operand::none(span),
        Global::Str(text) => Operand::entity(Ty::Str(text.as_str().into()), span),
        Global::Tuple(items) => {
            let items = items.iter().map(|item| constant_of(item, span));
            Operand::tuple(items.collect::<Option<Vec<_>>>()?, span)
        }
        _ => return None,
    })
}

/// The candidate with the smallest edit distance, if it is close.
pub(crate) fn closest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    candidates
        .map(|c| (distance(name, c), c))
        .filter(|(d, c)| *d <= 1 + c.len() / 4)
        .min()
        .map(|(_, c)| c.to_owned())
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}
