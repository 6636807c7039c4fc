//! Functions of the prelude in their callers.

use ungil_ir::function::{Module, PRELUDE_FILE};
use ungil_ir::read::read_module;
use ungil_ir::verify::verify_module;
use ungil_opt::transform::inline_prelude::inline_prelude;

/// `@once` is called outside loops, `@inner` in it, `@each` in a loop, `@early` returns in its midst, `@fails` always raises.
const TEXT: &str = "\
entry f2

func @inner(v0: int64) -> int64 {
  v1 = add v0, v0
  return v1
}

func @once(v0: int64) -> int64 {
  v1 = call f0(v0) : int64
  v2 = const int64 7
  v3 = add v1, v2
  return v3
}

func @main(v0: int64) -> int64 {
  v1 = call f1(v0) : int64
  v2 = const int64 0
  v3 = const int64 1
  for l0 v4 in v2..v0 step v3 {
    v5 = call f3(v4) : int64
  }
  v6 = call f4(v1) : int64
  v7 = lt v6, v2
  if v7 {
    v8 = call f5() : ()
  }
  return v6
}

func @each(v0: int64) -> int64 {
  return v0
}

func @early(v0: int64) -> int64 {
  v1 = const int64 0
  v2 = lt v0, v1
  if v2 {
    return v1
  }
  return v0
}

func @fails() -> () {
  raise ValueError \"no\"
}
";

fn module() -> Module {
    read_module(TEXT).expect("a module")
}

fn names(module: &Module) -> Vec<&str> {
    module.functions.iter().map(|f| f.name.as_str()).collect()
}

#[test]
fn functions_called_once_outside_loops_become_part_of_their_callers() {
    let mut module = module();
    for f in module.functions.iter_mut().filter(|f| f.name != "main") {
        f.origin.file = PRELUDE_FILE.to_owned();
    }
    assert!(inline_prelude(&mut module));
    assert_eq!(names(&module), ["main", "each", "early", "fails"]);
    assert_eq!(verify_module(&module), Ok(()));
    let text = module.to_string();
    let main = &text[text.find("func @main").expect("main")..text.find("func @each").expect("each")];
    let places = ["add", "const int64 7", "add", "for", "call f1", "call f2", "if", "call f3"];
    let mut rest = main;
    for part in places {
        let at = rest.find(part).unwrap_or_else(|| panic!("no {part} in order in {main}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn functions_of_users_keep_their_frames() {
    let mut module = module();
    assert!(!inline_prelude(&mut module));
    assert_eq!(module, self::module());
}
