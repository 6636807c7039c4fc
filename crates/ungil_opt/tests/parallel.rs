//! Legality of parallel loops: what is proved, privatised, run serially and refused.

use ungil_ir::function::Module;
use ungil_ir::read::read_module;
use ungil_ir::verify::verify_module;
use ungil_opt::legality::Reason;
use ungil_opt::pipeline::{Context, PASSES};

/// Runs the passes up to `check_dependences` on a function whose parameters are arrays `v0`, `v1` of float64, `v2` of int64
/// and numbers `v3`, `v4`, with a parallel loop over `v5` from 0 to the extent `v8` of `v0`.
fn analyse(body: &str) -> (Module, Context) {
    let text = format!(
        "entry f0\n\nfunc @f(v0: array<float64, 1, C>, v1: array<float64, 1, C>, v2: array<int64, 1, C>, v3: int64, v4: float64) -> () {{\n\
         \x20 var x0 \"s\": float64\n  var x1 \"t\": float64\n  v6 = const int64 0\n  v7 = const int64 1\n  v8 = dim v0, 0\n\
         \x20 set x0, v4\n  set x1, v4\n  parallel_for l0 v5 in v6..v8 step v7 {{\n{body}\n  }}\n  v90 = get x0\n  store v1[v6], v90\n  return\n}}\n"
    );
    let mut module = read_module(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    let mut context = Context::default();
    for pass in PASSES {
        (pass.run)(&mut module, &mut context);
        if context.refusals.is_empty() {
            verify_module(&module).unwrap_or_else(|e| panic!("{}: {e:?}\n{module}", pass.name));
        }
        if pass.name == "check_dependences" {
            break;
        }
    }
    (module, context)
}

fn refusal(body: &str) -> Reason {
    let (module, context) = analyse(body);
    context.refusals.into_iter().next().unwrap_or_else(|| panic!("not refused\n{module}")).reason
}

fn accepted(body: &str) -> String {
    let (module, context) = analyse(body);
    assert_eq!(context.refusals, []);
    format!("{module}\n{:?}", context.remarks)
}

#[test]
fn a_sum_is_a_reduction() {
    let text = accepted("v10 = load v0[v5]\nv11 = get x0\nv12 = add v11, v10\nset x0, v12");
    assert!(text.contains("reduce(add x0)"), "{text}");
}

#[test]
fn several_updates_in_a_row_are_one_reduction() {
    let text =
        accepted("v10 = get x0\nv11 = load v0[v5]\nv12 = add v10, v11\nv13 = sub v12, v4\nset x0, v13");
    assert!(text.contains("reduce(add x0)"), "{text}");
    let reason =
        refusal("v10 = get x0\nv11 = load v0[v5]\nv12 = add v10, v11\nv13 = mul v12, v4\nset x0, v13");
    assert!(matches!(reason, Reason::MixedOperators { .. }), "{reason:?}");
}

#[test]
fn the_running_value_between_two_updates_is_refused() {
    let reason = refusal(
        "v10 = get x0\nv11 = load v1[v5]\nv12 = add v10, v11\nstore v0[v5], v12\nv13 = sub v12, v4\nset x0, v13",
    );
    assert!(matches!(reason, Reason::ReductionRead { .. }), "{reason:?}");
}

#[test]
fn the_larger_of_two_is_a_reduction() {
    let text = accepted(
        "v10 = load v0[v5]\nv11 = get x0\nv12 = gt v10, v11\nif v12 {\nv13 = load v0[v5]\nset x0, v13\n} else {\n}",
    );
    assert!(text.contains("reduce(max x0)"), "{text}");
}

#[test]
fn a_temporary_is_private_and_a_last_value_survives() {
    let text = accepted("v10 = load v0[v5]\nset x1, v10\nset x0, v10\nv11 = get x1\nstore v0[v5], v11");
    assert!(text.contains("private(x1)") && text.contains("last(x0)"), "{text}");
}

#[test]
fn a_running_value_is_refused() {
    let reason = refusal("v10 = get x0\nstore v0[v5], v10\nv11 = load v1[v5]\nset x0, v11");
    assert!(matches!(reason, Reason::CarriedVariable { ref var, .. } if var == "s"), "{reason:?}");
}

#[test]
fn a_scan_reads_its_reduction_and_is_refused() {
    let reason = refusal(
        "v10 = get x0\nv11 = load v1[v5]\nv12 = add v10, v11\nset x0, v12\nv13 = get x0\nstore v0[v5], v13",
    );
    assert!(matches!(reason, Reason::ReductionRead { .. }), "{reason:?}");
}

#[test]
fn two_operators_are_refused() {
    let reason =
        refusal("v10 = get x0\nv11 = add v10, v4\nset x0, v11\nv12 = get x0\nv13 = mul v12, v4\nset x0, v13");
    assert!(matches!(reason, Reason::MixedOperators { .. }), "{reason:?}");
}

#[test]
fn a_last_value_under_a_condition_is_refused() {
    let reason = refusal("v10 = load v0[v5]\nv11 = gt v10, v4\nif v11 {\nset x0, v10\n} else {\n}");
    assert!(matches!(reason, Reason::ConditionalLast { .. }), "{reason:?}");
}

#[test]
fn the_previous_element_is_refused() {
    let reason = refusal("v10 = sub v5, v7\nv11 = load v0[v10]\nstore v0[v5], v11");
    assert!(matches!(reason, Reason::CarriedElement { distance: 1, .. }), "{reason:?}");
}

#[test]
fn the_previous_element_is_refused_behind_checks() {
    let reason = refusal(
        "v9 = add v5, v7\nv10 = check_index v9, v8 axis 0 wrap check\nv12 = check_index v5, v8 axis 0 wrap check\n\
         v11 = load v0[v12]\nstore v0[v10], v11",
    );
    assert!(matches!(reason, Reason::CarriedElement { distance: 1, .. }), "{reason:?}");
}

#[test]
fn one_element_for_all_is_refused() {
    let reason = refusal("v10 = load v0[v5]\nstore v1[v6], v10");
    assert!(matches!(reason, Reason::SameElement { .. }), "{reason:?}");
}

#[test]
fn a_histogram_gets_private_copies() {
    let text = accepted("v10 = load v2[v5]\nv11 = load v0[v10]\nv12 = add v11, v4\nstore v0[v10], v12");
    assert!(text.contains("reduce_array(add v0"), "{text}");
}

#[test]
fn an_integer_histogram_is_atomic_when_large() {
    let text = accepted(
        "v10 = load v0[v5]\nv13 = cast v10 to int64\nv11 = load v2[v13]\nv12 = sub v11, v3\nstore v2[v13], v12",
    );
    assert!(text.contains("reduce_array(add v2") && text.contains("atomic add v2"), "{text}");
}

#[test]
fn a_permutation_runs_on_one_thread() {
    let text = accepted("v10 = load v2[v5]\nv11 = load v1[v5]\nstore v0[v10], v11");
    assert!(text.contains("runs on one thread"), "{text}");
}

#[test]
fn different_arrays_are_tested_for_overlap() {
    let text = accepted("v11 = load v1[v5]\nstore v0[v5], v11");
    assert!(text.contains("num_threads(") && text.contains("address v0"), "{text}");
}

#[test]
fn flattened_rows_are_disjoint() {
    let rows = |width: &str| {
        accepted(&format!(
            "v13 = dim v1, 0\nv10 = mul v5, v13\nfor l1 v11 in v6..{width} step v7 {{\nv12 = add v10, v11\nstore v0[v12], v4\n}}",
        ))
    };
    assert!(!rows("v13").contains("runs on one thread"), "{}", rows("v13"));
    assert!(
        rows("v8").contains("runs on one thread"),
        "rows longer than their distance overlap: {}",
        rows("v8")
    );
}

#[test]
fn tiles_are_disjoint() {
    let text = accepted(
        "v10 = const int64 64\nv11 = mul v5, v10\nv12 = add v11, v10\nv13 = lt v8, v12\nv14 = select v13, v8, v12\n\
         for l1 v15 in v11..v14 step v7 {\nstore v0[v15], v4\n}",
    );
    assert!(!text.contains("runs on one thread"), "{text}");
}

#[test]
fn every_second_element_is_independent_of_its_neighbour() {
    let text = accepted(
        "v10 = const int64 2\nv11 = mul v5, v10\nv12 = add v11, v7\nv13 = load v0[v12]\nstore v0[v11], v13",
    );
    assert!(!text.contains("runs on one thread"), "{text}");
}
