//! What the classes of modules tell, where a file holds whole modules.
//!
//! `nn.GELU` in a pickle settles the activation, `nn.AvgPool2d` the pool. It knows class names alone.

use super::activation::Activation;
use super::recognised::ModuleClass;

/// The activations that come into question: those of the modules, all where they tell none.
pub(super) fn activations(modules: &[ModuleClass]) -> Vec<Activation> {
    let mut told: Vec<Activation> = Vec::new();
    for module in modules {
        let slope = module
            .attributes
            .iter()
            .find(|(name, _)| name == "negative_slope");
        let slope = slope.and_then(|(_, value)| value.parse::<f64>().ok());
        let tanh = module.attributes.iter();
        let tanh = tanh
            .clone()
            .any(|(name, value)| name == "approximate" && value.contains("tanh"));
        let own = match (Activation::of_class(&module.class), slope) {
            (Some(Activation::Leaky(_)), Some(slope)) => {
                let same = |a: &Activation| matches!(a, Activation::Leaky(h) if (f64::from(*h) / 100.0 - slope).abs() < 1e-9);
                Activation::ALL.into_iter().find(same)
            }
            (Some(Activation::Gelu), _) if tanh => Some(Activation::GeluTanh),
            (own, _) => own,
        };
        if let Some(own) = own
            && !told.contains(&own)
        {
            told.push(own);
        }
    }
    if told.is_empty() {
        Activation::ALL.to_vec()
    } else {
        told
    }
}

/// Whether any module's class starts so: `MaxPool`.
pub(super) fn has_class(modules: &[ModuleClass], start: &str) -> bool {
    modules.iter().any(|module| module.class.starts_with(start))
}
