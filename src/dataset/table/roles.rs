//! Which columns of a table are inputs and which is the target.
//!
//! By `--data-keys`, else by the name of the target; the others are inputs, or the only column of pictures
//! is. Where a name could mean two things the choices are listed.

use super::super::DataOptions;
use super::columns::{Cells, Column, Table};

/// Names of a column that holds targets.
pub const TARGETS: [&str; 7] = [
    "label", "labels", "target", "targets", "class", "y", "category",
];

/// Which columns are what.
pub struct Roles {
    /// Inputs, in order.
    pub inputs: Vec<String>,
    /// The target.
    pub target: Option<String>,
    /// Marks of the split.
    pub marks: Option<String>,
    /// What is passed over.
    pub left_out: Vec<String>,
}

impl Roles {
    /// In words, for the record.
    pub fn words(&self) -> String {
        let inputs = match self.inputs.as_slice() {
            names if names.len() <= 6 => names.join(", "),
            [first, .., last] => format!("{} columns, {first} to {last}", self.inputs.len()),
            _ => String::new(),
        };
        let target = match &self.target {
            Some(name) => format!("targets {name}"),
            None => "no targets".to_owned(),
        };
        let left_out = match self.left_out.as_slice() {
            [] => String::new(),
            names => {
                let shown: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
                format!("; not used: {}", shown.join(", "))
            }
        };
        format!("inputs {inputs}; {target}{left_out}")
    }
}

/// Which columns of `table` are what.
/// `header`: whether the columns have names of their own; `alone`: no table holds the held-out samples.
///
/// # Errors
/// Where that isn't plain.
pub fn roles(
    table: &Table,
    header: bool,
    alone: bool,
    options: &DataOptions,
) -> Result<Roles, String> {
    let keys = &options.keys;
    let target = match (&keys.y, &keys.x) {
        (Some(name), _) => Some(table.named(name)?),
        (None, Some(_)) => None,
        (None, None) => Some(usual_target(table, header)?),
    };
    let is_marks = |column: &&Column| column.name.to_lowercase() == "split";
    let marks = table
        .columns
        .iter()
        .find(is_marks)
        .filter(|_| alone && keys.x.is_none());
    let marks = marks.map(|column| column.name.clone());
    let mut left_out = Vec::new();
    let inputs: Vec<String> = match &keys.x {
        Some(names) => names
            .split('+')
            .map(|name| table.named(name))
            .collect::<Result<_, _>>()?,
        None => {
            let rest = table.columns.iter().filter(|column| {
                Some(&column.name) != target.as_ref() && column.name.to_lowercase() != "split"
            });
            let rest: Vec<&Column> = rest.collect();
            let pictures = |column: &&&Column| matches!(column.cells, Cells::Pictures(_));
            let shown: Vec<&&Column> = rest.iter().filter(pictures).collect();
            match shown.as_slice() {
                [] => {
                    // pandas writes its index as a column without a name.
                    let (index, named): (Vec<&Column>, Vec<&Column>) = rest
                        .into_iter()
                        .partition(|c| c.name.is_empty() || c.name == "__index_level_0__");
                    left_out.extend(index.iter().map(|_| "the index".to_owned()));
                    named
                        .into_iter()
                        .map(|column| column.name.clone())
                        .collect()
                }
                [one] => {
                    let others = rest.iter().filter(|column| column.name != one.name);
                    left_out.extend(others.map(|column| column.name.clone()));
                    vec![one.name.clone()]
                }
                several => {
                    let names: Vec<&str> = several.iter().map(|c| c.name.as_str()).collect();
                    return Err(format!(
                        "{} could each be the inputs; choose with --data-keys x=NAME,y=NAME",
                        names.join(" and ")
                    ));
                }
            }
        }
    };
    if inputs.is_empty() {
        return Err(format!("no column of inputs; found {}", table.found()));
    }
    if let Some(target) = &target
        && inputs.contains(target)
    {
        return Err(format!(
            "the column {target} can't be input and target at once"
        ));
    }
    Ok(Roles {
        inputs,
        target,
        marks,
        left_out,
    })
}

/// The column that is the target by its name alone.
pub fn usual_target(table: &Table, header: bool) -> Result<String, String> {
    let lower = |column: &&Column| TARGETS.contains(&column.name.to_lowercase().as_str());
    let found: Vec<&Column> = table.columns.iter().filter(lower).collect();
    match found.as_slice() {
        [one] => Ok(one.name.clone()),
        [] if !header => {
            let last = table.columns.len().saturating_sub(1);
            Err(format!(
                "no header names the columns; say which one is the target, counted from 0: \
                 --data-keys y=0 for the first of {}, --data-keys y={last} for the last",
                table.columns.len()
            ))
        }
        [] => Err(format!(
            "no column called label, target, class or y; say which one is the target: \
             --data-keys y=NAME (without targets: x=NAME+NAME); found {}",
            table.found()
        )),
        several => {
            let names: Vec<&str> = several.iter().map(|c| c.name.as_str()).collect();
            Err(format!(
                "{} could each be the target; choose with --data-keys y=NAME",
                names.join(" and ")
            ))
        }
    }
}
