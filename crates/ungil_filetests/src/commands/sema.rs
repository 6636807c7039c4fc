//! `test sema [FUNCTION]`: the IR that the front end makes of a function (by default the last annotated one), as text behind `---`.

use super::{CommandResult, Context, TestCommand, lowered, tail_is};
use crate::file::TestFile;

pub struct Sema;

impl TestCommand for Sema {
    fn run(&self, file: &TestFile, context: &Context<'_>) -> CommandResult {
        let module = lowered(file, context.args.first().map(String::as_str))?;
        tail_is(file, &module.to_string(), context.bless)
    }
}
