//! The networks that are compared, each made from one: with and without skips and normalisation, deeper, wider.

use crate::engine::experiment::trial::Trial;

/// The learning rate of all networks.
pub const RATE: f64 = 0.02;

/// A network of the comparison: the name of its part, how it is called, and how it differs from the base.
#[derive(Clone, Copy)]
pub struct Variant {
    /// Its sweep.
    pub part: &'static str,
    /// What it is called in words.
    pub words: &'static str,
    deeper: bool,
    wider: bool,
    skips: bool,
    norm: bool,
}

pub const BASE: Variant = Variant {
    part: "skips-norm",
    words: "skips, norm",
    deeper: false,
    wider: false,
    skips: true,
    norm: true,
};
pub const PLAIN: Variant = Variant {
    part: "plain-norm",
    words: "no skips, norm",
    skips: false,
    ..BASE
};
pub const BARE: Variant = Variant {
    part: "skips-bare",
    words: "skips, no norm",
    norm: false,
    ..BASE
};
pub const PLAIN_BARE: Variant = Variant {
    part: "plain-bare",
    words: "no skips, no norm",
    norm: false,
    ..PLAIN
};
pub const DEEP: Variant = Variant {
    part: "deep-skips",
    words: "deeper, skips",
    deeper: true,
    ..BASE
};
pub const DEEP_PLAIN: Variant = Variant {
    part: "deep-plain",
    words: "deeper, no skips",
    deeper: true,
    ..PLAIN
};
pub const WIDE_PLAIN: Variant = Variant {
    part: "wide-plain",
    words: "wider, no skips",
    wider: true,
    ..PLAIN
};
/// All of them.
pub const ALL: [Variant; 7] = [BASE, PLAIN, BARE, PLAIN_BARE, DEEP, DEEP_PLAIN, WIDE_PLAIN];

/// The base: depth, width, and what else the user asked of it.
pub struct Base {
    depth: usize,
    width: usize,
    rest: String,
}

impl Base {
    /// What `model` names; what it leaves out is `usual`.
    pub fn of(model: &str, usual: [usize; 2]) -> Self {
        let (name, options) = model.split_once(':').unwrap_or((model, ""));
        let [mut depth, mut width] = usual;
        if let Ok(number) = name.trim_start_matches("resnet").parse() {
            depth = number;
        }
        let mut rest = String::new();
        for option in options.split(',').filter(|option| !option.is_empty()) {
            match option.split_once('=').map(|(key, v)| (key, v.parse())) {
                Some(("depth", Ok(number))) => depth = number,
                Some(("width", Ok(number))) => width = number,
                // What is wrong with it, or given twice by it, says who makes the network.
                _ => rest = format!("{rest},{option}"),
            }
        }
        Self { depth, width, rest }
    }

    /// A network made from it: two blocks a stage more, or twice the channels.
    pub fn with(&self, variant: Variant) -> String {
        let depth = self.depth + if variant.deeper { 12 } else { 0 };
        let width = self.width * if variant.wider { 2 } else { 1 };
        let skips = if variant.skips { "yes" } else { "no" };
        let norm = if variant.norm { "batch" } else { "none" };
        format!(
            "resnet:depth={depth},width={width},skips={skips},norm={norm}{}",
            self.rest
        )
    }
}

/// ln of a number of one network over that of another, for each seed that both have.
pub fn log_ratios(
    of: impl Fn(Variant, &Trial) -> f64,
    sides: [(Variant, &[Trial]); 2],
) -> Vec<f64> {
    let [(above, over), (below, under)] = sides;
    let each = over.iter().filter_map(|trial| {
        let other = under.iter().find(|t| t.seed() == trial.seed())?;
        Some((of(above, trial) / of(below, other)).ln())
    });
    each.filter(|v| v.is_finite()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_made_from_the_one_that_is_named() {
        let made = |model: &str, variant| Base::of(model, [20, 4]).with(variant);
        assert_eq!(
            made("auto", PLAIN),
            "resnet:depth=20,width=4,skips=no,norm=batch"
        );
        assert_eq!(
            made("resnet8:width=2", DEEP),
            "resnet:depth=20,width=2,skips=yes,norm=batch"
        );
        // What it varies itself can't be asked for: the network is refused by the option given twice.
        assert_eq!(
            made("resnet:depth=14,norm=none", WIDE_PLAIN),
            "resnet:depth=14,width=8,skips=no,norm=batch,norm=none"
        );
    }
}
