//! `inspect`: what a checkpoint holds and what network it seems to be; whether a description fits it; what can be
//! described at all; what data hold and how they are read.

use crate::checkpoint::{Checkpoint, Entry, Set, files, non_finite};
use crate::cli::inspect_reading::{self, Evidence};
use crate::cli::{End, Talk, described, inspect_data, output, terminal};
use crate::dataset::{self, Dataset};
use crate::engine::check::check;
use crate::engine::header::ModelFacts;
use crate::engine::inputs::{list_checkpoint, open_network};
use crate::engine::reading::Scene;
use crate::engine::recognise::{self, Kind};
use crate::error::Error;
use crate::export;
use crate::model::family::{self, Hints};
use crate::model::graph::Role;
use crate::model::import;
use crate::model::layers::reference;
use crate::model::{Network, file as model_file};
use clap::Args;
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// `losscope inspect`
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Checkpoints and data
    #[arg(value_name = "FILE", required_unless_present = "layers")]
    files: Vec<PathBuf>,
    /// The network: auto, a family's name, a model.toml, or a file with a graph (.pt2)
    #[arg(long, default_value = "auto")]
    model: String,
    /// Where in the checkpoints the weights are, such as state_dict.ema [default: found by usual names]
    #[arg(long, value_name = "NAME.NAME")]
    key: Option<String>,
    /// Data the network should fit: its shape settles what names and shapes can't, and networks are tried on it
    #[arg(long)]
    data: Option<String>,
    /// How inputs are scaled, as for every command
    #[arg(
        long,
        default_value = "auto",
        value_name = "RULE",
        allow_hyphen_values = true
    )]
    data_normalize: dataset::Normalize,
    /// Which arrays or columns are inputs and targets
    #[arg(long, value_name = "x=NAME,y=NAME")]
    data_keys: Option<dataset::Keys>,
    /// What numbers of targets stand for
    #[arg(long, value_enum, default_value = "auto")]
    data_targets: dataset::TargetKind,
    /// Tokens in one sample of a file of tokens
    #[arg(long, value_name = "N")]
    block_size: Option<usize>,
    /// Hold a description against the checkpoint and, with --data, against data: shapes layer by layer, tensors without a layer, loss and score, running statistics
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["write_model", "model"])]
    check: Option<String>,
    /// Explain the kinds of layer that a description may have, or one of them, and leave files alone
    #[arg(long, value_name = "KIND", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["files", "check", "write_model"])]
    layers: Option<String>,
    /// Write the network's description for editing
    #[arg(long, value_name = "model.toml")]
    write_model: Option<PathBuf>,
}

/// Shows every file in turn.
pub fn run(args: &InspectArgs, talk: Talk) -> anyhow::Result<End> {
    if let Some(kind) = &args.layers {
        return explain(kind, talk);
    }
    if args.write_model.is_some() && args.files.len() > 1 {
        return Err(
            Error::Usage("--write-model describes one network: name one file".into()).into(),
        );
    }
    if let Some(target) = &args.write_model {
        let mut inputs = args.files.clone();
        inputs.push(PathBuf::from(&args.model));
        inputs.extend(args.data.as_ref().map(PathBuf::from));
        export::check_spares(target, &inputs)?;
        export::check_place(target)?;
    }
    let data = match &args.data {
        Some(name) => Some(dataset::open(&options(args, name))?),
        None => None,
    };
    if let Some(model) = &args.check {
        return check_all(args, model, data.as_ref(), talk);
    }
    let mut all = Vec::new();
    let mut misfit = None;
    // The first file's own graph is the network of those that hold none.
    let first = args.files.first().filter(|path| import::holds(path));
    for path in &args.files {
        // What nobody knows is for the reader of checkpoints to complain of.
        if matches!(recognise::kind(path), Ok(Kind::Data)) {
            let data = dataset::open(&options(args, &path.to_string_lossy()))?;
            if talk.json {
                all.push(inspect_data::as_json(path, &data));
            } else {
                output::print(&inspect_data::as_text(path, &data))?;
                talk.warn(&data.warnings);
            }
            continue;
        }
        let file = list_checkpoint(path, args.key.as_deref())?;
        let model = match first {
            Some(first) if args.model == "auto" && !import::holds(path) => {
                first.display().to_string()
            }
            _ => args.model.clone(),
        };
        let network = open_network(&model, &file, data.as_ref());
        let non_finite = non_finite_counts(&file)?;
        let evidence = match &data {
            Some(data) => tried(args, &model, path, data)?,
            None => Evidence::Nothing,
        };
        if let Some(target) = &args.write_model
            && (network.is_ok() || args.model == "auto")
        {
            write_model(target, &file, &network, data.as_ref(), talk)?;
        }
        if talk.json {
            let mut value = as_json(&file, &non_finite, &network);
            value["evidence"] = inspect_reading::as_json(&evidence);
            all.push(value);
        } else {
            output::print(&as_text(&file, &network))?;
            output::print(&inspect_reading::as_text(&evidence))?;
            talk.warn(&file.warnings);
            talk.warn(&warnings(&non_finite));
        }
        // Without a network of that name or file there is nothing to fail: the file is shown.
        misfit = misfit.or(network.err().filter(|_| args.model != "auto"));
    }
    if talk.json {
        output::print_json(&json!(all))?;
    }
    match misfit {
        Some(error) => Err(error.into()),
        None => Ok(End::Done),
    }
}

/// What becomes of the networks that the checkpoint at `path` may be, on some of the data.
fn tried(args: &InspectArgs, model: &str, path: &Path, data: &Dataset) -> Result<Evidence, Error> {
    let state = list_checkpoint(path, args.key.as_deref())?.read_all()?;
    Ok(inspect_reading::evidence(&Scene {
        model,
        loss: None,
        state: &state,
        data,
        options: &options(args, args.data.as_deref().unwrap_or_default()),
        watch: &|_| {},
    }))
}

/// The recipe of the data called `name`.
fn options(args: &InspectArgs, name: &str) -> dataset::DataOptions {
    dataset::DataOptions {
        data: name.to_owned(),
        normalize: args.data_normalize.clone(),
        keys: args.data_keys.clone().unwrap_or_default(),
        targets: args.data_targets,
        block_size: args.block_size,
        ..Default::default()
    }
}

/// Prints the kinds of layer, or the one called `kind`.
fn explain(kind: &str, talk: Talk) -> anyhow::Result<End> {
    let mut all = reference();
    if !kind.is_empty() {
        let names: Vec<String> = all.iter().map(|own| own.name.clone()).collect();
        all.retain(|own| own.name == kind);
        if all.is_empty() {
            let names = names.join(", ");
            return Err(Error::Usage(format!(
                "no kind of layer is called {kind:?}; there are {names}"
            ))
            .into());
        }
    }
    if talk.json {
        output::print_json(&described::kinds_as_json(&all))?;
    } else {
        output::print(&described::kinds_as_text(&all))?;
    }
    Ok(End::Done)
}

/// Holds a description against every file; a fault of any ends in one.
fn check_all(
    args: &InspectArgs,
    model: &str,
    data: Option<&Dataset>,
    talk: Talk,
) -> anyhow::Result<End> {
    let mut all = Vec::new();
    let mut fault = None;
    for path in &args.files {
        let file = list_checkpoint(path, args.key.as_deref())?;
        let graph = if model.ends_with(".toml") {
            model_file::read(model)?
        } else {
            open_network(model, &file, data)?.0.graph().clone()
        };
        let found = check(&graph, &file.read_all()?, data)?;
        if talk.json {
            all.push(described::check_as_json(path, &found));
        } else {
            output::print(&described::check_as_text(path, model, &found))?;
        }
        fault = fault.or(found.fault);
    }
    if talk.json {
        output::print_json(&json!(all))?;
    }
    match fault {
        Some(fault) => Err(Error::Model(format!("{model} doesn't fit: {fault}")).into()),
        None => Ok(End::Done),
    }
}

/// How many values of each tensor are NaN or infinite, and what is to be said of it. One tensor at a
/// time is in memory.
fn non_finite_counts(file: &Checkpoint) -> Result<Vec<(usize, Option<String>)>, Error> {
    let count = |entry: &Entry| {
        if !entry.is_readable() {
            return Ok((0, None));
        }
        let array = file.read(&entry.name)?;
        Ok((array.non_finite(), non_finite(&entry.name, &array)))
    };
    file.entries().iter().map(count).collect()
}

fn warnings(non_finite: &[(usize, Option<String>)]) -> Vec<String> {
    let said = non_finite.iter().filter_map(|(_, words)| words.clone());
    said.collect()
}

type Recognition = Result<(Network, ModelFacts), Error>;

/// Writes what was recognised, or a draft to complete.
fn write_model(
    target: &Path,
    file: &Checkpoint,
    network: &Recognition,
    data: Option<&Dataset>,
    talk: Talk,
) -> anyhow::Result<()> {
    let text = match network {
        Ok((network, facts)) => model_file::write(network.graph(), &facts.assumptions),
        Err(error) => {
            talk.say(&format!("not recognised, writing a draft: {error}"));
            let hints = Hints {
                input: data.map(|d| d.train.shape.as_slice()),
                classes: data.map(|d| d.classes).filter(|n| *n > 0),
                modules: &[],
            };
            let draft = family::skeleton(file, &hints);
            model_file::write(&draft.graph, &draft.assumptions)
        }
    };
    files::replace_file(target, |out| {
        out.write_all(text.as_bytes())
            .map_err(|source| Error::io("write the model file", target, source))
    })?;
    talk.wrote(target);
    Ok(())
}

/// Other readings shown of each thing assumed.
const WAYS: usize = 4;

fn as_text(file: &Checkpoint, network: &Recognition) -> String {
    let source = &file.source;
    let line = terminal::line;
    let path = terminal::path(&source.path);
    let mut text = format!("{path}\n  format   {}\n", source.format);
    if !source.state_dict_at.is_empty() {
        text += &format!("  found at {}\n", line(&source.state_dict_at));
    }
    if file.sets.len() > 1 {
        text += &format!("  sets     {}\n", sets(file));
    }
    if !source.prefix.is_empty() {
        text += &format!(
            "  prefix   {} removed from every name\n",
            line(&source.prefix)
        );
    }
    text += &format!("  sha256   {}\n\n", source.sha256);
    let role = |name: &str| match network {
        Ok((network, _)) => {
            network
                .layout()
                .iter()
                .find(|s| s.name == name)
                .map_or("not used", |s| match s.role {
                    Role::Trainable { .. } | Role::Grouped { .. } => "trained",
                    Role::RunningMean | Role::RunningVar | Role::Fixed => "buffer",
                })
        }
        Err(_) => "",
    };
    let mut rows = vec![
        ["tensor", "shape", "type", "values", "role"]
            .map(String::from)
            .to_vec(),
    ];
    for entry in file.entries() {
        let told = entry.is_readable() || !entry.shape.is_empty();
        let shape = format!("{:?}", entry.shape);
        let values = output::grouped(entry.len());
        let unread = if entry.is_readable() { "" } else { "not read" };
        rows.push(vec![
            entry.name.clone(),
            if told { shape } else { "?".into() },
            entry.dtype.name().to_owned(),
            if told { values } else { "?".into() },
            if network.is_ok() && unread.is_empty() {
                role(&entry.name).to_owned()
            } else {
                unread.to_owned()
            },
        ]);
    }
    text += &indented(&output::table(&rows));
    match network {
        Ok((network, facts)) => {
            text += &format!(
                "\n  model    {}, {} parameters\n",
                line(&facts.name),
                output::grouped(facts.parameters)
            );
            text += &format!("  why      {}\n", line(&facts.source));
            text += &format!(
                "  input    {:?}\n  loss     {}\n",
                network.graph().input,
                facts.loss
            );
            for assumption in &facts.reading.assumptions {
                text += &format!("  assumed  {}\n", line(&assumption.line()));
                for way in assumption.instead.iter().take(WAYS) {
                    text += &format!("  or       {}: --model {}\n", line(&way.words), way.key);
                }
                if assumption.instead.len() > WAYS {
                    let more = assumption.instead.len() - WAYS;
                    text += &format!("  or       {more} others\n");
                }
            }
        }
        Err(error) => {
            text += &format!(
                "\n  model    not recognised: {}\n",
                line(&error.to_string())
            );
        }
    }
    text.push('\n');
    text
}

/// The dictionaries and modules of tensors in a file; `--key` chooses one of them.
fn sets(file: &Checkpoint) -> String {
    let set = |set: &Set| {
        let at = if set.at.is_empty() {
            "the top"
        } else {
            &set.at
        };
        format!("{at} ({})", output::counted(set.tensors, "tensor"))
    };
    let sets: Vec<String> = file.sets.iter().map(set).collect();
    sets.join(", ")
}

fn indented(table: &str) -> String {
    table.lines().map(|line| format!("  {line}\n")).collect()
}

fn as_json(
    file: &Checkpoint,
    non_finite: &[(usize, Option<String>)],
    network: &Recognition,
) -> serde_json::Value {
    let tensors = file.entries().iter().zip(non_finite);
    let tensors: Vec<_> = tensors
        .map(|(entry, (count, _))| {
            json!({
                "name": entry.name,
                "shape": entry.shape,
                "type": entry.dtype.name(),
                "read": entry.is_readable(),
                "non_finite": count,
            })
        })
        .collect();
    let sets: Vec<_> = file
        .sets
        .iter()
        .map(|set| json!({ "at": set.at, "tensors": set.tensors }))
        .collect();
    let model = match network {
        Ok((network, facts)) => {
            json!({ "facts": facts, "graph": network.graph(), "tensors": network.layout().as_ref() })
        }
        Err(error) => json!({ "error": error.to_string() }),
    };
    let source = &file.source;
    let warnings = [file.warnings.clone(), warnings(non_finite)].concat();
    json!({
        "file": source.path.to_string_lossy(),
        "format": source.format,
        "state_dict_at": source.state_dict_at,
        "prefix": source.prefix,
        "sha256": source.sha256,
        "sets": sets,
        "tensors": tensors,
        "warnings": warnings,
        "model": model,
    })
}
