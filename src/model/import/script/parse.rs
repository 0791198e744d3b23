//! Code of a TorchScript archive → its tree.
//!
//! Every fault names the line. Depth is bounded: a file may nest brackets as deep as it is long.

use super::syntax::{Action, Brackets, Call, Class, Expression, Function, Module, Statement};
use super::token::{Placed, Token, tokens};
use crate::store::Parsed;
use std::iter::Peekable;
use std::vec::IntoIter;

/// Values in values.
const DEEPEST: usize = 100;
/// Names, indices and calls in a row, as in `a.b(c).d`: they bend the tree as deep as brackets do.
const LONGEST: usize = 24;

/// The classes and functions of one file.
///
/// # Errors
/// The line and the construct that isn't known.
pub fn module(text: &str) -> Parsed<Module> {
    let mut parser = Parser {
        words: tokens(text)?.into_iter().peekable(),
        line: 1,
        depth: 0,
    };
    parser
        .module()
        .map_err(|e| format!("line {}: {e}", parser.line))
}

struct Parser {
    words: Peekable<IntoIter<Placed>>,
    line: usize,
    depth: usize,
}

impl Parser {
    fn peek(&mut self) -> Option<&Token> {
        self.words.peek().map(|(token, _)| token)
    }

    fn next(&mut self) -> Option<Token> {
        let (token, line) = self.words.next()?;
        self.line = line;
        Some(token)
    }

    fn is(&mut self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(s)) if *s == sign)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let there = self.is(sign);
        if there {
            self.next();
        }
        there
    }

    fn is_word(&mut self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Name(n)) if n == word)
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        match self.next() {
            Some(Token::Sign(s)) if s == sign => Ok(()),
            other => Err(format!("{}, expected {sign:?}", shown(other.as_ref()))),
        }
    }

    fn name(&mut self) -> Parsed<String> {
        match self.next() {
            Some(Token::Name(name)) => Ok(name),
            other => Err(format!("{}, expected a name", shown(other.as_ref()))),
        }
    }

    fn end_of_line(&mut self) -> Parsed<()> {
        match self.next() {
            Some(Token::Newline) => Ok(()),
            other => Err(format!(
                "{}, expected the end of the line",
                shown(other.as_ref())
            )),
        }
    }

    fn module(&mut self) -> Parsed<Module> {
        let mut module = Module::default();
        while let Some(token) = self.next() {
            match token {
                Token::Name(word) if word == "class" => {
                    let name = self.name()?;
                    let class = self.class()?;
                    module.classes.insert(name, class);
                }
                Token::Name(word) if word == "def" => {
                    let function = self.function()?;
                    module.functions.insert(function.name.clone(), function);
                }
                // `op_version_set = 1` of old files.
                Token::Name(_) if self.is("=") => {
                    self.next();
                    self.expression()?;
                    self.end_of_line()?;
                }
                other => {
                    return Err(format!(
                        "{}, expected a class or a function",
                        shown(Some(&other))
                    ));
                }
            }
        }
        Ok(module)
    }

    fn class(&mut self) -> Parsed<Class> {
        let mut class = Class::default();
        self.expect("(")?;
        if !self.is(")") {
            class.base = self.name()?;
        }
        self.expect(")")?;
        self.begin()?;
        while !matches!(self.peek(), Some(Token::Dedent) | None) {
            if self.is_word("def") {
                self.next();
                let method = self.function()?;
                class.methods.insert(method.name.clone(), method);
                continue;
            }
            if self.is_word("pass") {
                self.next();
                self.end_of_line()?;
                continue;
            }
            let target = self.expression()?;
            if self.takes(":") {
                self.expression()?;
                let name = target.dotted().ok_or("an attribute without a name")?;
                if self.takes("=") {
                    class.finals.push((name, self.expression()?));
                } else {
                    class.fields.push(name);
                }
            } else if self.takes("=") {
                let value = self.expression()?;
                if let (Some("__parameters__"), Expression::List(items, _)) =
                    (target.dotted().as_deref(), value)
                {
                    let names = items.into_iter().filter_map(|item| match item {
                        Expression::Text(name) => Some(name),
                        _ => None,
                    });
                    class.parameters = names.collect();
                }
            }
            self.end_of_line()?;
        }
        self.next();
        Ok(class)
    }

    /// The colon, the end of the line and the beginning of a block.
    fn begin(&mut self) -> Parsed<()> {
        self.expect(":")?;
        self.end_of_line()?;
        match self.next() {
            Some(Token::Indent) => Ok(()),
            other => Err(format!("{}, expected a block", shown(other.as_ref()))),
        }
    }

    fn function(&mut self) -> Parsed<Function> {
        let name = self.name()?;
        let mut parameters = Vec::new();
        self.expect("(")?;
        while !self.takes(")") {
            // `*` only says that what follows is given by name.
            if self.takes("*") {
                self.expect(",")?;
                continue;
            }
            let parameter = self.name()?;
            if self.takes(":") {
                self.expression()?;
            }
            let default = self.takes("=").then(|| self.expression()).transpose()?;
            parameters.push((parameter, default));
            if !self.takes(",") {
                self.expect(")")?;
                break;
            }
        }
        if self.takes("->") {
            self.expression()?;
        }
        let body = self.block()?;
        Ok(Function {
            name,
            parameters,
            body,
        })
    }

    fn block(&mut self) -> Parsed<Vec<Statement>> {
        self.begin()?;
        let mut statements = Vec::new();
        while !matches!(self.peek(), Some(Token::Dedent) | None) {
            let line = self.words.peek().map_or(self.line, |(_, line)| *line);
            let action = self.action()?;
            statements.push(Statement { line, action });
        }
        self.next();
        Ok(statements)
    }

    fn action(&mut self) -> Parsed<Action> {
        let word = match self.peek() {
            Some(Token::Name(word)) => word.clone(),
            _ => String::new(),
        };
        let action = match word.as_str() {
            "if" => {
                self.next();
                let condition = self.expression()?;
                let yes = self.block()?;
                let mut no = Vec::new();
                if self.is_word("else") {
                    self.next();
                    no = self.block()?;
                }
                return Ok(Action::If(condition, yes, no));
            }
            "while" => {
                self.next();
                let condition = self.expression()?;
                return Ok(Action::While(condition, self.block()?));
            }
            "for" => {
                self.next();
                let name = self.name()?;
                if self.name()? != "in" {
                    return Err("a loop without `in`".into());
                }
                let items = self.expression()?;
                return Ok(Action::For(name, items, self.block()?));
            }
            "pass" => {
                self.next();
                Action::Pass
            }
            "return" => {
                self.next();
                let ends = matches!(self.peek(), Some(Token::Newline));
                Action::Return((!ends).then(|| self.expressions()).transpose()?)
            }
            "break" | "continue" | "try" | "with" | "assert" | "raise" | "def" | "class"
            | "lambda" | "del" | "global" => {
                return Err(format!("`{word}` stands in the code, which isn't read"));
            }
            _ => self.assignment()?,
        };
        self.end_of_line()?;
        Ok(action)
    }

    fn assignment(&mut self) -> Parsed<Action> {
        let first = self.expressions()?;
        if self.takes(":") {
            self.expression()?;
        }
        if !self.takes("=") {
            return Ok(Action::Do(first));
        }
        Ok(Action::Assign(first, self.expressions()?))
    }

    /// One value, or several with commas between them: a tuple.
    fn expressions(&mut self) -> Parsed<Expression> {
        let first = self.expression()?;
        if !self.is(",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.takes(",") {
            let ends = matches!(self.peek(), Some(Token::Newline) | None);
            if ends || self.is("=") || self.is(":") {
                break;
            }
            items.push(self.expression()?);
        }
        Ok(Expression::List(items, Brackets::Round))
    }

    fn expression(&mut self) -> Parsed<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("values are nested deeper than {DEEPEST} levels"));
        }
        let mut value = self.atom()?;
        let mut links = 0;
        loop {
            if self.takes(".") {
                value = Expression::Attribute(Box::new(value), self.name()?);
            } else if self.takes("[") {
                let index = self.items("]")?;
                let index = match <[Expression; 1]>::try_from(index) {
                    Ok([one]) => one,
                    Err(many) => Expression::List(many, Brackets::Round),
                };
                value = Expression::Index(Box::new(value), Box::new(index));
            } else if self.takes("(") {
                value = self.call(value)?;
            } else {
                break;
            }
            links += 1;
            if links > LONGEST {
                return Err(format!("more than {LONGEST} names and calls in a row"));
            }
        }
        self.depth -= 1;
        Ok(value)
    }

    fn atom(&mut self) -> Parsed<Expression> {
        Ok(match self.next() {
            Some(Token::Int(value)) => Expression::Int(value),
            Some(Token::Float(value)) => Expression::Float(value),
            Some(Token::Text(text)) => Expression::Text(text),
            Some(Token::Sign("-")) => Expression::Negative(Box::new(self.expression()?)),
            Some(Token::Sign("[")) => Expression::List(self.items("]")?, Brackets::Square),
            Some(Token::Sign("(")) => self.bracketed()?,
            Some(Token::Sign("{")) => self.dict()?,
            Some(Token::Name(name)) => match name.as_str() {
                "None" => Expression::None,
                "True" => Expression::Bool(true),
                "False" => Expression::Bool(false),
                "inf" => Expression::Float(f64::INFINITY),
                "nan" => Expression::Float(f64::NAN),
                _ => Expression::Name(name),
            },
            other => return Err(format!("{}, expected a value", shown(other.as_ref()))),
        })
    }

    /// What follows an opening bracket: a value, or a tuple.
    fn bracketed(&mut self) -> Parsed<Expression> {
        if self.takes(")") {
            return Ok(Expression::List(Vec::new(), Brackets::Round));
        }
        let first = self.expression()?;
        if self.takes(")") {
            return Ok(first);
        }
        self.expect(",")?;
        let mut items = vec![first];
        items.extend(self.items(")")?);
        Ok(Expression::List(items, Brackets::Round))
    }

    fn items(&mut self, end: &str) -> Parsed<Vec<Expression>> {
        let mut items = Vec::new();
        while !self.takes(end) {
            items.push(self.expression()?);
            if !self.takes(",") {
                self.expect(end)?;
                break;
            }
        }
        Ok(items)
    }

    fn dict(&mut self) -> Parsed<Expression> {
        let mut pairs = Vec::new();
        while !self.takes("}") {
            let key = self.expression()?;
            self.expect(":")?;
            pairs.push((key, self.expression()?));
            if !self.takes(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Expression::Dict(pairs))
    }

    fn call(&mut self, function: Expression) -> Parsed<Expression> {
        let (mut arguments, mut named) = (Vec::new(), Vec::new());
        while !self.takes(")") {
            let value = self.expression()?;
            if self.takes("=") {
                let name = value.dotted().ok_or("an argument's name isn't one")?;
                named.push((name, self.expression()?));
            } else {
                arguments.push(value);
            }
            if !self.takes(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(Expression::Call(Box::new(Call {
            function,
            arguments,
            named,
        })))
    }
}

fn shown(token: Option<&Token>) -> String {
    match token {
        Some(Token::Name(name)) => format!("`{}`", name.chars().take(80).collect::<String>()),
        Some(Token::Int(value)) => format!("`{value}`"),
        Some(Token::Float(value)) => format!("`{value}`"),
        Some(Token::Text(_)) => "a text".into(),
        Some(Token::Sign(sign)) => format!("`{sign}`"),
        Some(Token::Newline) => "the end of a line".into(),
        Some(Token::Indent) => "the beginning of a block".into(),
        Some(Token::Dedent) => "the end of a block".into(),
        None => "the end of the code".into(),
    }
}
