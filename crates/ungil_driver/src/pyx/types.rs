//! C types as the compiler declares them.
//!
//! Types are texts that the extension module reads: `int32`, `float64[:, ::1]`, `const float64[:]`, `bint`, `void`,
//! `object`, each with its name in C for messages. Sizes are those of 64-bit Linux.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_syntax::ast::cython::{
    CType, CTypeKind, CythonExpr, CythonStmt, Declarator, DeclaratorKind, ExceptionSpec, Sign, Suffix, Tag,
    TypeArgument,
};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::{BinaryOp, UnaryOp};
use ungil_syntax::ast::stmt::{Stmt, StmtKind};

use super::error::{unknown_type, unsupported};
use super::functions::NDARRAY;
use super::values::kind::c_name;

/// A type: what it is to the compiler, and its name in C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub text: String,
    pub name: String,
}

/// The names of types that a module sees.
#[derive(Clone, Debug, Default)]
pub struct Types {
    names: HashMap<String, Known>,
    /// Values of constants, for lengths of arrays.
    constants: HashMap<String, i64>,
    /// Variables in memory of C that are declared elsewhere: in a `.pxd` file, or in a text that includes this one.
    data: Vec<(String, Known)>,
    /// Which alternative of a fused type is meant; the first, where nothing is said.
    chosen: HashMap<String, usize>,
    /// Fused types in the order in which they were looked up.
    used: RefCell<Vec<(String, String)>>,
    /// Names that the module has from elsewhere, where they are known.
    around: Option<HashSet<String>>,
    /// Whether options say that integers are divided as in C.
    divides_as_c: bool,
    /// Whether what is declared now is C's, which does not raise unless it says so.
    is_extern: bool,
    /// Whether the text is of level 2.
    is_level_two: bool,
}

/// Types of C and of Cython by name.
const BUILT_IN: &[(&str, &str)] = &[
    ("Py_ssize_t", "int64"),
    ("Py_hash_t", "int64"),
    ("ssize_t", "int64"),
    ("size_t", "uint64"),
    ("ptrdiff_t", "int64"),
    ("Py_UCS4", "uint32"),
    ("Py_UNICODE", "uint32"),
    ("bint", "bint"),
    ("void", "void"),
];

/// Names of Python's types, whose values are objects.
const OBJECTS: &[&str] = &[
    "object",
    "list",
    "tuple",
    "dict",
    "set",
    "frozenset",
    "str",
    "bytes",
    "bytearray",
    "bool",
    "unicode",
    "type",
    "slice",
    "complex",
    "memoryview",
    "Exception",
    "basestring",
];

fn known(text: &str, name: &str) -> Known {
    Known { text: text.to_owned(), name: name.to_owned() }
}

impl Types {
    /// Adds a name.
    pub fn add(&mut self, name: &str, text: &str, c_name: &str) {
        self.names.insert(name.to_owned(), known(text, c_name));
    }

    /// Tells of a variable in memory of C that is declared elsewhere.
    pub fn add_data(&mut self, name: &str, text: &str, c_name: &str) {
        self.data.push((name.to_owned(), known(text, c_name)));
    }

    pub fn data(&self) -> &[(String, Known)] {
        &self.data
    }

    /// Tells the names that the module has from elsewhere: others that it does not bind are errors, unless `*` is among them.
    /// Without them mistakes that need to know all names are not looked for.
    pub fn surround(&mut self, names: HashSet<String>) {
        self.around = Some(names);
    }

    /// Tells that options make integers divide as in C.
    pub fn divide_as_c(&mut self) {
        self.divides_as_c = true;
    }

    /// Tells that the text is of level 2.
    pub fn set_level_two(&mut self, is_level_two: bool) {
        self.is_level_two = is_level_two;
    }

    pub fn is_level_two(&self) -> bool {
        self.is_level_two
    }

    pub fn divides_as_c(&self) -> bool {
        self.divides_as_c
    }

    /// Tells whether what is declared from now on is C's; what held before.
    pub fn set_extern(&mut self, is_extern: bool) -> bool {
        std::mem::replace(&mut self.is_extern, is_extern)
    }

    /// Whether who calls a function of a type looks for an exception.
    fn raises(&self, suffix: &Suffix) -> bool {
        match suffix.exception {
            ExceptionSpec::Default => !self.is_extern,
            ExceptionSpec::Check | ExceptionSpec::Value { .. } => true,
            ExceptionSpec::Never | ExceptionSpec::Cpp { .. } => false,
        }
    }

    pub fn surroundings(&self) -> Option<&HashSet<String>> {
        self.around.as_ref()
    }

    /// Whether a name is that of a type or a constant.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains_key(name) || self.constants.contains_key(name) || self.chosen.contains_key(name)
    }

    /// All names that were added.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Known)> {
        self.names.iter()
    }

    /// The type of a base type and a declarator.
    pub fn declared(&self, base: &CType, declarator: &Declarator) -> Result<Known, Diagnostic> {
        let constant = is_const(base);
        let base = self.base(base)?;
        self.around(base, constant, declarator, false)
    }

    /// The type of what a function returns.
    pub fn returned(&self, base: &CType, declarator: &Declarator) -> Result<Known, Diagnostic> {
        let constant = is_const(base);
        let base = self.base(base)?;
        self.around(base, constant, declarator, true)
    }

    /// A base type with the layers of a declarator around a name, from outside in; `is_result`: up to the function's.
    fn around(
        &self,
        base: Known,
        constant: bool,
        declarator: &Declarator,
        is_result: bool,
    ) -> Result<Known, Diagnostic> {
        let stars = |name: &str| if name.ends_with('*') { "*" } else { " *" };
        match &declarator.kind {
            DeclaratorKind::Name { .. } => Ok(base),
            DeclaratorKind::Array { inner, size } => {
                if !is_c(&base.text) {
                    let help = Some("use a list, or a memoryview");
                    return Err(unsupported("arrays of this type are", declarator.span, help));
                }
                let known = match size.as_deref().and_then(|size| self.constant(size)) {
                    Some(n) if n > 0 => {
                        known(&format!("[{n}]{}", base.text), &format!("{} [{n}]", base.name))
                    }
                    // Of a parameter.
                    None if size.is_none() => {
                        known(&format!("*{}", base.text), &format!("{}{}", base.name, stars(&base.name)))
                    }
                    _ => {
                        let help = Some("give its length as a constant, or use a memoryview");
                        return Err(unsupported("an array of this size is", declarator.span, help));
                    }
                };
                self.around(known, false, inner, is_result)
            }
            DeclaratorKind::Pointer { is_const, inner } => {
                if base.text == "object"
                    || base.text.starts_with("view ")
                    || base.text.ends_with(']') && !base.text.starts_with('[')
                {
                    let help = Some("use the object itself");
                    return Err(unsupported("pointers to Python objects are", declarator.span, help));
                }
                let target = if constant { "const " } else { "" };
                let name = format!("{}{}", base.name, stars(&base.name));
                self.around(known(&format!("*{target}{}", base.text), &name), *is_const, inner, is_result)
            }
            DeclaratorKind::Reference { .. } => {
                Err(unsupported("references of C++ are", declarator.span, None))
            }
            DeclaratorKind::Function { inner, .. } if is_result && inner.is_plain() => Ok(base),
            DeclaratorKind::Function { inner, params, is_variadic, suffix } => {
                let (mut texts, mut names) = (Vec::new(), Vec::new());
                for p in params {
                    let mut param = decayed(self.declared(&p.base, &p.declarator)?);
                    if param.text == "object" {
                        param.text = "@object".to_owned();
                    }
                    if !is_c(&param.text) {
                        let help = Some(
                            "numbers, pointers and objects can be passed through a pointer to a function",
                        );
                        return Err(unsupported("this parameter of a function pointer is", p.span, help));
                    }
                    texts.push(param.text);
                    names.push(param.name);
                }
                if *is_variadic {
                    texts.push("@...".to_owned());
                    names.push("...".to_owned());
                }
                let ret = if base.text == "object" { "@object" } else { &*base.text };
                if !is_c(ret) && ret != "void" {
                    return Err(unsupported("this result of a function pointer is", declarator.span, None));
                }
                // Functions themselves are called by other ways than pointers.
                let mark = if !inner.is_plain() && self.raises(suffix) { "!" } else { "" };
                let text = format!("fn({}){mark}{ret}", texts.join(","));
                let name = format!("{} ({})", base.name, names.join(", "));
                self.around(known(&text, &name), false, inner, is_result)
            }
        }
    }

    /// A length: a number, or a constant of the module.
    fn constant(&self, size: &Expr) -> Option<i64> {
        match &size.kind {
            ExprKind::Name(name) => self.constants.get(&**name).copied(),
            ExprKind::Binary { left, op, right } => {
                let (a, b) = (self.constant(left)?, self.constant(right)?);
                match op {
                    BinaryOp::Add => a.checked_add(b),
                    BinaryOp::Sub => a.checked_sub(b),
                    BinaryOp::Mult => a.checked_mul(b),
                    BinaryOp::FloorDiv | BinaryOp::Div if b > 0 => Some(a.div_euclid(b)),
                    BinaryOp::Mod if b > 0 => Some(a.rem_euclid(b)),
                    BinaryOp::LShift if (0..63).contains(&b) => {
                        a.checked_shl(b as u32).filter(|n| n >> b == a)
                    }
                    BinaryOp::RShift if (0..64).contains(&b) => Some(a >> b),
                    BinaryOp::BitOr => Some(a | b),
                    BinaryOp::BitAnd => Some(a & b),
                    BinaryOp::BitXor => Some(a ^ b),
                    _ => None,
                }
            }
            ExprKind::Unary { op: UnaryOp::Neg, operand } => self.constant(operand)?.checked_neg(),
            ExprKind::Unary { op: UnaryOp::Pos, operand } => self.constant(operand),
            ExprKind::Unary { op: UnaryOp::Invert, operand } => Some(!self.constant(operand)?),
            ExprKind::Cython(inner) => match &**inner {
                CythonExpr::SizeOf(argument) => {
                    let known = self.argument(argument).ok()?;
                    ungil_sema::c_text::parse_c_text(&known.text)?
                        .size()
                        .and_then(|size| i64::try_from(size).ok())
                }
                CythonExpr::Cast { ty, value, .. } => {
                    let known = self.declared(&ty.base, &ty.declarator).ok()?;
                    wrapped(self.constant(value)?, &known.text)
                }
                _ => integer(size),
            },
            _ => integer(size),
        }
    }

    /// Keeps the value of a constant, for lengths of arrays.
    pub fn add_constant(&mut self, name: &str, value: &Expr) -> Option<i64> {
        let value = self.constant(value)?;
        self.constants.insert(name.to_owned(), value);
        Some(value)
    }

    /// Keeps the value of a constant that counts on from the last one.
    pub fn set_constant(&mut self, name: &str, value: i64) {
        self.constants.insert(name.to_owned(), value);
    }

    /// What the number that a member's text ends in is called, if otherwise than its type is.
    fn number_name(&self, base: &CType, text: &str) -> Option<String> {
        let known = self.base(base).ok().filter(|known| is_number(&known.text))?;
        let is_plain = c_name(&known.text) == known.name;
        let of_numbers =
            text == known.text || text.starts_with('[') && text.ends_with(&format!("]{}", known.text));
        (of_numbers && !is_plain).then_some(known.name)
    }

    /// The definition of a struct or union, whose members come one after the other; their names and the texts of their
    /// types.
    pub fn aggregate(
        &mut self,
        (tag, is_packed): (Tag, bool),
        name: &str,
        body: &[Stmt],
    ) -> Result<Vec<(String, String)>, Diagnostic> {
        self.add(name, &format!("@{name}"), name);
        let mut found = Vec::new();
        let mut members = String::new();
        for stmt in body {
            let StmtKind::Cython(inner) = &stmt.kind else { continue };
            let CythonStmt::Declare { base, declarators, .. } = &**inner else { continue };
            for declarator in declarators {
                let Some(member) = declarator.name() else { continue };
                let ty = self.declared(base, declarator)?;
                let help = Some("members are numbers, pointers, arrays and other structs");
                if ty.text == "object" || is_data(&ty.text) && !is_c(&ty.text) {
                    let what = if ty.text == "object" { "Python object" } else { "memory view" };
                    let title = format!("C struct/union member cannot be a {what}");
                    let error = Diagnostic::error(Code("U0801"), title);
                    return Err(error
                        .primary(declarator.span, "declared here")
                        .help("keep a pointer in it, or an index into what holds the objects"));
                }
                if !is_c(&ty.text) || ty.text.starts_with('@') {
                    return Err(unsupported("a member of this type is", declarator.span, help));
                }
                let c_name =
                    self.number_name(base, &ty.text).map_or_else(String::new, |name| format!("={name}"));
                members.push_str(&format!("{} {}{c_name};", member.name, ty.text));
                found.push((member.name.to_string(), ty.text));
            }
        }
        let keyword = match (tag, is_packed) {
            (Tag::Union, _) => "union",
            (Tag::Struct, true) => "packed struct",
            (Tag::Struct, false) => "struct",
        };
        self.add(name, &format!("{keyword} {name}{{{members}}}"), name);
        Ok(found)
    }

    /// A base type alone.
    pub fn base(&self, ty: &CType) -> Result<Known, Diagnostic> {
        match &ty.kind {
            CTypeKind::Implicit => Ok(known("object", "object")),
            CTypeKind::Basic { name, longs: 1, .. } if &*name.name == "double" => {
                let help = Some("use `double`, which has 53 of its 64 bits");
                Err(unsupported("`long double` is", ty.span, help))
            }
            CTypeKind::Basic { name, sign, longs, complex } => {
                basic(&name.name, *sign, *longs, *complex).ok_or_else(|| unknown_type(&name.name, ty.span))
            }
            CTypeKind::Named(name) => self.named(&name.name).ok_or_else(|| unknown_type(&name.name, ty.span)),
            CTypeKind::Qualified { is_const: true, base, .. } => {
                let inner = self.base(base)?;
                Ok(known(&inner.text, &format!("const {}", inner.name)))
            }
            CTypeKind::Qualified { base, .. } => self.base(base),
            CTypeKind::View { base, axes } => self.view(base, axes),
            CTypeKind::Template { base, args, keywords } => self.buffer(ty, base, args, keywords),
            CTypeKind::Tuple(items) => {
                let (mut texts, mut names) = (Vec::new(), Vec::new());
                for item in items {
                    let part = self.declared(&item.base, &item.declarator)?;
                    if !(is_number(&part.text) || part.text == "bint" || part.text.starts_with('(')) {
                        let help = Some("tuples of numbers work");
                        return Err(unsupported("C tuples of this type are", item.base.span, help));
                    }
                    texts.push(part.text);
                    names.push(part.name);
                }
                Ok(known(&format!("({})", texts.join(", ")), &format!("({})", names.join(", "))))
            }
            CTypeKind::Nested { .. } => Err(unsupported("types of C++ are", ty.span, None)),
        }
    }

    /// Which alternatives of fused types are meant.
    pub fn choose(&mut self, chosen: HashMap<String, usize>) {
        self.chosen = chosen;
    }

    /// Whether it is said which alternatives of fused types are meant.
    pub fn has_choice(&self) -> bool {
        !self.chosen.is_empty()
    }

    /// The fused types that were looked up since this was asked last: names, and their texts.
    pub fn take_used(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.used.borrow_mut())
    }

    /// The name in C of a type.
    pub fn c_name(&self, name: &str) -> Option<String> {
        let found = self.names.get(name).cloned().or_else(|| match name {
            "short" => basic("int", Sign::Plain, -1, false),
            "long" => basic("int", Sign::Plain, 1, false),
            name => basic(name, Sign::Plain, 0, false),
        });
        found.filter(|known| !known.text.starts_with("fused ")).map(|known| known.name)
    }

    /// The text of a type of C by its name alone.
    pub fn basic_text(&self, name: &str) -> Option<String> {
        let found = match name {
            "short" => basic("int", Sign::Plain, -1, false),
            "long" => basic("int", Sign::Plain, 1, false),
            name => basic(name, Sign::Plain, 0, false),
        };
        found.map(|known| known.text)
    }

    /// Defines a fused type.
    pub fn fuse(&mut self, name: &str, types: &[CType]) -> Result<(), Diagnostic> {
        let mut alternatives: Vec<String> = Vec::new();
        let mut wrong = None;
        for ty in types {
            let known = match self.base(ty) {
                Ok(known) => known,
                Err(error) => {
                    wrong = wrong.or(Some(error));
                    continue;
                }
            };
            // Fused types among the alternatives are taken apart.
            let text = format!("{}={}", known.text, known.name);
            if !alternatives.contains(&text) {
                alternatives.push(text);
            }
        }
        if !alternatives.is_empty() {
            self.add(name, &format!("fused {name}|{}", alternatives.join("|")), name);
        }
        wrong.map_or(Ok(()), Err)
    }

    /// Whether a type is another one, or one of a fused type's; `None` if the first is not a fused type.
    pub fn is_one_of(&self, left: &str, right: &Expr) -> Option<bool> {
        if !self.names.get(left)?.text.starts_with("fused ") {
            return None;
        }
        let left = self.named(left)?;
        if let Some(right) = self.view_named(right) {
            return Some(left == right);
        }
        let name = dotted(right).or_else(|| string(right))?;
        if let Some(found) = self.names.get(&name)
            && found.text.starts_with("fused ")
        {
            return Some(alternatives(&found.text).contains(&left));
        }
        let right = self.named(&name).or_else(|| basic(&name, Sign::Plain, 0, false));
        let right = right.or_else(|| match name.as_str() {
            "short" => basic("int", Sign::Plain, -1, false),
            "long" => basic("int", Sign::Plain, 1, false),
            _ => None,
        })?;
        Some(
            left.text == right.text
                && (left.name == right.name
                    || left.text != "object" && !(is_own_type(&left.name) && is_own_type(&right.name))),
        )
    }

    /// The memoryview that an expression names: `double[:, ::1]`.
    fn view_named(&self, expr: &Expr) -> Option<Known> {
        let ExprKind::Subscript { value, index } = &expr.kind else { return None };
        let name = dotted(value)?;
        let element = self.named(&name).or_else(|| basic(&name, Sign::Plain, 0, false))?;
        let axes: Vec<&Expr> = match &index.kind {
            ExprKind::Tuple(items) => items.iter().collect(),
            _ => vec![index],
        };
        let axis = |axis: &&Expr| match &axis.kind {
            ExprKind::Slice { lower: None, upper: None, step } => match step.as_deref().map(integer) {
                None => Some(":"),
                Some(step) => (step == Some(1)).then_some("::1"),
            },
            _ => None,
        };
        let axes: Option<Vec<&str>> = axes.iter().map(axis).collect();
        Some(known(&format!("{}[{}]", element.text, axes?.join(", ")), &element.name))
    }

    /// What the signatures of functions with fused types call the type that an expression names.
    pub fn name_in_signature(&self, expr: &Expr) -> Option<String> {
        match self.view_named(expr) {
            Some(view) => {
                let axes = view.text.find('[').map_or("", |at| &view.text[at..]);
                Some(format!("{}{axes}", view.name))
            }
            None => dotted(expr).and_then(|name| self.c_name(&name)),
        }
    }

    /// The type of a name, where the module gave it one.
    pub fn known(&self, name: &str) -> Option<Known> {
        self.names.get(name).and_then(|_| self.named(name))
    }

    fn named(&self, name: &str) -> Option<Known> {
        if let Some(found) = self.names.get(name) {
            if found.text.starts_with("fused ") {
                let list = alternatives(&found.text);
                let mut used = self.used.borrow_mut();
                let key = found.text["fused ".len()..].split('|').next().unwrap_or(name).to_owned();
                let chosen = self.chosen.get(&key).copied().unwrap_or(0);
                if !used.iter().any(|(known, _)| *known == key) {
                    used.push((key, found.text.clone()));
                }
                return list.get(chosen).cloned();
            }
            return Some(found.clone());
        }
        OBJECTS.contains(&name).then(|| known("object", name))
    }

    fn view(&self, base: &CType, axes: &[Expr]) -> Result<Known, Diagnostic> {
        let mut element = self.base(base)?;
        if element.text == "bint" {
            // Its name tells that elements are truth values.
            element.text = "int32".to_owned();
        }
        let is_other = is_aggregate(&element.text) || element.text == "object";
        if !is_number(&element.text) && !is_other {
            return Err(unsupported("memoryviews of this type are", base.span, None));
        }
        let last = axes.len() - 1;
        let mut texts = Vec::new();
        for (i, axis) in axes.iter().enumerate() {
            let ExprKind::Slice { lower: None, upper: None, step } = &axis.kind else {
                return Err(unsupported(
                    "this axis of a memoryview is",
                    axis.span,
                    Some("write `:` or `::1`"),
                ));
            };
            texts.push(match step.as_deref() {
                None => ":",
                Some(step) if integer(step) == Some(1) && (i == last || i == 0) => "::1",
                Some(step) => axis_named(step, axes.len())?,
            });
        }
        let is_const = matches!(&base.kind, CTypeKind::Qualified { is_const: true, .. });
        let prefix = if is_const { "const " } else { "" };
        let text = match is_other {
            true => format!("view {prefix}{}|{}", texts.join(", "), element.text),
            false => format!("{prefix}{}[{}]", element.text, texts.join(", ")),
        };
        Ok(known(&text, &element.name))
    }

    /// `object[double, ndim=2, mode="c"]` and `np.ndarray[np.float64_t, ndim=2]`.
    fn buffer(
        &self,
        ty: &CType,
        base: &CType,
        args: &[TypeArgument],
        keywords: &[(ungil_syntax::ast::name::Ident, TypeArgument)],
    ) -> Result<Known, Diagnostic> {
        let is_buffer = matches!(&base.kind, CTypeKind::Named(name)
            if &*name.name == "object" || name.name.ends_with("ndarray"));
        if let (false, [TypeArgument::Expr(size)], true) = (is_buffer, args, keywords.is_empty()) {
            let element = self.base(base)?;
            if let (Some(n @ 1..), true) = (self.constant(size), is_c(&element.text)) {
                return Ok(known(&format!("[{n}]{}", element.text), &format!("{} [{n}]", element.name)));
            }
        }
        if !is_buffer && args.is_empty() && keywords.is_empty() {
            // A parameter without a name: `double[]`.
            let element = self.base(base)?;
            if is_c(&element.text) {
                let target = if is_const(base) { "const " } else { "" };
                return Ok(known(&format!("*{target}{}", element.text), &format!("{} *", element.name)));
            }
        }
        if !is_buffer {
            return Err(unsupported("templates and arrays of this kind are", ty.span, None));
        }
        let by_name = keywords.iter().find(|(name, _)| &*name.name == "dtype").map(|(_, value)| value);
        let given: Vec<&TypeArgument> = args.iter().chain(by_name).collect();
        let [element] = given.as_slice() else {
            return Err(unsupported("this buffer type is", ty.span, Some("write `object[double, ndim=1]`")));
        };
        let element = self.argument(element)?;
        let (mut ndim, mut mode, mut casts) = (1, None, false);
        for (name, value) in keywords {
            match (&*name.name, value) {
                ("ndim", TypeArgument::Expr(value)) => ndim = integer(value).unwrap_or(0),
                ("mode", TypeArgument::Expr(value)) => mode = string(value),
                ("cast", TypeArgument::Expr(value)) => casts = is_true(value),
                ("negative_indices" | "cast" | "dtype", _) => {}
                _ => return Err(unsupported("this option of a buffer is", name.span, None)),
            }
        }
        let is_object = matches!(&base.kind, CTypeKind::Named(name) if &*name.name == "object");
        if (1..=8).contains(&ndim) && element.text == "object" && !is_object {
            let axes = vec![":"; ndim as usize].join(", ");
            return Ok(known(&format!("view {axes}|object"), NDARRAY));
        }
        let is_of_structs = is_aggregate(&element.text);
        if !(1..=8).contains(&ndim) || !(is_number(&element.text) || is_of_structs) {
            return Err(unsupported("this buffer type is", ty.span, None));
        }
        // What is declared as an object takes any, what is declared as an array takes arrays only.
        let taken = if casts { "cast " } else { "" };
        let of_object = if is_object { "object " } else { "" };
        let name = format!("{of_object}{taken}{}", element.name);
        let mut axes = vec![":"; ndim as usize];
        match mode.as_deref() {
            Some("c") => axes[ndim as usize - 1] = "::1",
            Some("fortran") => axes[0] = "::1",
            _ => {}
        }
        if is_of_structs {
            let name = if is_object { element.name } else { NDARRAY.to_owned() };
            return Ok(known(&format!("view {}|{}", axes.join(", "), element.text), &name));
        }
        Ok(known(&format!("buffer {}[{}]", element.text, axes.join(", ")), &name))
    }

    fn argument(&self, argument: &TypeArgument) -> Result<Known, Diagnostic> {
        match argument {
            TypeArgument::Type(ty) => self.declared(&ty.base, &ty.declarator),
            TypeArgument::Expr(expr) => {
                let name = dotted(expr).unwrap_or_default();
                self.named(&name).ok_or_else(|| unknown_type(&name, expr.span))
            }
        }
    }
}

/// Whether a name is that of a type of its own, not one that `ctypedef` gives to another.
fn is_own_type(name: &str) -> bool {
    const WORDS: [&str; 10] =
        ["signed", "unsigned", "char", "short", "int", "long", "float", "double", "complex", "PY_LONG_LONG"];
    const NAMES: [&str; 5] = ["Py_ssize_t", "Py_hash_t", "ssize_t", "size_t", "ptrdiff_t"];
    NAMES.contains(&name) || name.split(' ').all(|word| WORDS.contains(&word))
}

/// The alternatives of a fused type.
fn alternatives(text: &str) -> Vec<Known> {
    let parts = text.split('|').skip(1);
    parts.filter_map(|part| part.rsplit_once('=')).map(|(text, name)| known(text, name)).collect()
}

/// Whether a type's text is that of a number.
pub fn is_number(text: &str) -> bool {
    !text.contains(['[', ' ', '*', '@', '(', '{', '|']) && !matches!(text, "object" | "void" | "bint")
}

/// The text of an axis that `cython.view` has a name for.
fn axis_named(step: &Expr, ndim: usize) -> Result<&'static str, Diagnostic> {
    let name = dotted(step);
    match name.as_deref().map(|name| name.rsplit('.').next().unwrap_or(name)) {
        Some("strided" | "generic") => Ok(":"),
        // Beside others such an axis says nothing about them, for which there is no layout.
        Some("contiguous" | "generic_contiguous") => Ok(if ndim == 1 { "::1" } else { ":" }),
        Some(name) if name.starts_with("indirect") => {
            let help = Some("copy the rows into one array; write `:` or `::1`");
            Err(unsupported("memoryviews through pointers to their rows are", step.span, help))
        }
        _ => Err(unsupported("this axis of a memoryview is", step.span, Some("write `:` or `::1`"))),
    }
}

/// Whether a type's text is that of a value of C: a number, pointer, array or struct.
pub fn is_c(text: &str) -> bool {
    is_number(text) || text == "bint" || is_constructed(text)
}

/// Whether variables of the module of this type live in memory of C: numbers, pointers, arrays, structs and views of
/// what is no Python object.
pub fn is_data(text: &str) -> bool {
    let is_object = text.starts_with("view ") && text.ends_with("|object");
    let is_view = text.starts_with("view ") || text.ends_with(']') && !text.starts_with("buffer ");
    is_c(text) || text == "bint" || is_view && !is_object
}

/// Whether a type's text is that of a pointer, array, struct or function.
pub fn is_constructed(text: &str) -> bool {
    text.starts_with(['*', '[', '@'])
        || ["struct ", "union ", "packed ", "fn("].iter().any(|word| text.starts_with(word))
}

/// Whether a type's text is that of a struct or union.
pub fn is_aggregate(text: &str) -> bool {
    text.starts_with('@') || ["struct ", "union ", "packed "].iter().any(|word| text.starts_with(word))
}

/// The type of a parameter: arrays are passed as pointers.
pub fn decayed(ty: Known) -> Known {
    match ty.text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, element)) => known(&format!("*{element}"), &ty.name),
        None => ty,
    }
}

fn is_const(ty: &CType) -> bool {
    matches!(&ty.kind, CTypeKind::Qualified { is_const: true, .. })
}

fn basic(name: &str, sign: Sign, longs: i8, complex: bool) -> Option<Known> {
    if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
        return Some(known(text, name));
    }
    let unsigned = sign == Sign::Unsigned;
    let u = if unsigned { "u" } else { "" };
    let prefix = match sign {
        Sign::Plain => "",
        Sign::Signed => "signed ",
        Sign::Unsigned => "unsigned ",
    };
    Some(match (name, longs, complex) {
        ("char", 0, _) => known(&format!("{u}int8"), &format!("{prefix}char")),
        ("int", -1, _) => known(&format!("{u}int16"), &format!("{prefix}short")),
        ("int", 0, _) => known(&format!("{u}int32"), &format!("{prefix}int")),
        ("int", 1, _) => known(&format!("{u}int64"), &format!("{prefix}long")),
        ("int", 2, _) => {
            known(&format!("{u}int64"), if unsigned { "unsigned PY_LONG_LONG" } else { "PY_LONG_LONG" })
        }
        ("float", 0, false) => known("float32", "float"),
        ("double", 0, false) => known("float64", "double"),
        ("float", 0, true) => known("complex64", "float complex"),
        ("double", 0, true) => known("complex128", "double complex"),
        _ => return None,
    })
}

/// A constant as an integer type of C holds it.
fn wrapped(value: i64, text: &str) -> Option<i64> {
    Some(match text {
        "int8" => i64::from(value as i8),
        "uint8" => i64::from(value as u8),
        "int16" => i64::from(value as i16),
        "uint16" => i64::from(value as u16),
        "int32" => i64::from(value as i32),
        "uint32" => i64::from(value as u32),
        "int64" => value,
        "uint64" => return (value >= 0).then_some(value),
        _ => return None,
    })
}

/// The value of an integer literal.
pub fn integer(expr: &Expr) -> Option<i64> {
    match &expr.kind {
        ExprKind::Literal(Literal::Int(n)) => Some(*n),
        ExprKind::Unary { op: UnaryOp::Neg, operand } => integer(operand).and_then(i64::checked_neg),
        ExprKind::Cython(inner) => match &**inner {
            CythonExpr::Integer { value: Literal::Int(n), .. } => Some(*n),
            CythonExpr::Char(byte) => Some(i64::from(*byte)),
            _ => None,
        },
        _ => None,
    }
}

fn is_true(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Literal(Literal::Bool(true))) || integer(expr).is_some_and(|n| n != 0)
}

fn string(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Literal(Literal::Str(text)) => text.as_str().map(str::to_owned),
        _ => None,
    }
}

/// `a.b.c` as text.
pub fn dotted(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Attribute { value, attr } => Some(format!("{}.{}", dotted(value)?, attr.name)),
        _ => None,
    }
}
