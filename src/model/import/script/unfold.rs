//! The code of `forward`, with the code that it calls, unfolded to a straight line of operations.
//!
//! Code is followed as the saved module would run it in evaluation: attributes are known, and so are
//! conditions on them and on shapes; every call of a module or function is replaced by what it does. A
//! condition that depends on data has two ways, and neither is taken: that is an error, unless one of them
//! only complains.

use super::access;
use super::names::{Frame, global};
use super::operations::operate;
use super::parse;
use super::syntax::{Action, Brackets, Expression, Function, Module, Statement};
use super::value::Value;
use crate::checkpoint::script::{Attribute, Place, Script, Tensor};
use crate::model::import::compose::Composer;
use crate::store::Parsed;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Calls, blocks and values in one another.
const DEEPEST: usize = 400;
/// Statements and values that are looked at: the largest networks take some hundred thousand.
const MOST_STEPS: usize = 1 << 22;

/// The code of an archive while it is unfolded.
pub struct Unfolder<'s> {
    pub(super) script: &'s Script,
    /// What was written down.
    pub composer: Composer,
    modules: HashMap<String, Rc<Module>>,
    /// Dotted paths of the modules.
    pub(super) paths: HashMap<Place, String>,
    /// Values of the tensors among the attributes.
    pub(super) tensors: HashMap<Tensor, Value>,
    /// Those that are parameters.
    pub(super) trained: HashSet<Tensor>,
    /// The module whose code runs.
    pub(super) path: String,
    depth: usize,
    steps: usize,
    /// Whether the error on its way says where it arose.
    located: bool,
}

impl<'s> Unfolder<'s> {
    /// Before anything was unfolded.
    pub fn new(script: &'s Script, composer: Composer, paths: HashMap<Place, String>) -> Self {
        Self {
            script,
            composer,
            modules: HashMap::new(),
            paths,
            tensors: HashMap::new(),
            trained: HashSet::new(),
            path: String::new(),
            depth: 0,
            steps: 0,
            located: false,
        }
    }

    fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(format!("the code takes more than {MOST_STEPS} steps"));
        }
        if self.depth >= DEEPEST {
            return Err(format!(
                "calls and values are nested deeper than {DEEPEST} levels"
            ));
        }
        self.depth += 1;
        let done = work(self);
        self.depth -= 1;
        done
    }

    /// The parsed code of the file called `name`.
    fn code(&mut self, name: &str) -> Parsed<Rc<Module>> {
        if let Some(module) = self.modules.get(name) {
            return Ok(Rc::clone(module));
        }
        let text = self.script.code().get(name);
        let text = text.ok_or_else(|| format!("the archive has no code `{name}`"))?;
        let module = parse::module(text).map_err(|e| {
            self.located = true;
            format!("in the code `{name}`, {e}")
        })?;
        let module = Rc::new(module);
        self.modules.insert(name.to_owned(), Rc::clone(&module));
        Ok(module)
    }

    /// The class of the module at `place`: the file it stands in, and its name there.
    fn class(&self, place: Place) -> Parsed<(String, String)> {
        match self.script.value(place) {
            Attribute::Module { class, .. } => split(class),
            _ => Err("a method of something that is no module".into()),
        }
    }

    /// The parameters of a method of the module at `place`, without the first, each with whether it has a default.
    pub fn parameters(&mut self, place: Place, method: &str) -> Parsed<Vec<(String, bool)>> {
        let (file, class) = self.class(place)?;
        let code = self.code(&file)?;
        let class = code
            .classes
            .get(&class)
            .ok_or_else(|| format!("`{file}` has no class `{class}`"))?;
        let function = class.methods.get(method).ok_or_else(|| no_method(method))?;
        let own = function.parameters.iter().skip(1);
        Ok(own
            .map(|(name, default)| (name.clone(), default.is_some()))
            .collect())
    }

    /// The names of the parameters among the attributes of the module at `place`.
    pub(super) fn parameter_names(&mut self, place: Place) -> Parsed<Vec<String>> {
        let (file, class) = self.class(place)?;
        let code = self.code(&file)?;
        let class = code.classes.get(&class);
        Ok(class
            .map(|class| class.parameters.clone())
            .unwrap_or_default())
    }

    /// What a method of the module at `place` gives.
    ///
    /// # Errors
    /// Names the line of code and what about it can't be unfolded.
    pub fn method(
        &mut self,
        place: Place,
        method: &str,
        arguments: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Parsed<Value> {
        let (file, class) = self.class(place)?;
        let code = self.code(&file)?;
        let own = code
            .classes
            .get(&class)
            .ok_or_else(|| format!("`{file}` has no class `{class}`"))?;
        let function = own.methods.get(method).ok_or_else(|| no_method(method))?;
        let mut all = vec![Value::Module(place)];
        all.extend(arguments);
        let path = self.paths.get(&place).cloned().unwrap_or_default();
        let outer = std::mem::replace(&mut self.path, path);
        let done = self.run(function, file, all, named);
        self.path = outer;
        done
    }

    /// What a function of the code gives, or a tuple with names of the class that is called so.
    pub(super) fn function(
        &mut self,
        name: &str,
        arguments: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Parsed<Value> {
        let (file, own) = split(name)?;
        let code = self.code(&file)?;
        if let Some(class) = code.classes.get(&own) {
            if class.base != "NamedTuple"
                || arguments.len() != class.fields.len()
                || !named.is_empty()
            {
                return Err(format!(
                    "an object of the class `{name}` is made, which isn't read"
                ));
            }
            return Value::tuple(arguments).shallow();
        }
        let function = code
            .functions
            .get(&own)
            .ok_or_else(|| format!("there is no function `{name}`"))?;
        self.run(function, file, arguments, named)
    }

    fn run(
        &mut self,
        function: &Function,
        file: String,
        arguments: Vec<Value>,
        mut named: Vec<(String, Value)>,
    ) -> Parsed<Value> {
        if arguments.len() > function.parameters.len() {
            return Err(format!("`{}` is given too many arguments", function.name));
        }
        let mut frame = Frame {
            names: HashMap::new(),
            file,
        };
        let mut arguments = arguments.into_iter();
        for (name, default) in &function.parameters {
            let by_name = named.iter().position(|(own, _)| own == name);
            let value = match (arguments.next(), by_name, default) {
                (Some(value), ..) => value,
                (None, Some(at), _) => named.swap_remove(at).1,
                (None, None, Some(default)) => self.value(default, &frame)?,
                (None, None, None) => {
                    return Err(format!("`{}` isn't given `{name}`", function.name));
                }
            };
            frame.names.insert(name.clone(), value);
        }
        let done = self.deeper(|own| own.block(&function.body, &mut frame))?;
        Ok(done.unwrap_or(Value::None))
    }

    /// Follows a block; gives the value that it returns, if it does.
    fn block(&mut self, statements: &[Statement], frame: &mut Frame) -> Parsed<Option<Value>> {
        for statement in statements {
            let done = self.deeper(|own| own.action(&statement.action, frame));
            let done = done.map_err(|e| {
                if self.located {
                    return e;
                }
                self.located = true;
                format!("the code `{}`, line {}: {e}", frame.file, statement.line)
            })?;
            if done.is_some() {
                return Ok(done);
            }
        }
        Ok(None)
    }

    fn action(&mut self, action: &Action, frame: &mut Frame) -> Parsed<Option<Value>> {
        match action {
            Action::Pass => {}
            Action::Do(value) => {
                self.value(value, frame)?;
            }
            Action::Assign(target, value) => {
                let value = self.value(value, frame)?;
                self.assign(target, value, frame)?;
            }
            Action::Return(None) => return Ok(Some(Value::None)),
            Action::Return(Some(value)) => return self.value(value, frame).map(Some),
            Action::If(condition, yes, no) => {
                let condition = self.value(condition, frame)?;
                let block = match (truth(&condition), complains(yes), complains(no)) {
                    (Some(true), ..) => yes,
                    (Some(false), ..) => no,
                    (None, true, false) => no,
                    (None, false, true) => yes,
                    _ => return Err(undecided(&condition)),
                };
                return self.block(block, frame);
            }
            Action::For(name, items, block) => {
                let items = self.value(items, frame)?;
                let items = items
                    .items()
                    .ok_or_else(|| format!("a loop over {}", items.kind()))?;
                for item in items {
                    frame.names.insert(name.clone(), item);
                    if let Some(done) = self.block(block, frame)? {
                        return Ok(Some(done));
                    }
                }
            }
            Action::While(condition, block) => loop {
                let condition = self.value(condition, frame)?;
                match truth(&condition) {
                    Some(true) => {}
                    Some(false) => break,
                    None => return Err(undecided(&condition)),
                }
                if let Some(done) = self.block(block, frame)? {
                    return Ok(Some(done));
                }
            },
        }
        Ok(None)
    }

    fn assign(&mut self, target: &Expression, value: Value, frame: &mut Frame) -> Parsed<()> {
        match target {
            Expression::Name(name) => {
                frame.names.insert(name.clone(), value);
                Ok(())
            }
            Expression::List(targets, _) => {
                let items = value
                    .items()
                    .ok_or_else(|| format!("{} is taken apart", value.kind()))?;
                if items.len() != targets.len() {
                    return Err(format!(
                        "{} values where {} are expected",
                        items.len(),
                        targets.len()
                    ));
                }
                for (target, item) in targets.iter().zip(items) {
                    self.deeper(|own| own.assign(target, item, frame))?;
                }
                Ok(())
            }
            Expression::Index(of, index) => {
                let (of, index) = (self.value(of, frame)?, self.value(index, frame)?);
                access::set(&of, &index, &value)
            }
            Expression::Attribute(_, name) => Err(format!(
                "the attribute `{name}` is changed: the network would be another one the next time"
            )),
            _ => Err("a value is given to something that has no name".into()),
        }
    }

    /// What an expression gives.
    pub(super) fn value(&mut self, expression: &Expression, frame: &Frame) -> Parsed<Value> {
        self.deeper(|own| own.value_of(expression, frame))
    }

    /// What several expressions give.
    pub(super) fn values(
        &mut self,
        expressions: &[Expression],
        frame: &Frame,
    ) -> Parsed<Vec<Value>> {
        expressions.iter().map(|e| self.value(e, frame)).collect()
    }

    fn value_of(&mut self, expression: &Expression, frame: &Frame) -> Parsed<Value> {
        Ok(match expression {
            Expression::None => Value::None,
            Expression::Bool(value) => Value::Bool(*value),
            Expression::Int(value) => Value::Int(*value),
            Expression::Float(value) => Value::Float(*value),
            Expression::Text(text) => Value::text(text),
            Expression::Name(name) => match frame.names.get(name) {
                Some(value) => value.clone(),
                None => return Err(format!("the name `{name}` has no value")),
            },
            Expression::List(items, Brackets::Square) => {
                Value::list(self.values(items, frame)?).shallow()?
            }
            Expression::List(items, Brackets::Round) => {
                Value::tuple(self.values(items, frame)?).shallow()?
            }
            Expression::Dict(pairs) => {
                let mut read = Vec::new();
                for (key, value) in pairs {
                    read.push((self.value(key, frame)?, self.value(value, frame)?));
                }
                Value::Dict(Rc::new(read.into())).shallow()?
            }
            Expression::Negative(of) => {
                let of = self.value(of, frame)?;
                return operate(&mut self.composer, &self.path, "neg", vec![of], Vec::new());
            }
            Expression::Index(of, index) => {
                let (of, index) = (self.value(of, frame)?, self.value(index, frame)?);
                access::index(&of, &index)?
            }
            Expression::Attribute(of, name) => match global(expression, frame) {
                Some(dotted) => self.global(&dotted)?,
                None => {
                    let of = self.value(of, frame)?;
                    self.attribute(&of, name, frame)?
                }
            },
            Expression::Call(call) => return self.call(call, frame),
        })
    }

    /// `CONSTANTS.c0`, or the name of a function or class.
    fn global(&mut self, dotted: &str) -> Parsed<Value> {
        let Some(number) = dotted.strip_prefix("CONSTANTS.c") else {
            return Ok(Value::Named(dotted.into()));
        };
        let place = number.parse().ok().and_then(|n| self.script.constant(n));
        let place = place.ok_or_else(|| format!("there is no `{dotted}`"))?;
        self.kept(place)
    }

    /// An attribute of a module.
    pub(super) fn attribute(&mut self, of: &Value, name: &str, frame: &Frame) -> Parsed<Value> {
        let Value::Module(place) = of else {
            return Err(format!("the attribute `{name}` of {}", of.kind()));
        };
        let Attribute::Module { attributes, .. } = self.script.value(*place) else {
            return Err(format!(
                "the attribute `{name}` of something that is no module"
            ));
        };
        if name == "training" {
            return Ok(Value::Bool(false));
        }
        let (file, class) = self.class(*place)?;
        let code = self.code(&file)?;
        let class = code.classes.get(&class);
        if let Some((_, place)) = attributes.iter().find(|(own, _)| own == name) {
            return self.kept(*place);
        }
        let fixed = class.and_then(|class| class.finals.iter().find(|(own, _)| own == name));
        match fixed {
            Some((_, value)) => self.value(value, frame),
            None => Err(format!("a module has no attribute `{name}`")),
        }
    }
}

fn split(qualified: &str) -> Parsed<(String, String)> {
    let parts = qualified.rsplit_once('.');
    let (file, name) = parts.ok_or_else(|| format!("`{qualified}` is called, which isn't read"))?;
    Ok((file.to_owned(), name.to_owned()))
}

fn no_method(name: &str) -> String {
    format!("a module has no method `{name}`")
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::None => Some(false),
        Value::List(items, _) => Some(!items.borrow().is_empty()),
        value => value.number().map(|n| n != 0.0),
    }
}

fn undecided(condition: &Value) -> String {
    let what = match condition {
        Value::Unknown => "data, or on a shape that isn't known before that of the data is",
        other => other.kind(),
    };
    format!("a condition depends on {what}; only code without such a choice can be read")
}

/// Whether a block does nothing but stop with a message, as far as its own statements go.
fn complains(block: &[Statement]) -> bool {
    block.iter().any(|statement| {
        let Action::Do(Expression::Call(call)) = &statement.action else {
            return false;
        };
        call.function.dotted().as_deref() == Some("ops.prim.RaiseException")
    })
}
