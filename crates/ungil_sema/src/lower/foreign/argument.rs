//! Conversion of arguments to a prototype's types.
//!
//! Numbers are converted as ctypes converts them: floats do not become integers. Arrays pass their memory and must suit:
//! dtype, contiguity, byte order, writable unless the pointer is `const`. A number or constant text for a pointer to
//! constants is passed by reference, as Fortran wants it.

use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::ctype::{CFunction, CType, Convention, NdPointer, Pointee};
use crate::diagnostics::Result;
use crate::diagnostics::foreign::ForeignError;
use crate::lower::Lowerer;
use crate::lower::memory::same_type;
use crate::operand::{Constant, Operand};
use crate::ty::{Ty, display_array};

/// One argument of one call, for messages.
#[derive(Clone, Copy)]
struct Place<'a> {
    function: &'a CFunction,
    index: usize,
    operand: &'a Operand,
}

impl Place<'_> {
    fn refuse<T>(self, expected: impl Into<String>, help: impl Into<String>) -> Result<T> {
        let found = match &self.operand.ty {
            Ty::Array(a) => format!("`{}`", display_array(a)),
            ty => format!("`{ty}`"),
        };
        Err(ForeignError::Argument {
            number: self.index + 1,
            prototype: self.function.prototype(),
            found,
            expected: expected.into(),
            help: help.into(),
            span: self.operand.span,
        }
        .into())
    }

    /// `argument 1 of dot(): …`
    fn message(self, text: &str) -> String {
        format!("argument {} of {}(): {text}", self.index + 1, self.function.name)
    }
}

impl Lowerer<'_, '_> {
    /// The value that C gets for an argument.
    pub(super) fn c_argument(
        &mut self,
        f: &CFunction,
        index: usize,
        param: &CType,
        arg: &Operand,
    ) -> Result<Value> {
        let arg = &self.settled(arg)?;
        if *param == CType::Bint {
            return self.word_of_truth(arg);
        }
        if self.is_c() && matches!(param, CType::Scalar(_) | CType::Pointer(_)) {
            match self.as_c(param, &param.to_string(), arg, arg.span) {
                Ok(value) => return self.value(&value),
                Err(error) if matches!(param, CType::Scalar(_)) => return Err(error),
                Err(_) => {}
            }
        }
        let place = Place { function: f, index, operand: arg };
        match param {
            CType::Scalar(d) => self.c_number(place, *d),
            CType::Pointer(p) => self.c_pointer(place, p),
            CType::NdPointer(demands) => self.c_array(place, demands),
            other => place.refuse(format!("a value of type `{other}`"), "pass a pointer to it"),
        }
    }

    fn c_number(&mut self, place: Place<'_>, dtype: DType) -> Result<Value> {
        let x = &match &place.operand.ty {
            Ty::CBox(_) => self.box_value(place.operand)?,
            _ => self.element_of(place.operand)?,
        };
        let Some(from) = x.ty.dtype() else {
            return place.refuse(number_kind(dtype), "pass a number");
        };
        let integral = from.is_int() || from == DType::Bool;
        if (dtype.is_int() || dtype == DType::Bool) && !integral {
            return place.refuse("an integer", "convert it: `int(x)`");
        }
        if !dtype.is_complex() && from.is_complex() {
            return place.refuse("a real number", "pass its real part: `x.real`");
        }
        if place.function.convention == Convention::Cffi {
            return self.cast_checked(x, dtype);
        }
        // ctypes keeps the low bits.
        if let (Some(Constant::Int(n)), true) = (x.constant, dtype.is_int()) {
            let low = self.b().i64(n as i64);
            return Ok(self.b().cast(low, dtype));
        }
        let value = self.value(x)?;
        Ok(self.b().cast(value, dtype))
    }

    fn c_pointer(&mut self, place: Place<'_>, to: &Pointee) -> Result<Value> {
        let arg = place.operand;
        match &arg.ty {
            Ty::None => Ok(self.null_pointer()),
            Ty::Array(a) => {
                self.check_element_type(place, a, to)?;
                self.check_memory(place, a, to.constant)?;
                self.array_pointer(arg)
            }
            Ty::Method(receiver, name) if &**name == "numpy.ndarray.ctypes" => {
                if let (Ty::Array(a), CType::Scalar(_)) = (&**receiver, &to.to) {
                    self.check_element_type(place, a, to)?;
                }
                self.array_pointer(arg)
            }
            Ty::Pointer(from) => {
                if !leads_to(from, to) {
                    return place.refuse(format!("`{to} *`"), "convert it: `ctypes.cast(p, type)`");
                }
                self.value(arg)
            }
            Ty::CStruct(s) if to.to == CType::Void || same_struct(&to.to, &s.name) => self.value(arg),
            Ty::CBox(d) if to.to == CType::Void || to.to == CType::Scalar(*d) => self.box_pointer(arg),
            Ty::CFunc(f) if matches!(to.to, CType::Void | CType::Opaque(_) | CType::Function(_)) => {
                Ok(self.function_pointer(&f.clone()))
            }
            // In the Cython language literals are C's, whose type is not constant.
            Ty::Str(text) if (to.constant || self.options.c.is_some()) && is_char(&to.to) => {
                self.text_pointer(&text.clone())
            }
            ty if ty.is_integral() && matches!(to.to, CType::Void | CType::Opaque(_)) => {
                let address = self.index(arg)?;
                Ok(self.b().value(InstKind::Pointer(address)))
            }
            ty if ty.is_scalar() && to.constant => match &to.to {
                CType::Scalar(d) => {
                    let value = self.c_number(place, *d)?;
                    Ok(self.by_reference(value, *d))
                }
                _ => self.refuse_pointer(place, to),
            },
            _ => self.refuse_pointer(place, to),
        }
    }

    fn refuse_pointer<T>(&self, place: Place<'_>, to: &Pointee) -> Result<T> {
        let help = match &to.to {
            CType::Scalar(d) if place.operand.ty.is_scalar() => format!(
                "declare `const {to} *` if C only reads the number, or pass an array of one element: \
                 `np.array([x], dtype=np.{d})`"
            ),
            CType::Scalar(d) => format!("pass an array of {d}, a pointer, or None"),
            CType::Void => "pass an array, a pointer, an address, or None".to_owned(),
            _ => "pass a pointer or None".to_owned(),
        };
        place.refuse(format!("`{to} *`"), help)
    }

    fn check_element_type(&self, place: Place<'_>, a: &ArrayType, to: &Pointee) -> Result<()> {
        let fits = match &to.to {
            CType::Void => true,
            CType::Scalar(d) => *d == a.dtype || is_char(&to.to) && a.dtype.size() == 1,
            _ => return self.refuse_pointer(place, to),
        };
        if !fits {
            let dtype = match &to.to {
                CType::Scalar(d) => d.to_string(),
                other => other.to_string(),
            };
            return place
                .refuse(format!("an array of {dtype}"), format!("convert it: `.astype(np.{dtype})`"));
        }
        Ok(())
    }

    /// Refuses arrays whose memory C would misread.
    fn check_memory(&mut self, place: Place<'_>, a: &ArrayType, constant: bool) -> Result<()> {
        if a.swapped && a.dtype.size() > 1 {
            let help = "convert it: `a.astype(a.dtype.newbyteorder('='))`";
            return place.refuse("an array in the machine's byte order", help);
        }
        if a.readonly && !constant {
            return place.refuse(
                "a writable array",
                "pass a copy, or declare the parameter `const` if C only reads it",
            );
        }
        if a.layout == Layout::Strided {
            let array = self.value(place.operand)?;
            let fine = self.lies_in_order(array, Layout::C);
            let text = place.message("the array must be contiguous; pass `np.ascontiguousarray(a)`");
            self.check(fine, ExcClass::VALUE_ERROR, &text, Vec::new());
        }
        Ok(())
    }

    /// `numpy.ctypeslib.ndpointer`: what it demands, in NumPy's words.
    fn c_array(&mut self, place: Place<'_>, demands: &NdPointer) -> Result<Value> {
        let Ty::Array(a) = place.operand.ty else {
            return place.refuse("an ndarray", "pass an array");
        };
        if let Some(d) = demands.dtype
            && (d != a.dtype || a.swapped)
        {
            let help = format!("array must have data type {d}: convert it, `.astype(np.{d})`");
            return place.refuse(format!("an array of {d}"), help);
        }
        if let Some(n) = demands.ndim
            && n != usize::from(a.ndim)
        {
            return place.refuse(
                format!("an array of {n} dimension(s)"),
                format!("array must have {n} dimension(s): reshape it"),
            );
        }
        let array = self.value(place.operand)?;
        if let Some(shape) = &demands.shape {
            if shape.len() != usize::from(a.ndim) {
                let n = shape.len();
                return place.refuse(format!("an array of {n} dimension(s)"), "reshape it");
            }
            let mut fine = self.b().bool(true);
            for (axis, extent) in shape.iter().enumerate() {
                let (n, wanted) = (self.b().dim(array, axis as u8), self.b().i64(*extent));
                let same = self.b().compare(CompareOp::Eq, n, wanted);
                fine = self.b().binary(BinaryOp::And, fine, same);
            }
            let inner: Vec<String> = shape.iter().map(i64::to_string).collect();
            let comma = if shape.len() == 1 { "," } else { "" };
            let text = place.message(&format!("array must have shape ({}{comma})", inner.join(", ")));
            self.check(fine, ExcClass::TYPE_ERROR, &text, Vec::new());
        }
        self.check_flags(place, a, demands, array)?;
        self.array_pointer(place.operand)
    }

    fn check_flags(
        &mut self,
        place: Place<'_>,
        a: ArrayType,
        demands: &NdPointer,
        array: Value,
    ) -> Result<()> {
        let wanted = format!("array must have flags ['{}']", demands.flags.join("', '"));
        let mut fine = None;
        for flag in &demands.flags {
            let holds = match flag.as_str() {
                "WRITEABLE" if a.readonly => {
                    return place.refuse("a writable array", format!("{wanted}: pass a copy"));
                }
                "C_CONTIGUOUS" if a.layout != Layout::C => self.lies_in_order(array, Layout::C),
                "F_CONTIGUOUS" if a.layout != Layout::F => self.lies_in_order(array, Layout::F),
                "ALIGNED" if a.dtype.real().size() > 1 => {
                    let at = self.b().value(InstKind::Address(array));
                    let mask = self.b().i64(a.dtype.real().size() as i64 - 1);
                    let rest = self.b().binary(BinaryOp::And, at, mask);
                    let zero = self.b().i64(0);
                    self.b().compare(CompareOp::Eq, rest, zero)
                }
                "OWNDATA" | "WRITEBACKIFCOPY" => {
                    let help = "leave the flag out of `ndpointer(flags=…)`";
                    return place.refuse(format!("checked for {flag}, which kernels do not know"), help);
                }
                _ => continue,
            };
            fine = Some(match fine {
                Some(other) => self.b().binary(BinaryOp::And, other, holds),
                None => holds,
            });
        }
        if let Some(fine) = fine {
            self.check(fine, ExcClass::TYPE_ERROR, &place.message(&wanted), Vec::new());
        }
        Ok(())
    }

    /// Whether an array lies as a contiguous one of this layout, as NumPy sees it: axes of one element do not matter.
    pub(crate) fn lies_in_order(&mut self, array: Value, layout: Layout) -> Value {
        let ty = self.func.ty(array).as_array().expect("an array");
        let (one, zero) = (self.b().i64(1), self.b().i64(0));
        let mut step = self.b().i64(ty.dtype.size() as i64);
        let (mut fine, mut empty) = (self.b().bool(true), self.b().bool(false));
        let axes: Vec<u8> = match layout {
            Layout::F => (0..ty.ndim).collect(),
            _ => (0..ty.ndim).rev().collect(),
        };
        for axis in axes {
            let (n, stride) = (self.b().dim(array, axis), self.b().stride(array, axis));
            let single = self.b().compare(CompareOp::Eq, n, one);
            let none = self.b().compare(CompareOp::Eq, n, zero);
            let suits = self.b().compare(CompareOp::Eq, stride, step);
            let suits = self.b().binary(BinaryOp::Or, single, suits);
            fine = self.b().binary(BinaryOp::And, fine, suits);
            empty = self.b().binary(BinaryOp::Or, empty, none);
            step = self.b().binary(BinaryOp::Mul, step, n);
        }
        self.b().binary(BinaryOp::Or, fine, empty)
    }

    /// The address of an array's first element.
    pub(crate) fn array_pointer(&mut self, array: &Operand) -> Result<Value> {
        let array = self.value(array)?;
        let address = self.b().value(InstKind::Address(array));
        Ok(self.b().value(InstKind::Pointer(address)))
    }

    /// A pointer to a copy of a number in the frame, for the time of one call.
    pub(crate) fn by_reference(&mut self, value: Value, dtype: DType) -> Value {
        let slot = self.stack_array(1, dtype);
        let zero = self.b().i64(0);
        self.b().store(slot, vec![zero], value);
        let address = self.b().value(InstKind::Address(slot));
        self.b().value(InstKind::Pointer(address))
    }

    fn stack_array(&mut self, n: u32, dtype: DType) -> Value {
        let ty = ArrayType { dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
        self.b().typed(InstKind::StackArray(n), Type::Array(ty))
    }

    /// A pointer to a constant text with a NUL behind it.
    fn text_pointer(&mut self, text: &str) -> Result<Value> {
        self.bytes_pointer(text.as_bytes())
    }

    /// A pointer to constant bytes with a NUL behind them.
    pub(crate) fn bytes_pointer(&mut self, bytes: &[u8]) -> Result<Value> {
        let bytes: Vec<u8> = bytes.iter().copied().chain([0]).collect();
        let memory = self.stack_array(bytes.len() as u32, DType::U8);
        for (k, byte) in bytes.iter().enumerate() {
            let index = self.b().i64(k as i64);
            let value =
                self.b().value(InstKind::Const(ungil_ir::inst::Const::Int(DType::U8, i64::from(*byte))));
            self.b().store(memory, vec![index], value);
        }
        let address = self.b().value(InstKind::Address(memory));
        Ok(self.b().value(InstKind::Pointer(address)))
    }
}

fn number_kind(d: DType) -> &'static str {
    match d {
        d if d.is_complex() => "a number",
        d if d.is_float() => "a real number",
        _ => "an integer",
    }
}

pub(crate) fn is_char(ty: &CType) -> bool {
    matches!(ty, CType::Scalar(DType::I8 | DType::U8))
}

fn same_struct(ty: &CType, name: &str) -> bool {
    matches!(ty, CType::Struct(s) if *s.name == *name)
}

/// Whether a pointer may be passed for another: to the same, or from or to `void`.
pub(super) fn leads_to(from: &Pointee, to: &Pointee) -> bool {
    from.to == to.to
        || same_type(&from.to, &to.to)
        || matches!(from.to, CType::Void)
        || matches!(to.to, CType::Void)
        || matches!((&from.to, &to.to), (CType::Opaque(_), CType::Opaque(_) | CType::Function(_)))
        || matches!((&from.to, &to.to), (CType::Pointer(p), CType::Pointer(q)) if p.to == q.to)
}
