//! The plan of a module: its plain text and its declarations.

use std::collections::BTreeMap;

use ungil_diag::diagnostic::{Diagnostic, Diagnostics, Severity};
use ungil_diag::source::SourceFile;
use ungil_diag::span::SourceId;
use ungil_syntax::ast::cython::{CType, CythonStmt, Declarator, DeclaratorKind, EnumItem, Tag, Visibility};
use ungil_syntax::ast::name::Ident;
use ungil_syntax::ast::stmt::{Alias, Stmt, StmtKind};
use ungil_syntax::check::check_module;
use ungil_syntax::directive::Setting;
use ungil_syntax::parser::{CythonOptions, LanguageLevel, parse_cython};

use super::directives::{Aliases, Directive};
use super::error::unsupported;
use super::functions::{self, Around};
use super::plain::plain;
use super::reachable::reachable;
use super::signature::Signature;
use super::types::{Known, Types, is_aggregate, is_data};

/// A parameter's declaration.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    pub ty: Option<Known>,
    /// `not None`
    pub not_none: bool,
    /// The fused type in its type.
    pub fused: Option<String>,
}

/// A function of the module's top level.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: String,
    /// Of its `def`.
    pub line: u32,
    /// `def`, `cdef` or `cpdef`.
    pub kind: &'static str,
    pub params: Vec<Parameter>,
    pub locals: BTreeMap<String, Known>,
    pub ret: Option<Known>,
    /// Fused types of its parameters, in their order: names and texts.
    pub fused: Vec<(String, String)>,
    pub directives: Vec<Directive>,
    /// Whether it must be compiled because it gives up the lock.
    pub releases_gil: bool,
    /// Whether it gives up the lock itself.
    pub gives_up: bool,
    /// Whether it takes the lock somewhere, for which it may need to be compiled for objects.
    pub takes_gil: bool,
    /// Whether a function inside has declarations or directives of its own.
    pub declares_inside: bool,
    /// Variables that arithmetic uses which may overflow.
    pub overflowing: Vec<String>,
    /// Parameters and variables that hold instances of one class of Python's: their names with the class.
    pub classes: BTreeMap<String, String>,
    /// Whether it is a generator or a coroutine, which run as plain Python.
    pub is_plain: bool,
    /// Its parameters and result as written, for `embedsignature`.
    pub signature: Signature,
    /// Functions inside it.
    pub inner: Vec<Function>,
}

impl Function {
    /// Whether it declares types of C or classes.
    pub fn declares(&self) -> bool {
        let is_typed = self.params.iter().any(|p| p.ty.is_some()) || self.ret.is_some();
        is_typed || !self.locals.is_empty() || !self.classes.is_empty() || self.declares_inside
    }
}

/// Something cimported: `name` is `None` for a whole module.
#[derive(Clone, Debug)]
pub struct Cimport {
    pub module: String,
    pub level: u32,
    pub name: Option<String>,
    pub asname: String,
    pub line: u32,
}

/// A constant of an enumeration or of `DEF`: its name and the text of its value; `None`: one more than the last.
#[derive(Clone, Debug)]
pub struct Constant {
    pub name: String,
    pub value: Option<String>,
    /// Whether Python sees it in the module.
    pub is_public: bool,
    /// The enumeration that Python sees it in.
    pub class: Option<String>,
}

/// A function that is declared to be defined elsewhere: in a module beside its `.pxd` file.
#[derive(Clone, Debug)]
pub struct Promised {
    pub name: String,
    /// Its type's text, where a pointer could have it.
    pub text: Option<String>,
}

/// A function that a header declares, by its type's text; without one it is a variable or a macro.
#[derive(Clone, Debug)]
pub struct External {
    pub name: String,
    pub cname: String,
    pub text: String,
    pub header: String,
    pub line: u32,
}

/// A struct that a header declares: what C calls it, and the members that the module names.
#[derive(Clone, Debug)]
pub struct ExternalStruct {
    pub name: String,
    /// `struct name`, or `name` of a type definition.
    pub spelling: String,
    /// `struct`, `union` or `packed struct`.
    pub keyword: String,
    /// Names and the texts of types.
    pub members: Vec<(String, String)>,
    pub header: String,
}

/// What a module is.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Whether the text could be read: what else is wrong with it does not hinder that.
    pub is_read: bool,
    pub text: String,
    pub functions: Vec<Function>,
    /// Functions of classes.
    pub methods: Vec<Function>,
    pub cimports: Vec<Cimport>,
    pub constants: Vec<Constant>,
    /// Functions that are declared without a body.
    pub promised: Vec<Promised>,
    /// What headers declare.
    pub externs: Vec<External>,
    pub extern_structs: Vec<ExternalStruct>,
    /// C code of the module itself, and the headers that it names, in their order.
    pub c_code: Vec<String>,
    /// Types that the module defines, with those it was given.
    pub types: Types,
    /// Directives of the whole module.
    pub directives: Vec<(&'static str, Setting)>,
    /// Whether `/` of integers is that of level 2, which `from __future__ import division` takes back.
    pub is_level_two: bool,
    pub includes: Vec<String>,
    /// Variables of the module that only C sees.
    pub variables: Vec<String>,
    /// Variables of the module that live in memory of C, with their types.
    pub data: Vec<(String, Known)>,
    /// Variables of the module that hold instances of one class of Python's.
    pub classes: BTreeMap<String, String>,
}

/// How to read a module: its language level as a directive gives it, and whether it is a `.pxd` file.
pub fn reading(level: &str, is_declaration: bool) -> CythonOptions {
    let level = match level {
        "2" => LanguageLevel::Two,
        "3str" => LanguageLevel::ThreeStr,
        _ => LanguageLevel::Three,
    };
    CythonOptions { level, is_declaration }
}

/// Reads a module. `types` are those of what it cimports; a first reading without them tells what that is.
/// `annotates`: annotations are types where no directive says.
pub fn read(
    source: &SourceFile,
    id: SourceId,
    options: CythonOptions,
    types: &Types,
    annotates: bool,
) -> (Plan, Diagnostics) {
    let (parsed, mut diagnostics) = parse_cython(source, id, options);
    let is_directive = |d: &Diagnostic| matches!(d.code.0, "U0196" | "U0197" | "U0199");
    if diagnostics.iter().any(|d| d.severity == Severity::Error && !is_directive(d)) {
        return (Plan::default(), diagnostics);
    }
    diagnostics.append(check_module(&parsed.module));
    let mut plan = Plan {
        is_read: true,
        types: types.clone(),
        is_level_two: parsed.level == LanguageLevel::Two && !imports_division(&parsed.module.body),
        data: types.data().to_vec(),
        ..Plan::default()
    };
    plan.types.set_level_two(plan.is_level_two);
    for directive in &parsed.directives.list {
        plan.directives.push((directive.name, directive.value.clone()));
    }
    let mut errors = Vec::new();
    let body = &parsed.module.body;
    collect(&mut plan, source, body, &mut errors);
    let aliases = Aliases::of(body);
    let annotates = match parsed.directives.get("annotation_typing") {
        Some(Setting::Bool(annotates)) => *annotates,
        _ => annotates,
    };
    let classes = plan.classes.clone();
    let around = Around { aliases: &aliases, list: Vec::new(), annotates, classes: &classes };
    (plan.functions, plan.methods) = functions::of_module(body, &plan.types, source, around, &mut errors);
    let run = reachable(body);
    let (mistakes, rewritten) = super::values::mistakes(&run, &plan, source);
    let (text, more) = {
        let fused = plan.functions.iter().filter(|f| !f.fused.is_empty()).map(|f| f.name.clone()).collect();
        let data = plan.data.iter().map(|(name, known)| (name.clone(), known.text.clone())).collect();
        plain(&source.text, body, (&plan.types, &aliases), (fused, data, rewritten))
    };
    plan.text = text;
    errors.extend(super::without_gil::operations(&run, &plan));
    errors.extend(super::parallel::mistakes(body, &plan.types));
    if let Some(around) = plan.types.surroundings() {
        errors.extend(mistakes);
        errors.extend(super::redeclared::twice(body));
        errors.extend(super::names::undeclared((body, &run), &plan.types, around));
    }
    // Fused types are looked up on the way.
    plan.types.take_used();
    for error in errors.into_iter().chain(more) {
        if !diagnostics.iter().any(|known| *known == error) {
            diagnostics.push(error);
        }
    }
    diagnostics.sort_by_place();
    (plan, diagnostics)
}

/// Whether a module has the division of the future.
fn imports_division(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::ImportFrom(import) => {
            let is_future = import.module.as_ref().is_some_and(|module| &*module.name == "__future__");
            is_future && import.names.iter().any(|alias| &*alias.name == "division")
        }
        _ => false,
    })
}

/// Types, constants and imports, in the order of the text.
fn collect(plan: &mut Plan, source: &SourceFile, body: &[Stmt], errors: &mut Vec<Diagnostic>) {
    for stmt in body {
        let StmtKind::Cython(inner) = &stmt.kind else { continue };
        let line = source.line_column(stmt.span.lo).line;
        match &**inner {
            CythonStmt::Cimport(_) | CythonStmt::FromCimport(_) => cimports(plan, inner, line),
            CythonStmt::Typedef { base, declarator } => {
                if let Some(name) = declarator.name() {
                    match plan.types.declared(base, declarator) {
                        Ok(known) => plan.types.add(&name.name, &known.text, &name.name),
                        Err(error) => errors.push(error),
                    }
                }
            }
            CythonStmt::Enum { name, is_cpdef, items, .. } => {
                enumeration(plan, source, (name.as_ref(), *is_cpdef), items);
            }
            CythonStmt::Struct { tag, name, is_packed, body, .. } => match body {
                Some(body) => {
                    let made = plan.types.aggregate((*tag, *is_packed), &name.name, body);
                    errors.extend(made.err());
                }
                None => plan.types.add(&name.name, &format!("@{}", name.name), &name.name),
            },
            CythonStmt::Fused { name, types } => {
                let made = plan.types.fuse(&name.name, types);
                errors.extend(made.err());
            }
            CythonStmt::Define { name, value } => {
                plan.types.add_constant(&name.name, value);
                let value = source.text[value.span.lo as usize..value.span.hi as usize].to_owned();
                plan.constants.push(Constant {
                    name: name.name.to_string(),
                    value: Some(value),
                    is_public: false,
                    class: None,
                });
            }
            CythonStmt::Declare { declarators, storage, base, .. } => {
                if storage.visibility != Visibility::Extern {
                    variables(plan, base, declarators, errors);
                    promised(plan, base, declarators);
                }
                let is_hidden = matches!(storage.visibility, Visibility::Private);
                for declarator in declarators.iter().filter(|d| is_hidden && d.function().is_none()) {
                    plan.variables.extend(declarator.name().map(|name| name.name.to_string()));
                }
            }
            CythonStmt::Include(file) => plan.includes.extend(file.as_str().map(str::to_owned)),
            CythonStmt::Block(inner) => collect(plan, source, inner, errors),
            CythonStmt::If(chain) => {
                chain.branches.iter().for_each(|branch| collect(plan, source, &branch.body, errors));
                collect(plan, source, &chain.orelse, errors);
            }
            CythonStmt::Extern { header, verbatim, body, .. } => {
                let header = header.as_ref().and_then(|text| text.as_str()).unwrap_or("*").to_owned();
                if header != "*" {
                    plan.c_code.push(match header.starts_with('<') {
                        true => format!("#include {header}"),
                        false => format!("#include \"{header}\""),
                    });
                }
                if let Some(code) = verbatim.as_ref().and_then(|code| code.as_str()) {
                    plan.c_code.push(code.to_owned());
                }
                let before = plan.types.set_extern(true);
                externals(plan, source, &header, body, errors);
                plan.types.set_extern(before);
            }
            _ => {}
        }
    }
}

/// A struct that a header is said to declare.
fn external_struct(plan: &mut Plan, header: &str, stmt: &CythonStmt) -> Result<(), Diagnostic> {
    let CythonStmt::Struct { tag, name, body, is_packed, is_typedef } = stmt else { return Ok(()) };
    let members = body.iter().flatten().any(|stmt| matches!(stmt.kind, StmtKind::Cython(_)));
    if !members {
        plan.types.add(&name.name, &format!("@{}", name.name), &name.name);
        return Ok(());
    }
    // What the header itself says, where that has been asked for.
    let told = plan.types.known(&name.name).filter(|known| is_aggregate(&known.text));
    let found = plan.types.aggregate((*tag, *is_packed), &name.name, body.as_deref().unwrap_or(&[]))?;
    let word = if *tag == Tag::Union { "union" } else { "struct" };
    let keyword = if *is_packed { "packed struct" } else { word };
    let spelling = match is_typedef {
        true => name.name.to_string(),
        false => format!("{word} {}", name.name),
    };
    plan.extern_structs.push(ExternalStruct {
        name: name.name.to_string(),
        spelling,
        keyword: keyword.to_owned(),
        members: found,
        header: header.to_owned(),
    });
    if let Some(told) = told {
        plan.types.add(&name.name, &told.text, &told.name);
    }
    Ok(())
}

/// What a header is said to declare. Layouts of structs and values of macros are the header's own, so that only functions
/// and names of types are taken from here.
fn externals(
    plan: &mut Plan,
    source: &SourceFile,
    header: &str,
    body: &[Stmt],
    errors: &mut Vec<Diagnostic>,
) {
    for stmt in body {
        let StmtKind::Cython(inner) = &stmt.kind else { continue };
        match &**inner {
            CythonStmt::Declare { base, declarators, .. } => {
                for declarator in declarators {
                    let Some(name) = declarator.name() else { continue };
                    let line = source.line_column(declarator.span.lo).line;
                    let text = match declarator.function() {
                        // A variable, or a macro that stands for a value.
                        None => match plan.types.declared(base, declarator) {
                            Ok(known) => format!("= {}", known.text),
                            Err(error) => {
                                errors.push(error);
                                continue;
                            }
                        },
                        Some(_) => match plan.types.declared(base, declarator) {
                            Ok(known) => known.text,
                            Err(error) => {
                                errors.push(error);
                                continue;
                            }
                        },
                    };
                    let cname = match &declarator.innermost().kind {
                        DeclaratorKind::Name { cname: Some(cname), .. } => cname.as_str().map(str::to_owned),
                        _ => None,
                    };
                    let name = name.name.to_string();
                    let cname = cname.unwrap_or_else(|| name.clone());
                    plan.externs.push(External { name, cname, text, header: header.to_owned(), line });
                }
            }
            CythonStmt::Struct { .. } => errors.extend(external_struct(plan, header, inner).err()),
            CythonStmt::Enum { name, items, .. } if items.iter().any(|item| item.value.is_none()) => {
                if let Some(name) = name {
                    plan.types.add(&name.name, "int32", &name.name);
                }
                for item in items {
                    let line = source.line_column(stmt.span.lo).line;
                    let (name, header) = (item.name.name.to_string(), header.to_owned());
                    plan.externs.push(External {
                        cname: name.clone(),
                        name,
                        text: "= int64".to_owned(),
                        header,
                        line,
                    });
                }
            }
            CythonStmt::CppClass { .. } => {
                let help = Some("write a C interface to the class, and declare its functions");
                errors.push(unsupported("classes of C++ are", stmt.span.start(), help));
            }
            _ => collect(plan, source, std::slice::from_ref(stmt), errors),
        }
    }
}

/// Reads the declarations of a module's variables.
fn variables(plan: &mut Plan, base: &CType, declarators: &[Declarator], errors: &mut Vec<Diagnostic>) {
    for declarator in declarators.iter().filter(|d| d.function().is_none()) {
        match plan.types.declared(base, declarator) {
            Ok(known) if is_data(&known.text) => {
                let Some(name) = declarator.name() else { continue };
                plan.data.retain(|(other, _)| *other != *name.name);
                plan.data.push((name.name.to_string(), known));
            }
            Ok(known) => {
                let (name, class) = (declarator.name(), functions::class(&known));
                plan.classes.extend(name.zip(class).map(|(name, class)| (name.name.to_string(), class)));
            }
            Err(error) => errors.push(error),
        }
    }
}

/// Reads the declarations of functions that have no body.
fn promised(plan: &mut Plan, base: &CType, declarators: &[Declarator]) {
    for declarator in declarators.iter().filter(|d| d.function().is_some()) {
        let Some(name) = declarator.name() else { continue };
        let known = plan.types.declared(base, declarator).ok();
        // Fused types have a function for each of their types.
        let is_fused = !plan.types.take_used().is_empty();
        let text = known.map(|known| known.text).filter(|_| !is_fused);
        plan.promised.push(Promised { name: name.name.to_string(), text });
    }
}

/// The constants of an enumeration.
fn enumeration(
    plan: &mut Plan,
    source: &SourceFile,
    (name, is_cpdef): (Option<&Ident>, bool),
    items: &[EnumItem],
) {
    if let Some(name) = name {
        // One that Python sees has got its name in C already.
        if !plan.types.known(&name.name).is_some_and(|known| known.name.starts_with("enum ")) {
            plan.types.add(&name.name, "int32", &name.name);
        }
    }
    let mut last = Some(-1);
    for (i, item) in items.iter().enumerate() {
        last = match &item.value {
            Some(value) => plan.types.add_constant(&item.name.name, value),
            None => last.map(|n| n + 1),
        };
        if let Some(n) = last {
            plan.types.set_constant(&item.name.name, n);
        }
        let value = item
            .value
            .as_ref()
            .map(|value| source.text[value.span.lo as usize..value.span.hi as usize].to_owned());
        // C's own `sizeof` is none of Python's.
        let value = last.filter(|_| value.is_some()).map(|n| n.to_string()).or(value);
        // Each enumeration counts from zero.
        let value = value.or_else(|| (i == 0).then(|| "0".to_owned()));
        plan.constants.push(Constant {
            name: item.name.name.to_string(),
            value,
            is_public: is_cpdef && name.is_none(),
            class: name.filter(|_| is_cpdef).map(|name| name.name.to_string()),
        });
    }
}

/// What a statement cimports.
fn cimports(plan: &mut Plan, stmt: &CythonStmt, line: u32) {
    let asname = |alias: &Alias| alias.asname.as_ref().map_or(&alias.name, |asname| &asname.name).to_string();
    match stmt {
        CythonStmt::Cimport(names) => plan.cimports.extend(names.iter().map(|alias| Cimport {
            module: alias.name.to_string(),
            level: 0,
            name: None,
            asname: asname(alias),
            line,
        })),
        CythonStmt::FromCimport(import) => plan.cimports.extend(import.names.iter().map(|alias| Cimport {
            module: import.module.as_ref().map(|m| m.name.to_string()).unwrap_or_default(),
            level: import.level,
            name: Some(alias.name.to_string()),
            asname: asname(alias),
            line,
        })),
        _ => {}
    }
}
