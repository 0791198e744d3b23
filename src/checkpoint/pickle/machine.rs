//! The stack machine of protocols 0 to 5, reduced to building inert values.
//!
//! Every opcode makes at most one node, so memory is bounded by the length of the pickle and by
//! [`MAX_NODES`]. Instances in the manner of Python 2 (`i`, `o`) are refused: nothing that holds
//! tensors is pickled so.

use super::graph::{Id, Node, Object, Pickle, Step};
use super::input::{Input, int_from_le};
use std::collections::HashMap;

/// More values than any checkpoint of named tensors needs (a tensor takes about twenty); the machine
/// stops here, with half a gigabyte in use.
const MAX_NODES: usize = 4 << 20;

/// So many floats are kept; a file with more of them has histories in it, and what a module or a training
/// loop says of itself stands among the first.
const MAX_FLOATS: usize = 1 << 18;

const NONE: Id = Id(0);
const TRUE: Id = Id(1);
const FALSE: Id = Id(2);
const EMPTY_TUPLE: Id = Id(3);
const OTHER_NUMBER: Id = Id(4);

/// Why and where a pickle couldn't be read.
#[derive(Debug)]
pub struct Stopped {
    /// Byte offset of the opcode at fault, from the start of the pickle.
    pub offset: usize,
    /// What was wrong with it.
    pub reason: String,
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the pickle can't be read at its byte {}: {}",
            self.offset, self.reason
        )
    }
}

/// Reads one pickle from the start of `bytes`; what follows it is left alone.
///
/// # Errors
/// The offset and the reason, for anything that isn't a well-formed pickle of protocol 0 to 5.
pub fn parse(bytes: &[u8]) -> Result<Pickle<'_>, Stopped> {
    let mut machine = Machine {
        input: Input::new(bytes),
        nodes: vec![
            Node::None,
            Node::Bool(true),
            Node::Bool(false),
            Node::Tuple(Box::new([])),
            Node::OtherNumber,
        ],
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        floats: 0,
    };
    loop {
        let offset = machine.input.at();
        match machine.step() {
            Ok(None) => {}
            Ok(Some(root)) => {
                return Ok(Pickle {
                    nodes: machine.nodes,
                    root,
                    length: machine.input.at(),
                });
            }
            Err(reason) => return Err(Stopped { offset, reason }),
        }
    }
}

struct Machine<'a> {
    input: Input<'a>,
    nodes: Vec<Node<'a>>,
    stack: Vec<Id>,
    /// Heights of the stack at each open mark.
    marks: Vec<usize>,
    memo: HashMap<usize, Id>,
    /// How many floats are kept.
    floats: usize,
}

impl<'a> Machine<'a> {
    /// Carries out one opcode; gives the root at the end of the pickle.
    fn step(&mut self) -> Step<Option<Id>> {
        let [opcode] = self.input.fixed::<1>()?;
        match opcode {
            b'.' => return self.pop().map(Some),
            0x80 => {
                let [protocol] = self.input.fixed::<1>()?;
                if protocol > 5 {
                    return Err(format!("protocol {protocol}, where 0 to 5 are known"));
                }
            }
            // FRAME is a hint for buffered reading.
            0x95 => {
                self.input.fixed::<8>()?;
            }
            b'(' => self.marks.push(self.stack.len()),
            b'0' => {
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                } else {
                    self.pop()?;
                }
            }
            b'1' => {
                self.pop_mark()?;
            }
            b'2' => self.stack.push(self.top()?),
            b'N' => self.stack.push(NONE),
            0x88 => self.stack.push(TRUE),
            0x89 => self.stack.push(FALSE),
            b')' => self.stack.push(EMPTY_TUPLE),
            b'h' | b'j' | b'q' | b'r' | 0x94 => self.memo_op(opcode)?,
            b'J' | b'K' | b'M' | b'G' | 0x8a | 0x8b => self.number(opcode)?,
            b'I' | b'L' | b'F' | b'S' | b'V' | b'p' | b'g' => self.line(opcode)?,
            b'X' | b'T' | b'U' | 0x8c | 0x8d => {
                let bytes = self.input.counted(opcode)?;
                match std::str::from_utf8(bytes) {
                    Ok(text) => self.push(Node::Text(text))?,
                    Err(_) => self.push(Node::Bytes(bytes))?,
                }
            }
            b'B' | b'C' | 0x8e | 0x96 => {
                let bytes = self.input.counted(opcode)?;
                self.push(Node::Bytes(bytes))?;
            }
            b']' => self.push(Node::List(Vec::new()))?,
            b'}' => self.push(Node::Dict(Vec::new()))?,
            0x8f => self.push(Node::Set(Vec::new()))?,
            b't' | b'l' | b'd' | 0x91 => self.collect(opcode)?,
            0x85..=0x87 => {
                let count = usize::from(opcode - 0x84);
                let items = self.pop_many(count)?;
                self.push(Node::Tuple(items.into()))?;
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item])?;
            }
            b'e' | 0x90 => {
                let items = self.pop_mark()?;
                self.extend(items)?;
            }
            b's' => {
                let pair = self.pop_many(2)?;
                self.set_items(&pair)?;
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.set_items(&items)?;
            }
            b'c' => {
                let module = self.input.line()?;
                let name = self.input.line()?;
                self.push(Node::Global { module, name })?;
            }
            0x93 => {
                let parts = self.pop_many(2)?;
                let [Some(module), Some(name)] = [0, 1].map(|i| self.text(parts.get(i))) else {
                    return Err("a class name that isn't text".into());
                };
                self.push(Node::Global { module, name })?;
            }
            b'R' | 0x81 => {
                let parts = self.pop_many(2)?;
                self.call(&parts)?;
            }
            0x92 => {
                // The keyword arguments carry no tensors in anything PyTorch writes.
                let parts = self.pop_many(3)?;
                self.call(&parts)?;
            }
            b'b' => self.build()?,
            b'Q' => {
                let id = self.pop()?;
                self.push(Node::Persistent(id))?;
            }
            // READONLY_BUFFER marks what is on the stack already.
            0x98 => {}
            0x97 => return Err("a buffer kept outside of the file".into()),
            0x82..=0x84 => return Err("a class named by a number of a private registry".into()),
            other => return Err(format!("unknown opcode 0x{other:02x}")),
        }
        Ok(None)
    }

    fn memo_op(&mut self, opcode: u8) -> Step<()> {
        let key = match opcode {
            b'h' | b'q' => usize::from(self.input.fixed::<1>()?[0]),
            b'j' | b'r' => u32::from_le_bytes(self.input.fixed()?) as usize,
            _ => self.memo.len(),
        };
        if matches!(opcode, b'h' | b'j') {
            self.recall(key)
        } else {
            self.remember(key)
        }
    }

    fn recall(&mut self, key: usize) -> Step<()> {
        let id = *self
            .memo
            .get(&key)
            .ok_or_else(|| format!("nothing remembered as {key}"))?;
        self.stack.push(id);
        Ok(())
    }

    fn remember(&mut self, key: usize) -> Step<()> {
        if self.memo.len() >= MAX_NODES {
            return Err(format!("more than {MAX_NODES} values to remember"));
        }
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    /// The opcodes of protocols 0 and 1, whose arguments are lines of text.
    fn line(&mut self, opcode: u8) -> Step<()> {
        let line = self.input.line()?;
        let key = || {
            let key = line.parse::<usize>();
            key.map_err(|_| format!("{line:?} remembered, which isn't a number"))
        };
        match (opcode, line) {
            (b'I', "01") => self.stack.push(TRUE),
            (b'I', "00") => self.stack.push(FALSE),
            (b'I' | b'L', digits) => match digits.trim_end_matches('L').parse() {
                Ok(number) => self.push(Node::Int(number))?,
                Err(_) => self.stack.push(OTHER_NUMBER),
            },
            (b'F', digits) => self.float(digits.parse().ok())?,
            // Text as Python prints it, in quotes; names of tensors need no escapes.
            (b'S', quoted) => {
                let inside = |quote| quoted.strip_prefix(quote)?.strip_suffix(quote);
                match inside('\'').or_else(|| inside('"')) {
                    Some(text) => self.push(Node::Text(text))?,
                    None => return Err("text without quotes".into()),
                }
            }
            (b'V', text) => self.push(Node::Text(text))?,
            (b'p', _) => self.remember(key()?)?,
            _ => self.recall(key()?)?,
        }
        Ok(())
    }

    fn number(&mut self, opcode: u8) -> Step<()> {
        let node = match opcode {
            b'J' => Node::Int(i32::from_le_bytes(self.input.fixed()?).into()),
            b'K' => Node::Int(self.input.fixed::<1>()?[0].into()),
            b'M' => Node::Int(u16::from_le_bytes(self.input.fixed()?).into()),
            b'G' => {
                let value = f64::from_be_bytes(self.input.fixed()?);
                return self.float(Some(value));
            }
            _ => match int_from_le(self.input.counted(opcode)?) {
                Some(number) => Node::Int(number),
                None => {
                    self.stack.push(OTHER_NUMBER);
                    return Ok(());
                }
            },
        };
        self.push(node)
    }

    fn float(&mut self, value: Option<f64>) -> Step<()> {
        match value.filter(|_| self.floats < MAX_FLOATS) {
            Some(value) => {
                self.floats += 1;
                self.push(Node::Float(value))
            }
            None => {
                self.stack.push(OTHER_NUMBER);
                Ok(())
            }
        }
    }

    /// Tuple, list, dictionary or frozenset of everything above the last mark.
    fn collect(&mut self, opcode: u8) -> Step<()> {
        let items = self.pop_mark()?;
        let node = match opcode {
            b't' => Node::Tuple(items.into()),
            b'l' => Node::List(items),
            0x91 => Node::Set(items),
            _ => Node::Dict(pairs_from(&items)?),
        };
        self.push(node)
    }

    /// Appends to the list or set on top of the stack.
    fn extend(&mut self, mut items: Vec<Id>) -> Step<()> {
        match self.top_node()? {
            Node::List(list) | Node::Set(list) => list.append(&mut items),
            // A subclass of list or a deque: never where weights are kept.
            Node::Object(_) => {}
            _ => return Err("items appended to something that isn't a list".into()),
        }
        Ok(())
    }

    /// Sets items of the dictionary on top of the stack.
    fn set_items(&mut self, items: &[Id]) -> Step<()> {
        let mut pairs = pairs_from(items)?;
        match self.top_node()? {
            Node::Dict(dict) => dict.append(&mut pairs),
            Node::Object(object) => object.items.append(&mut pairs),
            _ => return Err("items set on something that isn't a dictionary".into()),
        }
        Ok(())
    }

    /// Records a call. Only the standard dictionaries are given their meaning.
    fn call(&mut self, parts: &[Id]) -> Step<()> {
        let &[class, args, ..] = parts else {
            return Err("a call without arguments".into());
        };
        let is_dict = matches!(
            self.nodes.get(class.0 as usize),
            Some(Node::Global {
                module: "collections",
                name: "OrderedDict" | "defaultdict"
            })
        );
        if is_dict {
            let pairs = self.pairs_of_ordered_dict(args);
            return self.push(Node::Dict(pairs));
        }
        let object = Object {
            class,
            args,
            state: None,
            items: Vec::new(),
        };
        self.push(Node::Object(Box::new(object)))
    }

    /// Python 2 wrote an `OrderedDict` as a call with a list of pairs; Python 3 sets the items later.
    fn pairs_of_ordered_dict(&self, args: Id) -> Vec<(Id, Id)> {
        let elements = |id: Id| match self.nodes.get(id.0 as usize) {
            Some(Node::Tuple(items)) => &items[..],
            Some(Node::List(items)) => &items[..],
            _ => &[],
        };
        let Some(list) = elements(args).first() else {
            return Vec::new();
        };
        elements(*list)
            .iter()
            .filter_map(|pair| match *elements(*pair) {
                [key, value] => Some((key, value)),
                _ => None,
            })
            .collect()
    }

    fn build(&mut self) -> Step<()> {
        let state = self.pop()?;
        if let Node::Object(object) = self.top_node()? {
            object.state = Some(state);
        }
        // Attributes of anything else, such as `_metadata` of a state dict, say nothing of weights.
        Ok(())
    }

    fn push(&mut self, node: Node<'a>) -> Step<()> {
        if self.nodes.len() >= MAX_NODES {
            return Err(format!("more than {MAX_NODES} values"));
        }
        let id = u32::try_from(self.nodes.len()).map_err(|_| "too many values")?;
        self.nodes.push(node);
        self.stack.push(Id(id));
        Ok(())
    }

    fn top(&self) -> Step<Id> {
        self.stack
            .last()
            .copied()
            .ok_or_else(|| "a value is missing".into())
    }

    fn top_node(&mut self) -> Step<&mut Node<'a>> {
        let top = self.top()?;
        self.nodes
            .get_mut(top.0 as usize)
            .ok_or_else(|| "a value is missing".into())
    }

    fn pop(&mut self) -> Step<Id> {
        if self
            .marks
            .last()
            .is_some_and(|&mark| self.stack.len() <= mark)
        {
            return Err("a value is missing after a mark".into());
        }
        self.stack.pop().ok_or_else(|| "a value is missing".into())
    }

    /// The last `count` values, in the order they were pushed.
    fn pop_many(&mut self, count: usize) -> Step<Vec<Id>> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let from = self
            .stack
            .len()
            .checked_sub(count)
            .filter(|&from| from >= floor);
        Ok(self.stack.split_off(from.ok_or("a value is missing")?))
    }

    fn pop_mark(&mut self) -> Step<Vec<Id>> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or("a mark is missing")?))
    }

    fn text(&self, id: Option<&Id>) -> Option<&'a str> {
        match self.nodes.get(id?.0 as usize) {
            Some(Node::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// Alternating keys and values as pairs.
fn pairs_from(items: &[Id]) -> Step<Vec<(Id, Id)>> {
    if !items.len().is_multiple_of(2) {
        return Err("a dictionary key without a value".into());
    }
    Ok(items
        .chunks_exact(2)
        .filter_map(|c| Some((*c.first()?, *c.get(1)?)))
        .collect())
}
