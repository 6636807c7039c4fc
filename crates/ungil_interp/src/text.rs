//! Text of values as Python and NumPy write them.

use crate::number::Num;
use ungil_ir::types::DType;

/// `str()`: of a Python scalar and of NumPy's the same text.
pub fn str_of(n: Num) -> String {
    match n {
        Num::Bool(b) => (if b { "True" } else { "False" }).to_owned(),
        Num::Int(DType::U64, n) => (n as u64).to_string(),
        Num::Int(_, n) => n.to_string(),
        Num::F32(x) => float(&digits32(x), true),
        Num::F64(x) => float(&digits64(x), true),
        Num::C64(r, i) => complex(&digits32(r), &digits32(i)),
        Num::C128(r, i) => complex(&digits64(r), &digits64(i)),
    }
}

/// `repr()`, which inside tuples names NumPy's types.
pub fn repr_of(n: Num, weak: bool) -> String {
    let text = str_of(n);
    match n {
        _ if weak => text,
        Num::Bool(_) => format!("np.{text}_"),
        Num::C64(..) | Num::C128(..) => {
            format!("np.{}({})", n.dtype(), text.trim_start_matches('(').trim_end_matches(')'))
        }
        _ => format!("np.{}({text})", n.dtype()),
    }
}

/// `repr()` of text, for the usual cases.
pub fn repr_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// Replaces `{0}`, `{1}` … in a message's template by the arguments; other braces stay.
pub fn fill(template: &str, args: &[Num]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let found = after.find('}').and_then(|close| {
            let number: usize = after[..close].parse().ok()?;
            Some((args.get(number)?, close))
        });
        match found {
            Some((arg, close)) => {
                out.push_str(&str_of(*arg));
                rest = &after[close + 1..];
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}

/// A part of what is printed.
#[derive(Clone, PartialEq, Debug)]
pub enum Part {
    Text(String),
    None,
    /// `weak`: a Python scalar rather than a NumPy one.
    Num {
        value: Num,
        weak: bool,
    },
    TupleOpen,
    TupleClose,
}

/// What printing writes: parts one after the other, tuples as `repr` writes them. `None` if tuples are not balanced.
pub fn printed(parts: &[Part]) -> Option<String> {
    // Finished parts of each open tuple, outermost first.
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    for part in parts {
        let inside = open.len() > 1;
        let text = match part {
            Part::Text(text) if inside => repr_text(text),
            Part::Text(text) => text.clone(),
            Part::None => "None".to_owned(),
            Part::Num { value, weak } if inside => repr_of(*value, *weak),
            Part::Num { value, .. } => str_of(*value),
            Part::TupleOpen => {
                open.push(Vec::new());
                continue;
            }
            Part::TupleClose => {
                let items = open.pop()?;
                format!("({}{})", items.join(", "), if items.len() == 1 { "," } else { "" })
            }
        };
        open.last_mut()?.push(text);
    }
    (open.len() == 1).then(|| open.remove(0).concat())
}

/// Sign, shortest digits `d.ddd…` without the point, and exponent; or a word.
enum Digits {
    Word(&'static str),
    Number { negative: bool, digits: String, exponent: i32 },
}

fn digits64(x: f64) -> Digits {
    parts(x, &format!("{:e}", x.abs()))
}

fn digits32(x: f32) -> Digits {
    parts(f64::from(x), &format!("{:e}", x.abs()))
}

fn parts(x: f64, scientific: &str) -> Digits {
    if x.is_nan() {
        return Digits::Word("nan");
    }
    if x.is_infinite() {
        return Digits::Word(if x > 0.0 { "inf" } else { "-inf" });
    }
    let (mantissa, exponent) = scientific.split_once('e').expect("scientific notation has an exponent");
    Digits::Number {
        negative: x.is_sign_negative(),
        digits: mantissa.replace('.', ""),
        exponent: exponent.parse().expect("the exponent is a number"),
    }
}

/// Positional from 1e-4 to 1e16, else scientific; `point` adds `.0` to whole numbers.
fn float(number: &Digits, point: bool) -> String {
    let (negative, digits, exponent) = match number {
        Digits::Word(word) => return (*word).to_owned(),
        Digits::Number { negative, digits, exponent } => (*negative, digits.as_str(), *exponent),
    };
    let mut text = String::from(if negative { "-" } else { "" });
    let n = digits.len() as i32;
    if !(-4..16).contains(&exponent) {
        text.push_str(&digits[..1]);
        if n > 1 {
            text.push('.');
            text.push_str(&digits[1..]);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        text.push_str(&format!("e{sign}{:02}", exponent.abs()));
    } else if exponent < 0 {
        text.push_str("0.");
        text.push_str(&"0".repeat((-exponent - 1) as usize));
        text.push_str(digits);
    } else if n <= exponent + 1 {
        text.push_str(digits);
        text.push_str(&"0".repeat((exponent + 1 - n) as usize));
        text.push_str(if point { ".0" } else { "" });
    } else {
        let whole = exponent as usize + 1;
        text.push_str(&digits[..whole]);
        text.push('.');
        text.push_str(&digits[whole..]);
    }
    text
}

fn complex(re: &Digits, im: &Digits) -> String {
    let imaginary = float(im, false);
    if let Digits::Number { negative: false, digits, .. } = re
        && digits == "0"
    {
        return format!("{imaginary}j");
    }
    let sign = if imaginary.starts_with('-') { "" } else { "+" };
    format!("({}{sign}{imaginary}j)", float(re, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_python_writes_them() {
        let f = |x: f64| str_of(Num::F64(x));
        assert_eq!(f(0.0), "0.0");
        assert_eq!(f(-0.0), "-0.0");
        assert_eq!(f(0.1), "0.1");
        assert_eq!(f(100.0), "100.0");
        assert_eq!(f(1234.5), "1234.5");
        assert_eq!(f(1e15), "1000000000000000.0");
        assert_eq!(f(1e16), "1e+16");
        assert_eq!(f(1.5e-5), "1.5e-05");
        assert_eq!(f(0.0001), "0.0001");
        assert_eq!(f(1.5e300), "1.5e+300");
        assert_eq!(f(f64::NEG_INFINITY), "-inf");
        assert_eq!(str_of(Num::F32(0.1)), "0.1");
        assert_eq!(str_of(Num::C128(1.0, -2.5)), "(1-2.5j)");
        assert_eq!(str_of(Num::C128(0.0, 2.0)), "2j");
        assert_eq!(str_of(Num::C128(-0.0, 2.0)), "(-0+2j)");
        assert_eq!(str_of(Num::C128(1.0, f64::NAN)), "(1+nanj)");
        assert_eq!(str_of(Num::Int(DType::U64, -1)), "18446744073709551615");
        assert_eq!(repr_of(Num::Bool(true), false), "np.True_");
        assert_eq!(repr_of(Num::F64(0.5), false), "np.float64(0.5)");
        assert_eq!(repr_of(Num::C128(1.0, 2.0), false), "np.complex128(1+2j)");
        assert_eq!(repr_of(Num::F64(0.5), true), "0.5");
        assert_eq!(repr_text("it's"), "\"it's\"");
    }

    #[test]
    fn templates_take_arguments() {
        let args = [Num::Int(DType::I8, 7), Num::Bool(true)];
        assert_eq!(fill("{1} is {0}, not {2} or {", &args), "True is 7, not {2} or {");
    }
}
