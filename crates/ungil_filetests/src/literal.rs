//! Literals of `run:` lines.
//!
//! `3`, `-0.5`, `nan`, `inf`, `True`, `None`, `(1, 2.0)`, `complex(1, 2)`, `[[1, 2], [3, 4]]`, `float32(1.5)` (a NumPy
//! scalar), and `array([[1, 2], [3, 4]], float64, F)`: elements, dtype, and any of the words `C F A` (layout; `A` leaves gaps
//! between elements), `reversed` (negative strides), `readonly`, `swapped`, `shape=(0, 3)`. `full((2, 3), 1.5, float64, …)` and
//! `arange(10, float64, …)` make larger ones. A bare list takes dtype and layout from the parameter.

use ungil_interp::argument::{ArgValue, ArrayArg};
use ungil_interp::number::Num;
use ungil_interp::outcome::{ArrayOutput, Output};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

#[derive(Clone, PartialEq, Debug)]
pub enum Literal {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Complex(f64, f64),
    Scalar(DType, Box<Literal>),
    Tuple(Vec<Literal>),
    List(Vec<Literal>),
    Array(ArrayLiteral),
}

/// `array(…)`.
#[derive(Clone, PartialEq, Debug)]
pub struct ArrayLiteral {
    pub shape: Vec<i64>,
    /// In order of the last axis fastest.
    pub elements: Vec<Literal>,
    pub dtype: DType,
    pub layout: Layout,
    pub reversed: bool,
    pub readonly: bool,
    pub swapped: bool,
}

impl ArrayLiteral {
    pub fn ty(&self) -> ArrayType {
        ArrayType {
            dtype: self.dtype,
            ndim: self.shape.len() as u8,
            layout: self.layout,
            readonly: self.readonly,
            swapped: self.swapped,
        }
    }
}

impl Literal {
    /// The argument for a parameter of the type.
    pub fn argument(&self, ty: &Type) -> Result<ArgValue, String> {
        match (self, ty) {
            (Literal::None, Type::Tuple(t)) if t.is_empty() => Ok(ArgValue::Tuple(Vec::new())),
            (Literal::Tuple(items), Type::Tuple(types)) if items.len() == types.len() => {
                let items = items.iter().zip(types).map(|(i, t)| i.argument(t));
                items.collect::<Result<_, _>>().map(ArgValue::Tuple)
            }
            (Literal::Array(array), Type::Array(ty)) => {
                // A readonly parameter takes any array.
                let same = ArrayType { readonly: ty.readonly, ..array.ty() } == *ty;
                if same {
                    array.argument()
                } else {
                    Err(format!("{} for a parameter of type {ty}", array.ty()))
                }
            }
            (Literal::List(_), Type::Array(ty)) => {
                let (shape, elements) = flatten(self)?;
                let array = ArrayLiteral {
                    shape,
                    elements,
                    dtype: ty.dtype,
                    layout: ty.layout,
                    reversed: false,
                    readonly: ty.readonly,
                    swapped: ty.swapped,
                };
                if array.ty() == *ty {
                    array.argument()
                } else {
                    Err(format!("{} dimensions for {ty}", array.shape.len()))
                }
            }
            (_, Type::Scalar(dtype)) => self.num(*dtype).map(ArgValue::Num),
            _ => Err(format!("{self:?} for a parameter of type {ty}")),
        }
    }

    /// The number of a dtype.
    pub fn num(&self, dtype: DType) -> Result<Num, String> {
        let wrong = || Err(format!("{self:?} is not of type {dtype}"));
        Ok(match (self, dtype) {
            (Literal::Scalar(d, inner), _) if *d == dtype => return inner.num(dtype),
            (Literal::Bool(b), DType::Bool) => Num::Bool(*b),
            (Literal::Int(n), d) if d.is_int() => {
                let num = Num::wrap(d, *n);
                if num.exact() != *n {
                    return wrong();
                }
                num
            }
            (Literal::Int(n), _) => return Literal::Float(*n as f64).num(dtype),
            (Literal::Float(x), DType::F32) => Num::F32(*x as f32),
            (Literal::Float(x), DType::F64) => Num::F64(*x),
            (Literal::Float(x), d) if d.is_complex() => return Literal::Complex(*x, 0.0).num(dtype),
            (Literal::Complex(r, i), DType::C64) => Num::C64(*r as f32, *i as f32),
            (Literal::Complex(r, i), DType::C128) => Num::C128(*r, *i),
            _ => return wrong(),
        })
    }

    /// Whether a result is this; `rtol` allows a relative error of floats.
    pub fn matches(&self, output: &Output, rtol: Option<f64>) -> bool {
        match (self, output) {
            (Literal::None, Output::Tuple(items)) => items.is_empty(),
            (Literal::Tuple(a), Output::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.matches(b, rtol))
            }
            (_, Output::Num(n)) => self.num(n.dtype()).is_ok_and(|m| close(m, *n, rtol)),
            (Literal::List(_), Output::Array(array)) => flatten(self).is_ok_and(|(shape, elements)| {
                shape == array.shape && elements_match(&elements, array, rtol)
            }),
            (Literal::Array(a), Output::Array(array)) => {
                a.dtype == array.ty.dtype
                    && a.shape == array.shape
                    && elements_match(&a.elements, array, rtol)
            }
            _ => false,
        }
    }
}

fn elements_match(elements: &[Literal], array: &ArrayOutput, rtol: Option<f64>) -> bool {
    elements.len() == array.elements.len()
        && elements.iter().zip(&array.elements).all(|(a, b)| a.matches(&Output::Num(*b), rtol))
}

fn close(expected: Num, found: Num, rtol: Option<f64>) -> bool {
    if expected.same(found) {
        return true;
    }
    let near = |a: f64, b: f64| rtol.is_some_and(|rtol| (a - b).abs() <= rtol * a.abs());
    match (expected, found) {
        (Num::F32(a), Num::F32(b)) => near(f64::from(a), f64::from(b)),
        (Num::F64(a), Num::F64(b)) => near(a, b),
        (Num::C64(a, b), Num::C64(c, d)) => {
            near(f64::from(a), f64::from(c)) && near(f64::from(b), f64::from(d))
        }
        (Num::C128(a, b), Num::C128(c, d)) => near(a, c) && near(b, d),
        _ => false,
    }
}

/// Shape and elements of nested lists.
pub(crate) fn flatten(literal: &Literal) -> Result<(Vec<i64>, Vec<Literal>), String> {
    let Literal::List(items) = literal else { return Ok((Vec::new(), vec![literal.clone()])) };
    let mut shape = vec![items.len() as i64];
    let mut elements = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let (inner, list) = flatten(item)?;
        if i == 0 {
            shape.extend(&inner);
        } else if shape[1..] != inner[..] {
            return Err("a ragged list".to_owned());
        }
        elements.extend(list);
    }
    Ok((shape, elements))
}

impl ArrayLiteral {
    fn argument(&self) -> Result<ArgValue, String> {
        let elements: Vec<Num> = self.elements.iter().map(|e| e.num(self.dtype)).collect::<Result<_, _>>()?;
        let gap = if self.layout == Layout::Strided && !self.reversed { 2 } else { 1 };
        let mut step = self.dtype.size() as i64 * gap;
        let mut strides = vec![0; self.shape.len()];
        let forward: Vec<usize> = (0..self.shape.len()).collect();
        let axes: Vec<usize> =
            if self.layout == Layout::F { forward } else { forward.into_iter().rev().collect() };
        for axis in axes {
            strides[axis] = if self.reversed { -step } else { step };
            step *= self.shape[axis].max(1);
        }
        Ok(ArgValue::Array(ArrayArg::with_strides(self.ty(), &self.shape, strides, &elements)))
    }
}

/// The literal that a result is written as.
pub fn write_output(output: &Output) -> String {
    match output {
        Output::Num(n) => write_num(*n),
        Output::Tuple(items) if items.is_empty() => "None".to_owned(),
        Output::Tuple(items) => {
            let list: Vec<String> = items.iter().map(write_output).collect();
            format!("({}{})", list.join(", "), if list.len() == 1 { "," } else { "" })
        }
        Output::Array(a) if a.elements.is_empty() => {
            let shape: Vec<String> = a.shape.iter().map(ToString::to_string).collect();
            format!("array([], {}, shape=({},))", a.ty.dtype, shape.join(", "))
        }
        Output::Array(a) => format!("array({}, {})", write_nested(&a.shape, &a.elements), a.ty.dtype),
    }
}

fn write_nested(shape: &[i64], elements: &[Num]) -> String {
    match shape {
        [] => write_num(elements[0]),
        [n, inner @ ..] => {
            let size = elements.len() / (*n).max(1) as usize;
            let rows: Vec<String> =
                elements.chunks(size.max(1)).map(|row| write_nested(inner, row)).collect();
            format!("[{}]", rows.join(", "))
        }
    }
}

fn write_num(n: Num) -> String {
    let float = |text: String| text.replace("NaN", "nan");
    match n {
        Num::Bool(b) => (if b { "True" } else { "False" }).to_owned(),
        Num::Int(..) => n.exact().to_string(),
        Num::F32(x) => float(format!("{x:?}")),
        Num::F64(x) => float(format!("{x:?}")),
        Num::C64(r, i) => float(format!("complex({r:?}, {i:?})")),
        Num::C128(r, i) => float(format!("complex({r:?}, {i:?})")),
    }
}
