//! What the tensors of a plain convolutional network leave open, as data.
//!
//! A [`Wiring`] settles all of it: zeros around maps, where and how maps shrink, the order of norm,
//! activation and pool, skips, and what becomes of the last map. It knows no tensor and builds nothing.

use super::super::activation::Activation;
use super::super::skip::Skip;
use crate::model::graph::Layer;
use crate::model::layers::{AveragePool, MaxPool};

/// How maps are halved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shrink {
    /// Largest of 2×2.
    Max,
    /// Mean of 2×2.
    Average,
    /// The convolution takes every other position.
    Stride,
}

/// What follows a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Batch normalisation, where there is one.
    Norm,
    /// The activation.
    Act,
    /// The pool, where there is one.
    Pool,
}

/// The order of what follows each convolution, and each fully connected layer but for the pool.
pub type Order = [Step; 3];

/// All orders, the most usual first.
pub const ORDERS: [Order; 6] = {
    use Step::{Act, Norm, Pool};
    [
        [Norm, Act, Pool],
        [Act, Norm, Pool],
        [Act, Pool, Norm],
        [Pool, Act, Norm],
        [Pool, Norm, Act],
        [Norm, Pool, Act],
    ]
};

/// What becomes of the last map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All its numbers in a row.
    Flatten,
    /// Averages over so many parts, then all numbers in a row.
    Parts([usize; 2]),
    /// The mean of each map.
    Mean,
}

/// What of a wiring the sizes decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Zeros on both sides of each convolution, height and width.
    pub padding: Vec<[usize; 2]>,
    /// Whether maps are halved after each convolution.
    pub shrinks: Vec<bool>,
    /// How they are.
    pub how: Shrink,
    /// What becomes of the last map.
    pub end: End,
}

/// One way to wire it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wiring {
    /// Zeros on both sides of each convolution, height and width.
    pub padding: Vec<[usize; 2]>,
    /// Whether maps are halved after each convolution.
    pub shrinks: Vec<bool>,
    /// How they are.
    pub how: Shrink,
    /// In which order things follow.
    pub order: Order,
    /// The function between layers.
    pub activation: Activation,
    /// What is added.
    pub skip: Skip,
    /// What becomes of the last map.
    pub end: End,
}

impl Wiring {
    /// Whether there are pools.
    pub fn pools(&self) -> bool {
        self.shrinks.contains(&true) && self.how != Shrink::Stride
    }

    /// What of it the sizes decide.
    pub fn plan(&self) -> Plan {
        Plan {
            padding: self.padding.clone(),
            shrinks: self.shrinks.clone(),
            how: self.how,
            end: self.end,
        }
    }
}

impl Shrink {
    /// All of them, the most usual first.
    pub const ALL: [Self; 3] = [Self::Max, Self::Average, Self::Stride];

    /// The pool, 2×2 with stride 2; `None` where the convolution does it.
    pub fn layer(self) -> Option<Layer> {
        let (size, stride, padding) = (vec![2, 2], vec![2, 2], vec![0, 0]);
        match self {
            Self::Max => Some(Layer::MaxPool(MaxPool {
                size,
                stride,
                padding,
                dilation: vec![1, 1],
                ceil: false,
            })),
            Self::Average => Some(Layer::AveragePool(AveragePool {
                size,
                stride,
                padding,
                count_padding: true,
                ceil: false,
            })),
            Self::Stride => None,
        }
    }

    /// Its name in keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Average => "average",
            Self::Stride => "stride",
        }
    }

    /// Its name in prose.
    pub fn words(self) -> &'static str {
        match self {
            Self::Max => "max-pooling 2×2",
            Self::Average => "average pooling 2×2",
            Self::Stride => "convolutions of stride 2",
        }
    }
}

/// An order by the names of its steps: `act-norm-pool`; those that aren't there are left out.
pub fn order_name(order: Order, norms: bool, pools: bool) -> String {
    let there = order.into_iter().filter_map(|step| match step {
        Step::Norm => norms.then_some("norm"),
        Step::Act => Some("act"),
        Step::Pool => pools.then_some("pool"),
    });
    there.collect::<Vec<_>>().join("-")
}

/// The same in prose: "activation, norm, pool in this order".
pub fn order_words(order: Order, norms: bool, pools: bool) -> String {
    let there = order.into_iter().filter_map(|step| match step {
        Step::Norm => norms.then_some("norm"),
        Step::Act => Some("activation"),
        Step::Pool => pools.then_some("pool"),
    });
    let there: Vec<&str> = there.collect();
    match there.as_slice() {
        [_] => String::new(),
        several => format!("{} in this order", several.join(", ")),
    }
}
