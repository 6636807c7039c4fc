//! Children of expressions and statements, for passes that only look for something.
//!
//! Bodies of lambdas and nested functions are no children: they are other scopes.

use ungil_syntax::ast::cython::CythonExpr;
use ungil_syntax::ast::expr::{Expr, ExprKind, StringPart};
use ungil_syntax::ast::name::Ident;
use ungil_syntax::ast::pattern::{Pattern, PatternKind};
use ungil_syntax::ast::stmt::{Stmt, StmtKind};

/// Whether a loop over this stands for the block that each thread of a team runs.
pub fn is_team(iter: &Expr) -> bool {
    let ExprKind::Call(call) = &iter.kind else { return false };
    matches!(&call.func.kind, ExprKind::Name(name) if &**name == "__pyx_parallel")
}

/// Calls `visit` on each operand of an expression, in the order of evaluation.
pub fn operands<'e>(e: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    match &e.kind {
        ExprKind::FString(parts) | ExprKind::TString(parts) => string_parts(parts, visit),
        ExprKind::Named { value, .. } | ExprKind::Starred(value) | ExprKind::Await(value) => visit(value),
        ExprKind::YieldFrom(value) | ExprKind::Attribute { value, .. } => visit(value),
        ExprKind::Yield(value) => value.iter().for_each(|v| visit(v)),
        ExprKind::Bool { values, .. } => values.iter().for_each(visit),
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => items.iter().for_each(visit),
        ExprKind::Binary { left, right, .. } => [left, right].into_iter().for_each(|v| visit(v)),
        ExprKind::Unary { operand, .. } => visit(operand),
        ExprKind::Compare { left, rest } => {
            visit(left);
            rest.iter().for_each(|step| visit(&step.right));
        }
        ExprKind::Conditional { test, body, orelse } => {
            [test, body, orelse].into_iter().for_each(|v| visit(v))
        }
        ExprKind::Lambda { params, .. } => params.iter().filter_map(|p| p.default.as_ref()).for_each(visit),
        ExprKind::Call(call) => {
            visit(&call.func);
            call.args.iter().for_each(&mut *visit);
            call.keywords.iter().for_each(|k| visit(&k.value));
        }
        ExprKind::Subscript { value, index } => [value, index].into_iter().for_each(|v| visit(v)),
        ExprKind::Slice { lower, upper, step } => {
            [lower, upper, step].into_iter().flatten().for_each(|v| visit(v));
        }
        ExprKind::Dict(items) => items.iter().for_each(|item| {
            item.key.iter().for_each(&mut *visit);
            visit(&item.value);
        }),
        ExprKind::Cython(inner) => match &**inner {
            CythonExpr::Cast { value, .. } | CythonExpr::AddressOf(value) | CythonExpr::Repr(value) => {
                visit(value)
            }
            _ => {}
        },
        // Comprehensions are scopes of their own and refused by the lowerer.
        ExprKind::ListComp { .. }
        | ExprKind::SetComp { .. }
        | ExprKind::DictComp { .. }
        | ExprKind::Generator { .. }
        | ExprKind::Invalid
        | ExprKind::Name(_)
        | ExprKind::Literal(_) => {}
    }
}

fn string_parts<'e>(parts: &'e [StringPart], visit: &mut dyn FnMut(&'e Expr)) {
    for part in parts {
        if let StringPart::Interpolation(field) = part {
            visit(&field.value);
            string_parts(field.format.as_deref().unwrap_or_default(), visit);
        }
    }
}

/// The blocks of a compound statement. Those of nested functions and classes are no blocks of it.
pub fn blocks(s: &Stmt) -> Vec<&[Stmt]> {
    match &s.kind {
        StmtKind::For(f) => vec![&f.body, &f.orelse],
        StmtKind::While(w) => vec![&w.body, &w.orelse],
        StmtKind::If(i) => {
            let branches = i.branches.iter().map(|b| b.body.as_slice());
            branches.chain([i.orelse.as_slice()]).collect()
        }
        StmtKind::With(w) => vec![&w.body],
        StmtKind::Match(m) => m.cases.iter().map(|c| c.body.as_slice()).collect(),
        StmtKind::Try(t) => {
            let handlers = t.handlers.iter().map(|h| h.body.as_slice());
            [t.body.as_slice()].into_iter().chain(handlers).chain([&t.orelse[..], &t.finalbody[..]]).collect()
        }
        _ => Vec::new(),
    }
}

/// Calls `visit` on the values and classes that a pattern names.
pub fn values<'e>(p: &'e Pattern, visit: &mut dyn FnMut(&'e Expr)) {
    match &p.kind {
        PatternKind::Value(e) => visit(e),
        PatternKind::As { pattern, .. } => values(pattern, visit),
        PatternKind::Sequence(patterns) | PatternKind::Or(patterns) => {
            patterns.iter().for_each(|p| values(p, visit));
        }
        PatternKind::Class(class) => {
            visit(&class.cls);
            class.patterns.iter().for_each(|p| values(p, visit));
        }
        _ => {}
    }
}

/// Calls `visit` on the names that a pattern binds.
pub fn captures<'e>(p: &'e Pattern, visit: &mut dyn FnMut(&'e Ident)) {
    match &p.kind {
        PatternKind::Capture(name) | PatternKind::Star(Some(name)) => visit(name),
        PatternKind::As { pattern, name } => {
            captures(pattern, visit);
            visit(name);
        }
        PatternKind::Sequence(patterns) | PatternKind::Or(patterns) => {
            patterns.iter().for_each(|p| captures(p, visit));
        }
        PatternKind::Class(class) => class.patterns.iter().for_each(|p| captures(p, visit)),
        _ => {}
    }
}

/// Calls `visit` on each expression that a statement itself holds (not those of its blocks): values first, then targets.
pub fn expressions<'e>(s: &'e Stmt, visit: &mut dyn FnMut(&'e Expr)) {
    match &s.kind {
        StmtKind::Return(value) => value.iter().for_each(visit),
        StmtKind::Delete(targets) => targets.iter().for_each(visit),
        StmtKind::Assign { targets, value } => {
            visit(value);
            targets.iter().for_each(visit);
        }
        StmtKind::AugAssign { target, value, .. } => [value, target].into_iter().for_each(visit),
        StmtKind::AnnAssign { target, value, .. } => {
            value.iter().for_each(&mut *visit);
            visit(target);
        }
        StmtKind::For(f) => [&f.iter, &f.target].into_iter().for_each(visit),
        StmtKind::While(w) => visit(&w.test),
        StmtKind::If(i) => i.branches.iter().for_each(|b| visit(&b.test)),
        StmtKind::Match(m) => {
            visit(&m.subject);
            for case in &m.cases {
                values(&case.pattern, visit);
                case.guard.iter().for_each(&mut *visit);
            }
        }
        StmtKind::Raise { exc, cause } => [exc, cause].into_iter().flatten().for_each(visit),
        StmtKind::Assert { test, msg } => {
            visit(test);
            msg.iter().for_each(visit);
        }
        StmtKind::Expr(value) => visit(value),
        StmtKind::Try(t) => t.handlers.iter().filter_map(|h| h.exc.as_ref()).for_each(visit),
        StmtKind::FunctionDef(f) => {
            f.decorators.iter().for_each(&mut *visit);
            f.params.iter().filter_map(|p| p.default.as_ref()).for_each(visit);
        }
        _ => {}
    }
}
