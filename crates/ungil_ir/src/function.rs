//! Functions and modules.

use crate::entities::{FuncId, Inst, Label, Region, Value, Var};
use crate::inst::{InstData, InstKind, Loc};
use crate::types::{ArrayType, Type};

/// Floating-point relaxations of a function, as LLVM's flags.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct FastMath {
    pub reassoc: bool,
    pub nnan: bool,
    pub ninf: bool,
    pub nsz: bool,
    pub arcp: bool,
    pub contract: bool,
    pub afn: bool,
}

/// Whether to inline calls of a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Inline {
    #[default]
    Auto,
    Always,
    Never,
}

/// Whether to run divergent loops of a function in vector lanes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Simd {
    /// Where it pays.
    #[default]
    Auto,
    /// Wherever it is possible.
    Always,
    Never,
}

/// Properties of a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Attributes {
    pub fastmath: FastMath,
    pub inline: Inline,
    pub simd: Simd,
    /// May call itself, directly or not: its prologue checks the stack.
    pub recursive: bool,
    /// As the entry it takes its parameters, words, in registers and returns its result, which is 0 after an error.
    pub in_registers: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub struct ValueData {
    pub ty: Type,
}

#[derive(Clone, PartialEq, Debug)]
pub struct VarData {
    pub name: String,
    pub ty: Type,
}

/// The file of functions that come with the compiler: their frames are no user's business.
pub const PRELUDE_FILE: &str = "<prelude>";

/// Where a function's text came from. Not part of the text form, so that moving a function keeps its cache entry.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    pub file: String,
    /// Line in the file of line 1 of the function.
    pub first_line: u32,
}

/// A function: tables of entities and the body.
#[derive(Clone, PartialEq, Debug)]
pub struct Function {
    pub name: String,
    pub params: Vec<Value>,
    pub ret: Type,
    pub attributes: Attributes,
    pub origin: Origin,
    pub body: Region,
    pub values: Vec<ValueData>,
    pub vars: Vec<VarData>,
    pub insts: Vec<InstData>,
    pub regions: Vec<Vec<Inst>>,
    pub labels: u32,
}

impl Function {
    /// An empty function with parameters of the given types.
    pub fn new(name: &str, params: &[Type], ret: Type) -> Function {
        let mut f = Function {
            name: name.to_owned(),
            params: Vec::new(),
            ret,
            attributes: Attributes::default(),
            origin: Origin::default(),
            body: Region(0),
            values: Vec::new(),
            vars: Vec::new(),
            insts: Vec::new(),
            regions: vec![Vec::new()],
            labels: 0,
        };
        f.params = params.iter().map(|t| f.new_value(t.clone())).collect();
        f
    }

    pub fn new_value(&mut self, ty: Type) -> Value {
        self.values.push(ValueData { ty });
        Value(self.values.len() as u32 - 1)
    }

    pub fn new_var(&mut self, name: &str, ty: Type) -> Var {
        self.vars.push(VarData { name: name.to_owned(), ty });
        Var(self.vars.len() as u32 - 1)
    }

    pub fn new_region(&mut self) -> Region {
        self.regions.push(Vec::new());
        Region(self.regions.len() as u32 - 1)
    }

    pub fn new_label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels - 1)
    }

    /// Makes an instruction without placing it. `ty` is the type of its result, `None` for no result.
    pub fn make_inst(&mut self, kind: InstKind, ty: Option<Type>, loc: Loc) -> Inst {
        let result = ty.map(|t| self.new_value(t));
        self.insts.push(InstData { kind, result, loc });
        Inst(self.insts.len() as u32 - 1)
    }

    /// Makes an instruction at the end of a region.
    pub fn append(&mut self, region: Region, kind: InstKind, ty: Option<Type>, loc: Loc) -> Option<Value> {
        let inst = self.make_inst(kind, ty, loc);
        self.regions[region.index()].push(inst);
        self.insts[inst.index()].result
    }

    pub fn ty(&self, v: Value) -> &Type {
        &self.values[v.index()].ty
    }

    pub fn var_ty(&self, x: Var) -> &Type {
        &self.vars[x.index()].ty
    }

    pub fn inst(&self, i: Inst) -> &InstData {
        &self.insts[i.index()]
    }

    pub fn inst_mut(&mut self, i: Inst) -> &mut InstData {
        &mut self.insts[i.index()]
    }

    pub fn region(&self, r: Region) -> &[Inst] {
        &self.regions[r.index()]
    }
}

/// Array constant that a module reads: a global or captured NumPy array.
#[derive(Clone, PartialEq, Debug)]
pub struct GlobalArrayData {
    pub name: String,
    pub ty: ArrayType,
}

/// A C function or object that a module refers to. Its address is not part of the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExternData {
    pub name: String,
    /// Machine code counts in place, and calls the function only where the last count would go.
    pub count: Option<Count>,
}

/// What a C function does to a count, which is the first word of the memory at the address it is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Count {
    /// Adds one.
    Up,
    /// Takes one away, and does more where that was the last.
    Down,
    /// The same, unless the address is 0.
    DownUnlessNull,
}

impl Count {
    pub const ALL: [Count; 3] = [Count::Up, Count::Down, Count::DownUnlessNull];

    /// Its name in the text of the IR.
    pub fn name(self) -> &'static str {
        match self {
            Count::Up => "up",
            Count::Down => "down",
            Count::DownUnlessNull => "down_unless_null",
        }
    }
}

/// A set of functions that are compiled together; the first one called from outside is `entry`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Module {
    pub functions: Vec<Function>,
    pub entry: Option<FuncId>,
    pub arrays: Vec<GlobalArrayData>,
    pub externs: Vec<ExternData>,
}

impl Module {
    pub fn function(&self, f: FuncId) -> &Function {
        &self.functions[f.index()]
    }

    pub fn function_mut(&mut self, f: FuncId) -> &mut Function {
        &mut self.functions[f.index()]
    }

    /// The entry function.
    ///
    /// # Panics
    /// If the module has none.
    pub fn entry(&self) -> FuncId {
        self.entry.expect("module without an entry function")
    }
}
