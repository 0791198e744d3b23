//! What can be measured at a point of the line, and what was found, as plain numbers.

use crate::landscape::measures::entry::Entry;
use crate::landscape::measures::found::Found;
use crate::landscape::measures::{CATALOGUE, density, eigenvalues, find, noise, phi, trace};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What can be measured at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// A measure of the catalogue.
    Of(&'static Entry),
    /// The same layer by layer.
    ByLayer(&'static Entry),
    /// |λ_min/λ_max| over the plane that is shown.
    Convexity,
}

/// All of them, the cheapest first.
static ALL: LazyLock<Vec<Quantity>> = LazyLock::new(|| {
    let whole = CATALOGUE.into_iter().filter(|entry| **entry != phi::ENTRY);
    let whole = whole.map(Quantity::Of);
    let by_layer = CATALOGUE.into_iter().filter(|entry| entry.in_parts());
    let by_layer = by_layer.map(Quantity::ByLayer);
    whole.chain([Quantity::Convexity]).chain(by_layer).collect()
});

/// Those that are numbers at a point.
static TABLE: LazyLock<Vec<Quantity>> = LazyLock::new(|| {
    let number = |q: &Quantity| matches!(q, Quantity::Of(entry) if !entry.rows.is_empty());
    ALL.iter().copied().filter(number).collect()
});

/// Those that are numbers of layers.
static LAYERS: LazyLock<Vec<Quantity>> = LazyLock::new(|| {
    let of_layers = |q: &Quantity| matches!(q, Quantity::ByLayer(_)) || *q == Quantity::NOISE;
    ALL.iter().copied().filter(of_layers).collect()
});

impl Quantity {
    /// The largest eigenvalues of the Hessian and the smallest.
    pub const EIGENVALUES: Self = Self::Of(&eigenvalues::ENTRY);
    /// The trace of the Hessian and its Frobenius norm.
    pub const TRACE: Self = Self::Of(&trace::ENTRY);
    /// The density of all eigenvalues.
    pub const DENSITY: Self = Self::Of(&density::ENTRY);
    /// The gradient noise scale from all samples, the gradient's norm, and alignment within batches.
    pub const NOISE: Self = Self::Of(&noise::ENTRY);

    /// All of them, the cheapest first. φ isn't among them: it is drawn along ε.
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// Those that are numbers at a point.
    pub fn table() -> &'static [Self] {
        &TABLE
    }

    /// Those that are numbers of layers.
    pub fn layers() -> &'static [Self] {
        &LAYERS
    }

    /// Whether it is measured unless that is declined.
    pub fn is_usual(self) -> bool {
        match self {
            Self::Of(entry) => entry.usual,
            Self::ByLayer(_) => false,
            Self::Convexity => true,
        }
    }

    /// Its entry in the catalogue; `None` for a map.
    pub fn entry(self) -> Option<&'static Entry> {
        match self {
            Self::Of(entry) | Self::ByLayer(entry) => Some(entry),
            Self::Convexity => None,
        }
    }

    /// Its name in the status line.
    pub fn name(self) -> &'static str {
        self.entry()
            .map_or("Convexity of the plane", |entry| entry.name)
    }

    /// By what sessions call it, those of earlier versions included.
    fn named(name: &str) -> Option<Self> {
        match (name, name.strip_prefix(BY_LAYER)) {
            ("convexity", _) => Some(Self::Convexity),
            ("bend", _) => find("curved-noise").map(Self::Of),
            (_, Some(key)) => find(key).map(Self::ByLayer),
            (key, None) => find(key).map(Self::Of),
        }
    }
}

/// What stands before the key of a measure that is taken layer by layer.
const BY_LAYER: &str = "by-layer:";

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Of(entry) => serializer.serialize_str(entry.key),
            Self::ByLayer(entry) => {
                serializer.collect_str(&format_args!("{BY_LAYER}{}", entry.key))
            }
            Self::Convexity => serializer.serialize_str("convexity"),
        }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// A name, or `{"rise": name}` as the first sessions had it.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Name(String),
            Kind(HashMap<String, String>),
        }
        let name = match Written::deserialize(deserializer)? {
            Written::Name(name) => name,
            Written::Kind(kind) => kind.into_values().next().unwrap_or_default(),
        };
        Self::named(&name)
            .ok_or_else(|| de::Error::custom(format!("no measure is called {name:?}")))
    }
}

/// One quantity at one point.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureNews {
    /// Where.
    pub alpha: f64,
    /// What.
    pub quantity: Quantity,
    /// As far as it is known.
    pub found: Option<Found>,
    /// Steps done and in all, as far as is known.
    pub steps: (usize, usize),
    /// Whether nothing is left to do.
    pub complete: bool,
    /// Why it can't be measured here.
    pub problem: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_come_back_from_sessions() {
        for quantity in Quantity::all() {
            let text = serde_json::to_string(quantity).unwrap();
            assert_eq!(serde_json::from_str::<Quantity>(&text).unwrap(), *quantity);
        }
        let read = |text: &str| serde_json::from_str::<Quantity>(text).ok();
        assert_eq!(
            read("{\"rise\":\"adaptive-worst\"}"),
            Quantity::named("adaptive-worst")
        );
        assert_eq!(read("\"bend\""), Quantity::named("curved-noise"));
        assert!(read("\"bend\"").is_some() && read("\"happiness\"").is_none());
    }
}
