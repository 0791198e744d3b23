//! The inert values of a pickle, and how they refer to each other.

/// What one opcode gives, or why it couldn't be carried out.
pub(super) type Step<T> = Result<T, String>;

/// The number of a value in its [`Pickle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id(pub(super) u32);

/// One value. Text is borrowed from the file.
#[derive(Debug)]
pub enum Node<'a> {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer that fits.
    Int(i64),
    /// A float: a slope, an accuracy; no tensor depends on its value.
    Float(f64),
    /// A number that isn't kept: an integer beyond 64 bits, and floats beyond the first so many.
    OtherNumber,
    /// Text.
    Text(&'a str),
    /// Bytes, or text that isn't UTF-8; borrowed from the file, too.
    Bytes(&'a [u8]),
    /// A tuple.
    Tuple(Box<[Id]>),
    /// A list.
    List(Vec<Id>),
    /// A set or frozenset.
    Set(Vec<Id>),
    /// A dictionary (also `OrderedDict` and `defaultdict`), pairs in file order.
    Dict(Vec<(Id, Id)>),
    /// The name of a class or function; never looked up.
    Global {
        /// Dotted module.
        module: &'a str,
        /// Name inside the module.
        name: &'a str,
    },
    /// The record of a call or of an object's construction; never carried out.
    Object(Box<Object>),
    /// A reference to something outside of the pickle, such as a tensor's storage.
    Persistent(Id),
}

/// What a pickle says about an object it would have built.
#[derive(Debug)]
pub struct Object {
    /// What would have been called: mostly a [`Node::Global`].
    pub class: Id,
    /// The arguments, mostly a [`Node::Tuple`].
    pub args: Id,
    /// The state set afterwards, mostly a [`Node::Dict`] of attributes.
    pub state: Option<Id>,
    /// Items set afterwards, for subclasses of `dict`.
    pub items: Vec<(Id, Id)>,
}

/// A parsed pickle.
#[derive(Debug)]
pub struct Pickle<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) root: Id,
    /// How many bytes the pickle took, for files that hold several in a row.
    pub length: usize,
}

impl<'a> Pickle<'a> {
    /// The value the whole pickle stands for.
    pub fn root(&self) -> Id {
        self.root
    }

    /// The value numbered `id`.
    pub fn node(&self, id: Id) -> &Node<'a> {
        // Ids are only made by the machine for nodes that exist; `None` keeps a mistake harmless.
        self.nodes.get(id.0 as usize).unwrap_or(&Node::None)
    }

    /// Every value, in the order of creation.
    pub fn nodes(&self) -> impl Iterator<Item = &Node<'a>> {
        self.nodes.iter()
    }

    /// The text at `id`, if it is text.
    pub fn text(&self, id: Id) -> Option<&'a str> {
        match self.node(id) {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer at `id`, if it is one.
    pub fn int(&self, id: Id) -> Option<i64> {
        match self.node(id) {
            Node::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The elements of the tuple or list at `id`.
    pub fn elements(&self, id: Id) -> Option<&[Id]> {
        match self.node(id) {
            Node::Tuple(items) => Some(items),
            Node::List(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs of the dictionary at `id`, or of an object that behaves as one.
    pub fn pairs(&self, id: Id) -> Option<&[(Id, Id)]> {
        match self.node(id) {
            Node::Dict(pairs) => Some(pairs),
            Node::Object(object) if !object.items.is_empty() => Some(&object.items),
            _ => None,
        }
    }

    /// The value of `key` in the dictionary at `id`.
    pub fn get(&self, id: Id, key: &str) -> Option<Id> {
        // As in Python, the last of several equal keys wins.
        self.pairs(id)?
            .iter()
            .rev()
            .find(|(k, _)| self.text(*k) == Some(key))
            .map(|(_, v)| *v)
    }

    /// The object at `id`.
    pub fn object(&self, id: Id) -> Option<&Object> {
        match self.node(id) {
            Node::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Module and name of the class or function at `id`.
    pub fn global(&self, id: Id) -> Option<(&'a str, &'a str)> {
        match self.node(id) {
            Node::Global { module, name } => Some((module, name)),
            _ => None,
        }
    }
}
