//! NumPy's arrays and its C interface, as plain text has them.
//!
//! `np.PyArray_DATA` and `np.NPY_DOUBLE` of a module that is cimported are names without the module, as the extension module gives
//! them; `a.data` of what is declared as an array is the address of its memory.

use std::collections::HashSet;

use ungil_syntax::ast::cython::CythonStmt;
use ungil_syntax::ast::expr::Expr;
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_stmt};

use super::functions::NDARRAY;
use super::types::{Known, Types, dotted};

/// Whether values of a type are NumPy's arrays: `np.ndarray`, also with the type of elements.
fn is_ndarray(ty: &Known) -> bool {
    ty.text == "object" && ty.name == NDARRAY
        || ty.text.starts_with("buffer ") && !ty.name.starts_with("object ")
}

/// Names that a function declares as arrays.
pub fn declared(def: &FunctionDef, types: &Types) -> HashSet<String> {
    let mut found = Declared { types, names: HashSet::new() };
    for p in def.params.iter() {
        if let Some(ty) = &p.ty
            && types.declared(&ty.base, &ty.declarator).is_ok_and(|ty| is_ndarray(&ty))
        {
            found.names.insert(p.name.name.to_string());
        }
    }
    def.body.iter().for_each(|stmt| found.visit_stmt(stmt));
    found.names
}

struct Declared<'a> {
    types: &'a Types,
    names: HashSet<String>,
}

impl Visitor for Declared<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => {}
            StmtKind::Cython(inner) => match &**inner {
                CythonStmt::Declare { base, declarators, .. } => {
                    for declarator in declarators {
                        let is_array = self.types.declared(base, declarator).is_ok_and(|ty| is_ndarray(&ty));
                        let name = declarator.name().filter(|_| is_array);
                        self.names.extend(name.map(|name| name.name.to_string()));
                    }
                }
                _ => walk_stmt(self, stmt),
            },
            _ => walk_stmt(self, stmt),
        }
    }
}

/// Whether `module.name` is of NumPy's C interface: `module` stands for NumPy, as its types say.
pub fn is_entry(module: &Expr, name: &str, types: &Types) -> bool {
    let is_known = ["PyArray_", "NPY_"].iter().any(|prefix| name.starts_with(prefix));
    is_known
        && dotted(module).is_some_and(|module| {
            types.known(&format!("{module}.ndarray")).is_some_and(|known| known.name == NDARRAY)
        })
}

/// The function that gives the memory of an attribute of arrays.
pub fn function_of(attribute: &str) -> Option<&'static str> {
    match attribute {
        "shape" => Some("PyArray_DIMS"),
        "strides" => Some("PyArray_STRIDES"),
        _ => None,
    }
}
