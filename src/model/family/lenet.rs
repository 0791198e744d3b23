//! LeNet-like networks: named convolutions with pooling, then fully connected layers.
//!
//! Padding and pooling leave no trace in the tensors. They are searched for, among the few habits
//! that are common, until the size of the last map is what the first fully connected layer takes.
//! It knows stride 1 only.

use super::builder::{Activation, Builder, Convolution, Reading};
use super::dense::{self, Gaps, Host};
use super::order;
use super::parts::{self, Parts, counted};
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use crate::error::{Error, Result};
use crate::model::graph::Layer;
use crate::model::layers::{AveragePool, Flatten, GlobalAveragePool, MaxPool};

/// How maps are halved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pool {
    /// Largest of 2×2.
    Max,
    /// Mean of 2×2.
    Average,
}

impl Pool {
    /// The layer, 2×2 with stride 2.
    pub fn layer(self) -> Layer {
        let (size, stride, padding) = (vec![2, 2], vec![2, 2], vec![0, 0]);
        match self {
            Self::Max => Layer::MaxPool(MaxPool {
                size,
                stride,
                padding,
                dilation: vec![1, 1],
                ceil: false,
            }),
            Self::Average => Layer::AveragePool(AveragePool {
                size,
                stride,
                padding,
                count_padding: true,
                ceil: false,
            }),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Max => "Max-pooling",
            Self::Average => "Average pooling",
        }
    }
}

/// One way to pad and pool.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plan {
    /// Zeros on both sides of each convolution, height and width.
    padding: Vec<[usize; 2]>,
    /// Whether a pool follows each convolution.
    pools: Vec<bool>,
    /// Whether the maps are averaged as a whole at the end.
    global: bool,
}

/// Makes the network.
pub(super) fn build<'a>(
    family: &'static str,
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    activation: Activation,
    pool: Pool,
) -> Result<Recognised> {
    let parts = parts::split(&tensors)?;
    let mut builder = Builder::new(tensors, hints);
    let image = builder.image(&parts.first_weight, parts.channels)?;
    let sizes: Vec<[usize; 2]> = match (image, parts.channels) {
        (Some([_, height, width]), _) => vec![[height, width]],
        (None, 3) => [32, 28, 8, 64].map(|s| [s, s]).to_vec(),
        (None, _) => [28, 32, 8, 64].map(|s| [s, s]).to_vec(),
    };
    let kernels = kernels(&parts.body);
    let plans = plans(&kernels);
    let fits = |plan: &&Plan, size| count(plan, &kernels, size, parts.maps) == Some(parts.features);
    let chosen = sizes
        .iter()
        .find_map(|&size| plans.iter().find(|p| fits(p, size)).map(|p| (size, p)));
    let Some(([height, width], plan)) = chosen else {
        return Err(nothing_fits(&parts, &sizes, &plans, &kernels));
    };

    push_convolutions(&mut builder, &parts, plan, activation, pool)?;
    let outputs = dense::push(
        &mut builder,
        &parts.head,
        Some(parts.features),
        "",
        activation,
        Gaps::Ignore,
    )?;

    let names: Vec<&str> = parts.body.iter().map(|h| h.module.name).collect();
    builder.assume(format!(
        "The activation after every layer but the last is {}.",
        activation.word()
    ));
    builder.assume(format!(
        "Convolutions have stride 1; {}; {} takes {} numbers, which fits.",
        describe(plan, &names, pool),
        parts.head_weight,
        parts.features
    ));
    for other in plans
        .iter()
        .filter(|p| *p != plan && fits(p, [height, width]))
        .take(2)
    {
        builder.assume(format!(
            "This would fit as well, but is less usual: {}.",
            describe(other, &names, pool)
        ));
    }
    let input = [parts.channels, height, width];
    if image.is_none() {
        builder.assume(format!(
            "A sample is {input:?}: no data was given to tell its shape."
        ));
    }
    let convolutions = counted(parts.body.len(), "convolution");
    let why = format!(
        "{convolutions} and {}",
        counted(parts.head.len(), "fully connected layer")
    );
    let title = format!(
        "LeNet-like ({convolutions}, {} fully connected)",
        parts.head.len()
    );
    builder.finish(title, input.to_vec(), outputs, Reading { family, why })
}

/// Appends everything up to the first fully connected layer.
fn push_convolutions(
    builder: &mut Builder,
    parts: &Parts,
    plan: &Plan,
    activation: Activation,
    pool: Pool,
) -> Result<()> {
    let mut channels = parts.channels;
    for ((host, &padding), &halved) in parts.body.iter().zip(&plan.padding).zip(&plan.pools) {
        let name = host.module.name;
        let spec = Convolution {
            channels,
            outputs: None,
            kernel: None,
            stride: 1,
            padding,
            grouped: false,
        };
        channels = builder.convolution(name, spec)?;
        if let Some(norm) = host.norm {
            builder.batch_norm(norm.name, channels)?;
        }
        builder.activation(name, activation);
        if halved {
            builder.push(&order::join(name, "pool"), pool.layer());
        }
    }
    if plan.global {
        builder.push("pool", GlobalAveragePool {});
    } else {
        builder.push("flatten", Flatten { from: 1 });
    }
    Ok(())
}

fn kernels(body: &[Host]) -> Vec<[usize; 2]> {
    body.iter()
        .filter_map(|h| h.module.weight.get(2..4)?.try_into().ok())
        .collect()
}

/// The plans worth trying, the most usual first.
fn plans(kernels: &[[usize; 2]]) -> Vec<Plan> {
    let layers = kernels.len();
    let odd = kernels.iter().flatten().all(|k| k % 2 == 1);
    let pad = |same: &dyn Fn(usize) -> bool| -> Vec<[usize; 2]> {
        let half = |k: usize| k.saturating_sub(1) / 2;
        kernels
            .iter()
            .enumerate()
            .map(|(i, k)| if same(i) { k.map(half) } else { [0, 0] })
            .collect()
    };
    let mut paddings = vec![pad(&|_| false)];
    if odd {
        paddings = vec![
            pad(&|_| true),
            pad(&|_| false),
            pad(&|i| i == 0),
            pad(&|i| i > 0),
        ];
    }
    let pool = |rule: &dyn Fn(usize) -> bool| (0..layers).map(rule).collect::<Vec<bool>>();
    let last = layers.saturating_sub(1);
    let pools = [
        pool(&|_| true),
        pool(&|i| i == last),
        pool(&|i| i != last),
        pool(&|_| false),
    ];
    let mut plans: Vec<Plan> = Vec::new();
    for global in [false, true] {
        for pools in &pools {
            for padding in &paddings {
                let plan = Plan {
                    padding: padding.clone(),
                    pools: pools.clone(),
                    global,
                };
                if !plans.contains(&plan) {
                    plans.push(plan);
                }
            }
        }
    }
    plans
}

/// How many numbers a plan leaves of an image; `None` where nothing is left.
fn count(plan: &Plan, kernels: &[[usize; 2]], size: [usize; 2], maps: usize) -> Option<usize> {
    let [height, width] = extent(plan, kernels, size)?;
    if plan.global {
        Some(maps)
    } else {
        maps.checked_mul(height)?.checked_mul(width)
    }
}

fn extent(
    plan: &Plan,
    kernels: &[[usize; 2]],
    [mut height, mut width]: [usize; 2],
) -> Option<[usize; 2]> {
    for ((kernel, padding), &halved) in kernels.iter().zip(&plan.padding).zip(&plan.pools) {
        let step = |size: usize, kernel: usize, padding: usize| {
            let size = size
                .checked_add(padding.checked_mul(2)?)?
                .checked_sub(kernel)?
                .checked_add(1)?;
            Some(if halved { size / 2 } else { size }).filter(|&s| s > 0)
        };
        let ([kh, kw], [ph, pw]) = (*kernel, *padding);
        (height, width) = (step(height, kh, ph)?, step(width, kw, pw)?);
    }
    Some([height, width])
}

/// "Max-pooling 2×2 after conv1, conv2; padding 1 in conv1, 0 in conv2".
fn describe(plan: &Plan, names: &[&str], pool: Pool) -> String {
    let pooled: Vec<&str> = names
        .iter()
        .zip(&plan.pools)
        .filter(|&(_, &p)| p)
        .map(|(&n, _)| n)
        .collect();
    let pooling = if pooled.is_empty() {
        "no pooling between the convolutions".to_owned()
    } else {
        format!(
            "{} 2×2 after {}",
            pool.word().to_lowercase(),
            pooled.join(", ")
        )
    };
    let padding = names.iter().zip(&plan.padding).map(|(name, [h, w])| {
        if h == w {
            format!("{h} in {name}")
        } else {
            format!("{h}×{w} in {name}")
        }
    });
    let global = if plan.global {
        "; the mean of each map at the end (without it the sizes don't meet: check that this is the network's data)"
    } else {
        ""
    };
    format!(
        "padding {}; {pooling}{global}",
        padding.collect::<Vec<_>>().join(", ")
    )
}

fn nothing_fits(
    parts: &Parts,
    sizes: &[[usize; 2]],
    plans: &[Plan],
    kernels: &[[usize; 2]],
) -> Error {
    let mut tried: Vec<String> = Vec::new();
    for &size in sizes {
        for plan in plans.iter().filter(|p| !p.global) {
            if let (Some([h, w]), Some(all)) = (
                extent(plan, kernels, size),
                count(plan, kernels, size, parts.maps),
            ) {
                let text = format!(
                    "{}×{} gives {}·{h}·{w} = {all}",
                    size[0], size[1], parts.maps
                );
                if tried.len() < 6 && !tried.contains(&text) {
                    tried.push(text);
                }
            }
        }
    }
    let tried = if tried.is_empty() {
        "the images are too small".to_owned()
    } else {
        tried.join(", ")
    };
    Error::Model(format!(
        "{} takes {} numbers, but no usual padding and pooling of the convolutions gives as many: {tried}",
        parts.head_weight, parts.features
    ))
}
