//! The reference page says what the registry has.

use std::path::Path;

#[test]
fn reference_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/numpy.md");
    let page = ungil_sema::reference::page();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &page).expect("docs/numpy.md is writable");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/numpy.md is out of date: run `BLESS=1 cargo test -p ungil_sema --test reference`"
    );
}
