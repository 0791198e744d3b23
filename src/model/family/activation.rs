//! The functions between layers, which leave no trace in the tensors.

use crate::model::graph::Layer;
use crate::model::layers::{
    Elu, Gelu, HardSwish, HardTanh, LeakyRelu, Mish, Relu, Relu6, Selu, Sigmoid, Silu, Softplus,
    Softsign, Tanh,
};

/// The function between layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    /// max(x, 0).
    Relu,
    /// x above 0, x times so many hundredths below.
    Leaky(u8),
    /// min(max(x, 0), 6).
    Relu6,
    /// x above 0, eˣ − 1 below.
    Elu,
    /// ELU with the constants that keep mean and variance.
    Selu,
    /// x Φ(x).
    Gelu,
    /// GELU by its usual approximation with tanh.
    GeluTanh,
    /// x σ(x).
    Silu,
    /// SiLU of straight pieces.
    HardSwish,
    /// x tanh(softplus(x)).
    Mish,
    /// ln(1 + eˣ).
    Softplus,
    /// Hyperbolic tangent.
    Tanh,
    /// x between −1 and 1.
    HardTanh,
    /// x / (1 + |x|).
    Softsign,
    /// Logistic function.
    Sigmoid,
}

impl Activation {
    /// Those that come into question where nothing tells, the most usual first.
    pub const ALL: [Self; 17] = [
        Self::Relu,
        Self::Tanh,
        Self::Sigmoid,
        Self::Gelu,
        Self::Silu,
        Self::Leaky(1),
        Self::Leaky(10),
        Self::Leaky(20),
        Self::Elu,
        Self::Relu6,
        Self::HardSwish,
        Self::Mish,
        Self::Selu,
        Self::Softplus,
        Self::GeluTanh,
        Self::HardTanh,
        Self::Softsign,
    ];

    /// The one that layers of this name have.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }

    /// The one that a class of `torch.nn` applies, where it is one of these.
    pub fn of_class(class: &str) -> Option<Self> {
        Some(match class {
            "ReLU" => Self::Relu,
            "LeakyReLU" => Self::Leaky(1),
            "ReLU6" => Self::Relu6,
            "ELU" => Self::Elu,
            "SELU" => Self::Selu,
            "GELU" => Self::Gelu,
            "SiLU" | "Swish" => Self::Silu,
            "Hardswish" => Self::HardSwish,
            "Mish" => Self::Mish,
            "Softplus" => Self::Softplus,
            "Tanh" => Self::Tanh,
            "Hardtanh" => Self::HardTanh,
            "Softsign" => Self::Softsign,
            "Sigmoid" => Self::Sigmoid,
            _ => return None,
        })
    }

    /// Its name in keys and layers: `leaky-relu-0.1`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Leaky(1) => "leaky-relu",
            Self::Leaky(10) => "leaky-relu-0.1",
            Self::Leaky(_) => "leaky-relu-0.2",
            Self::Relu6 => "relu6",
            Self::Elu => "elu",
            Self::Selu => "selu",
            Self::Gelu => "gelu",
            Self::GeluTanh => "gelu-tanh",
            Self::Silu => "silu",
            Self::HardSwish => "hard-swish",
            Self::Mish => "mish",
            Self::Softplus => "softplus",
            Self::Tanh => "tanh",
            Self::HardTanh => "hard-tanh",
            Self::Softsign => "softsign",
            Self::Sigmoid => "sigmoid",
        }
    }

    /// Its name in prose.
    pub fn word(self) -> &'static str {
        match self {
            Self::Relu => "ReLU",
            Self::Leaky(1) => "leaky ReLU (slope 0.01)",
            Self::Leaky(10) => "leaky ReLU (slope 0.1)",
            Self::Leaky(_) => "leaky ReLU (slope 0.2)",
            Self::Relu6 => "ReLU6",
            Self::Elu => "ELU",
            Self::Selu => "SELU",
            Self::Gelu => "GELU",
            Self::GeluTanh => "GELU (by tanh)",
            Self::Silu => "SiLU",
            Self::HardSwish => "hard-swish",
            Self::Mish => "Mish",
            Self::Softplus => "softplus",
            Self::Tanh => "tanh",
            Self::HardTanh => "hard tanh",
            Self::Softsign => "softsign",
            Self::Sigmoid => "sigmoid",
        }
    }

    /// Whether it never falls: then the largest of its values is its value of the largest.
    pub fn is_monotone(self) -> bool {
        !matches!(
            self,
            Self::Gelu | Self::GeluTanh | Self::Silu | Self::HardSwish | Self::Mish
        )
    }

    /// The layer.
    pub fn layer(self) -> Layer {
        match self {
            Self::Relu => Relu {}.into(),
            Self::Leaky(hundredths) => LeakyRelu {
                slope: f64::from(hundredths) / 100.0,
            }
            .into(),
            Self::Relu6 => Relu6 {}.into(),
            Self::Elu => Elu { alpha: 1.0 }.into(),
            Self::Selu => Selu {}.into(),
            Self::Gelu => Gelu { tanh: false }.into(),
            Self::GeluTanh => Gelu { tanh: true }.into(),
            Self::Silu => Silu {}.into(),
            Self::HardSwish => HardSwish {}.into(),
            Self::Mish => Mish {}.into(),
            Self::Softplus => Softplus {
                beta: 1.0,
                threshold: 20.0,
            }
            .into(),
            Self::Tanh => Tanh {}.into(),
            Self::HardTanh => HardTanh {
                min: -1.0,
                max: 1.0,
            }
            .into(),
            Self::Softsign => Softsign {}.into(),
            Self::Sigmoid => Sigmoid {}.into(),
        }
    }
}
