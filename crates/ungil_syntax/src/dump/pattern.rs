//! Patterns as text.

use super::Dumper;
use crate::ast::pattern::{ClassPattern, MappingPattern, Pattern, PatternKind};

impl Dumper<'_> {
    fn patterns(&mut self, patterns: &[Pattern]) {
        self.list(patterns, |dumper, pattern| dumper.pattern(pattern));
    }

    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        self.open(kind_name(&pattern.kind), pattern.span);
        match &pattern.kind {
            PatternKind::Invalid | PatternKind::Wildcard => {}
            PatternKind::Value(value) => {
                self.out.push(' ');
                self.expr(value);
            }
            PatternKind::Singleton(literal) => {
                self.out.push(' ');
                self.literal(literal);
            }
            PatternKind::Sequence(items) | PatternKind::Or(items) => self.patterns(items),
            PatternKind::Mapping(mapping) => self.mapping(mapping),
            PatternKind::Class(class) => self.class_pattern(class),
            PatternKind::Star(name) => self.optional(name.as_ref(), Self::ident),
            PatternKind::As { pattern, name } => {
                self.out.push(' ');
                self.pattern(pattern);
                self.word(&name.name);
            }
            PatternKind::Capture(name) => self.word(&name.name),
        }
        self.close();
    }

    fn mapping(&mut self, mapping: &MappingPattern) {
        self.list(&mapping.items, |dumper, (key, value)| {
            dumper.out.push('(');
            dumper.expr(key);
            dumper.out.push(' ');
            dumper.pattern(value);
            dumper.out.push(')');
        });
        self.optional(mapping.rest.as_ref(), Self::ident);
    }

    fn class_pattern(&mut self, class: &ClassPattern) {
        self.out.push(' ');
        self.expr(&class.cls);
        self.patterns(&class.patterns);
        self.list(&class.keywords, |dumper, (name, value)| {
            dumper.out.push('(');
            dumper.ident(name);
            dumper.out.push(' ');
            dumper.pattern(value);
            dumper.out.push(')');
        });
    }
}

fn kind_name(kind: &PatternKind) -> &'static str {
    match kind {
        PatternKind::Invalid => "invalid",
        PatternKind::Value(_) => "match-value",
        PatternKind::Singleton(_) => "match-singleton",
        PatternKind::Sequence(_) => "match-sequence",
        PatternKind::Mapping(_) => "match-mapping",
        PatternKind::Class(_) => "match-class",
        PatternKind::Star(_) => "match-star",
        PatternKind::As { .. } => "match-as",
        PatternKind::Capture(_) => "match-capture",
        PatternKind::Wildcard => "match-wildcard",
        PatternKind::Or(_) => "match-or",
    }
}
