//! `NumExpr`: a formula with declared types as a callable object.

use std::sync::Arc;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyComplex, PyDict, PyList, PyTuple};
use ungil_sema::evaluate::constant::Constant;
use ungil_sema::evaluate::kind::Kind;
use ungil_sema::evaluate::opcode;
use ungil_sema::evaluate::program::{Arg, NOTHING, Program, program};

use crate::evaluate::cache::{self, CachedFormula};
use crate::evaluate::casting::Casting;
use crate::evaluate::compute::compute;
use crate::evaluate::operand::Operand;
use crate::evaluate::{optimization, request};
use crate::numpy;

/// A formula compiled for types of its variables.
///
/// Call it with one operand for each of `input_names`.
#[pyclass(module = "ungil", frozen)]
pub struct NumExpr {
    formula: Arc<CachedFormula>,
    /// Names in the order of the arguments.
    inputs: Vec<String>,
    /// For each name of the formula, the number of its argument.
    positions: Vec<usize>,
    /// Kinds in the order of the formula's names.
    kinds: Vec<Kind>,
}

#[pymethods]
impl NumExpr {
    /// Compile `ex` for a list of pairs of name and type; names without a type are float64.
    #[new]
    #[pyo3(signature = (ex, signature=None, sanitize=true, **kwargs))]
    fn new(
        py: Python<'_>,
        ex: &Bound<'_, PyAny>,
        signature: Option<&Bound<'_, PyAny>>,
        sanitize: bool,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<NumExpr> {
        let optimization = kwargs.map_or(Ok(Default::default()), optimization)?;
        let text: String = match ex.extract::<String>() {
            Ok(text) => text,
            Err(_) => ex.getattr("formula").and_then(|f| f.extract()).map_err(|_| {
                PyTypeError::new_err(
                    "NumExpr() takes a string, or an expression made from `ungil.expressions.E`",
                )
            })?,
        };
        let formula = cache::formula(py, &text, optimization, || sanitize)?;
        let declared = match signature {
            Some(signature) => declared(signature)?,
            None => Vec::new(),
        };
        let names = &formula.formula.names;
        let inputs: Vec<String> =
            if declared.is_empty() { names.clone() } else { declared.iter().map(|d| d.0.clone()).collect() };
        let position = |name: &String| inputs.iter().position(|i| i == name);
        let positions: Option<Vec<usize>> = names.iter().map(position).collect();
        let Some(positions) = positions.filter(|p| p.len() == inputs.len()) else {
            let text = format!("input names ({inputs:?}) don't match those found in expression ({names:?})");
            return Err(PyValueError::new_err(text));
        };
        let kind = |name: &String| declared.iter().find(|d| d.0 == *name).map_or(Kind::Double, |d| d.1);
        let kinds: Vec<Kind> = names.iter().map(kind).collect();
        formula.typed(py, &kinds)?;
        Ok(NumExpr { formula, inputs, positions, kinds })
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (mut out, mut order, mut casting) = (None, None, None);
        for (name, value) in kwargs.into_iter().flatten() {
            match name.extract::<&str>()? {
                "out" => out = Some(value).filter(|v| !v.is_none()),
                "order" => order = Some(value.extract::<String>()?),
                "casting" => casting = Some(value.extract::<String>()?),
                "ex_uses_vml" => {}
                other => {
                    return Err(PyTypeError::new_err(format!("unexpected keyword argument '{other}'")));
                }
            }
        }
        if args.len() != self.inputs.len() {
            let text =
                format!("number of inputs doesn't match program: {} for {}", args.len(), self.inputs.len());
            return Err(PyValueError::new_err(text));
        }
        let request = request(out, order.as_deref(), casting.as_deref(), Casting::Safe)?;
        let api = numpy::api(py);
        let operand = |at: &usize| Operand::new(args.get_item(*at)?, api);
        let operands = self.positions.iter().map(operand).collect::<PyResult<Vec<_>>>()?;
        compute(py, &self.formula, operands, Some(&self.kinds), &request)
    }

    /// The same as a call.
    #[pyo3(signature = (*args, **kwargs))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.__call__(py, args, kwargs)
    }

    /// Names of the arguments.
    #[getter]
    fn input_names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.inputs)
    }

    /// Kinds of the arguments, one letter each.
    #[getter]
    fn signature<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.letters().as_bytes())
    }

    /// Kinds of result, arguments, constants and temporaries, one letter each.
    #[getter]
    fn fullsig<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let program = self.compiled(py)?;
        let root = self.formula.typed(py, &self.kinds)?.tree.kind.code();
        let constants: String = program.constants.iter().map(|c| c.1.code()).collect();
        let text = format!("{root}{}{constants}{}", self.letters(), program.temporaries);
        Ok(PyBytes::new(py, text.as_bytes()))
    }

    /// Kinds of temporaries, one letter each.
    #[getter]
    fn tempsig<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.compiled(py)?.temporaries.as_bytes()))
    }

    /// Constants of the formula, of the types that they are used as.
    #[getter]
    fn constants<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let program = self.compiled(py)?;
        let objects = program.constants.iter().map(|(c, kind)| constant_object(py, c, *kind));
        PyTuple::new(py, objects.collect::<PyResult<Vec<_>>>()?)
    }

    /// The formula in the code of numexpr's machine.
    #[getter]
    fn program<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut bytes = Vec::new();
        for instruction in &self.compiled(py)?.instructions {
            let code = opcode::number(&instruction.name).unwrap_or(NOTHING);
            let mut args: Vec<u8> = instruction.args.iter().map(byte).collect();
            args.resize(args.len().max(3).next_multiple_of(3), NOTHING);
            for (i, three) in args.chunks(3).enumerate() {
                bytes.push(if i == 0 { code } else { 0 });
                bytes.extend_from_slice(three);
            }
        }
        Ok(PyBytes::new(py, &bytes))
    }

    /// The formula as a list of numexpr's operations.
    fn disassemble<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let (program, constants) = (self.compiled(py)?, self.constants(py)?);
        let first_constant = 1 + self.inputs.len();
        let first_temporary = first_constant + constants.len();
        let list = PyList::empty(py);
        for instruction in &program.instructions {
            let mut items = vec![PyBytes::new(py, instruction.name.as_bytes()).into_any()];
            for arg in &instruction.args {
                let text = match arg {
                    Arg::Immediate(NOTHING) => {
                        items.push(py.None().into_bound(py));
                        continue;
                    }
                    Arg::Immediate(n) => {
                        items.push(n.into_pyobject(py)?.into_any());
                        continue;
                    }
                    Arg::Register(0) => "r0".to_owned(),
                    Arg::Register(r) if *r < first_constant => format!("r{r}[{}]", self.inputs[r - 1]),
                    Arg::Register(r) if *r < first_temporary => {
                        format!("c{r}[{}]", constants.get_item(r - first_constant)?.str()?)
                    }
                    Arg::Register(r) => format!("t{r}"),
                };
                items.push(PyBytes::new(py, text.as_bytes()).into_any());
            }
            let (missing, long) = (4usize.saturating_sub(items.len()), items.len() > 4);
            items.extend((0..missing).map(|_| py.None().into_bound(py)));
            list.append(PyTuple::new(py, items)?)?;
            if long {
                let none = || py.None().into_bound(py);
                list.append(PyTuple::new(
                    py,
                    [PyBytes::new(py, b"noop").into_any(), none(), none(), none()],
                )?)?;
            }
        }
        Ok(list)
    }

    fn __repr__(&self) -> String {
        format!("NumExpr({:?})", &*self.formula.formula.text)
    }
}

impl NumExpr {
    fn letters(&self) -> String {
        let kind =
            |name: &String| self.formula.formula.names.iter().position(|n| n == name).map(|i| self.kinds[i]);
        self.inputs.iter().filter_map(kind).map(Kind::code).collect()
    }

    fn compiled(&self, py: Python<'_>) -> PyResult<Program> {
        Ok(program(&self.formula.typed(py, &self.kinds)?.tree, &self.positions))
    }
}

/// A byte of a program.
fn byte(arg: &Arg) -> u8 {
    match arg {
        Arg::Register(r) => u8::try_from(*r).unwrap_or(NOTHING),
        Arg::Immediate(n) => *n,
    }
}

/// A constant as the Python object that numexpr keeps.
fn constant_object<'py>(py: Python<'py>, constant: &Constant, kind: Kind) -> PyResult<Bound<'py, PyAny>> {
    if let Constant::Bytes(bytes) = constant {
        return Ok(PyBytes::new(py, bytes).into_any());
    }
    let (re, im) = constant.as_complex().unwrap_or_default();
    let plain = match (kind, constant.as_int()) {
        (Kind::Bool, _) => return Ok(constant.truth().into_pyobject(py)?.to_owned().into_any()),
        (Kind::Complex, _) => return Ok(PyComplex::from_doubles(py, re, im).into_any()),
        (_, Some(n)) if kind.is_integer() => n.into_pyobject(py)?.into_any(),
        _ => re.into_pyobject(py)?.into_any(),
    };
    let name = kind.dtype().map_or_else(String::new, |d| d.to_string());
    py.import("numpy")?.getattr(&*name)?.call1((plain,))
}

/// Pairs of name and type.
fn declared(signature: &Bound<'_, PyAny>) -> PyResult<Vec<(String, Kind)>> {
    let pair = |item: PyResult<Bound<'_, PyAny>>| {
        let (name, ty): (String, Bound<'_, PyAny>) = item?.extract()?;
        Ok((name, kind_of(&ty)?))
    };
    signature.try_iter()?.map(pair).collect()
}

/// The kind that a type of numexpr's stands for: Python's `float` is float32 there.
fn kind_of(ty: &Bound<'_, PyAny>) -> PyResult<Kind> {
    let name: String = ty.getattr("__name__").and_then(|n| n.extract()).unwrap_or_default();
    Ok(match &*name {
        "bool" | "bool_" => Kind::Bool,
        "int32" | "intc" => Kind::Int,
        "int64" | "int" | "longlong" => Kind::Long,
        "uint64" => Kind::Ulong,
        "float" | "float32" => Kind::Float,
        "float64" | "double" => Kind::Double,
        "complex" | "complex128" => Kind::Complex,
        "bytes" | "str" | "bytes_" => Kind::Bytes,
        _ => {
            let text = format!("a formula has no variables of type {}", ty.repr()?);
            return Err(PyTypeError::new_err(text));
        }
    })
}
