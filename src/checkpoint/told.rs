//! What a file tells of its network beside the names and shapes of its tensors.
//!
//! A pickled module names its classes, Keras writes how its layers are wired, a training loop keeps
//! the accuracy it had reached. None of it is interpreted here: it is carried to the floor that knows
//! networks, where it is a network, or evidence for and against one.

use super::modules::Module;

/// The key in safetensors under which the text of a model file stands.
pub const MODEL_TEXT: &str = "losscope.model";
/// Beside it: what the data were, their scaling included.
pub const DATA_TEXT: &str = "losscope.data";

/// What a file tells beside its tensors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Told {
    /// How the network is made, where the file has it.
    pub architecture: Option<Architecture>,
    /// Numbers that stand beside the weights, by dotted key, in file order: `epoch`, `best_acc`,
    /// `metrics.val_loss`. The optimizer's are left out.
    pub numbers: Vec<(String, f64)>,
    /// The library whose networks flatten images channels last: the columns of the first fully connected
    /// weight are in the order of height, width, channels, though the kernels have been turned into
    /// PyTorch's layout.
    pub channels_last: Option<&'static str>,
    /// The data that Losscope had it on, in its own words, scaling included.
    pub data: Option<String>,
}

/// How a network is made, as its file says.
#[derive(Debug, Clone, PartialEq)]
pub enum Architecture {
    /// The tree of modules that `torch.save(model)` wrote.
    Modules(Module),
    /// The configuration that Keras writes beside the weights: `{"class_name": …, "config": …}`.
    Keras(serde_json::Value),
    /// The text of a model file, which Losscope writes beside the weights that it has trained.
    Described(String),
}

impl Told {
    /// The tree of pickled modules.
    pub fn modules(&self) -> Option<&Module> {
        match &self.architecture {
            Some(Architecture::Modules(root)) => Some(root),
            _ => None,
        }
    }

    /// Leaves the module at the dotted path `key` alone.
    pub(super) fn enter(&mut self, key: &str) {
        if let Some(inside) = self.modules().and_then(|root| root.at(key)) {
            self.architecture = Some(Architecture::Modules(inside.clone()));
        }
    }

    /// Gives the tensors of the modules other names in the checkpoint.
    pub(super) fn rename(&mut self, name: &dyn Fn(&str) -> Option<String>) {
        if let Some(Architecture::Modules(root)) = &mut self.architecture {
            root.rename(name);
        }
    }

    /// The text of a model file.
    pub fn described(&self) -> Option<&str> {
        match &self.architecture {
            Some(Architecture::Described(text)) => Some(text),
            _ => None,
        }
    }

    /// The configuration of Keras.
    pub fn keras(&self) -> Option<&serde_json::Value> {
        match &self.architecture {
            Some(Architecture::Keras(config)) => Some(config),
            _ => None,
        }
    }
}
