//! Reads `.pyx`, `.pxd` and `.pxi` files and prints what is wrong with them.
//!
//! `cargo run -p ungil_syntax --example parse_cython -- FILE…`; `--tree` prints the trees too, `--verdicts` one line
//! per file.

use ungil_diag::render::render;
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_syntax::check::check_module;
use ungil_syntax::dump::dump;
use ungil_syntax::parser::{CythonOptions, parse_cython};

fn main() {
    let (mut files, mut bad) = (0, 0);
    let flags: Vec<String> = std::env::args().skip(1).filter(|arg| arg.starts_with("--")).collect();
    let has = |flag: &str| flags.iter().any(|given| given == flag);
    for path in std::env::args().skip(1).filter(|arg| !arg.starts_with("--")) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let mut sources = SourceMap::new();
        let id = sources.add(SourceFile::new(path.as_str(), text.as_str()));
        let options = CythonOptions { is_declaration: path.ends_with(".pxd"), ..CythonOptions::default() };
        let (module, mut diagnostics) = parse_cython(sources.get(id).unwrap(), id, options);
        if !diagnostics.has_errors() {
            diagnostics.append(check_module(&module.module));
        }
        files += 1;
        bad += usize::from(diagnostics.has_errors());
        if has("--verdicts") {
            println!("{} {path}", if diagnostics.has_errors() { "reject" } else { "accept" });
            continue;
        }
        diagnostics.iter().for_each(|diagnostic| print!("{}", render(diagnostic, &sources)));
        if has("--tree") {
            print!("{}", dump(&module.module));
        }
    }
    eprintln!("{bad} of {files} files with errors");
}
