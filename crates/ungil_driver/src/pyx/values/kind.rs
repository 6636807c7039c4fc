//! What a value is, as far as its declaration tells.

use ungil_syntax::ast::operator::BinaryOp;

use crate::pyx::types::{Known, is_number};

/// What an expression is, as far as it is known.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// Numbers, in the order in which one takes over another, with their names in C.
    Int(String),
    Float(String),
    Complex(String),
    /// Addresses and arrays.
    Pointer(Known),
    View(Known),
    Struct(Known),
    /// Of Python.
    Object,
    Nothing,
    /// What a function without a result gives.
    Void,
    List,
    /// Its number of characters or bytes.
    Str(Option<usize>),
    Bytes(usize),
    Unknown,
}

impl Kind {
    /// That of a declared type.
    pub fn of(ty: &Known) -> Kind {
        let text = ty.text.strip_prefix("const ").unwrap_or(&ty.text);
        let name = ty.name.clone();
        match text {
            "bint" => Kind::Int(name),
            "void" => Kind::Void,
            _ if text.starts_with(['*', '[']) => Kind::Pointer(ty.clone()),
            _ if is_struct(text) => Kind::Struct(ty.clone()),
            _ if text.ends_with(']') && text.contains("[:") && !text.starts_with(['b', 'v']) => {
                Kind::View(ty.clone())
            }
            _ if !is_number(text) => Kind::Unknown,
            _ if text.starts_with("float") => Kind::Float(name),
            _ if text.starts_with("complex") => Kind::Complex(name),
            _ if text.starts_with("int") || text.starts_with("uint") => Kind::Int(name),
            _ => Kind::Unknown,
        }
    }

    pub fn double() -> Kind {
        Kind::Float("double".to_owned())
    }

    /// The place of a number in the order of numbers; others have none.
    pub fn rank(&self) -> u8 {
        match self {
            Kind::Int(_) => 1,
            Kind::Float(_) => 2,
            Kind::Complex(_) => 3,
            _ => 0,
        }
    }

    /// Its type's name in C.
    pub fn name(&self) -> Option<&str> {
        match self {
            Kind::Int(name) | Kind::Float(name) | Kind::Complex(name) => Some(name),
            Kind::Pointer(ty) | Kind::View(ty) | Kind::Struct(ty) => Some(&ty.name),
            Kind::Void => Some("void"),
            _ => None,
        }
    }

    /// Whether it is an address that no object is made of: others than characters' become none.
    pub fn is_address(&self) -> bool {
        let Kind::Pointer(ty) = self else { return false };
        let target = ty.text.strip_prefix('*').map(|text| text.strip_prefix("const ").unwrap_or(text));
        target.is_some_and(|target| {
            !is_character(target) && !target.starts_with("fn(") && !ty.name.contains("Py_U")
        })
    }

    /// Whether it is an array, which is not an address where objects are wanted.
    pub fn is_array(&self) -> bool {
        matches!(self, Kind::Pointer(ty) if ty.text.starts_with('['))
    }
}

/// What an operation of two values gives. `is_true`: integers are divided as Python divides them.
pub fn combined(op: BinaryOp, left: Kind, right: Kind, is_true: bool) -> Kind {
    use BinaryOp as B;
    let (a, b) = (left.rank(), right.rank());
    match op {
        B::Div if a == 1 && b == 1 && is_true => Kind::double(),
        B::Add | B::Sub | B::Mult if a > 0 && b > 0 => {
            if a >= b {
                left
            } else {
                right
            }
        }
        B::Div | B::FloorDiv | B::Mod | B::Pow if a > 0 && b > 0 && a.max(b) == 2 => {
            if a >= b {
                left
            } else {
                right
            }
        }
        B::Add if a == 1 && matches!(right, Kind::Pointer(_)) => right,
        B::Add | B::Sub if b == 1 && matches!(left, Kind::Pointer(_)) => left,
        B::BitAnd | B::BitOr | B::BitXor | B::LShift | B::RShift if a == 1 && b == 1 => left,
        _ => Kind::Unknown,
    }
}

/// Whether C has no such operation for certain.
pub fn is_invalid(op: BinaryOp, left: &Kind, right: &Kind) -> bool {
    use BinaryOp as B;
    let is_c = |kind: &Kind| kind.rank() > 0 || kind.is_address() || *kind == Kind::Void;
    if !is_c(left) || !is_c(right) {
        return false;
    }
    if [left, right].contains(&&Kind::Void) {
        return true;
    }
    let (a, b) = (left.rank(), right.rank());
    match op {
        B::Add => a == 0 && b != 1 || b == 0 && a != 1,
        B::Sub => a == 0 && b > 1 || b == 0 && a > 0,
        B::Mult | B::FloorDiv | B::Mod | B::MatMult if a == 0 || b == 0 => true,
        B::BitAnd | B::BitOr | B::BitXor | B::LShift | B::RShift => a != 1 || b != 1,
        B::Mod => a.max(b) == 3,
        _ => false,
    }
}

fn is_struct(text: &str) -> bool {
    ["struct ", "union ", "packed "].iter().any(|word| text.starts_with(word))
}

fn is_character(text: &str) -> bool {
    matches!(text, "int8" | "uint8")
}

/// The name in C of a type that only its text is known of.
pub fn named(text: &str) -> Known {
    Known { text: text.to_owned(), name: c_name(text) }
}

pub fn c_name(text: &str) -> String {
    if let Some(target) = text.strip_prefix('*') {
        let name = c_name(target);
        return if name.ends_with('*') { format!("{name}*") } else { format!("{name} *") };
    }
    if let Some((size, element)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return format!("{} [{size}]", c_name(element));
    }
    if is_struct(text) {
        let head = text.split('{').next().unwrap_or(text);
        return head.rsplit(' ').next().unwrap_or(head).to_owned();
    }
    let name = match text.strip_prefix("const ").unwrap_or(text) {
        "int8" => "char",
        "uint8" => "unsigned char",
        "int16" => "short",
        "uint16" => "unsigned short",
        "int32" => "int",
        "uint32" => "unsigned int",
        "int64" => "long",
        "uint64" => "unsigned long",
        "float32" => "float",
        "float64" => "double",
        "complex64" => "float complex",
        "complex128" => "double complex",
        other => other,
    };
    name.to_owned()
}

/// Members of a struct with their types, from its text: `struct P{x int32;q struct Q{…};}`.
fn members(text: &str) -> Option<Vec<(&str, &str)>> {
    let inner = is_struct(text).then(|| text.split_once('{'))??.1.strip_suffix('}')?;
    let member = |member| {
        let (name, ty): (&str, &str) = str::split_once(member, ' ')?;
        // Behind a number its declared name may stand.
        Some((name, if ty.contains('{') { ty } else { ty.split('=').next().unwrap_or(ty) }))
    };
    pieces(inner, ';').into_iter().map(member).collect()
}

/// The parts between separators that stand outside of all brackets.
pub fn pieces(text: &str, separator: char) -> Vec<&str> {
    let (mut found, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth -= 1,
            _ if c == separator && depth == 0 => {
                found.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    if from < text.len() {
        found.push(&text[from..]);
    }
    found
}

/// What an attribute of a struct or of an address of one is: `None` where it has no such member, or its members are not known.
pub fn member(kind: &Kind, name: &str) -> Option<Known> {
    let found = members(struct_text(kind)?)?;
    found.iter().find(|(known, _)| *known == name).map(|(_, text)| named(text))
}

/// Whether the struct that an address leads to has no such member.
pub fn lacks(kind: &Kind, name: &str) -> bool {
    let Kind::Pointer(ty) = kind else { return false };
    ty.text.starts_with('*')
        && struct_text(kind)
            .and_then(members)
            .is_some_and(|members| !members.iter().any(|(known, _)| *known == name))
}

fn struct_text(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Struct(ty) => Some(&ty.text),
        Kind::Pointer(ty) => {
            let text = ty.text.strip_prefix('*')?;
            Some(text.strip_prefix("const ").unwrap_or(text))
        }
        _ => None,
    }
}

/// What an address leads to.
pub fn target(ty: &Known) -> Option<Known> {
    let text = match ty.text.strip_prefix('*') {
        Some(text) => text,
        None => ty.text.strip_prefix('[')?.split_once(']')?.1,
    };
    (!text.starts_with("fn(")).then(|| named(text.strip_prefix("const ").unwrap_or(text)))
}

/// The element of a view, as `float64`, and its number of axes.
pub fn element(ty: &Known) -> Option<(&str, usize)> {
    let (element, axes) = ty.text.split_once('[')?;
    Some((element.strip_prefix("const ").unwrap_or(element), axes.split(',').count()))
}

/// Whether two addresses cannot stand for each other without a cast.
pub fn differ(to: &Known, from: &Known) -> bool {
    let plain = |ty: &Known| {
        let text = ty.text.replace("const ", "");
        match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((_, element)) => format!("*{element}"),
            None => text,
        }
    };
    let (a, b) = (plain(to), plain(from));
    // What is only declared so far, and functions, may be the same in other words.
    let is_open = |text: &str| ["@", "fn(", "bint"].iter().any(|word| text.contains(word));
    a != b && a != "*void" && from.name != "NULL" && !is_open(&a) && !is_open(&b)
}
