//! C semantics of functions in the Cython language: declared variables, C's arithmetic, conversions at the border.
//!
//! Operands with a NumPy scalar type stand for C values. Before an operator both are brought to the type that C's usual
//! arithmetic conversions give, so that the ordinary lowering computes what C computes. Python's weak scalars among
//! them count as C's `int` (constants that fit), `long` or `double`, as Cython types literals.
//!
//! Indices are computed in 64 bits: a narrower integer that came from a loop's counter by additions and
//! multiplications has a wide twin ([`Lowerer::wide`]), which an index takes instead. It differs from C only where C's
//! narrow arithmetic overflows, which is undefined there, and leaves index ranges affine.

use ungil_abi::exception::{ExcClass, INTEGER_OVERFLOW};
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp, UnaryOp};
use ungil_ir::types::DType;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::BinaryOp;
use ungil_syntax::ast::stmt::{IfBranch, Stmt, StmtKind};

use crate::c_arithmetic;
use crate::ctype::{CType, element_name};
use crate::cython::{CFunction, Declared};
use crate::diagnostics::cython::CTypeError;
use crate::diagnostics::unsupported::Unsupported;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::build::{fits, int_range};
use crate::lower::call::Args;
use crate::lower::memory::misuse;
use crate::operand::{Constant, Operand};
use crate::ty::{RecordKind, Ty, display_array};

impl Lowerer<'_, '_> {
    /// The function's C declarations; those of nested functions are their own.
    pub(crate) fn c_function(&self) -> Option<std::sync::Arc<CFunction>> {
        self.options.c.clone()
    }

    pub(crate) fn is_c(&self) -> bool {
        self.options.c.is_some()
    }

    /// The options of a block, whose test the driver wrote for `with cython.boundscheck(False):` and the like.
    pub(crate) fn with_directives(&self, test: &Expr) -> Option<crate::options::Options> {
        let ExprKind::Call(call) = &test.kind else { return None };
        let named = matches!(&call.func.kind, ExprKind::Name(name) if &**name == "__pyx_with");
        let mut options = self.options.clone();
        let mut c = (**self.options.c.as_ref().filter(|_| named)?).clone();
        for keyword in &call.keywords {
            let ExprKind::Literal(Literal::Bool(value)) = keyword.value.kind else { continue };
            match &*keyword.name.as_ref()?.name {
                "boundscheck" => options.boundscheck = value,
                "wraparound" => options.wraparound = value,
                "overflowcheck" => options.overflowcheck = value,
                "nonecheck" => c.nonecheck = value,
                "cdivision" => c.cdivision = value,
                "cpow" => c.cpow = value,
                _ => {}
            }
        }
        options.c = Some(std::sync::Arc::new(c));
        Some(options)
    }

    /// Refuses a block under the interpreter's lock that does more than raise where threads are at it at once: kernels hold no lock.
    pub(crate) fn only_raises_under_the_lock(&self, block: &IfBranch) -> Result<()> {
        fn does_more(stmt: &Stmt) -> bool {
            match &stmt.kind {
                StmtKind::If(node) => {
                    node.branches.iter().flat_map(|b| &b.body).chain(&node.orelse).any(does_more)
                }
                StmtKind::Raise { .. }
                | StmtKind::Return(_)
                | StmtKind::Pass
                | StmtKind::Break
                | StmtKind::Continue => false,
                _ => true,
            }
        }
        let takes_lock =
            |call: &Call| call.keywords.iter().any(|k| k.name.as_ref().is_some_and(|n| &*n.name == "gil"));
        let is_locked = matches!(&block.test.kind, ExprKind::Call(call) if takes_lock(call));
        match block.body.iter().find(|stmt| does_more(stmt)) {
            Some(stmt) if is_locked && self.team.is_some() => Err(Unsupported::Statement {
                what: "statements under the interpreter's lock in a parallel block are",
                span: stmt.span,
                help: "compile the function for objects, or write into an array by `threadid()`",
            }
            .into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn declared(&self, name: &str) -> Option<Declared> {
        if self.code.id.nested.is_some() {
            return None;
        }
        self.options.c.as_ref()?.vars.get(name).cloned()
    }

    /// A value as the declared type of the variable it is assigned to.
    pub(crate) fn as_variable(&mut self, name: &str, operand: &Operand, span: Span) -> Result<Operand> {
        match self.declared(name) {
            Some(declared) => self.as_declared(&declared, operand, span),
            None if self.is_overflowing(name, operand) => self.as_python_int(operand),
            None => self.of_class(name, operand, span),
        }
    }

    /// Whether a variable without a declaration takes an integer of C as one of Python.
    fn is_overflowing(&self, name: &str, operand: &Operand) -> bool {
        let is_int = matches!(operand.ty, Ty::Scalar(d) if d.is_int() && d != DType::U64);
        let c = self.options.c.as_ref().filter(|_| is_int && self.code.id.nested.is_none());
        c.is_some_and(|c| c.overflowing.contains(name))
    }

    /// A value that is assigned to a variable of one class of Python's, or is the result; others than kernels have are refused.
    pub(crate) fn of_class(&self, name: &str, operand: &Operand, span: Span) -> Result<Operand> {
        let class = self.options.c.as_ref().and_then(|c| c.classes.get(name));
        let class = class.filter(|class| self.code.id.nested.is_none() && *class != "object");
        let found = match &operand.ty {
            Ty::List(_) => "list",
            Ty::Tuple(_) => "tuple",
            Ty::Str(_) => "str",
            Ty::Bytes(_) => "bytes",
            Ty::Scalar(DType::Bool) => "bool",
            Ty::Array(_) if class.is_some_and(|class| class == "numpy.ndarray") => "numpy.ndarray",
            // Kernels have them as arrays.
            Ty::Array(a) if (a.dtype, a.ndim) == (DType::U8, 1) => match a.readonly {
                true => "bytes",
                false => "bytearray",
            },
            _ => "",
        };
        match class {
            Some(class) if class != found && !operand.is_none() => {
                Err(CTypeError::Assign { declared: class.clone(), found: operand.ty.clone(), span }.into())
            }
            _ => Ok(operand.clone()),
        }
    }

    /// A value as a declared type: C's conversion between C's types, a checked one from Python's integers.
    pub(crate) fn as_declared(
        &mut self,
        declared: &Declared,
        operand: &Operand,
        span: Span,
    ) -> Result<Operand> {
        let found = operand.ty.clone();
        let refuse = |declared: &str| CTypeError::Assign { declared: declared.to_owned(), found, span };
        match declared {
            Declared::Void => Ok(operand.clone()),
            Declared::Tuple(types) => {
                let Ty::Tuple(items) = &operand.ty else { return Err(refuse("tuple").into()) };
                if items.len() != types.len() {
                    return Err(refuse("tuple of another length").into());
                }
                let items = self.items(operand);
                let pairs = types.iter().zip(&items);
                let items = pairs.map(|(ty, item)| self.as_declared(ty, item, span));
                Ok(Operand::tuple(items.collect::<Result<Vec<_>>>()?, operand.span))
            }
            Declared::C { ty, name } => self.as_c(&ty.clone(), &name.clone(), operand, span),
            Declared::Bint => {
                if !operand.ty.is_scalar() {
                    return Err(refuse("bint").into());
                }
                let truth = self.truth_value(operand)?;
                Ok(Operand::value(Ty::PyBool, truth, operand.span))
            }
            Declared::Scalar { dtype, name } => {
                let operand = &self.element_of(operand)?;
                let Some(from) = operand.ty.dtype() else { return Err(refuse(name).into()) };
                let computed =
                    operand.constant.is_none() && self.options.c.as_ref().is_some_and(|c| c.takes_objects);
                if let (true, Some(found)) = (dtype.is_int() && !computed, floating_type(operand)) {
                    let declared = name.to_string();
                    return Err(CTypeError::Narrow { declared, found, span: operand.span }.into());
                }
                if (dtype.is_int() && !(from.is_int() || from == DType::Bool))
                    || (dtype.is_float() && from.is_complex())
                {
                    return Err(refuse(name).into());
                }
                self.as_number(operand, *dtype, name)
            }
            Declared::Structs { element, ndim, layout, is_const, .. } => {
                let wanted = (&element.clone(), *ndim, *layout, *is_const);
                match self.as_struct_view(wanted, operand)? {
                    Some(view) => Ok(view),
                    None => Err(refuse(&format!("{}[…]", element.name)).into()),
                }
            }
            Declared::Objects { .. } => Err(refuse("object[…]").into()),
            Declared::View { dtype, ndim, layout, is_const, .. } => {
                let fits_view = |a: &ungil_ir::types::ArrayType| a.dtype == *dtype && a.ndim == *ndim;
                match &operand.ty {
                    Ty::None => Ok(operand.clone()),
                    Ty::Array(a) if fits_view(a) => {
                        let a = *a;
                        self.check_view(operand, a, (*layout, *is_const), span)?;
                        Ok(operand.clone())
                    }
                    _ => {
                        let layout = layout.unwrap_or(ungil_ir::types::Layout::Strided);
                        let ty = ungil_ir::types::ArrayType {
                            dtype: *dtype,
                            ndim: *ndim,
                            layout,
                            readonly: false,
                            swapped: false,
                        };
                        Err(refuse(&display_array(&ty)).into())
                    }
                }
            }
        }
    }

    fn as_number(&mut self, operand: &Operand, dtype: DType, name: &str) -> Result<Operand> {
        let ty = Ty::Scalar(dtype);
        if operand.ty == ty {
            return Ok(operand.clone());
        }
        let narrow = dtype.is_int() && dtype != DType::I64;
        if let (true, true, Some(constant)) = (narrow, operand.ty == Ty::PyInt, operand.const_int()) {
            // A literal is converted as C converts it.
            let bits = if fits(constant, dtype) { constant } else { wrapped(constant, dtype) };
            return Ok(Operand::constant(ty, Constant::Int(bits), operand.span));
        }
        if narrow && operand.ty == Ty::PyInt {
            self.check_range_of(operand, dtype, name)?;
        }
        let value = self.cast_to(operand, dtype)?;
        self.keep_wide(operand, value, dtype);
        Ok(Operand::value(ty, value, operand.span))
    }

    /// Raises where a Python integer does not fit a C type.
    fn check_range_of(&mut self, operand: &Operand, dtype: DType, name: &str) -> Result<()> {
        let value = self.value(operand)?;
        let (low, high) = int_range(dtype);
        if dtype.is_unsigned() {
            let zero = self.b().i64(0);
            let fine = self.b().compare(CompareOp::Ge, value, zero);
            let message = format!("can't convert negative value to {name}");
            self.check(fine, ExcClass::OVERFLOW, &message, Vec::new());
        }
        if dtype.size() < 8 {
            let (low, high) = (self.b().i64(low as i64), self.b().i64(high as i64));
            let above = self.b().compare(CompareOp::Ge, value, low);
            let below = self.b().compare(CompareOp::Le, value, high);
            let fine = self.b().binary(Ir::And, above, below);
            let message = format!("value too large to convert to {name}");
            self.check(fine, ExcClass::OVERFLOW, &message, Vec::new());
        }
        Ok(())
    }

    /// Both operands as C's usual arithmetic conversions make them, where one of them is C's.
    pub(crate) fn c_operands(
        &mut self,
        left: &Operand,
        right: &Operand,
    ) -> Result<Option<(Operand, Operand)>> {
        if !self.is_c() || (left.ty.is_weak() && right.ty.is_weak()) {
            return Ok(None);
        }
        let (Some(a), Some(b)) = (c_type(left), c_type(right)) else { return Ok(None) };
        if a.is_int() && b.is_int() && (is_python_int(left) || is_python_int(right)) {
            // Beside an integer of Python, C's becomes one.
            return Ok(Some((self.as_python_int(left)?, self.as_python_int(right)?)));
        }
        let literal = |o: &Operand| o.ty == Ty::PyInt && o.constant.is_some();
        let with_literal = literal(left) || literal(right);
        // Cython writes an integer literal beside a `float` as a `double`.
        let common = match usual(a, b) {
            DType::F32 if with_literal => Ty::Scalar(DType::F64),
            common => Ty::Scalar(common),
        };
        Ok(Some((self.c_convert(left, &common)?, self.c_convert(right, &common)?)))
    }

    /// Whether `//` and `%` of an unsigned `int` are those of `long`, because the other, signed operand is computed with a literal,
    /// whose type that is. C's own division knows nothing of it.
    pub(crate) fn divides_longs(
        &self,
        op: BinaryOp,
        left: (&Expr, &Operand),
        right: (&Expr, &Operand),
    ) -> bool {
        let is_divided = matches!(op, BinaryOp::FloorDiv | BinaryOp::Mod)
            && self.options.c.as_ref().is_some_and(|c| !c.cdivision);
        let is_unsigned = |o: &Operand| o.ty == Ty::Scalar(DType::U32);
        let is_signed = |o: &Operand| matches!(o.ty, Ty::Scalar(d) if d.is_signed() && d.size() <= 4);
        let mixes = is_unsigned(left.1) && is_signed(right.1) || is_unsigned(right.1) && is_signed(left.1);
        is_divided && mixes && (has_literal(left.0) || has_literal(right.0))
    }

    /// A shift of integers of C, whose type is that of what is shifted.
    pub(crate) fn c_shift(
        &mut self,
        op: BinaryOp,
        left: &Operand,
        right: &Operand,
        span: Span,
    ) -> Result<Option<Operand>> {
        let are_objects =
            left.ty.is_weak() && right.ty.is_weak() || is_python_int(left) || is_python_int(right);
        if !self.is_c() || are_objects {
            return Ok(None);
        }
        let (Some(a), Some(b)) = (c_type(left), c_type(right)) else { return Ok(None) };
        let is_whole = |d: DType| d.is_int() || d == DType::Bool;
        if !is_whole(a) || !is_whole(b) {
            return Ok(None);
        }
        let ty = Ty::Scalar(usual(a, a));
        let (x, by) = (self.c_convert(left, &ty)?, self.c_convert(right, &ty)?);
        Ok(Some(self.shift(op, &x, &by, &ty, span)?))
    }

    /// Both operands as Python's integers where one is a literal beyond 32 bits, which Cython takes as one.
    pub(crate) fn beside_long_literal(
        &mut self,
        op: BinaryOp,
        left: Operand,
        right: Operand,
        span: Span,
    ) -> Result<(Operand, Operand)> {
        let can_overflow =
            matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mult | BinaryOp::LShift | BinaryOp::Pow);
        let literal = |o: &Operand| o.const_int().filter(|_| o.ty == Ty::PyInt);
        let is_long = |o: &Operand| literal(o).is_some_and(|n| i32::try_from(n).is_err());
        let is_int = |o: &Operand| c_type(o).is_some_and(DType::is_int);
        let beside = is_long(&left) && !right.ty.is_weak() || is_long(&right) && !left.ty.is_weak();
        if !self.is_c() || !can_overflow || !beside || !is_int(&left) || !is_int(&right) {
            return Ok((left, right));
        }
        let too_long = |o: &Operand| literal(o).is_some_and(|n| i64::try_from(n).is_err());
        if too_long(&left) || too_long(&right) {
            let reason = Some("the literal is an integer of Python: write `ULL` behind it for one of C");
            return Err(self.binary_error(op, &left, &right, span, reason));
        }
        Ok((self.as_python_int(&left)?, self.as_python_int(&right)?))
    }

    fn as_python_int(&mut self, operand: &Operand) -> Result<Operand> {
        if operand.ty.is_weak() {
            return Ok(operand.clone());
        }
        let value = self.cast_to(operand, DType::I64)?;
        if operand.ty == Ty::Scalar(DType::U64) {
            let zero = self.b().i64(0);
            let fine = self.b().compare(CompareOp::Ge, value, zero);
            self.check(fine, ExcClass::OVERFLOW, INTEGER_OVERFLOW, Vec::new());
        }
        self.keep_wide(operand, value, DType::I64);
        Ok(Operand::value(Ty::PyInt, value, operand.span))
    }

    /// As C promotes an operand of a unary operator.
    pub(crate) fn c_promoted(&mut self, operand: &Operand) -> Result<Operand> {
        match (self.is_c() && !operand.ty.is_weak(), c_type(operand)) {
            (true, Some(dtype)) => self.c_convert(operand, &Ty::Scalar(usual(dtype, dtype))),
            _ => Ok(operand.clone()),
        }
    }

    fn c_convert(&mut self, operand: &Operand, to: &Ty) -> Result<Operand> {
        let dtype = to.dtype().expect("a scalar");
        if operand.ty == *to {
            return Ok(operand.clone());
        }
        if let (Some(constant), true) = (operand.const_int(), dtype.is_int()) {
            let constant = Constant::Int(wrapped(constant, dtype));
            return Ok(Operand::constant(to.clone(), constant, operand.span));
        }
        if let (Some(constant), DType::F64) = (operand.constant.and_then(Constant::as_float), dtype) {
            return Ok(Operand::constant(to.clone(), Constant::Float(constant), operand.span));
        }
        let value = self.cast_to(operand, dtype)?;
        self.keep_wide(operand, value, dtype);
        Ok(Operand::value(to.clone(), value, operand.span))
    }

    /// A conversion to a wider signed type keeps the wide twin.
    fn keep_wide(&mut self, from: &Operand, to: Value, dtype: DType) {
        let widens = from.ty.dtype().is_some_and(|d| d.size() <= dtype.size()) && dtype.is_signed();
        if let (true, Some(&wide)) = (widens, from.value.and_then(|v| self.wide.get(&v))) {
            self.wide.insert(to, wide);
        }
    }

    /// Gives the result of `a op b` a wide twin where an operand has one.
    pub(crate) fn widen_result_of(&mut self, op: Ir, a: Value, b: Value, result: Value) {
        if !self.is_c() || !(self.wide.contains_key(&a) || self.wide.contains_key(&b)) {
            return;
        }
        let (a, b) = (self.wide_value(a), self.wide_value(b));
        let wide = self.b().binary(op, a, b);
        self.wide.insert(result, wide);
    }

    /// An integer in 64 bits: its wide twin, where it has one.
    pub(crate) fn wide_value(&mut self, value: Value) -> Value {
        match self.wide.get(&value) {
            Some(wide) => *wide,
            None if self.func.ty(value).dtype() == Some(DType::I64) => value,
            None => self.b().cast(value, DType::I64),
        }
    }

    /// The declared narrow integer type of a loop's variable.
    fn counter_type(&self, target: &Expr) -> Option<(DType, std::sync::Arc<str>)> {
        let ExprKind::Name(name) = &target.kind else { return None };
        match self.declared(name)? {
            Declared::Scalar { dtype, name } if dtype.is_int() && dtype != DType::I64 => Some((dtype, name)),
            _ => None,
        }
    }

    /// Checks before a loop over a range that its counter fits the variable's type.
    pub(crate) fn check_counter(&mut self, target: &Expr, [start, stop, step]: [Value; 3]) {
        let Some((dtype, name)) = self.counter_type(target) else { return };
        let (low, high) = int_range(dtype);
        let high = i64::try_from(high).unwrap_or(i64::MAX);
        // The bound itself is never reached, and an empty loop counts nothing.
        let zero = self.b().i64(0);
        let up = self.b().compare(CompareOp::Gt, step, zero);
        let (first, last) = (self.b().select(up, start, stop), self.b().select(up, stop, start));
        let (least, most) =
            (self.b().i64((low as i64).saturating_sub(1)), self.b().i64(high.saturating_add(1)));
        let above = self.b().compare(CompareOp::Ge, first, least);
        let below = self.b().compare(CompareOp::Le, last, most);
        let inside = self.b().binary(Ir::And, above, below);
        let empty = self.b().compare(CompareOp::Ge, first, last);
        let fine = self.b().binary(Ir::Or, inside, empty);
        let message = format!("value too large to convert to {name}");
        self.check(fine, ExcClass::OVERFLOW, &message, Vec::new());
    }

    /// Whether the counter of `range(…)` is C's without a declaration: one of its bounds is a variable of C, and none is Python's.
    pub(crate) fn counts_in_c(&self, range: &Expr) -> bool {
        let ExprKind::Call(call) = &range.kind else { return false };
        let is_variable = |e: &Expr| matches!(&e.kind, ExprKind::Name(name) if self.declared(name).is_some_and(|ty| is_integer(&ty)));
        let is_literal = |e: &Expr| matches!(e.kind, ExprKind::Literal(Literal::Int(_)));
        self.is_c()
            && call.args.iter().any(is_variable)
            && call.args.iter().all(|e| is_variable(e) || is_literal(e))
    }

    /// The counter of a loop whose range [`Lowerer::check_counter`] has checked, as the variable's type.
    pub(crate) fn c_counter(&mut self, target: &Expr, iv: Value, span: Span) -> Operand {
        let Some((dtype, _)) = self.counter_type(target) else {
            return Operand::value(Ty::PyInt, iv, span);
        };
        let value = self.b().cast(iv, dtype);
        self.wide.insert(value, iv);
        Operand::value(Ty::Scalar(dtype), value, span)
    }

    /// A function of C's mathematical library: its arguments are converted to `double`, or to `float` for those whose
    /// names end in `f`; domain errors raise nothing.
    pub(crate) fn libc_math(&mut self, function: &str, args: Args) -> Result<Operand> {
        let (base, dtype) = libc_base(function);
        let Some((_, numpy)) = LIBC_MATH.iter().find(|(c, _)| *c == base) else {
            return Err(CTypeError::NoFunction { name: function.to_owned(), span: args.span }.into());
        };
        let name = if dtype == DType::F32 { "float" } else { "double" };
        let declared = Declared::Scalar { dtype, name: name.into() };
        let mut positional = Vec::new();
        for arg in &args.positional {
            positional.push(self.as_declared(&declared, arg, arg.span)?);
        }
        args.check_no_keywords(function)?;
        if let ("isinf", [x]) = (base, positional.as_slice()) {
            let x = self.cast_to(x, DType::F64)?;
            let sign = c_arithmetic::infinity_sign(&mut self.b(), x);
            return Ok(Operand::value(Ty::Scalar(DType::I32), sign, args.span));
        }
        let args = Args { positional, keywords: Vec::new(), span: args.span };
        crate::registry::call(self, numpy, args)
    }

    /// `<type>x`: C's conversion.
    pub(crate) fn cython_cast(&mut self, x: &Operand, dtype: DType, span: Span) -> Result<Operand> {
        let to = Ty::Scalar(dtype);
        if is_python_int(x) && dtype.is_int() && dtype != DType::I64 {
            // An object becomes a number of C by a conversion, which checks.
            self.check_range_of(x, dtype, element_name(dtype))?;
        }
        Ok(self.c_convert(x, &to)?.at(span))
    }

    /// `//` and `%` towards zero, as C has them; of floats also with Python's sign, as Cython computes them.
    pub(crate) fn c_division(&mut self, op: BinaryOp, a: Value, b: Value, dtype: DType) -> Value {
        let is_rest = op == BinaryOp::Mod;
        let cdivision = self.c_function().is_some_and(|c| c.cdivision);
        if dtype.is_float() {
            return c_arithmetic::divided_floats(&mut self.b(), is_rest, a, b, dtype, cdivision);
        }
        c_arithmetic::divided(&mut self.b(), is_rest, a, b)
    }

    /// Raises OverflowError where an operation of C's integers overflows, if it is asked for.
    pub(crate) fn check_overflow(&mut self, op: Ir, operands: (Value, Value), result: Value, common: &Ty) {
        let Some(dtype) = common.dtype().filter(|d| d.is_int()) else { return };
        if !self.options.overflowcheck || !self.is_c() || common.is_weak() {
            return;
        }
        let over = if op == Ir::Shl {
            c_arithmetic::shift_overflowed(&mut self.b(), operands.0, operands.1, dtype)
        } else {
            c_arithmetic::overflowed(&mut self.b(), op, operands, result, dtype)
        };
        let fine = self.b().unary(UnaryOp::Not, over);
        self.check(fine, ExcClass::OVERFLOW, "value too large", Vec::new());
    }

    /// A call that the driver wrote for an operator or block of the language.
    pub(crate) fn written_for_c(&mut self, name: &str, args: Args) -> Result<Operand> {
        match name {
            "cython.cast" => self.cast_c(args),
            "cython.view" => self.view_c(args),
            "cython.character" => {
                let span = args.span;
                let [number] = args.positional.as_slice() else { return Err(Error::Untyped) };
                let value = self.cast_to(number, DType::U32)?;
                Ok(Operand::value(Ty::Scalar(DType::U32), value, span))
            }
            _ => self.gil_block(args),
        }
    }

    /// A result for Python: C's numbers become Python's.
    pub(crate) fn cython_result(&mut self, operand: &Operand) -> Result<Operand> {
        match &operand.ty {
            Ty::Scalar(dtype) if *dtype != DType::U64 => {
                let weak = Ty::weak_of(*dtype);
                self.convert(operand, &weak)
            }
            Ty::Tuple(_) => {
                let items = self.items(operand);
                let items = items.iter().map(|i| self.cython_result(i)).collect::<Result<Vec<_>>>()?;
                Ok(Operand::tuple(items, operand.span))
            }
            Ty::CStruct(s) => {
                let (ty, address) = (CType::Struct(s.clone()), self.pointer_address(operand)?);
                self.python_of(address, &ty, operand.span)
            }
            Ty::StructView(view) => {
                let s = view.element.clone();
                let bytes = self.bytes_of_view(operand)?;
                Ok(crate::lower::structs::record(RecordKind::Structs(s), vec![bytes], operand.span))
            }
            Ty::Array(_) if self.is_frame_array(operand) => self.python_of_variable(operand),
            Ty::Pointer(p) => {
                let title = format!("Cannot convert '{p} *' to Python object");
                let help = "return what it points at, or its address: `<size_t>p`";
                Err(misuse(title, "Python has no pointers", help, operand.span))
            }
            _ => Ok(operand.clone()),
        }
    }
}

/// Functions of C's mathematical library, by name, and what computes them.
pub const LIBC_MATH: &[(&str, &str)] = &[
    ("sin", "numpy.sin"),
    ("cos", "numpy.cos"),
    ("tan", "numpy.tan"),
    ("asin", "numpy.arcsin"),
    ("acos", "numpy.arccos"),
    ("atan", "numpy.arctan"),
    ("atan2", "numpy.arctan2"),
    ("sinh", "numpy.sinh"),
    ("cosh", "numpy.cosh"),
    ("tanh", "numpy.tanh"),
    ("asinh", "numpy.arcsinh"),
    ("acosh", "numpy.arccosh"),
    ("atanh", "numpy.arctanh"),
    ("exp", "numpy.exp"),
    ("exp2", "numpy.exp2"),
    ("expm1", "numpy.expm1"),
    ("log", "numpy.log"),
    ("log2", "numpy.log2"),
    ("log10", "numpy.log10"),
    ("log1p", "numpy.log1p"),
    ("sqrt", "numpy.sqrt"),
    ("cbrt", "numpy.cbrt"),
    ("pow", "numpy.power"),
    ("hypot", "numpy.hypot"),
    ("fabs", "numpy.absolute"),
    ("floor", "numpy.floor"),
    ("ceil", "numpy.ceil"),
    ("trunc", "numpy.trunc"),
    ("rint", "numpy.rint"),
    ("nearbyint", "numpy.rint"),
    ("fmod", "numpy.fmod"),
    ("copysign", "numpy.copysign"),
    ("nextafter", "numpy.nextafter"),
    ("fmin", "numpy.fmin"),
    ("fmax", "numpy.fmax"),
    ("isnan", "numpy.isnan"),
    ("isinf", "numpy.isinf"),
    ("isfinite", "numpy.isfinite"),
    ("signbit", "numpy.signbit"),
    ("erf", "math.erf"),
    ("erfc", "math.erfc"),
];

/// The name in C of an operand of a floating type of C; what Python computed may be converted.
fn floating_type(operand: &Operand) -> Option<&'static str> {
    match &operand.ty {
        Ty::Scalar(DType::F32) => Some("float"),
        Ty::Scalar(DType::F64) => Some("double"),
        Ty::PyFloat if operand.constant.is_some() => Some("double"),
        Ty::Scalar(DType::C128) => Some("double complex"),
        Ty::Scalar(DType::C64) => Some("float complex"),
        _ => None,
    }
}

/// Whether an operand is an integer of Python, and no literal, whose type depends on what it meets.
fn is_python_int(operand: &Operand) -> bool {
    operand.ty == Ty::PyInt && operand.constant.is_none()
}

fn is_integer(ty: &Declared) -> bool {
    matches!(ty, Declared::Scalar { dtype, .. } if dtype.is_int() && *dtype != DType::U64)
}

/// Whether an integer literal takes part in a computation.
fn has_literal(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Literal(Literal::Int(_)) => true,
        ExprKind::Binary { left, right, .. } => has_literal(left) || has_literal(right),
        ExprKind::Unary { operand, .. } => has_literal(operand),
        _ => false,
    }
}

/// The C type of a scalar operand.
fn c_type(operand: &Operand) -> Option<DType> {
    Some(match &operand.ty {
        Ty::PyBool => DType::I32,
        Ty::PyInt => match operand.const_int() {
            // Cython writes negative ones as `long`.
            Some(n) if n >= 0 && fits(n, DType::I32) => DType::I32,
            _ => DType::I64,
        },
        Ty::PyFloat => DType::F64,
        Ty::PyComplex => DType::C128,
        Ty::Scalar(d) => *d,
        _ => return None,
    })
}

/// C's usual arithmetic conversions.
fn usual(a: DType, b: DType) -> DType {
    if a.is_complex() || b.is_complex() {
        let single = |d: DType| matches!(d, DType::C64 | DType::F32) || d.size() < 4;
        return if single(a) && single(b) { DType::C64 } else { DType::C128 };
    }
    if a == DType::F64 || b == DType::F64 {
        return DType::F64;
    }
    if a.is_float() || b.is_float() {
        return DType::F32;
    }
    let promote = |d: DType| if d.size() < 4 { DType::I32 } else { d };
    let (a, b) = (promote(a), promote(b));
    match (a.size().cmp(&b.size()), a.is_unsigned()) {
        (std::cmp::Ordering::Greater, _) | (std::cmp::Ordering::Equal, true) => a,
        _ => b,
    }
}

/// An integer reduced to the range of a type.
fn wrapped(n: i128, dtype: DType) -> i128 {
    let bits = dtype.bits();
    let low = n & ((1 << bits) - 1);
    if dtype.is_signed() && low >> (bits - 1) != 0 { low - (1 << bits) } else { low }
}

/// The function of doubles that one of C's mathematical library is, and of what numbers it is.
fn libc_base(function: &str) -> (&str, DType) {
    let is_single =
        function.len() > 3 && function.ends_with('f') && !LIBC_MATH.iter().any(|(c, _)| *c == function);
    match function.strip_suffix('f').filter(|_| is_single) {
        Some(base) => (base, DType::F32),
        None => (function, DType::F64),
    }
}

/// The types of a function of C's mathematical library that has an address.
pub(crate) fn libc_params(function: &str) -> Option<(Vec<CType>, CType)> {
    let (base, dtype) = libc_base(function);
    LIBC_MATH.iter().find(|(c, _)| *c == base)?;
    let n = match base {
        // Macros.
        "isnan" | "isinf" | "isfinite" | "signbit" => return None,
        "pow" | "atan2" | "hypot" | "fmod" | "copysign" | "nextafter" | "fmin" | "fmax" => 2,
        _ => 1,
    };
    Some((vec![CType::Scalar(dtype); n], CType::Scalar(dtype)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_are_those_of_c() {
        assert_eq!(usual(DType::I8, DType::U8), DType::I32);
        assert_eq!(usual(DType::I32, DType::U32), DType::U32);
        assert_eq!(usual(DType::U32, DType::I64), DType::I64);
        assert_eq!(usual(DType::U64, DType::I64), DType::U64);
        assert_eq!(usual(DType::I64, DType::F32), DType::F32);
        assert_eq!(usual(DType::F32, DType::F64), DType::F64);
        assert_eq!(usual(DType::F32, DType::C64), DType::C64);
        assert_eq!(wrapped(300, DType::U8), 44);
        assert_eq!(wrapped(200, DType::I8), -56);
        assert_eq!(wrapped(-1, DType::U32), 0xffff_ffff);
    }
}
