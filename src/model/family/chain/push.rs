//! The layers of a plain convolutional network, appended as a wiring says.

use super::super::builder::{Builder, Convolution};
use super::super::dense::{self, Between, Gaps};
use super::super::order::join;
use super::super::parts::Parts;
use super::super::skip::Part;
use super::wiring::{End, Shrink, Step, Wiring};
use crate::error::Result;
use crate::model::layers::{AdaptiveAveragePool, Flatten, GlobalAveragePool};

/// Appends everything; `skips` is the part of each convolution in a skip, `numbered` whether the numbers of
/// a Sequential count every layer. Gives the number of outputs.
pub fn push(
    builder: &mut Builder,
    parts: &Parts,
    wiring: &Wiring,
    skips: &[Part],
    numbered: bool,
) -> Result<usize> {
    let mut channels = parts.channels;
    let mut before = String::new();
    for (i, host) in parts.body.iter().enumerate() {
        let part = skips.get(i).copied().unwrap_or(Part::Outside);
        if !matches!(part, Part::Second(_)) {
            before = builder.last();
        }
        channels = convolution(builder, parts, wiring, i, channels)?;
        if part == Part::Outside {
            follow(builder, parts, wiring, i, (channels, numbered))?;
            continue;
        }
        if let Some(norm) = host.norm {
            builder.batch_norm(norm.name, channels)?;
        }
        dense::part_after(builder, host.module.name, part, &before, wiring.activation);
    }
    match wiring.end {
        End::Mean => drop(builder.push("pool", GlobalAveragePool {})),
        End::Flatten => drop(builder.push("flatten", Flatten { from: 1 })),
        End::Parts(size) => {
            let size = size.to_vec();
            builder.push("pool", AdaptiveAveragePool { size });
            builder.push("flatten", Flatten { from: 1 });
        }
    }
    dense::push(
        builder,
        &parts.head,
        Some(parts.features),
        "",
        Between {
            activation: wiring.activation,
            late: wiring.order.iter().position(|s| *s == Step::Act)
                < wiring.order.iter().position(|s| *s == Step::Norm),
            gaps: if numbered { Gaps::Count } else { Gaps::Ignore },
            parts: &[],
        },
    )
}

/// Appends a convolution; gives its number of channels.
fn convolution(
    builder: &mut Builder,
    parts: &Parts,
    wiring: &Wiring,
    i: usize,
    channels: usize,
) -> Result<usize> {
    let shrinks = wiring.shrinks.get(i).copied().unwrap_or(false);
    let spec = Convolution {
        channels,
        outputs: None,
        kernel: None,
        stride: if shrinks && wiring.how == Shrink::Stride {
            2
        } else {
            1
        },
        padding: wiring.padding.get(i).copied().unwrap_or([0, 0]),
        grouped: false,
    };
    builder.convolution(parts.body[i].module.name, spec)
}

/// Appends norm, activation and pool in their order.
fn follow(
    builder: &mut Builder,
    parts: &Parts,
    wiring: &Wiring,
    i: usize,
    (channels, numbered): (usize, bool),
) -> Result<()> {
    let host = &parts.body[i];
    let name = host.module.name;
    let next = parts.body.get(i + 1);
    // Members of a Sequential with no number between them have nothing between them.
    let bare = next.is_some_and(|next| dense::room(host, Some(next.module.name)).free == Some(0));
    let pool = wiring.shrinks.get(i) == Some(&true) && wiring.how != Shrink::Stride;
    let mut last = name;
    for step in wiring.order {
        match step {
            Step::Norm => {
                if let Some(norm) = host.norm {
                    builder.batch_norm(norm.name, channels)?;
                    last = norm.name;
                }
            }
            Step::Act if bare && numbered => {}
            Step::Act => builder.activation(last, wiring.activation),
            Step::Pool => {
                if let Some(layer) = wiring.how.layer().filter(|_| pool) {
                    builder.push(&join(name, "pool"), layer);
                }
            }
        }
    }
    Ok(())
}
