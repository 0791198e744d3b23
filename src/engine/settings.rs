//! What stands beside weights about the numbers of their network: Hugging Face's `config.json`, Meta's `params.json`, and
//! `model_args` in nanoGPT's checkpoints.
//!
//! Heads, activations and the constants of norms leave no trace in tensors, but are settings of the library that wrote
//! these files. What a family has no choice for and can't be is refused: a network of other settings is another network.

use crate::checkpoint::Listing;
use crate::error::{Error, Result};
use crate::store::files;
use serde_json::Value;
use std::path::Path;

/// No such file is longer.
const LONGEST: u64 = 1 << 20;

/// A setting as a choice of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What is chosen: `heads`.
    pub key: &'static str,
    /// What it is: `12`.
    pub value: String,
    /// Where that stands: "config.json (num_attention_heads)".
    pub source: String,
}

/// Names of numbers in these files, by the choice that they make.
const NUMBERS: [(&str, &[&str]); 3] = [
    (
        "heads",
        &["num_attention_heads", "n_head", "n_heads", "num_heads"],
    ),
    (
        "epsilon",
        &[
            "layer_norm_eps",
            "rms_norm_eps",
            "layer_norm_epsilon",
            "norm_eps",
        ],
    ),
    ("base", &["rope_theta"]),
];

/// What stands beside the weights of `state`, of what `keys` of the family called `family` choose.
///
/// # Errors
/// Where a setting can't be what the family is.
pub fn beside(state: &dyn Listing, family: &str, keys: &[&'static str]) -> Result<Vec<Setting>> {
    let mut found = from_numbers(state, keys);
    let path = &state.source().path;
    let folder = path.parent().unwrap_or(Path::new(""));
    for name in ["config.json", "params.json"] {
        let file = folder.join(name);
        let short = file
            .metadata()
            .is_ok_and(|m| m.is_file() && m.len() <= LONGEST);
        if !short {
            continue;
        }
        let text = files::read_text(&file, "read the network's settings")?;
        let Ok(Value::Object(all)) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        // Anything may be called config.json.
        let known = [
            "model_type",
            "architectures",
            "n_heads",
            "num_attention_heads",
        ];
        if !known.iter().any(|key| all.contains_key(*key)) {
            continue;
        }
        let config = Config {
            all: Value::Object(all),
            name,
        };
        config
            .check(family)
            .map_err(|message| Error::file(&file, message))?;
        for setting in config.settings(family, keys) {
            if !found.iter().any(|own| own.key == setting.key) {
                found.push(setting);
            }
        }
    }
    Ok(found)
}

/// nanoGPT's `model_args`, or a dictionary of any name with the same.
fn from_numbers(state: &dyn Listing, keys: &[&'static str]) -> Vec<Setting> {
    let told = &state.told().numbers;
    let of = |wanted: &[&str]| {
        told.iter().find(|(key, value)| {
            let leaf = key.rsplit('.').next().unwrap_or_default();
            wanted.contains(&leaf) && value.is_finite() && *value > 0.0
        })
    };
    let setting = |(key, names): &(&'static str, &[&str])| {
        let (name, value) = of(names)?;
        keys.contains(key).then(|| Setting {
            key,
            value: value.to_string(),
            source: format!("the file ({name})"),
        })
    };
    NUMBERS.iter().filter_map(setting).collect()
}

/// A file of settings.
struct Config {
    all: Value,
    name: &'static str,
}

impl Config {
    fn text(&self, names: &[&str]) -> Option<(String, String)> {
        names.iter().find_map(|name| {
            let text = self.all.get(name)?.as_str()?;
            Some(((*name).to_owned(), text.to_owned()))
        })
    }

    fn number(&self, names: &[&str]) -> Option<(String, f64)> {
        names.iter().find_map(|name| {
            let nested = || self.all.get("rope_parameters")?.get(name);
            let value = self.all.get(name).or_else(nested)?.as_f64()?;
            Some(((*name).to_owned(), value))
        })
    }

    fn settings(&self, family: &str, keys: &[&'static str]) -> Vec<Setting> {
        let mut found = Vec::new();
        let mut put = |key: &'static str, value: String, name: &str| {
            if keys.contains(&key) {
                let source = format!("{} ({name})", self.name);
                found.push(Setting { key, value, source });
            }
        };
        for (key, names) in NUMBERS {
            if let Some((name, value)) = self.number(names) {
                put(key, value.to_string(), &name);
            }
        }
        if family == "gpt2"
            && let Some((name, word)) = self.text(&["activation_function", "hidden_act"])
        {
            let value = if word == "gelu" { "exact" } else { "tanh" };
            put("gelu", value.to_owned(), &name);
        }
        found
    }

    /// Refuses what the family can't be.
    fn check(&self, family: &str) -> Result<(), String> {
        let acts: &[&str] = match family {
            "gpt2" => &["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh"],
            "vit" => &["gelu"],
            "llama" => &["silu", "swish"],
            _ => return Ok(()),
        };
        let asked = self.text(&["activation_function", "hidden_act"]);
        if let Some((name, word)) = asked.filter(|(_, word)| !acts.contains(&word.as_str())) {
            return Err(format!(
                "says {name} = {word:?}, where a {family} has {}; torch.export writes the network itself",
                acts.join(" or ")
            ));
        }
        // Factors that neither tensors nor a choice tell.
        for name in [
            "embedding_multiplier",
            "residual_multiplier",
            "logits_scaling",
            "partial_rotary_factor",
        ] {
            if let Some((_, value)) = self.number(&[name])
                && value != 1.0
            {
                return Err(format!(
                    "says {name} = {value}, which a {family} here doesn't have; torch.export writes the network itself"
                ));
            }
        }
        for (name, usual) in [
            ("scale_attn_by_inverse_layer_idx", false),
            ("scale_attn_weights", true),
        ] {
            let own = self.all.get(name).and_then(Value::as_bool);
            if own.is_some_and(|own| own != usual) {
                return Err(format!(
                    "says {name} = {}, which a {family} here doesn't have; torch.export writes the network itself",
                    !usual
                ));
            }
        }
        let scaled = |place: &Value| {
            let kind = place.get("rope_type").or_else(|| place.get("type"));
            let kind = kind.and_then(Value::as_str).unwrap_or("default");
            (kind != "default").then(|| kind.to_owned())
        };
        let scaling = ["rope_scaling", "rope_parameters"]
            .iter()
            .find_map(|name| scaled(self.all.get(name)?));
        match scaling {
            Some(kind) => Err(format!(
                "scales rotary positions ({kind}), which isn't known here; torch.export writes the network itself"
            )),
            None => Ok(()),
        }
    }
}
