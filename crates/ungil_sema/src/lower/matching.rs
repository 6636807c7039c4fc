//! `match` statements.
//!
//! Each case is a condition on the subject, which has no effects, then the captures, the guard and the body. Types
//! decide most of a pattern: sequence patterns match tuples, class patterns
//! follow from the subject's type, mapping patterns never match. A starred capture is a tuple.
//! Limits: sequence patterns for ranges and arrays, attributes in class patterns.
//! Source: PEP 634.

use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, InstKind, UnaryOp};
use ungil_ir::types::Type;
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::pattern::{ClassPattern, Pattern, PatternKind};
use ungil_syntax::ast::stmt::{Match, MatchCase};

use crate::diagnostics::unsupported::Unsupported;
use crate::diagnostics::{Error, Result};
use crate::lower::build::Cond;
use crate::lower::{Flow, Lowerer};
use crate::operand::Operand;
use crate::ty::Ty;

/// Classes whose positional pattern is matched against the subject itself.
const THEMSELVES: &[&str] =
    &["bool", "bytearray", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"];

impl Lowerer<'_, '_> {
    /// `match subject: case …`.
    pub(crate) fn match_statement(&mut self, node: &Match) -> Result<Flow> {
        let subject = self.lower_expr(&node.subject)?;
        if node.cases.iter().any(|c| asks_for_class(&c.pattern)) {
            self.check_one_type("match", &node.subject)?;
        }
        self.cases(&subject, &node.cases)
    }

    fn cases(&mut self, subject: &Operand, cases: &[MatchCase]) -> Result<Flow> {
        let Some((case, rest)) = cases.split_first() else { return Ok(Flow::Falls) };
        self.set_span(case.pattern.span);
        let cond = match self.matches(subject, &case.pattern)? {
            Cond::Known(false) => return self.cases(subject, rest),
            Cond::Known(true) => {
                self.bind_pattern(subject, &case.pattern)?;
                match self.guard_of(case)? {
                    Cond::Known(true) => return Ok(self.block(&case.body)),
                    Cond::Known(false) => return self.cases(subject, rest),
                    Cond::Value(cond) => cond,
                }
            }
            Cond::Value(cond) if case.guard.is_none() => {
                return self.case_or(cond, case, subject, rest, true);
            }
            Cond::Value(matched) => self.matched_and_guarded(matched, case, subject)?,
        };
        self.case_or(cond, case, subject, rest, false)
    }

    /// The body where the condition holds, else the other cases.
    fn case_or(
        &mut self,
        cond: Value,
        case: &MatchCase,
        subject: &Operand,
        rest: &[MatchCase],
        bind: bool,
    ) -> Result<Flow> {
        let mut bound = Ok(());
        let (then, a) = self.nested(|l| {
            if bind {
                bound = l.bind_pattern(subject, &case.pattern);
            }
            l.block(&case.body)
        });
        let (otherwise, b) = self.nested(|l| {
            let result = l.cases(subject, rest);
            if matches!(result, Err(Error::Never)) {
                l.never_reached();
                return Flow::Ends;
            }
            l.report(result).unwrap_or(Flow::Falls)
        });
        self.b().push(InstKind::If { cond, then, otherwise });
        bound?;
        Ok(if a == Flow::Ends && b == Flow::Ends { Flow::Ends } else { Flow::Falls })
    }

    /// Whether pattern and guard hold. Captures are bound before the guard is evaluated, and stay if it fails.
    fn matched_and_guarded(&mut self, matched: Value, case: &MatchCase, subject: &Operand) -> Result<Value> {
        let taken = self.new_var("case", Type::BOOL);
        let no = self.b().bool(false);
        self.b().set(taken, no);
        let result: Result<()> = self.if_then(matched, |l| {
            l.bind_pattern(subject, &case.pattern)?;
            let guard = match l.guard_of(case)? {
                Cond::Known(b) => l.b().bool(b),
                Cond::Value(v) => v,
            };
            l.b().set(taken, guard);
            Ok(())
        });
        result?;
        Ok(self.b().get(taken))
    }

    fn guard_of(&mut self, case: &MatchCase) -> Result<Cond> {
        match &case.guard {
            None => Ok(Cond::Known(true)),
            Some(guard) => {
                let guard = self.lower_expr(guard)?;
                self.truth(&guard)
            }
        }
    }

    /// Whether a pattern matches.
    fn matches(&mut self, subject: &Operand, pattern: &Pattern) -> Result<Cond> {
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Capture(_) | PatternKind::Star(_) => Ok(Cond::Known(true)),
            PatternKind::As { pattern, .. } => self.matches(subject, pattern),
            PatternKind::Value(e) => {
                let value = self.lower_expr(e)?;
                self.equal(subject, &value, pattern.span)
            }
            PatternKind::Singleton(literal) => self.is_singleton(subject, literal),
            PatternKind::Sequence(patterns) => self.matches_sequence(subject, patterns, pattern),
            PatternKind::Class(class) => self.matches_class(subject, class, pattern),
            PatternKind::Or(patterns) => self.matches_any(subject, patterns),
            PatternKind::Mapping(_) => {
                decided_by_type(subject, "a mapping pattern for this value is", pattern)?;
                Ok(Cond::Known(false))
            }
            // What did not parse was reported by the parser.
            PatternKind::Invalid => Err(Error::Untyped),
        }
    }

    fn is_singleton(&mut self, subject: &Operand, literal: &Literal) -> Result<Cond> {
        let Literal::Bool(wanted) = literal else { return Ok(Cond::Known(subject.is_none())) };
        if subject.ty != Ty::PyBool {
            return Ok(Cond::Known(false));
        }
        Ok(match self.truth(subject)? {
            Cond::Known(b) => Cond::Known(b == *wanted),
            Cond::Value(v) if *wanted => Cond::Value(v),
            Cond::Value(v) => Cond::Value(self.b().unary(UnaryOp::Not, v)),
        })
    }

    fn matches_sequence(&mut self, subject: &Operand, patterns: &[Pattern], whole: &Pattern) -> Result<Cond> {
        if matches!(subject.ty, Ty::Range | Ty::Array(_)) {
            // Whether arrays are sequences depends on NumPy's version.
            let help = "match the class or the length, and unpack it in the case";
            let what = "a sequence pattern for an array or a range is";
            return Err(Unsupported::Statement { what, span: whole.span, help }.into());
        }
        decided_by_type(subject, "a sequence pattern for this value is", whole)?;
        let Some(pairs) = self.paired(subject, patterns) else { return Ok(Cond::Known(false)) };
        let mut all: Option<Value> = None;
        for (item, pattern) in &pairs {
            match self.matches(item, pattern)? {
                Cond::Known(true) => {}
                Cond::Known(false) => return Ok(Cond::Known(false)),
                Cond::Value(v) => {
                    all = Some(match all {
                        None => v,
                        Some(all) => self.b().binary(Ir::And, all, v),
                    });
                }
            }
        }
        Ok(all.map_or(Cond::Known(true), Cond::Value))
    }

    /// The items of a tuple with the patterns for them; `None` if it has another length or the subject is no tuple.
    fn paired<'p>(
        &mut self,
        subject: &Operand,
        patterns: &'p [Pattern],
    ) -> Option<Vec<(Operand, &'p Pattern)>> {
        let Ty::Tuple(types) = &subject.ty else { return None };
        let n = types.len();
        let star = patterns.iter().position(|p| matches!(p.kind, PatternKind::Star(_)));
        let Some(star) = star else {
            return (n == patterns.len()).then(|| self.items(subject).into_iter().zip(patterns).collect());
        };
        let after = patterns.len() - star - 1;
        if n < star + after {
            return None;
        }
        let items = self.items(subject);
        let middle = Operand::tuple(items[star..n - after].to_vec(), patterns[star].span);
        let before = items[..star].iter().cloned();
        let all = before.chain([middle]).chain(items[n - after..].iter().cloned());
        Some(all.zip(patterns).collect())
    }

    fn matches_class(&mut self, subject: &Operand, class: &ClassPattern, whole: &Pattern) -> Result<Cond> {
        let cls = self.lower_expr(&class.cls)?;
        let known = self.isinstance(subject, &cls, whole.span)?;
        let itself = match &cls.ty {
            Ty::Builtin(name) => name.strip_prefix("builtins.").is_some_and(|n| THEMSELVES.contains(&n)),
            _ => false,
        };
        if !class.keywords.is_empty() || class.patterns.len() > usize::from(itself) {
            let help = "capture the value with `as` and use its attributes";
            let what = "a class pattern with these arguments is";
            return Err(Unsupported::Statement { what, span: whole.span, help }.into());
        }
        match (self.truth(&known)?, class.patterns.first()) {
            (Cond::Known(true), Some(inner)) => self.matches(subject, inner),
            (known, _) => Ok(known),
        }
    }

    fn matches_any(&mut self, subject: &Operand, patterns: &[Pattern]) -> Result<Cond> {
        let mut any: Option<Value> = None;
        for pattern in patterns {
            let v = match self.matches(subject, pattern)? {
                Cond::Known(false) => continue,
                // The alternatives before it may match first, but that only matters to what is captured.
                Cond::Known(true) => return Ok(Cond::Known(true)),
                Cond::Value(v) => v,
            };
            any = Some(match any {
                None => v,
                Some(any) => self.b().binary(Ir::Or, any, v),
            });
        }
        Ok(any.map_or(Cond::Known(false), Cond::Value))
    }

    /// Binds the captures of a pattern that matches.
    fn bind_pattern(&mut self, subject: &Operand, pattern: &Pattern) -> Result<()> {
        match &pattern.kind {
            PatternKind::Capture(name) | PatternKind::Star(Some(name)) => {
                self.define_name(name.span, &subject.clone().at(name.span))
            }
            PatternKind::As { pattern, name } => {
                self.bind_pattern(subject, pattern)?;
                self.define_name(name.span, &subject.clone().at(name.span))
            }
            PatternKind::Sequence(patterns) => {
                let pairs = self.paired(subject, patterns).unwrap_or_default();
                pairs.iter().try_for_each(|(item, pattern)| self.bind_pattern(item, pattern))
            }
            PatternKind::Class(class) => {
                class.patterns.iter().try_for_each(|p| self.bind_pattern(subject, p))
            }
            PatternKind::Or(patterns) if captures(pattern) => self.bind_first(subject, patterns),
            _ => Ok(()),
        }
    }

    /// Binds the captures of the first alternative that matches.
    fn bind_first(&mut self, subject: &Operand, patterns: &[Pattern]) -> Result<()> {
        let Some((first, rest)) = patterns.split_first() else { return Ok(()) };
        match self.matches(subject, first)? {
            Cond::Known(true) => self.bind_pattern(subject, first),
            Cond::Known(false) => self.bind_first(subject, rest),
            Cond::Value(cond) => {
                let (a, b) =
                    self.if_else(cond, |l| l.bind_pattern(subject, first), |l| l.bind_first(subject, rest));
                a.and(b)
            }
        }
    }
}

/// Refuses subjects whose type does not tell whether a pattern of a container fits: lists have any length.
fn decided_by_type(subject: &Operand, what: &'static str, pattern: &Pattern) -> Result<()> {
    let is_plain = matches!(subject.ty, Ty::None | Ty::Tuple(_) | Ty::Str(_));
    if is_plain || subject.ty.is_scalar() {
        return Ok(());
    }
    let help = "match the class or the length, and unpack it in the case";
    Err(Unsupported::Statement { what, span: pattern.span, help }.into())
}

/// Whether a pattern holds a class pattern.
fn asks_for_class(pattern: &Pattern) -> bool {
    match &pattern.kind {
        PatternKind::Class(_) => true,
        PatternKind::As { pattern, .. } => asks_for_class(pattern),
        PatternKind::Sequence(patterns) | PatternKind::Or(patterns) => patterns.iter().any(asks_for_class),
        _ => false,
    }
}

/// Whether a pattern binds a name.
fn captures(pattern: &Pattern) -> bool {
    match &pattern.kind {
        PatternKind::Capture(_) | PatternKind::As { .. } | PatternKind::Star(Some(_)) => true,
        PatternKind::Sequence(patterns) | PatternKind::Or(patterns) => patterns.iter().any(captures),
        PatternKind::Class(class) => class.patterns.iter().any(captures),
        _ => false,
    }
}
