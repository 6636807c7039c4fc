//! Powers with constant exponents as products and square roots.
//!
//! numexpr's rule, which fixes result kinds too: `i**2.0` of an int is an int. `aggressive` takes integral and
//! half-integral exponents up to 50, `moderate` −1, 0, ½, 1 and 2.

use std::sync::Arc;

use ungil_diag::span::Span;

use crate::evaluate::build::{Builder, common};
use crate::evaluate::constant::Constant;
use crate::evaluate::error::{Class, Result, refusal};
use crate::evaluate::formula::Optimization;
use crate::evaluate::kind::Kind;
use crate::evaluate::tree::Node;

/// About where products stop being faster than a power.
const MOST: f64 = 50.0;

impl Builder<'_> {
    /// `base ** exponent`.
    pub(crate) fn power(&self, base: &Arc<Node>, exponent: &Arc<Node>, span: Span) -> Result<Arc<Node>> {
        let kind = common(&[base, exponent], span)?;
        if let Some(x) = exponent.as_constant().and_then(Constant::as_double) {
            if base.kind.is_integer() && exponent.kind.is_integer() && x < 0.0 {
                let title = "Integers to negative integer powers are not allowed.";
                return Err(refusal(Class::Value, title, span, "negative exponent"));
            }
            if self.optimization == Optimization::Aggressive && (2.0 * x).fract() == 0.0 && x.abs() <= MOST {
                return self.products(base, x, span);
            }
            if self.optimization == Optimization::Moderate
                && let Some(simple) = self.simple_power(base, x, span)?
            {
                return Ok(simple);
            }
        }
        Ok(Node::op("pow", vec![base.clone(), exponent.clone()], kind, span))
    }

    fn products(&self, base: &Arc<Node>, x: f64, span: Span) -> Result<Arc<Node>> {
        let multiply = |x: &Arc<Node>, y: &Arc<Node>| -> Result<Arc<Node>> {
            Ok(Node::op("mul", vec![x.clone(), y.clone()], common(&[x, y], span)?, span))
        };
        let n = x.abs() as u32;
        let mut result: Option<Arc<Node>> = None;
        let (mut power, mut mask) = (base.clone(), 1);
        loop {
            if n & mask != 0 {
                result = Some(match result {
                    None => power.clone(),
                    Some(r) => multiply(&r, &power)?,
                });
            }
            mask <<= 1;
            if mask > n {
                break;
            }
            power = multiply(&power, &power)?;
        }
        if x.fract() != 0.0 {
            let root = root(base, span);
            result = Some(match result {
                None => root,
                Some(r) => multiply(&r, &root)?,
            });
        }
        let result = result.unwrap_or_else(|| Node::op("ones_like", vec![base.clone()], base.kind, span));
        if x < 0.0 {
            self.quotient(&Node::constant(Constant::Int(1), span), &result, span)
        } else {
            Ok(result)
        }
    }

    fn simple_power(&self, base: &Arc<Node>, x: f64, span: Span) -> Result<Option<Arc<Node>>> {
        Ok(Some(if x == -1.0 {
            let one = Node::constant(Constant::Int(1), span);
            self.quotient(&one, base, span)?
        } else if x == 0.0 {
            Node::op("ones_like", vec![base.clone()], base.kind, span)
        } else if x == 0.5 {
            root(base, span)
        } else if x == 1.0 {
            base.clone()
        } else if x == 2.0 {
            Node::op("mul", vec![base.clone(), base.clone()], base.kind, span)
        } else {
            return Ok(None);
        }))
    }
}

fn root(base: &Arc<Node>, span: Span) -> Arc<Node> {
    let kind = if base.kind.is_integer() { Kind::Double } else { base.kind };
    Node::op("sqrt", vec![base.clone()], kind, span)
}
