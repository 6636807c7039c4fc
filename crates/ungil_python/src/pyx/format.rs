//! Comparison of a buffer's format with the type that a memoryview declares.
//!
//! Source: `__Pyx_BufFmt_CheckString` of Cython 3.3, step for step, so that the same buffers are taken and the same words
//! are said. A format is that of PEP 3118, with `@`, `=`, `<` and `^` packing, structs `T{…}` and arrays `(2,3)d`.

use ungil_ir::types::DType;
use ungil_sema::ctype::{CStruct, CType, element_name};

use super::structs;

/// A type as formats are compared with it.
#[derive(Clone, Debug)]
pub struct Info {
    pub name: String,
    pub size: usize,
    /// `H` char, `I` signed, `U` unsigned, `R` real, `C` complex, `O` object, `P` pointer, `S` struct.
    group: char,
    /// Extents, where it is an array of such elements.
    extents: Vec<usize>,
    fields: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    name: String,
    offset: usize,
    info: Info,
}

impl Info {
    /// A number by its name in C.
    pub fn number(dtype: DType, name: &str) -> Info {
        let group = match dtype {
            DType::I8 if matches!(name, "char" | "const char") => 'H',
            d if d.is_complex() => 'C',
            d if d.is_float() => 'R',
            d if d.is_unsigned() || d == DType::Bool => 'U',
            _ => 'I',
        };
        // Conversions of integers call it otherwise than buffers.
        let name = match dtype {
            // Other names of them are not told.
            DType::C64 => "float complex".to_owned(),
            DType::C128 => "double complex".to_owned(),
            _ => name.replace("PY_LONG_LONG", "long long"),
        };
        let size = dtype.size() as usize;
        Info { name, size, group, extents: Vec::new(), fields: Vec::new() }
    }

    /// A Python object.
    pub fn object() -> Info {
        let name = "Python object".to_owned();
        Info { name, size: 8, group: 'O', extents: Vec::new(), fields: Vec::new() }
    }

    /// A struct by its name in C.
    pub fn structure(s: &CStruct, name: &str) -> Info {
        let fields = structs::members(s).map(|f| Member {
            name: f.name.to_string(),
            offset: f.offset as usize,
            info: Info::member(&f.ty, &f.c_name),
        });
        let (fields, size): (Vec<Member>, usize) = (fields.collect(), s.size as usize);
        let group = if is_complex_number(&fields) { 'C' } else { 'S' };
        Info { name: name.to_owned(), size, group, extents: Vec::new(), fields }
    }

    fn member(ty: &CType, c_name: &str) -> Info {
        match ty {
            CType::Scalar(dtype) if !c_name.is_empty() => Info::number(*dtype, c_name),
            CType::Scalar(DType::I8) => Info::number(DType::I8, "char"),
            CType::Bint => Info::number(DType::I32, "bint"),
            CType::Scalar(dtype) => Info::number(*dtype, element_name(*dtype)),
            CType::Struct(s) => Info::structure(s, &s.name),
            CType::Array(element, n) => {
                let mut inner = Info::member(element, c_name);
                inner.extents.insert(0, *n as usize);
                inner
            }
            other => {
                Info { name: other.to_string(), size: 8, group: 'P', extents: Vec::new(), fields: Vec::new() }
            }
        }
    }
}

/// Whether a struct is two floats of one type, which a complex number is as well.
fn is_complex_number(fields: &[Member]) -> bool {
    let is_float = |m: &Member| m.info.group == 'R' && m.info.extents.is_empty();
    matches!(fields, [a, b] if is_float(a) && is_float(b) && a.info.name == b.info.name)
}

/// Where the comparison stands in a struct.
#[derive(Clone, Copy)]
struct Frame<'t> {
    members: &'t [Member],
    at: usize,
    parent_offset: usize,
}

impl<'t> Frame<'t> {
    fn member(&self) -> Option<&'t Member> {
        self.members.get(self.at)
    }
}

struct Context<'t> {
    /// Empty at the end of the type.
    stack: Vec<Frame<'t>>,
    offset: usize,
    new_count: usize,
    count: usize,
    /// The letter that is being collected; zero: none.
    letter: u8,
    is_complex: bool,
    is_valid_array: bool,
    new_packing: u8,
    packing: u8,
    alignment: usize,
}

type Checked<T> = Result<T, String>;

/// Compares a format with a type; the text of the error where they differ.
pub fn check(info: &Info, format: &[u8]) -> Checked<()> {
    let root = [Member { name: "buffer dtype".to_owned(), offset: 0, info: info.clone() }];
    let mut stack = vec![Frame { members: &root, at: 0, parent_offset: 0 }];
    let mut inner = &root[0].info;
    while inner.group == 'S' && !inner.fields.is_empty() {
        stack.push(Frame { members: &inner.fields, at: 0, parent_offset: 0 });
        inner = &inner.fields[0].info;
    }
    let mut context = Context {
        stack,
        offset: 0,
        new_count: 1,
        count: 0,
        letter: 0,
        is_complex: false,
        is_valid_array: false,
        new_packing: b'@',
        packing: b'@',
        alignment: 0,
    };
    context.read(format, 0).map(|_| ())
}

fn described(letter: u8, is_complex: bool) -> &'static str {
    match (letter, is_complex) {
        (b'?', _) => "'bool'",
        (b'c', _) => "'char'",
        (b'b', _) => "'signed char'",
        (b'B', _) => "'unsigned char'",
        (b'h', _) => "'short'",
        (b'H', _) => "'unsigned short'",
        (b'i', _) => "'int'",
        (b'I', _) => "'unsigned int'",
        (b'l', _) => "'long'",
        (b'L', _) => "'unsigned long'",
        (b'q', _) => "'long long'",
        (b'Q', _) => "'unsigned long long'",
        (b'f', true) => "'complex float'",
        (b'f', false) => "'float'",
        (b'd', true) => "'complex double'",
        (b'd', false) => "'double'",
        (b'g', true) => "'complex long double'",
        (b'g', false) => "'long double'",
        (b'T', _) => "a struct",
        (b'O', _) => "Python object",
        (b'P', _) => "a pointer",
        (b's' | b'p', _) => "a string",
        (0, _) => "end",
        _ => "unparsable format string",
    }
}

fn unexpected(letter: u8) -> String {
    format!("Unexpected format string character: '{}'", letter as char)
}

fn size_of(letter: u8, is_complex: bool, native: bool) -> Checked<usize> {
    let parts = if is_complex { 2 } else { 1 };
    Ok(match letter {
        b'?' | b'c' | b'b' | b'B' | b's' | b'p' => 1,
        b'h' | b'H' => 2,
        b'i' | b'I' => 4,
        b'l' | b'L' => {
            if native {
                8
            } else {
                4
            }
        }
        b'q' | b'Q' => 8,
        b'f' => 4 * parts,
        b'd' => 8 * parts,
        b'g' if native => 16 * parts,
        b'g' => {
            return Err(
                "Python does not define a standard format string size for long double ('g')..".to_owned()
            );
        }
        b'O' | b'P' => 8,
        other => return Err(unexpected(other)),
    })
}

fn group_of(letter: u8, is_complex: bool) -> Checked<char> {
    Ok(match letter {
        b'c' => 'H',
        b'b' | b'h' | b'i' | b'l' | b'q' | b's' | b'p' => 'I',
        b'?' | b'B' | b'H' | b'I' | b'L' | b'Q' => 'U',
        b'f' | b'd' | b'g' => {
            if is_complex {
                'C'
            } else {
                'R'
            }
        }
        b'O' => 'O',
        b'P' => 'P',
        other => return Err(unexpected(other)),
    })
}

fn number(format: &[u8], at: &mut usize) -> Checked<usize> {
    let start = *at;
    let mut value = 0usize;
    while let Some(digit) = format.get(*at).filter(|c| c.is_ascii_digit()) {
        value = value.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
        *at += 1;
    }
    if *at > start {
        return Ok(value);
    }
    let found = format.get(start).copied().unwrap_or(0) as char;
    Err(format!("Does not understand character buffer dtype format string ('{found}')"))
}

impl<'t> Context<'t> {
    fn expected(&self) -> String {
        let got = described(self.letter, self.is_complex);
        match self.stack.as_slice() {
            [] => format!("Buffer dtype mismatch, expected end but got {got}"),
            [root] => {
                let name = root.member().map_or("", |m| &m.info.name);
                format!("Buffer dtype mismatch, expected '{name}' but got {got}")
            }
            [.., parent, head] => {
                let parent = parent.member().map_or("", |m| &m.info.name);
                let (ty, name) = head.member().map_or(("", ""), |m| (&*m.info.name, &*m.name));
                format!("Buffer dtype mismatch, expected '{ty}' but got {got} in '{parent}.{name}'")
            }
        }
    }

    /// Goes to the next member, into and out of structs; whether the type has ended.
    fn advance(&mut self) -> Checked<bool> {
        loop {
            if self.stack.len() == 1 {
                self.stack.clear();
                if self.count != 0 {
                    return Err(self.expected());
                }
                return Ok(true);
            }
            let Some(head) = self.stack.last_mut() else { return Ok(true) };
            head.at += 1;
            let head = *head;
            match head.member() {
                None => {
                    self.stack.pop();
                }
                Some(member) if member.info.group == 'S' => {
                    if member.info.fields.is_empty() {
                        continue;
                    }
                    let parent_offset = head.parent_offset + member.offset;
                    self.stack.push(Frame { members: &member.info.fields, at: 0, parent_offset });
                    return Ok(false);
                }
                Some(_) => return Ok(false),
            }
        }
    }

    /// Compares what was collected of one letter.
    fn process(&mut self) -> Checked<()> {
        if self.letter == 0 {
            return Ok(());
        }
        let Some(head) = self.stack.last().and_then(Frame::member) else { return Err(self.expected()) };
        let mut elements = 1usize;
        if !head.info.extents.is_empty() {
            let mut axes = 0;
            if matches!(self.letter, b's' | b'p') {
                self.is_valid_array = head.info.extents.len() == 1;
                axes = 1;
                if self.count != head.info.extents[0] {
                    let (wanted, found) = (head.info.extents[0], self.count);
                    return Err(format!("Expected a dimension of size {wanted}, got {found}"));
                }
            }
            if !self.is_valid_array {
                return Err(format!("Expected {} dimensions, got {axes}", head.info.extents.len()));
            }
            elements = head.info.extents.iter().product();
            self.is_valid_array = false;
            self.count = 1;
        }
        let group = group_of(self.letter, self.is_complex)?;
        loop {
            let Some(frame) = self.stack.last().copied() else { return Err(self.expected()) };
            let Some(member) = frame.member() else { return Err(self.expected()) };
            let native = matches!(self.packing, b'@' | b'^');
            let size = size_of(self.letter, self.is_complex, native)?;
            if self.packing == b'@' {
                // Alignments are those of x86-64: a number's own size, a complex number's part.
                let part = if self.is_complex { size / 2 } else { size };
                self.offset = self.offset.next_multiple_of(part.max(1));
                if self.alignment == 0 {
                    self.alignment = part;
                }
            }
            let ty = &member.info;
            if ty.size != size || ty.group != group {
                if ty.group == 'C' && !ty.fields.is_empty() {
                    // A complex number as the struct of its parts.
                    let parent_offset = frame.parent_offset + member.offset;
                    self.stack.push(Frame { members: &ty.fields, at: 0, parent_offset });
                    continue;
                }
                let is_char = (ty.group == 'H' || group == 'H') && ty.size == size;
                if !is_char {
                    return Err(self.expected());
                }
            }
            let offset = frame.parent_offset + member.offset;
            if self.offset != offset {
                return Err(format!(
                    "Buffer dtype mismatch; next field is at offset {} but {offset} expected",
                    self.offset
                ));
            }
            self.offset += size * elements.max(1);
            self.count = self.count.wrapping_sub(1);
            self.advance()?;
            if self.count == 0 {
                break;
            }
        }
        self.letter = 0;
        self.is_complex = false;
        Ok(())
    }

    /// `(2,3)` before a letter.
    fn array(&mut self, format: &[u8], mut at: usize) -> Checked<usize> {
        at += 1;
        if self.new_count != 1 {
            return Err("Cannot handle repeated arrays in format string".to_owned());
        }
        self.process()?;
        let extents =
            self.stack.last().and_then(Frame::member).map(|m| m.info.extents.clone()).unwrap_or_default();
        let mut axes = 0;
        while format.get(at).is_some_and(|c| *c != b')') {
            if format[at].is_ascii_whitespace() {
                at += 1;
                continue;
            }
            let found = number(format, &mut at)?;
            if let Some(wanted) = extents.get(axes)
                && *wanted != found
            {
                return Err(format!("Expected a dimension of size {wanted}, got {found}"));
            }
            match format.get(at) {
                Some(b',') => at += 1,
                Some(b')') => {}
                other => {
                    let other = other.copied().unwrap_or(0) as char;
                    return Err(format!("Expected a comma in format string, got '{other}'"));
                }
            }
            axes += 1;
        }
        if axes != extents.len() {
            return Err(format!("Expected {} dimension(s), got {axes}", extents.len()));
        }
        if at >= format.len() {
            return Err("Unexpected end of format string, expected ')'".to_owned());
        }
        self.is_valid_array = true;
        self.new_count = 1;
        Ok(at + 1)
    }

    /// `T{…}`: `at` is behind the brace.
    fn sub_struct(&mut self, format: &[u8], at: usize) -> Checked<usize> {
        let (count, alignment) = (self.new_count, self.alignment);
        self.new_count = 1;
        if format.get(at) != Some(&b'{') {
            return Err("Buffer acquisition: Expected '{' after 'T'".to_owned());
        }
        self.process()?;
        self.letter = 0;
        self.count = 0;
        self.alignment = 0;
        let mut after = at + 1;
        for _ in 0..count {
            after = self.read(format, at + 1)?;
        }
        if alignment != 0 {
            self.alignment = alignment;
        }
        Ok(after)
    }

    /// Reads a format up to its end, or to the brace that ends a struct; where that is.
    fn read(&mut self, format: &[u8], mut at: usize) -> Checked<usize> {
        let mut is_complex = false;
        loop {
            let Some(&c) = format.get(at).filter(|c| **c != 0) else {
                if self.letter != 0 && self.stack.is_empty() {
                    return Err(self.expected());
                }
                self.process()?;
                if !self.stack.is_empty() {
                    return Err(self.expected());
                }
                return Ok(at);
            };
            match c {
                b' ' | b'\r' | b'\n' => at += 1,
                b'<' => {
                    self.new_packing = b'=';
                    at += 1;
                }
                b'>' | b'!' => {
                    return Err("Big-endian buffer not supported on little-endian compiler".to_owned());
                }
                b'=' | b'@' | b'^' => {
                    self.new_packing = c;
                    at += 1;
                }
                b'T' => at = self.sub_struct(format, at + 1)?,
                b'}' => {
                    let alignment = self.alignment;
                    self.process()?;
                    self.letter = 0;
                    if alignment != 0 {
                        self.offset = self.offset.next_multiple_of(alignment);
                    }
                    return Ok(at + 1);
                }
                b'x' => {
                    self.process()?;
                    self.offset += self.new_count;
                    self.new_count = 1;
                    self.count = 0;
                    self.letter = 0;
                    self.packing = self.new_packing;
                    at += 1;
                }
                b'Z' => {
                    is_complex = true;
                    at += 1;
                    if !matches!(format.get(at), Some(b'f' | b'd' | b'g')) {
                        return Err(unexpected(b'Z'));
                    }
                }
                b'?' | b'c' | b'b' | b'B' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q' | b'Q' | b'f'
                | b'd' | b'g' | b'O' | b'p' | b's' => {
                    let goes_on = c != b's'
                        && self.letter == c
                        && is_complex == self.is_complex
                        && self.packing == self.new_packing
                        && !self.is_valid_array;
                    if goes_on {
                        self.count += self.new_count;
                    } else {
                        self.process()?;
                        self.count = self.new_count;
                        self.packing = self.new_packing;
                        self.letter = c;
                        self.is_complex = is_complex;
                    }
                    self.new_count = 1;
                    is_complex = false;
                    at += 1;
                }
                b':' => {
                    let name = format[at + 1..].iter().position(|c| *c == b':');
                    at = name.map_or(format.len(), |n| at + n + 2);
                }
                b'(' => at = self.array(format, at)?,
                _ => self.new_count = number(format, &mut at)?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ungil_sema::c_text::parse_c_text;

    fn found(text: &str, format: &str) -> String {
        let info = match parse_c_text(text) {
            Some(CType::Struct(s)) => Info::structure(&s, &s.name),
            Some(CType::Scalar(d)) => Info::number(d, element_name(d)),
            other => panic!("{other:?}"),
        };
        check(&info, format.as_bytes()).err().unwrap_or_default()
    }

    #[test]
    fn formats_are_compared_as_cython_compares_them() {
        let p = "struct P{x float64;y int32}";
        assert_eq!(found(p, "T{d:x:i:y:4x}"), "");
        assert_eq!(found(p, "T{d:x:=i:y:}"), "");
        assert_eq!(found(p, "d"), "Buffer dtype mismatch, expected 'int' but got end in 'P.y'");
        assert_eq!(
            found(p, "T{d:x:d:y:}"),
            "Buffer dtype mismatch, expected 'int' but got 'double' in 'P.y'"
        );
        assert_eq!(
            found(p, "T{d:x:4xi:y:}"),
            "Buffer dtype mismatch; next field is at offset 12 but 8 expected"
        );
        assert_eq!(found("float64", "f"), "Buffer dtype mismatch, expected 'double' but got 'float'");
        assert_eq!(found("complex128", "Zd"), "");
        assert_eq!(found("complex128", "T{d:r:d:i:}"), "");
        assert_eq!(found("struct A{b [2][3]int16}", "T{(2,3)h:b:}"), "");
        assert_eq!(found("struct A{b [2][3]int16}", "T{(2,4)h:b:}"), "Expected a dimension of size 3, got 4");
        assert_eq!(found("float64", ">d"), "Big-endian buffer not supported on little-endian compiler");
    }
}
