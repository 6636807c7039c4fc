//! What compiled functions call to handle Python objects.
//!
//! An entry is an `extern "C"` function of the host. Objects travel as their addresses in 64-bit integers. Unless said
//! otherwise an entry borrows its arguments, and one that gives an object gives a new reference, or 0 with a Python
//! exception set; one that gives a status gives −1 then.

use ungil_ir::function::Count;
use ungil_ir::types::{DType, Type};

macro_rules! entries {
    ($($(#[$doc:meta])* $variant:ident $params:literal $ret:literal),* $(,)?) => {
        /// An entry, by its number in the module's table of externs.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u32)]
        pub enum Entry { $($(#[$doc])* $variant),* }

        impl Entry {
            /// All entries in order of their numbers.
            pub const ALL: &'static [Entry] = &[$(Entry::$variant),*];
            const TYPES: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($variant), $params, $ret)),*];
        }
    };
}

// `o`: an object or another word; `d`: a double; no result: void.
entries! {
    /// Gives up a reference.
    Release "o" "",
    Retain "o" "",
    /// Gives up a reference unless it is 0.
    ReleaseMaybe "o" "",
    /// Table, line: adds the function's frame to the traceback.
    Traceback "oo" "",
    /// Whether an exception is set.
    IsError "" "o",
    /// Table, number of the name, number of the words for what is known of it or 0: a global or builtin.
    Global "ooo" "o",
    /// Table, name, value.
    SetGlobal "ooo" "o",
    DelGlobal "oo" "o",
    /// Raises UnboundLocalError for a name.
    Unbound "o" "",
    /// Operator's number, operands.
    Binary "ooo" "o",
    InPlace "ooo" "o",
    /// The same as `+=`, where the first operand's reference is given up unless it fails.
    AddToOwn "oo" "o",
    /// Items, number, operator: the first one that is less or greater than all before it.
    Extreme "ooo" "o",
    Add "oo" "o",
    Sub "oo" "o",
    Mul "oo" "o",
    Div "oo" "o",
    /// Operator's number, operand.
    Unary "oo" "o",
    /// Operands, operator as CPython numbers it.
    Compare "ooo" "o",
    /// As a truth value.
    CompareBool "ooo" "o",
    Truth "o" "o",
    /// Item, container.
    Contains "oo" "o",
    /// Object, builtin class or tuple of them: `isinstance` as a truth value.
    IsInstance "oo" "o",
    GetAttr "oo" "o",
    SetAttr "ooo" "o",
    DelAttr "oo" "o",
    GetItem "oo" "o",
    GetItemInt "oo" "o",
    /// Object, bounds, which of them there are (1, 2) and whether the object is of a class by declaration (4).
    GetSlice "oooo" "o",
    /// Object, bounds, whether the object is of a class by declaration: a slice without a step.
    GetSliceOf "oooo" "o",
    SetItem "ooo" "o",
    SetItemInt "ooo" "o",
    DelItem "oo" "o",
    Slice "ooo" "o",
    Len "o" "o",
    /// Function, arguments, their number without keywords', names of keywords or 0.
    Call "oooo" "o",
    /// Name, arguments with the object first, their number with the object, names of keywords or 0.
    CallMethod "oooo" "o",
    /// Function, tuple, dictionary or 0.
    CallEx "ooo" "o",
    /// Object, index or 0: `object.pop(index)`.
    Pop "oo" "o",
    /// Object, value: `object.append(value)`.
    Append "oo" "o",
    /// The same for its effect: a status.
    AppendTo "oo" "o",
    /// Object, value: `object.add(value)`.
    AddTo "oo" "o",
    /// The same for its effect: a status.
    AddItem "oo" "o",
    /// `str(object)`, `int(object)` and `float(object)`.
    Str "o" "o",
    Int "o" "o",
    Float "o" "o",
    Iter "o" "o",
    /// As `iter(object)`.
    GetIter "o" "o",
    /// Iterator, address of its position: 0 at the end, 1 for an error.
    Next "oo" "o",
    /// Start, stop, step, where three words go: None where these are the count, the first number and the step, otherwise an iterator
    /// and −1.
    IterRange "oooo" "o",
    /// What `NextPair` takes, of an object.
    IterPairs "o" "o",
    /// Iterator, address of its position and of a word, where both items of the next pair go: 1, 0 at the end, −1 for an error.
    NextPair "ooo" "o",
    /// Object, number of items, where they go.
    Unpack "ooo" "o",
    /// Object, items before the star, items behind it, where they go.
    UnpackStar "oooo" "o",
    /// Items, number.
    Tuple "oo" "o",
    List "oo" "o",
    /// Keys and values in turns, number of pairs.
    Dict "oo" "o",
    Set "oo" "o",
    ListAppend "oo" "o",
    ListExtend "oo" "o",
    ListToTuple "o" "o",
    SetAdd "oo" "o",
    SetUpdate "oo" "o",
    DictSet "ooo" "o",
    DictUpdate "oo" "o",
    /// Dictionary of keywords, more of them, the function.
    DictMerge "ooo" "o",
    /// Value, specification or 0, conversion.
    Format "ooo" "o",
    /// Strings, number.
    Join "oo" "o",
    FromDouble "d" "o",
    FromInt "o" "o",
    FromUnsigned "o" "o",
    /// Name in C of an enumeration, number.
    Member "oo" "o",
    /// Number of a character.
    FromCharacter "o" "o",
    /// The same with the errors of `chr`.
    Chr "o" "o",
    Divmod "oo" "o",
    /// What is looked for as `text::searched` numbers it, string, part, bounds: a place or −1; −2 with an exception set.
    Search "ooooo" "o",
    FromBool "o" "o",
    /// −1.0 with an exception set, perhaps.
    AsDouble "o" "d",
    /// Object, code of the type, its name: −1 with an exception set, perhaps.
    AsInt "ooo" "o",
    /// A string of one character, or its number.
    AsChar "o" "o",
    /// String, where the address of its characters, their size and their number go: a status.
    Chars "oo" "o",
    /// String, index: the character, or −1.
    CharAt "oo" "o",
    /// Kind of a method, character: whether it is so.
    CharIs "oo" "o",
    /// Raises a built-in exception: number of the class, text.
    Raise "oo" "",
    /// Exception, cause or 0, whether there is a cause.
    RaiseObject "ooo" "",
    Reraise "" "",
    /// Table, line (negative: the frame is there already), where the exception handled before goes: the exception that is
    /// set is handled from now on.
    Catch "ooo" "o",
    /// The exception handled before, or 0: it is again, and its reference is gone.
    Uncatch "o" "",
    /// Exception, class or tuple of them.
    Matches "oo" "o",
    /// Sets an exception again; its reference is gone.
    Restore "o" "",
    /// Table, name, names or 0, level.
    Import "oooo" "o",
    /// Module, name.
    ImportFrom "oo" "o",
    /// Manager, where its `__exit__` goes: what `__enter__` gives.
    Enter "oo" "o",
    /// `__exit__`, exception or 0: 1 if it is swallowed.
    Exit "oo" "o",
    /// Object, key, value for none: `object.get(key, value)`.
    Get "ooo" "o",
    /// Value or 0.
    FailAssertion "o" "",
    /// Declaration of a parameter, argument, where memory, extents and strides go: the array.
    ViewOf "ooo" "o",
    /// Object, name of a builtin class, name of a parameter or 0: a status.
    CheckClass "ooo" "o",
    /// Text: warns with RuntimeWarning.
    Warn "o" "o",
    /// Value or 0: a cell with it.
    NewCell "o" "o",
    /// Cell, name, whether the variable is of a function around.
    CellGet "ooo" "o",
    /// The same, which gives no new reference.
    CellLook "ooo" "o",
    /// Cell, value or 0.
    CellSet "oo" "o",
    /// Table, number of the code, defaults, those of keywords, cells, annotations; 0: none.
    MakeFunction "oooooo" "o",
    /// Table, code of the body, its cells or 0, name, bases, keywords or 0.
    BuildClass "oooooo" "o",
    /// Whether a pattern of a sequence (0) or a mapping (1) may fit an object.
    IsPattern "oo" "o",
    /// Mapping, tuple of keys: a tuple of values, or None.
    MatchKeys "oo" "o",
    /// Object, class, number of positional patterns, names of the others: a tuple of attributes, or None.
    MatchClass "oooo" "o",
    /// Mapping, tuple of keys: a dictionary of the others.
    MatchRest "oo" "o",
    /// Record of a function of the module, words of its arguments, where its result goes: a status.
    CallOwn "ooo" "o",
    /// The same without the lock.
    CallOwnFree "ooo" "o",
    /// Table: makes the error that a kernel left a Python exception, with the lock or without it.
    KernelFailed "o" "",
    /// Exceptions of kernels behind a pointer are kept from now on.
    ExpectError "" "",
    /// A status: −1 if one was kept. With the lock or without it.
    Failed "" "o",
    /// Gives the lock up: the thread's state.
    GiveUp "" "o",
    /// Takes the lock again: the thread's state.
    Take "o" "",
    /// Type of C, address: what Python gets of what lies there.
    FromC "oo" "o",
    /// Type of C, object, address: makes what lies there what the object says; a status.
    ToC "ooo" "o",
    /// The address of the characters of bytes.
    AsChars "o" "o",
    /// Characters up to their end as bytes; the second word is not used.
    BytesAt "oo" "o",
    /// Characters, number.
    BytesOf "oo" "o",
    /// Number of characters up to their end.
    TextLen "o" "o",
    /// Type of its elements, address, extents, their number, whether the first axis is the fastest: an array.
    ArrayOver "ooooo" "o",
    /// Number of bytes: an object that holds so many, all zero, which `AsChars` finds.
    NewMemory "o" "o",
    /// To, from, number of bytes.
    MoveMemory "ooo" "",
    FromComplex "dd" "o",
    /// Object, where both parts go: a status.
    AsComplex "oo" "o",
}

impl Entry {
    pub fn name(self) -> &'static str {
        Entry::TYPES[self as usize].0
    }

    /// What it does to the count of references.
    pub fn count(self) -> Option<Count> {
        match self {
            Entry::Retain => Some(Count::Up),
            Entry::Release => Some(Count::Down),
            Entry::ReleaseMaybe => Some(Count::DownUnlessNull),
            _ => None,
        }
    }

    pub fn ret(self) -> Type {
        match Entry::TYPES[self as usize].2 {
            "o" => Type::I64,
            "d" => Type::Scalar(DType::F64),
            _ => Type::unit(),
        }
    }

    /// Number of parameters.
    pub fn arity(self) -> usize {
        Entry::TYPES[self as usize].1.len()
    }
}
