//! Names: which function a name belongs to, and which definitions reach a use.

pub mod children;
pub mod comprehensions;
pub mod scopes;
pub mod webs;
