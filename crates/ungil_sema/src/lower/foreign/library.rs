//! Functions of ctypes and cffi, `arr.ctypes`, `carray` and `farray`.

use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, InstKind};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::ctype::{CType, Pointee};
use crate::diagnostics::Result;
use crate::diagnostics::foreign::ForeignError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::operand::Operand;
use crate::prototype::parse_type;
use crate::registry::unknown;
use crate::ty::Ty;

/// Calls a function of ctypes or cffi.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, name: &str, args: Args) -> Result<Operand> {
    let span = args.span;
    let bind = |args: Args, names: &[&str], required| args.bind(name, names, required);
    match name {
        "ctypes.byref" | "ctypes.pointer" => {
            let bound = bind(args, &["obj", "offset"], 1)?;
            l.reference(bound[0].as_ref().expect("required"), bound[1].as_ref(), span)
        }
        "ctypes.addressof" => {
            let x = bind(args, &["obj"], 1)?.remove(0).expect("required");
            let p = l.reference(&x, None, span)?;
            let address = l.pointer_address(&p)?;
            Ok(Operand::value(Ty::PyInt, address, span))
        }
        "ctypes.cast" => {
            let bound = bind(args, &["obj", "typ"], 2)?;
            let ty = l.c_type_of(bound[1].as_ref().expect("required"), span)?;
            l.c_cast(bound[0].as_ref().expect("required"), &ty, span)
        }
        "ctypes.sizeof" => {
            let x = bind(args, &["obj"], 1)?.remove(0).expect("required");
            let ty = l.c_type_of(&x, span)?;
            match ty.size() {
                Some(size) => Ok(Operand::int(size as i64, span)),
                None => Err(misuse("this type has no size", "pass a type or an object of ctypes", span)),
            }
        }
        "ctypes.POINTER" => {
            let x = bind(args, &["type"], 1)?.remove(0).expect("required");
            let ty = l.c_type_of(&x, span)?;
            Ok(Operand::entity(Ty::CType(ty.pointer_to(false)), span))
        }
        "ctypes.get_errno" => {
            bind(args, &[], 0)?;
            l.errno(super::GET_ERRNO, Vec::new(), span)
        }
        "ctypes.set_errno" => {
            let value = bind(args, &["value"], 1)?.remove(0).expect("required");
            let value = l.cast_to(&value, DType::I32)?;
            l.errno(super::SET_ERRNO, vec![value], span)
        }
        "cffi.cast" => {
            let bound = bind(args, &["cdecl", "source"], 2)?;
            let ty = l.c_type_of(bound[0].as_ref().expect("required"), span)?;
            l.c_cast(bound[1].as_ref().expect("required"), &ty, span)
        }
        "cffi.from_buffer" => l.buffer_pointer(args),
        _ => Err(unknown(name, span)),
    }
}

fn misuse(title: &str, help: &str, span: Span) -> crate::diagnostics::Error {
    let (title, label, help) =
        (title.to_owned(), "this is not possible in compiled code".to_owned(), help.to_owned());
    ForeignError::Use { title, label, help, span }.into()
}

impl Lowerer<'_, '_> {
    /// Reads or sets the thread's copy of `errno`.
    fn errno(&mut self, function: &str, args: Vec<Value>, span: Span) -> Result<Operand> {
        match self.call_host(function, args, Type::Scalar(DType::I32)) {
            Some(value) => self.c_result(&CType::Scalar(DType::I32), value, span),
            None => Err(misuse("there is no `errno` here", "call it outside the kernel", span)),
        }
    }

    /// The C type that an operand names: a type of ctypes, or text for cffi.
    fn c_type_of(&mut self, x: &Operand, span: Span) -> Result<CType> {
        match &x.ty {
            Ty::CType(ty) => Ok(ty.clone()),
            Ty::CBox(d) => Ok(CType::Scalar(*d)),
            Ty::CStruct(s) => Ok(CType::Struct(s.clone())),
            Ty::Pointer(p) => Ok(CType::Pointer(p.clone())),
            Ty::Str(text) => {
                parse_type(text).map_err(|why| misuse(&why, "write a C type: `\"double *\"`", span))
            }
            ty => {
                Err(misuse(&format!("`{ty}` is no C type"), "name a type of ctypes: `ctypes.c_double`", span))
            }
        }
    }

    /// `byref(x)`: a pointer to the memory of a box, struct or array.
    fn reference(&mut self, x: &Operand, offset: Option<&Operand>, span: Span) -> Result<Operand> {
        let (mut pointer, to) = match &x.ty {
            Ty::CBox(d) => (self.box_pointer(x)?, CType::Scalar(*d)),
            Ty::CStruct(s) => (self.value(x)?, CType::Struct(s.clone())),
            Ty::Array(a) => (self.array_pointer(x)?, CType::Scalar(a.dtype)),
            ty => {
                let title = format!("`{ty}` has no memory to point at");
                return Err(misuse(&title, "keep the number in memory: `x = ctypes.c_double(value)`", span));
            }
        };
        if let Some(offset) = offset {
            let address = self.b().value(InstKind::Address(pointer));
            let offset = self.index(offset)?;
            let moved = self.b().binary(BinaryOp::Add, address, offset);
            pointer = self.b().value(InstKind::Pointer(moved));
        }
        Ok(Operand::value(Ty::Pointer(Arc::new(Pointee { to, constant: false })), pointer, span))
    }

    /// The pointer that an operand stands for, whatever it points at; `None` if it stands for none.
    fn any_pointer(&mut self, x: &Operand) -> Result<Option<Value>> {
        Ok(Some(match &x.ty {
            Ty::Pointer(_) | Ty::CStruct(_) => self.value(x)?,
            Ty::None => self.null_pointer(),
            Ty::Array(_) => self.array_pointer(x)?,
            Ty::Method(_, name) if &**name == "numpy.ndarray.ctypes" => self.array_pointer(x)?,
            Ty::CBox(_) => self.box_pointer(x)?,
            Ty::CFunc(f) => self.function_pointer(&f.clone()),
            ty if ty.is_integral() => {
                let address = self.index(x)?;
                self.b().value(InstKind::Pointer(address))
            }
            _ => return Ok(None),
        }))
    }

    /// `ctypes.cast(x, type)` and cffi's.
    fn c_cast(&mut self, x: &Operand, ty: &CType, span: Span) -> Result<Operand> {
        match ty {
            CType::Pointer(p) => match self.any_pointer(x)? {
                Some(value) => Ok(Operand::value(Ty::Pointer(p.clone()), value, span)),
                None => {
                    let title = format!("`{}` does not become a `{ty}`", x.ty);
                    Err(misuse(&title, "pass a pointer, an array, an address or None", span))
                }
            },
            CType::Scalar(d) if x.ty.is_scalar() => {
                let value = self.value(x)?;
                let value = self.b().cast(value, *d);
                self.c_result(ty, value, span)
            }
            _ => Err(misuse(&format!("`{}` does not become a `{ty}`", x.ty), "cast to a pointer type", span)),
        }
    }

    /// Calls a type of ctypes: `c_double(1.0)`, `c_void_p(address)`.
    pub(crate) fn call_c_type(&mut self, ty: &CType, args: Args) -> Result<Operand> {
        let span = args.span;
        let x = args.bind("ctypes type", &["value"], 0)?.remove(0);
        match (ty, x) {
            (CType::Scalar(d), x) => self.new_box(*d, x.as_ref(), span),
            (CType::Pointer(p), None) => {
                let null = self.null_pointer();
                Ok(Operand::value(Ty::Pointer(p.clone()), null, span))
            }
            (CType::Pointer(p), Some(x)) if p.to == CType::Void => self.c_cast(&x, ty, span),
            _ => Err(misuse(
                &format!("objects of type `{ty}` cannot be made in compiled code"),
                "make it outside and pass it as an argument",
                span,
            )),
        }
    }

    /// `ffi.from_buffer(a)`, `ffi.from_buffer("double[]", a)`.
    fn buffer_pointer(&mut self, mut args: Args) -> Result<Operand> {
        let span = args.span;
        args.take("require_writable");
        let typed = args.positional.len() > 1;
        let names: &[&str] = if typed { &["cdecl", "python_buffer"] } else { &["python_buffer"] };
        let bound = args.bind("ffi.from_buffer", names, names.len())?;
        let operand = |k: usize| bound[k].clone().expect("required");
        let to = match typed {
            true => match self.c_type_of(&operand(0), span)? {
                CType::Pointer(p) => p.to.clone(),
                other => other,
            },
            false => CType::Scalar(DType::I8),
        };
        let array = operand(names.len() - 1);
        let Ty::Array(a) = array.ty else {
            return Err(misuse(&format!("`{}` is no buffer", array.ty), "pass an array", span));
        };
        if a.layout == Layout::Strided {
            let value = self.value(&array)?;
            let fine = self.lies_in_order(value, Layout::C);
            let class = ungil_abi::exception::ExcClass::VALUE_ERROR;
            self.check(fine, class, "ndarray is not C-contiguous", Vec::new());
        }
        let pointer = self.array_pointer(&array)?;
        Ok(Operand::value(Ty::Pointer(Arc::new(Pointee { to, constant: a.readonly })), pointer, span))
    }

    /// `arr.ctypes.data`, `.data_as`.
    pub(crate) fn ctypes_attribute(
        &mut self,
        array: &Operand,
        attr: &str,
        span: Span,
    ) -> Result<Option<Operand>> {
        match attr {
            "data" => {
                let value = self.value(array)?;
                let address = self.b().value(InstKind::Address(value));
                Ok(Some(Operand::value(Ty::PyInt, address, span)))
            }
            "data_as" => {
                let Ty::Method(receiver, _) = &array.ty else { return Ok(None) };
                let method = Ty::Method(receiver.clone(), "numpy.ndarray.ctypes.data_as".into());
                Ok(Some(Operand { ty: method, span, ..array.clone() }))
            }
            _ => Ok(None),
        }
    }

    /// `arr.ctypes.data_as(type)`
    pub(crate) fn data_as(&mut self, array: &Operand, args: Args) -> Result<Operand> {
        let span = args.span;
        let ty = args.bind("data_as", &["obj"], 1)?.remove(0).expect("required");
        let ty = self.c_type_of(&ty, span)?;
        self.c_cast(array, &ty, span)
    }

    /// `carray(p, shape, dtype)` and `farray`: an array over memory behind a pointer.
    pub(crate) fn array_behind(&mut self, layout: Layout, args: Args) -> Result<Operand> {
        let span = args.span;
        let function = if layout == Layout::C { "carray" } else { "farray" };
        let bound = args.bind(function, &["ptr", "shape", "dtype"], 2)?;
        let (p, shape) = (bound[0].clone().expect("required"), bound[1].clone().expect("required"));
        let known = match &p.ty {
            Ty::Pointer(to) => match to.to {
                CType::Scalar(d) => Some((d, to.constant)),
                _ => None,
            },
            _ => return Err(misuse(&format!("`{}` is no pointer", p.ty), "pass a pointer", p.span)),
        };
        let wanted = match &bound[2] {
            Some(d) if !d.is_none() => self.dtype_argument(d, function)?,
            _ => None,
        };
        let (dtype, readonly) = match (wanted, known) {
            (Some(d), Some((e, _))) if d != e => {
                let title = format!("mismatching dtype `{d}` for pointer to `{e}`");
                return Err(misuse(&title, "leave the dtype out", span));
            }
            (Some(d), known) => (d, known.is_some_and(|k| k.1)),
            (None, Some(known)) => known,
            (None, None) => return Err(misuse("the pointer has no type of elements", "pass `dtype=`", span)),
        };
        let extents = if matches!(shape.ty, Ty::Tuple(_)) { self.items(&shape) } else { vec![shape] };
        let mut values = Vec::new();
        for extent in &extents {
            values.push(self.integer_argument(extent, function, "shape")?);
        }
        let ty = ArrayType { dtype, ndim: values.len() as u8, layout, readonly, swapped: false };
        let strides = self.contiguous_strides(&values, dtype, layout);
        let pointer = self.value(&p)?;
        let array = self.b().typed(InstKind::ArrayAt { pointer, shape: values, strides }, Type::Array(ty));
        Ok(Operand::value(Ty::Array(ty), array, span))
    }

    pub(crate) fn contiguous_strides(&mut self, shape: &[Value], dtype: DType, layout: Layout) -> Vec<Value> {
        let mut strides = vec![None; shape.len()];
        let mut step = self.b().i64(dtype.size() as i64);
        let axes: Vec<usize> = match layout {
            Layout::F => (0..shape.len()).collect(),
            _ => (0..shape.len()).rev().collect(),
        };
        for axis in axes {
            strides[axis] = Some(step);
            step = self.b().binary(BinaryOp::Mul, step, shape[axis]);
        }
        strides.into_iter().map(|s| s.expect("one for each axis")).collect()
    }
}
