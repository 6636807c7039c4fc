//! What only the Cython language has, as text.

use super::Dumper;
use crate::ast::cython::{
    CDefault, CParameter, CSignature, CType, CTypeKind, CythonExpr, CythonStmt, Declarator, DeclaratorKind,
    ExceptionSpec, NoneRule, ParameterType, Sign, Storage, Suffix, Tag, TypeArgument, TypeName, Visibility,
};
use crate::ast::stmt::If;

impl Dumper<'_> {
    pub(super) fn cython(&mut self, stmt: &CythonStmt) {
        match stmt {
            CythonStmt::Declare { storage, base, declarators, decorators } => {
                if !decorators.is_empty() {
                    self.exprs(decorators);
                }
                self.storage(storage);
                self.out.push(' ');
                self.ctype(base);
                self.list(declarators, Self::declarator);
            }
            CythonStmt::Block(body) => self.body(body),
            CythonStmt::Extern { header, namespace, verbatim, body } => {
                for text in [header, namespace, verbatim] {
                    self.optional(text.as_ref(), Self::text);
                }
                self.body(body);
            }
            CythonStmt::Typedef { base, declarator } => self.typed(base, declarator),
            CythonStmt::Fused { name, types } => {
                self.word(&name.name);
                self.list(types, Self::ctype);
            }
            CythonStmt::Cimport(names) => self.aliases(names),
            CythonStmt::FromCimport(import) => self.import_from(import),
            CythonStmt::Include(file) => {
                self.out.push(' ');
                self.text(file);
            }
            CythonStmt::Define { name, value } => {
                self.word(&name.name);
                self.operand(value);
            }
            CythonStmt::If(stmt) => self.compile_time_if(stmt),
            CythonStmt::Print { stream, values, newline } => {
                self.optional(stream.as_ref(), Self::expr);
                self.exprs(values);
                self.word(if *newline { "newline" } else { "_" });
            }
            CythonStmt::Exec { code, scopes } => {
                self.operand(code);
                self.exprs(scopes);
            }
            CythonStmt::ForFrom(stmt) => {
                self.operand(&stmt.target);
                self.operand(&stmt.lower);
                self.word(stmt.lower_op.symbol());
                self.word(stmt.upper_op.symbol());
                self.operand(&stmt.upper);
                self.optional(stmt.step.as_ref(), Self::expr);
                self.body(&stmt.body);
                self.body(&stmt.orelse);
            }
            _ => self.definition(stmt),
        }
    }

    fn definition(&mut self, stmt: &CythonStmt) {
        match stmt {
            CythonStmt::Struct { tag, name, is_typedef, is_packed, body } => {
                self.word(if *tag == Tag::Struct { "struct" } else { "union" });
                self.flags(&[(*is_typedef, "typedef"), (*is_packed, "packed")]);
                self.word(&name.name);
                self.optional(body.as_ref(), |dumper, body| dumper.body(body));
            }
            CythonStmt::Enum { name, is_typedef, is_cpdef, is_scoped, items } => {
                self.flags(&[(*is_typedef, "typedef"), (*is_cpdef, "cpdef"), (*is_scoped, "class")]);
                self.optional(name.as_ref(), Self::ident);
                self.list(items, |dumper, item| {
                    dumper.out.push('(');
                    dumper.ident(&item.name);
                    dumper.optional(item.value.as_ref(), Self::expr);
                    dumper.out.push(')');
                });
            }
            CythonStmt::Class(class) => {
                self.storage(&class.storage);
                self.word(&class.name.name);
                self.optional(class.as_name.as_ref(), Self::ident);
                self.exprs(&class.decorators);
                self.exprs(&class.bases);
                self.list(&class.options, |dumper, (option, value)| {
                    dumper.ident(option);
                    dumper.out.push('=');
                    dumper.ident(value);
                });
                self.optional(class.body.as_ref(), |dumper, body| dumper.body(body));
            }
            CythonStmt::CppClass { name, templates, bases, body } => {
                self.word(&name.name);
                self.list(templates, Self::ident);
                self.list(bases, Self::ctype);
                self.optional(body.as_ref(), |dumper, body| dumper.body(body));
            }
            CythonStmt::Property { name, body } => {
                self.word(&name.name);
                self.body(body);
            }
            _ => {}
        }
    }

    fn compile_time_if(&mut self, stmt: &If) {
        self.list(&stmt.branches, |dumper, branch| {
            dumper.out.push('(');
            dumper.expr(&branch.test);
            dumper.body(&branch.body);
            dumper.close();
        });
        self.body(&stmt.orelse);
    }

    fn flags(&mut self, flags: &[(bool, &str)]) {
        flags.iter().filter(|(set, _)| *set).for_each(|(_, word)| self.word(word));
    }

    fn storage(&mut self, storage: &Storage) {
        let visibility = match storage.visibility {
            Visibility::Private => None,
            Visibility::Public => Some("public"),
            Visibility::Readonly => Some("readonly"),
            Visibility::Extern => Some("extern"),
        };
        if let Some(word) = visibility {
            self.word(word);
        }
        self.flags(&[(storage.api, "api"), (storage.inline, "inline"), (storage.is_cpdef, "cpdef")]);
    }

    fn typed(&mut self, base: &CType, declarator: &Declarator) {
        self.out.push(' ');
        self.ctype(base);
        self.out.push(' ');
        self.declarator(declarator);
    }

    pub(super) fn signature(&mut self, signature: &CSignature) {
        self.out.push_str("(c");
        self.storage(&signature.storage);
        self.out.push(' ');
        self.ctype(&signature.base);
        self.suffix(&signature.suffix);
        self.out.push(')');
    }

    pub(super) fn parameter_type(&mut self, ty: &ParameterType) {
        self.out.push_str(" (type");
        self.typed(&ty.base, &ty.declarator);
        self.none_rule(ty.none);
        self.out.push(')');
    }

    fn none_rule(&mut self, rule: NoneRule) {
        match rule {
            NoneRule::Unsaid => {}
            NoneRule::Refused => self.word("not-none"),
            NoneRule::Allowed => self.word("or-none"),
        }
    }

    fn suffix(&mut self, suffix: &Suffix) {
        match &suffix.exception {
            ExceptionSpec::Default => {}
            ExceptionSpec::Never => self.word("noexcept"),
            ExceptionSpec::Check => self.word("except*"),
            ExceptionSpec::Value { value, may_be_result } => {
                self.word(if *may_be_result { "except?" } else { "except" });
                self.operand(value);
            }
            ExceptionSpec::Cpp { handler } => {
                self.word("except+");
                self.optional(handler.as_ref(), Self::ident);
            }
        }
        self.flags(&[(suffix.nogil, "nogil"), (suffix.with_gil, "with-gil")]);
    }

    fn ctype(&mut self, ty: &CType) {
        match &ty.kind {
            CTypeKind::Implicit => self.out.push('_'),
            CTypeKind::Basic { name, sign, longs, complex } => {
                match sign {
                    Sign::Plain => {}
                    Sign::Signed => self.out.push_str("signed-"),
                    Sign::Unsigned => self.out.push_str("unsigned-"),
                }
                self.out.push_str(match longs {
                    -1 => "short-",
                    0 => "",
                    1 => "long-",
                    _ => "long-long-",
                });
                self.out.push_str(&name.name);
                self.out.push_str(if *complex { "-complex" } else { "" });
            }
            CTypeKind::Named(name) => self.out.push_str(&name.name),
            CTypeKind::Qualified { is_const, is_volatile, base } => {
                self.out.push_str("(qualified");
                self.flags(&[(*is_const, "const"), (*is_volatile, "volatile")]);
                self.out.push(' ');
                self.ctype(base);
                self.out.push(')');
            }
            CTypeKind::View { base, axes } => {
                self.out.push_str("(view ");
                self.ctype(base);
                self.exprs(axes);
                self.out.push(')');
            }
            CTypeKind::Template { base, args, keywords } => {
                self.out.push_str("(template ");
                self.ctype(base);
                self.list(args, Self::type_argument);
                self.list(keywords, |dumper, (name, value)| {
                    dumper.ident(name);
                    dumper.out.push('=');
                    dumper.type_argument(value);
                });
                self.out.push(')');
            }
            CTypeKind::Tuple(items) => {
                self.out.push_str("(ctuple");
                self.list(items, Self::type_name);
                self.out.push(')');
            }
            CTypeKind::Nested { base, name } => {
                self.ctype(base);
                self.out.push('.');
                self.ident(name);
            }
        }
    }

    fn type_name(&mut self, ty: &TypeName) {
        if ty.declarator.is_plain() {
            return self.ctype(&ty.base);
        }
        self.out.push_str("(type");
        self.typed(&ty.base, &ty.declarator);
        self.out.push(')');
    }

    fn type_argument(&mut self, argument: &TypeArgument) {
        match argument {
            TypeArgument::Expr(expr) => self.expr(expr),
            TypeArgument::Type(ty) => self.type_name(ty),
        }
    }

    fn declarator(&mut self, declarator: &Declarator) {
        match &declarator.kind {
            DeclaratorKind::Name { name, cname, value } => {
                match name {
                    Some(name) => self.ident(name),
                    None => self.out.push('_'),
                }
                if let Some(cname) = cname {
                    self.out.push(' ');
                    self.text(cname);
                }
                if let Some(value) = value {
                    self.word("=");
                    self.operand(value);
                }
            }
            DeclaratorKind::Pointer { is_const, inner } => {
                self.out.push_str(if *is_const { "(pointer const " } else { "(pointer " });
                self.declarator(inner);
                self.out.push(')');
            }
            DeclaratorKind::Reference { is_rvalue, inner } => {
                self.out.push_str(if *is_rvalue { "(rvalue " } else { "(reference " });
                self.declarator(inner);
                self.out.push(')');
            }
            DeclaratorKind::Array { inner, size } => {
                self.out.push_str("(array ");
                self.declarator(inner);
                self.optional(size.as_deref(), Self::expr);
                self.out.push(')');
            }
            DeclaratorKind::Function { inner, params, is_variadic, suffix } => {
                self.out.push_str("(function ");
                self.declarator(inner);
                self.list(params, Self::c_parameter);
                self.flags(&[(*is_variadic, "...")]);
                self.suffix(suffix);
                self.out.push(')');
            }
        }
    }

    fn c_parameter(&mut self, param: &CParameter) {
        self.out.push_str("(param");
        self.typed(&param.base, &param.declarator);
        self.none_rule(param.none);
        if let Some(annotation) = &param.annotation {
            self.word(":");
            self.operand(annotation);
        }
        match &param.default {
            None => {}
            Some(CDefault::Value(value)) => {
                self.word("=");
                self.operand(value);
            }
            Some(CDefault::Elsewhere) => self.word("=*"),
        }
        self.out.push(')');
    }

    pub(super) fn cython_expr(&mut self, expr: &CythonExpr) {
        match expr {
            CythonExpr::Cast { ty, is_checked, value } => {
                self.flags(&[(*is_checked, "checked")]);
                self.out.push(' ');
                self.type_name(ty);
                self.operand(value);
            }
            CythonExpr::AddressOf(value) | CythonExpr::Repr(value) => self.operand(value),
            CythonExpr::SizeOf(argument) => {
                self.out.push(' ');
                self.type_argument(argument);
            }
            CythonExpr::New(class) => {
                self.out.push(' ');
                self.ctype(class);
            }
            CythonExpr::Char(byte) => self.word(&byte.to_string()),
            CythonExpr::Integer { value, is_unsigned, longs } => {
                self.out.push(' ');
                self.literal(value);
                self.flags(&[(*is_unsigned, "u"), (*longs == 1, "l"), (*longs > 1, "ll")]);
            }
        }
    }
}

/// The name of a statement's kind.
pub fn kind_name(stmt: &CythonStmt) -> &'static str {
    match stmt {
        CythonStmt::Declare { .. } => "declare",
        CythonStmt::Block(_) => "cdef",
        CythonStmt::Extern { .. } => "extern",
        CythonStmt::Typedef { .. } => "ctypedef",
        CythonStmt::Struct { .. } => "structure",
        CythonStmt::Enum { .. } => "enum",
        CythonStmt::Fused { .. } => "fused",
        CythonStmt::Class(_) => "c-class",
        CythonStmt::CppClass { .. } => "cppclass",
        CythonStmt::Property { .. } => "property",
        CythonStmt::Cimport(_) => "cimport",
        CythonStmt::FromCimport(_) => "from-cimport",
        CythonStmt::Include(_) => "include",
        CythonStmt::Define { .. } => "define",
        CythonStmt::If(_) => "compile-if",
        CythonStmt::ForFrom(_) => "for-from",
        CythonStmt::Print { .. } => "print",
        CythonStmt::Exec { .. } => "exec",
    }
}

/// The name of an expression's kind.
pub fn expr_name(expr: &CythonExpr) -> &'static str {
    match expr {
        CythonExpr::Cast { .. } => "cast",
        CythonExpr::AddressOf(_) => "address",
        CythonExpr::Repr(_) => "repr",
        CythonExpr::SizeOf(_) => "sizeof",
        CythonExpr::New(_) => "new",
        CythonExpr::Char(_) => "char",
        CythonExpr::Integer { .. } => "integer",
    }
}
