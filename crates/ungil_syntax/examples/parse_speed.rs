//! Parsing speed: parses the named files several times and prints megabytes per second.

use std::time::Instant;

use ungil_diag::source::SourceFile;
use ungil_diag::span::SourceId;
use ungil_syntax::lexer::tokenize;
use ungil_syntax::parser::parse_module;

const ROUNDS: usize = 5;

fn main() {
    let mut texts = Vec::new();
    for path in std::env::args().skip(1) {
        if let Ok(text) = std::fs::read_to_string(&path) {
            texts.push(SourceFile::new(path, text));
        }
    }
    let bytes: usize = texts.iter().map(|source| source.text.len()).sum();
    measure("tokenize", bytes, || {
        texts.iter().for_each(|source| drop(tokenize(&source.text)));
    });
    measure("parse", bytes, || {
        texts.iter().for_each(|source| drop(parse_module(source, SourceId(0))));
    });
}

/// Prints the best of several runs.
fn measure(name: &str, bytes: usize, mut run: impl FnMut()) {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!(
        "{name}: {:.1} MB in {:.1} ms, {:.0} MB/s",
        bytes as f64 / 1e6,
        best * 1e3,
        bytes as f64 / 1e6 / best
    );
}
