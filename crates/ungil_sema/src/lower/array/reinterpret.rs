//! `a.view(dtype)`, `a.item(…)` and `a.tolist()`: the memory of an array as other elements, and elements as Python's
//! numbers.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind, UnaryOp};
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::structs::record;
use crate::operand::Operand;
use crate::registry::unknown;
use crate::ty::{RecordKind, Ty};

impl Lowerer<'_, '_> {
    /// `a.view(dtype)`: where elements change their size, the last axis changes its length.
    pub(crate) fn viewed(&mut self, array: &Operand, args: Args) -> Result<Operand> {
        let span = args.span;
        let ty = array.ty.as_array().expect("an array");
        let given = args.bind("numpy.ndarray.view", &["dtype"], 0)?.remove(0);
        let dtype = match &given {
            Some(d) => self.dtype_argument(d, "numpy.ndarray.view")?,
            None => None,
        };
        let base = self.value(array)?;
        let mut shape: Vec<Value> = (0..ty.ndim).map(|axis| self.b().dim(base, axis)).collect();
        let mut strides: Vec<Value> = (0..ty.ndim).map(|axis| self.b().stride(base, axis)).collect();
        let zero = self.b().i64(0);
        let Some(dtype) = dtype else { return Ok(self.view(base, ty, zero, shape, strides, span)) };
        let mut view = ArrayType { dtype, swapped: false, ..ty };
        if dtype.size() != ty.dtype.size() {
            let (Some(extent), Some(stride)) = (shape.last_mut(), strides.last_mut()) else {
                let message =
                    "Changing the dtype of a 0d array is only supported if the itemsize is unchanged";
                return self.always_raise(ExcClass::VALUE_ERROR, message);
            };
            self.check_last_axis(base, ty, *extent, *stride);
            *extent = self.other_extent(*extent, ty.dtype, dtype);
            *stride = self.b().i64(dtype.size() as i64);
            if ty.layout == Layout::F {
                view.layout = Layout::Strided;
            }
        }
        Ok(self.view(base, view, zero, shape, strides, span))
    }

    /// Raises unless the elements of the last axis lie one behind the other.
    fn check_last_axis(&mut self, base: Value, ty: ArrayType, extent: Value, stride: Value) {
        let (one, zero, item) = (self.b().i64(1), self.b().i64(0), self.b().i64(ty.dtype.size() as i64));
        let size = self.array_size(base);
        let close = self.b().compare(CompareOp::Eq, stride, item);
        let single = self.b().compare(CompareOp::Eq, extent, one);
        let empty = self.b().compare(CompareOp::Eq, size, zero);
        let fine = self.b().binary(BinaryOp::Or, close, single);
        let fine = self.b().binary(BinaryOp::Or, fine, empty);
        let message = "To change to a dtype of a different size, the last axis must be contiguous";
        self.check(fine, ExcClass::VALUE_ERROR, message, Vec::new());
    }

    /// How many elements of another type there are in the bytes of so many.
    fn other_extent(&mut self, extent: Value, from: DType, to: DType) -> Value {
        let (old, new) = (self.b().i64(from.size() as i64), self.b().i64(to.size() as i64));
        let bytes = self.b().binary(BinaryOp::Mul, extent, old);
        if to.size() > from.size() {
            let rest = self.b().binary(BinaryOp::Mod, bytes, new);
            let zero = self.b().i64(0);
            let fine = self.b().compare(CompareOp::Eq, rest, zero);
            let message = "When changing to a larger dtype, its size must be a divisor of the total size in \
                           bytes of the last axis of the array.";
            self.check(fine, ExcClass::VALUE_ERROR, message, Vec::new());
        }
        self.b().binary(BinaryOp::FloorDiv, bytes, new)
    }

    /// `a.item()`, `a.item(i)`, which counts elements in C order, or `a.item(i, j)`.
    pub(crate) fn item_of_array(&mut self, array: &Operand, args: Args) -> Result<Operand> {
        let span = args.span;
        args.check_no_keywords("numpy.ndarray.item")?;
        let ty = array.ty.as_array().expect("an array");
        let index = match &args.positional[..] {
            [only] => self.items_or_self(only),
            _ => args.positional,
        };
        let element = match &index[..] {
            [] => {
                let base = self.value(array)?;
                let (size, one, zero) = (self.array_size(base), self.b().i64(1), self.b().i64(0));
                let fine = self.b().compare(CompareOp::Eq, size, one);
                let message = "can only convert an array of size 1 to a Python scalar";
                self.check(fine, ExcClass::VALUE_ERROR, message, Vec::new());
                self.load_element(array, vec![zero; usize::from(ty.ndim)])?
            }
            [place] => self.counted_item(array, place)?,
            several if several.len() != usize::from(ty.ndim) => {
                return self.always_raise(ExcClass::VALUE_ERROR, "incorrect number of indices for array");
            }
            several => self.array_subscript(array, several, span)?,
        };
        match element.ty.dtype() {
            Some(d) => self.convert_to_weak(&element, d, span),
            None => Err(unknown("numpy.ndarray.item", span)),
        }
    }

    /// The element at a place in C order.
    fn counted_item(&mut self, array: &Operand, place: &Operand) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        let given = self.integer_argument(place, "numpy.ndarray.item", "args")?;
        let base = self.value(array)?;
        let (size, zero) = (self.array_size(base), self.b().i64(0));
        let negative = self.b().compare(CompareOp::Lt, given, zero);
        let from_end = self.b().binary(BinaryOp::Add, given, size);
        let i = self.b().select(negative, from_end, given);
        let (low, high) =
            (self.b().compare(CompareOp::Ge, i, zero), self.b().compare(CompareOp::Lt, i, size));
        let inside = self.b().binary(BinaryOp::And, low, high);
        let message = match ty.ndim {
            1 => "index {0} is out of bounds for axis 0 with size {1}",
            _ => "index {0} is out of bounds for size {1}",
        };
        self.check(inside, ExcClass::INDEX_ERROR, message, vec![(given, true), (size, true)]);
        let at = self.unraveled(base, ty, i);
        self.load_element(array, at)
    }

    /// `a.tobytes(order)`: a copy of the elements, whose bytes Python gets; kernels can only return it.
    pub(crate) fn bytes_of_array(
        &mut self,
        array: &Operand,
        order: Option<&Operand>,
        span: Span,
    ) -> Result<Operand> {
        let ordered = match order.map(|o| (o.as_str(), o)) {
            None | Some((Some("C" | "c"), _)) => array.clone(),
            Some((Some("F" | "f"), _)) => self.transposed(array, None, span)?,
            Some((_, o)) => {
                let (function, parameter) = ("numpy.ndarray.tobytes".to_owned(), "order".to_owned());
                let (expected, found) = ("'C' or 'F'".to_owned(), o.ty.clone());
                return Err(TypeError::Argument { function, parameter, expected, found, span: o.span }.into());
            }
        };
        let copy = self.faithful_copy(&ordered, Layout::C, span)?;
        Ok(record(RecordKind::Memory, vec![copy], span))
    }

    /// `a.tolist()`: lists of lists of Python's numbers; a number where there are no axes.
    pub(crate) fn list_of_array(&mut self, array: &Operand, span: Span) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        if ty.ndim == 0 {
            let element = self.load_element(array, Vec::new())?;
            return self.convert_to_weak(&element, ty.dtype, span);
        }
        let list = self.empty_list(None, span)?;
        let n = self.extents(array)?[0];
        // The lists of each axis are told apart by where they are made.
        let inner = Span { lo: span.lo + 1, ..span };
        self.ordered(&[n], &mut |l, at| {
            let item = l.array_item(array, at[0])?;
            let item = match item.ty.dtype() {
                Some(d) => l.convert_to_weak(&item, d, span)?,
                None => l.list_of_array(&item, inner)?,
            };
            l.push_item(&list, &item, span)
        })?;
        Ok(list)
    }

    /// `a.flags.c_contiguous` and its relatives, and `a.flags['C_CONTIGUOUS']`; `None` for those that are not known here.
    pub(crate) fn array_flag(&mut self, array: &Operand, flag: &str, span: Span) -> Result<Option<Operand>> {
        let Ty::Method(receiver, _) = &array.ty else { return Ok(None) };
        let array = &Operand { ty: (**receiver).clone(), ..array.clone() };
        let ty = array.ty.as_array().expect("an array");
        let known = |b: bool| Ok(Some(Operand::bool(b, span)));
        let value = match flag {
            "writeable" | "W" | "WRITEABLE" => return known(!ty.readonly),
            "aligned" | "A" | "ALIGNED" => self.is_aligned(array)?,
            "behaved" | "B" | "BEHAVED" => match ty.readonly {
                true => return known(false),
                false => self.is_aligned(array)?,
            },
            "carray" | "CA" | "CARRAY" => {
                if ty.readonly {
                    return known(false);
                }
                let (aligned, c) = (self.is_aligned(array)?, self.in_one_piece(array, false)?);
                self.b().binary(BinaryOp::And, aligned, c)
            }
            "farray" | "FA" | "FARRAY" => {
                // NumPy asks for one of three flags.
                let c = self.in_one_piece(array, false)?;
                let not_c = self.b().unary(UnaryOp::Not, c);
                let any = if ty.readonly {
                    let (aligned, f) = (self.is_aligned(array)?, self.in_one_piece(array, true)?);
                    self.b().binary(BinaryOp::Or, aligned, f)
                } else {
                    self.b().bool(true)
                };
                self.b().binary(BinaryOp::And, any, not_c)
            }
            "writebackifcopy" | "X" | "WRITEBACKIFCOPY" => return known(false),
            "c_contiguous" | "contiguous" | "C" | "C_CONTIGUOUS" | "CONTIGUOUS" => {
                self.in_one_piece(array, false)?
            }
            "f_contiguous" | "fortran" | "F" | "F_CONTIGUOUS" | "FORTRAN" => {
                self.in_one_piece(array, true)?
            }
            "forc" | "FORC" | "fnc" | "FNC" => {
                let (c, f) = (self.in_one_piece(array, false)?, self.in_one_piece(array, true)?);
                if flag.eq_ignore_ascii_case("forc") {
                    self.b().binary(BinaryOp::Or, c, f)
                } else {
                    let not_c = self.b().unary(UnaryOp::Not, c);
                    self.b().binary(BinaryOp::And, f, not_c)
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(Operand::value(Ty::PyBool, value, span)))
    }

    /// Whether every element lies where the processor wants its type; strides of axes of one element do not count.
    fn is_aligned(&mut self, array: &Operand) -> Result<Value> {
        let ty = array.ty.as_array().expect("an array");
        let base = self.value(array)?;
        let one = self.b().i64(1);
        let mut places = self.b().value(InstKind::Address(base));
        for axis in 0..ty.ndim {
            let (extent, stride) = (self.b().dim(base, axis), self.b().stride(base, axis));
            let several = self.b().compare(CompareOp::Gt, extent, one);
            let zero = self.b().i64(0);
            let stride = self.b().select(several, stride, zero);
            places = self.b().binary(BinaryOp::Or, places, stride);
        }
        let size = if ty.dtype.is_complex() { ty.dtype.real().size() } else { ty.dtype.size() };
        let (low, zero) = (self.b().i64(size as i64 - 1), self.b().i64(0));
        let odd = self.b().binary(BinaryOp::And, places, low);
        Ok(self.b().compare(CompareOp::Eq, odd, zero))
    }

    /// Whether the elements fill a piece of memory in C order, or with `first` in Fortran's: axes of one element do not
    /// count, nor does anything where there are no elements.
    fn in_one_piece(&mut self, array: &Operand, first: bool) -> Result<Value> {
        let ty = array.ty.as_array().expect("an array");
        if ty.layout == if first { Layout::F } else { Layout::C } || ty.layout == Layout::C && ty.ndim < 2 {
            return Ok(self.b().bool(true));
        }
        let base = self.value(array)?;
        let (one, zero) = (self.b().i64(1), self.b().i64(0));
        let mut expected = self.b().i64(ty.dtype.size() as i64);
        let mut all = self.b().bool(true);
        for k in 0..ty.ndim {
            let axis = if first { k } else { ty.ndim - 1 - k };
            let (extent, stride) = (self.b().dim(base, axis), self.b().stride(base, axis));
            let close = self.b().compare(CompareOp::Eq, stride, expected);
            let single = self.b().compare(CompareOp::Eq, extent, one);
            let fits = self.b().binary(BinaryOp::Or, close, single);
            all = self.b().binary(BinaryOp::And, all, fits);
            expected = self.b().binary(BinaryOp::Mul, expected, extent);
        }
        let size = self.array_size(base);
        let empty = self.b().compare(CompareOp::Eq, size, zero);
        Ok(self.b().binary(BinaryOp::Or, all, empty))
    }
}
