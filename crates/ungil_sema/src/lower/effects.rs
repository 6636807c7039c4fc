//! Effects of expressions: whether evaluating one may write to arrays.
//!
//! Elements of lazy arrays are computed later than they stand in the text; nothing that changes what they are computed
//! from may come in between. The answer is syntactic and errs towards "may".

use ungil_syntax::ast::expr::{Call, Expr, ExprKind};

use crate::lower::Lowerer;
use crate::resolve::children;
use crate::world::Global;

/// Functions and methods that write to their arguments or receivers.
const WRITERS: &str = "\
    append at byteswap clear copyto extend fill fill_diagonal insert itemset partition place pop put \
    put_along_axis putmask remove resize reverse setfield shuffle sort Start Test Wait test wait";

/// Functions that have no `out`.
const INPUTS_ONLY: &str = "\
    allclose arange array_equal array_equiv average bincount broadcast_to corrcoef cov cross diff digitize \
    ediff1d full full_like geomspace gradient histogram interp isclose linspace logspace roll searchsorted \
    tensordot tile trapezoid unwrap where zeros";

/// Functions whose first three positional arguments do not include an `out`.
const THREE_INPUTS: &str = "clip select";

/// Functions whose first two positional arguments do not include an `out`.
const MORE_INPUTS: &str = "\
    add all any arctan2 argmax argmin array asarray astype bitwise_and bitwise_or bitwise_xor concatenate \
    convolve copysign correlate cumprod cumsum divide divmod dot empty equal expand_dims flip float_power \
    floor_divide fmax fmin fmod gcd greater greater_equal heaviside hypot inner kron lcm ldexp left_shift \
    less less_equal logaddexp logaddexp2 logical_and logical_or logical_xor matmul max maximum mean min \
    minimum mod multiply nan_to_num nextafter not_equal ones outer percentile power prod quantile ravel \
    remainder repeat reshape right_shift round std subtract sum take transpose true_divide var vdot";

/// Intrinsics of the prelude that make views or copies.
const VIEWS: [&str; 4] = ["cut", "native", "pick", "spread"];

impl Lowerer<'_, '_> {
    /// Whether evaluating an expression may write to arrays: it calls something else than a library function, or one that
    /// writes to an argument.
    pub(crate) fn may_change_arrays(&self, e: &Expr) -> bool {
        let own = match &e.kind {
            ExprKind::Call(call) => self.call_may_write(call),
            _ => false,
        };
        let mut found = own;
        children::operands(e, &mut |operand| found = found || self.may_change_arrays(operand));
        found
    }

    fn call_may_write(&self, call: &Call) -> bool {
        if call.keywords.iter().any(|k| k.name.as_ref().is_none_or(|name| *name.name == *"out")) {
            return true;
        }
        match (&call.func.kind, self.global_of(&call.func)) {
            // Functions of modules.
            (ExprKind::Attribute { attr, .. }, Some(Global::Builtin(name))) => {
                !name.starts_with("math.") && writes(&attr.name, call.args.len())
            }
            (_, Some(Global::Builtin(name)))
                if name.strip_prefix("ungil.intrinsics.").is_some_and(|own| VIEWS.contains(&own)) =>
            {
                false
            }
            (_, Some(Global::Builtin(name))) => {
                // Python's own functions write to nothing; others may have been imported by their names.
                !name.starts_with("builtins.")
                    && name.rsplit('.').next().is_none_or(|own| writes(own, call.args.len()))
            }
            (_, Some(Global::DType(_))) => false,
            (_, Some(Global::Ufunc { pure_inputs, .. })) => {
                pure_inputs.is_none_or(|inputs| call.args.len() > inputs)
            }
            (ExprKind::Attribute { .. }, Some(_)) => true,
            // A method of a user's universal function.
            (ExprKind::Attribute { value, attr }, None)
                if let Some(Global::Ufunc { pure_inputs, .. }) = self.global_of(value) =>
            {
                pure_inputs.is_none() || *attr.name == *"at" || call.args.len() > 3
            }
            // A method: the receiver is its first argument.
            (ExprKind::Attribute { attr, .. }, _) => writes(&attr.name, call.args.len() + 1),
            _ => true,
        }
    }

    /// The global or the attribute of a module that an expression names.
    pub(crate) fn global_of(&self, e: &Expr) -> Option<Global> {
        match &e.kind {
            ExprKind::Name(name) => {
                let name = self.code.scopes.variable(name, e.span.lo);
                let key = self.code.id.nested;
                let scope = &self.code.scopes.funcs[&key];
                let own = scope.statics.contains_key(name) || scope.locals.contains(name);
                if own || self.code.scopes.owner(key, name).is_some() {
                    return None;
                }
                self.program.world.lookup(self.code.id.kernel, name)
            }
            ExprKind::Attribute { value, attr } => match self.global_of(value)? {
                Global::Module { object, .. } => self.program.world.attribute(object, &attr.name),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether a library function writes to one of this many positional arguments.
fn writes(name: &str, positional: usize) -> bool {
    let within = |list: &str| list.split(' ').any(|own| own == name);
    within(WRITERS)
        || match positional {
            0 | 1 => false,
            _ if within(INPUTS_ONLY) => false,
            2 => !within(MORE_INPUTS) && !within(THREE_INPUTS),
            3 => !within(THREE_INPUTS),
            _ => true,
        }
}
