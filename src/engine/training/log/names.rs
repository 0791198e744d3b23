//! What the names of other trainers' numbers mean: `val_loss`, `Loss/train`, `epoch_accuracy`, `lr-SGD`.
//!
//! A name is the set of its words. One that has a word too many means something else (`kl_loss`), and is passed
//! over.

use crate::train::Record;

/// A number of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// Epochs passed.
    Epoch,
    /// Steps taken.
    Step,
    TrainLoss,
    TrainAccuracy,
    ValidationLoss,
    ValidationAccuracy,
    LearningRate,
    GradientNorm,
}

impl Quantity {
    /// Puts its value into a record.
    pub fn put(self, record: &mut Record, value: f64) {
        match self {
            Self::Epoch => record.epoch = value,
            Self::Step => record.step = value as u64,
            Self::TrainLoss => record.train_loss = Some(value),
            Self::TrainAccuracy => record.train_accuracy = Some(value),
            Self::ValidationLoss => record.validation_loss = Some(value),
            Self::ValidationAccuracy => record.validation_accuracy = Some(value),
            Self::LearningRate => record.learning_rate = Some(value),
            Self::GradientNorm => record.gradient_norm = Some(value),
        }
    }

    /// Whether it is where a run is, not how it does.
    pub fn is_place(self) -> bool {
        matches!(self, Self::Epoch | Self::Step)
    }
}

/// What a name means, and how well it fits: of two names of one quantity the lower number is taken.
pub fn known(name: &str) -> Option<(Quantity, u8)> {
    let lower = name.to_lowercase();
    let mut words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.sort_unstable();
    words.dedup();
    let mut take = |some: &[&str]| {
        let before = words.len();
        words.retain(|word| !some.contains(word));
        words.len() < before
    };
    let training = take(&["train", "training"]);
    let validation = take(&["val", "valid", "validation", "dev"]);
    let test = take(&["test", "eval"]);
    let held_out = validation || test;
    if training && held_out {
        return None;
    }
    // The mean of an epoch before what is said by the way, and that before a single step's.
    let whole = take(&["epoch", "epochs"]);
    let steps = take(&["step", "steps"]);
    let single = take(&["batch"]) || steps;
    take(&["mean", "avg", "average"]);
    let rank =
        u8::from(test && !validation) * 4 + u8::from(single) * 2 + u8::from(!whole && !single);
    let has = |all: &[&str]| words == all;
    let found = if has(&["loss"]) && held_out {
        Quantity::ValidationLoss
    } else if has(&["loss"]) {
        Quantity::TrainLoss
    } else if (has(&["acc"]) || has(&["accuracy"])) && held_out {
        Quantity::ValidationAccuracy
    } else if has(&["acc"]) || has(&["accuracy"]) {
        Quantity::TrainAccuracy
    } else if training || held_out {
        return None;
    } else if words.is_empty() && whole && !single {
        return Some((Quantity::Epoch, 0));
    } else if words.is_empty() && steps && !whole
        || has(&["global"]) && steps
        || has(&["iter"])
        || has(&["iteration"])
    {
        return Some((Quantity::Step, 0));
    } else if has(&["grad", "norm"]) || has(&["gradient", "norm"]) {
        Quantity::GradientNorm
    } else if is_rate(&words) {
        Quantity::LearningRate
    } else {
        return None;
    };
    Some((found, rank))
}

/// `lr`, `learning_rate`, `lr-AdamW`.
fn is_rate(words: &[&str]) -> bool {
    let optimiser = |word: &&str| !["sgd", "adam", "adamw", "lamb", "lars"].contains(word);
    let rest: Vec<&str> = words.iter().copied().filter(optimiser).collect();
    rest == ["lr"] || rest == ["learning", "rate"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_are_known_and_others_are_not() {
        for (names, quantity) in [
            (
                "loss,train_loss,Loss/train,train/loss,training loss,epoch_loss",
                Some(Quantity::TrainLoss),
            ),
            (
                "val_loss,Loss/val,valid/loss,Loss/test,validation/epoch_loss",
                Some(Quantity::ValidationLoss),
            ),
            (
                "acc,Accuracy/train,train_acc_epoch",
                Some(Quantity::TrainAccuracy),
            ),
            (
                "val_acc,test_accuracy,Accuracy/valid",
                Some(Quantity::ValidationAccuracy),
            ),
            ("lr,learning_rate,lr-AdamW", Some(Quantity::LearningRate)),
            ("grad_norm,gradient norm", Some(Quantity::GradientNorm)),
            ("epoch,epochs", Some(Quantity::Epoch)),
            ("step,global_step,iteration,iter", Some(Quantity::Step)),
            ("kl_loss,train_val_loss,weights,val_f1,lr_decay,norm", None),
        ] {
            for name in names.split(',') {
                assert_eq!(known(name).map(|(q, _)| q), quantity, "{name}");
            }
        }
    }

    #[test]
    fn of_two_names_of_one_number_that_of_the_epoch_and_of_validation_is_taken() {
        let rank = |name: &str| known(name).unwrap().1;
        assert!(rank("train_loss_epoch") < rank("train_loss"));
        assert!(rank("train_loss") < rank("train_loss_step"));
        assert!(rank("val_loss") < rank("test_loss"));
    }
}
