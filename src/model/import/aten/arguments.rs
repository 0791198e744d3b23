//! What a call is given, by the name and the place that the operation's schema has for it.

use super::value::{Outcome, Source, Stored, Value};
use crate::model::import::traced::{Argument, Call, Element};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// A call and the values that it may read.
pub struct Arguments<'a> {
    /// The call.
    pub call: &'a Call,
    /// Its operation's name without an in-place mark.
    pub operation: &'a str,
    values: &'a HashMap<String, Value>,
    /// Names of buffers whose numbers were taken from the file.
    pub fixed: RefCell<BTreeSet<String>>,
}

/// An argument by its place in the schema and its name there.
pub type At = (usize, &'static str);

const ABSENT: Argument = Argument::Absent;

/// The kind of number that PyTorch's name of a type stands for.
pub fn element_named(name: &str) -> Option<Element> {
    let name = name.rsplit('.').next().unwrap_or(name);
    Some(match name {
        "float" | "float16" | "float32" | "float64" | "bfloat16" | "half" | "double" => {
            Element::Float
        }
        "integer" | "uint8" | "int8" | "int16" | "int32" | "int64" | "long" | "int" | "short"
        | "uint16" | "uint32" | "uint64" => Element::Integer,
        "bool" => Element::Bool,
        _ => return None,
    })
}

impl<'a> Arguments<'a> {
    /// Of a call.
    pub fn new(call: &'a Call, operation: &'a str, values: &'a HashMap<String, Value>) -> Self {
        Self {
            call,
            operation,
            values,
            fixed: RefCell::default(),
        }
    }

    /// The argument, or that it is absent.
    pub fn get(&self, (place, name): At) -> &'a Argument {
        let named = self.call.named.iter().find(|(own, _)| own == name);
        let named = named.map(|(_, argument)| argument);
        named
            .or_else(|| self.call.positional.get(place))
            .unwrap_or(&ABSENT)
    }

    /// Whether anything stands there.
    pub fn has(&self, at: At) -> bool {
        *self.get(at) != Argument::Absent
    }

    fn named(&self, name: &str) -> Outcome<Value> {
        let value = self.values.get(name).cloned();
        value.ok_or_else(|| {
            format!("reads {name:?}, which nothing before it gives, or which is no value that can be followed")
        })
    }

    fn value_of(&self, argument: &Argument) -> Outcome<Option<Value>> {
        Ok(Some(match argument {
            Argument::Absent => return Ok(None),
            Argument::Value(name) => self.named(name)?,
            Argument::Bool(yes) => Value::number(f64::from(u8::from(*yes)), Element::Bool),
            Argument::Integer(n) => Value::number(*n as f64, Element::Integer),
            Argument::Float(x) => Value::number(*x, Element::Float),
            Argument::Text(_) | Argument::List(_) => {
                return Err(format!("is given {argument:?} where a value is expected"));
            }
        }))
    }

    /// A value or a number.
    ///
    /// # Errors
    /// Where there is none.
    pub fn value(&self, at: At) -> Outcome<Value> {
        self.optional(at)?
            .ok_or_else(|| format!("lacks its argument {:?}", at.1))
    }

    /// A value or a number, if there is one.
    ///
    /// # Errors
    /// Where something else stands there.
    pub fn optional(&self, at: At) -> Outcome<Option<Value>> {
        self.value_of(self.get(at))
    }

    /// Several values, some of which may be absent.
    ///
    /// # Errors
    /// Where something else stands there.
    pub fn values(&self, at: At) -> Outcome<Vec<Option<Value>>> {
        match self.get(at) {
            Argument::List(all) => all.iter().map(|one| self.value_of(one)).collect(),
            other => Ok(self.value_of(other)?.into_iter().map(Some).collect()),
        }
    }

    fn number_of(&self, argument: &Argument, name: &str) -> Outcome<Option<f64>> {
        let Some(value) = self.value_of(argument)? else {
            return Ok(None);
        };
        let number = value.uniform();
        number.map(Some).ok_or_else(|| {
            format!("takes {name:?} from tensors or data, where a known number is expected")
        })
    }

    /// A known number, if there is one.
    ///
    /// # Errors
    /// Where something else stands there.
    pub fn number(&self, at: At) -> Outcome<Option<f64>> {
        self.number_of(self.get(at), at.1)
    }

    /// A known number, or the schema's default.
    ///
    /// # Errors
    /// As [`Arguments::number`].
    pub fn number_or(&self, at: At, default: f64) -> Outcome<f64> {
        Ok(self.number(at)?.unwrap_or(default))
    }

    /// A whole number, if there is one.
    ///
    /// # Errors
    /// Where something else stands there.
    pub fn integer(&self, at: At) -> Outcome<Option<i64>> {
        let number = self.number(at)?;
        number.map(|n| whole(n, at.1)).transpose()
    }

    /// A whole number, or the schema's default.
    ///
    /// # Errors
    /// As [`Arguments::integer`].
    pub fn integer_or(&self, at: At, default: i64) -> Outcome<i64> {
        Ok(self.integer(at)?.unwrap_or(default))
    }

    /// A truth value, or the schema's default.
    ///
    /// # Errors
    /// Where something else stands there.
    pub fn flag(&self, at: At, default: bool) -> Outcome<bool> {
        Ok(self.number(at)?.map_or(default, |n| n != 0.0))
    }

    /// A word, if there is one.
    pub fn text(&self, at: At) -> Option<&'a str> {
        match self.get(at) {
            Argument::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whole numbers, if there are any; one counts as a list of itself.
    ///
    /// # Errors
    /// Where something else stands there.
    pub fn integers(&self, at: At) -> Outcome<Option<Vec<i64>>> {
        let all = match self.get(at) {
            Argument::Absent => return Ok(None),
            Argument::List(all) => all.as_slice(),
            one => std::slice::from_ref(one),
        };
        let number = |one: &Argument| {
            let number = self.number_of(one, at.1)?;
            whole(number.ok_or("lacks a number in a list")?, at.1)
        };
        all.iter().map(number).collect::<Outcome<_>>().map(Some)
    }

    /// Numbers, if there are any.
    ///
    /// # Errors
    /// Where something else stands there.
    pub fn numbers(&self, at: At) -> Outcome<Option<Vec<f64>>> {
        let Argument::List(all) = self.get(at) else {
            return Ok(None);
        };
        let number = |one: &Argument| {
            let number = self.number_of(one, at.1)?;
            number.ok_or_else(|| "lacks a number in a list".into())
        };
        all.iter().map(number).collect::<Outcome<_>>().map(Some)
    }

    /// Whole numbers, or an empty list.
    ///
    /// # Errors
    /// As [`Arguments::integers`].
    pub fn list(&self, at: At) -> Outcome<Vec<i64>> {
        Ok(self.integers(at)?.unwrap_or_default())
    }

    /// Extents, none negative: kernel sizes, strides; one number stands for `count` of them.
    ///
    /// # Errors
    /// Where something else stands there.
    pub fn extents(&self, at: At, count: usize, default: usize) -> Outcome<Vec<usize>> {
        let given = self.list(at)?;
        let sizes: Outcome<Vec<usize>> = given
            .iter()
            .map(|n| usize::try_from(*n).map_err(|_| format!("has {:?} = {given:?}", at.1)))
            .collect();
        let sizes = sizes?;
        match sizes[..] {
            [] => Ok(vec![default; count]),
            [one] => Ok(vec![one; count]),
            _ if sizes.len() == count => Ok(sizes),
            _ => Err(format!("has {:?} = {given:?}, expected {count}", at.1)),
        }
    }

    /// Axes of a value by an argument; `None` where none are named.
    ///
    /// # Errors
    /// Where there is no such axis.
    pub fn axes(&self, at: At, x: &Value) -> Outcome<Option<Vec<usize>>> {
        let Some(named) = self.integers(at)? else {
            return Ok(None);
        };
        let axes: Outcome<Vec<usize>> = named.iter().map(|axis| x.axis(*axis)).collect();
        Ok(Some(axes?).filter(|axes| !axes.is_empty()))
    }

    /// The kind of number that a type argument asks for, wherever it stands.
    pub fn element(&self, at: At) -> Option<Element> {
        match self.get(at) {
            Argument::Text(name) => element_named(name),
            _ => None,
        }
    }

    /// A value as known numbers, where they are: its own, or those that a buffer has in the file.
    pub fn as_known(&self, value: &Value) -> Option<Value> {
        match &value.source {
            Source::Known(_) => Some(value.clone()),
            Source::Stored(stored) => {
                let Stored { buffer, name, .. } = &**stored;
                let source = Source::Known(Rc::clone(buffer.as_ref()?));
                self.fixed.borrow_mut().insert(name.clone());
                Some(Value {
                    source,
                    ..value.clone()
                })
            }
            Source::Layer(_) => None,
        }
    }

    /// A value that is known, with nothing repeated.
    ///
    /// # Errors
    /// Where it depends on tensors that are trained, or on data.
    pub fn known(&self, at: At) -> Outcome<Value> {
        let value = self.as_known(&self.value(at)?);
        let value = value.ok_or_else(|| {
            format!(
                "takes {:?} from tensors or data, where known numbers are expected",
                at.1
            )
        })?;
        value.repeated(&value.full)
    }
}

/// A number that is whole.
///
/// # Errors
/// Where it isn't, or is too large.
pub fn whole(n: f64, name: &str) -> Outcome<i64> {
    // 2⁵³: beyond it not every whole number is one.
    if n.fract() == 0.0 && n.abs() <= 9_007_199_254_740_992.0 {
        Ok(n as i64)
    } else {
        Err(format!("has {name:?} = {n}, expected a whole number"))
    }
}
