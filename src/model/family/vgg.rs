//! VGG-like networks: an `nn.Sequential` of convolutions, then a classifier.
//!
//! The numbers of a Sequential also count the layers without tensors, so a gap tells of an
//! activation and a pool. Only what follows the last convolution is open; the size that the
//! classifier takes decides it. It knows stride 1 and odd kernels up to 7.

use super::builder::{Activation, Builder, Convolution, Reading};
use super::dense::{self, Gaps, Host};
use super::lenet::Pool;
use super::order;
use super::parts::{self, Parts, counted};
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use crate::error::{Error, Result};
use crate::model::layers::{AdaptiveAveragePool, Flatten, GlobalAveragePool};

const ACTIVATION: Activation = Activation::Relu;

/// What lies between the last convolution and the classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tail {
    /// A 2×2 pool.
    pool: bool,
    /// Averages over this many parts.
    adaptive: Option<[usize; 2]>,
}

/// Makes the network.
pub(super) fn build<'a>(tensors: Tensors<'a>, hints: &'a Hints<'a>) -> Result<Recognised> {
    let parts = parts::split(&tensors)?;
    let mut builder = Builder::new(tensors, hints);
    let image = builder.image(&parts.first_weight, parts.channels)?;
    let pools: Vec<bool> = parts
        .body
        .windows(2)
        .map(|w| matches!(w, [a, b] if pool_between(a, b)))
        .collect();
    let halvings = pools.iter().filter(|&&p| p).count();
    let ([height, width], tail) = sizes(&parts, image, halvings)?;

    let mut channels = parts.channels;
    for (i, host) in parts.body.iter().enumerate() {
        let next = parts.body.get(i + 1).map(|n| n.module.name);
        channels = push_convolution(&mut builder, host, next, channels)?;
        if pools.get(i).copied().unwrap_or(tail.pool) {
            builder.push(&order::join(host.module.name, "pool"), Pool::Max.layer());
        }
    }
    if let Some(size) = tail.adaptive.filter(|&size| size != [1, 1]) {
        builder.push(
            "pool",
            AdaptiveAveragePool {
                size: size.to_vec(),
            },
        );
    }
    if tail.adaptive == Some([1, 1]) {
        builder.push("pool", GlobalAveragePool {});
    } else {
        builder.push("flatten", Flatten { from: 1 });
    }
    let outputs = dense::push(
        &mut builder,
        &parts.head,
        Some(parts.features),
        "",
        ACTIVATION,
        Gaps::Count,
    )?;

    builder.assume(
        "The activation is ReLU; convolutions have stride 1 and keep the size; pools are 2×2 maxima where the numbers leave room for them.",
    );
    builder.assume(describe(tail, &parts.head_weight, parts.features));
    let input = [parts.channels, height, width];
    if image.is_none() {
        builder.assume(format!(
            "A sample is {input:?}: no data was given to tell its shape."
        ));
    }
    let depth = parts.body.len().saturating_add(parts.head.len());
    let convolutions = counted(parts.body.len(), "numbered convolution");
    let why = format!(
        "{convolutions} and {}",
        counted(parts.head.len(), "fully connected layer")
    );
    let reading = Reading { family: "vgg", why };
    builder.finish(
        format!("VGG-like ({depth} layers)"),
        input.to_vec(),
        outputs,
        reading,
    )
}

/// Height and width of a sample, given or assumed, and the tail that makes them meet the classifier.
fn sizes(parts: &Parts, image: Option<[usize; 3]>, halvings: usize) -> Result<([usize; 2], Tail)> {
    let Parts {
        head_weight: weight,
        maps,
        features,
        room,
        ..
    } = parts;
    let Some([_, height, width]) = image else {
        return assumed(*maps, *features, halvings, *room).ok_or_else(|| {
            Error::Model(format!(
                "{weight} takes {features} numbers, which are no square maps of {maps} channels"
            ))
        });
    };
    let reached = halve([height, width], halvings);
    let fit = reached.and_then(|map| tail(map, *maps, *features, *room));
    fit.map(|tail| ([height, width], tail)).ok_or_else(|| {
        let left = reached.map_or("nothing".to_owned(), |[h, w]| format!("maps of {h}×{w}"));
        Error::Model(format!(
            "{weight} takes {features} numbers, but {height}×{width} images leave {left} of {maps} channels \
             after the last convolution, and no pool makes these fit"
        ))
    })
}

/// Appends a convolution with its norm and activation; gives its number of channels.
fn push_convolution(
    builder: &mut Builder,
    host: &Host,
    next: Option<&str>,
    channels: usize,
) -> Result<usize> {
    let name = host.module.name;
    let kernels: [usize; 2] = host
        .module
        .weight
        .get(2..4)
        .and_then(|k| k.try_into().ok())
        .unwrap_or([0, 0]);
    if kernels.iter().any(|k| k % 2 == 0 || *k > 7) {
        return Err(Error::Model(format!(
            "{name}.weight is {:?}: expected an odd kernel of at most 7, for larger ones come with a stride that the names don't tell",
            host.module.weight
        )));
    }
    let padding = kernels.map(|k| k / 2);
    let width = builder.convolution(
        name,
        Convolution {
            channels,
            outputs: None,
            kernel: None,
            stride: 1,
            padding,
            grouped: false,
        },
    )?;
    let room = dense::room(host, next);
    let Some(norm) = host.norm else {
        if room.free != Some(0) {
            builder.activation(name, ACTIVATION);
        }
        return Ok(width);
    };
    if room.before_norm {
        builder.activation(name, ACTIVATION);
    }
    builder.batch_norm(norm.name, width)?;
    if !room.before_norm && room.free != Some(0) {
        builder.activation(norm.name, ACTIVATION);
    }
    Ok(width)
}

/// One layer without tensors is the activation, more are a pool as well.
fn pool_between(host: &Host, next: &Host) -> bool {
    dense::room(host, Some(next.module.name))
        .free
        .is_some_and(|free| free >= 2)
}

/// Finds what makes `maps` maps of the given size into `taken` numbers. `room` is the number of
/// layers without tensors before the classifier, where it is in the same Sequential.
fn tail(map: [usize; 2], maps: usize, taken: usize, room: Option<usize>) -> Option<Tail> {
    let numbers = |[h, w]: [usize; 2]| maps.checked_mul(h)?.checked_mul(w);
    let per_map = taken
        .checked_div(maps)
        .filter(|p| p.checked_mul(maps) == Some(taken))?;
    let halved = halve(map, 1);
    let adaptive = (per_map == 49).then_some([7, 7]);
    // An activation and a flattening leave no room for a pool.
    let pool_first = room != Some(2);
    if pool_first && halved.and_then(numbers) == Some(taken) {
        return Some(Tail {
            pool: true,
            adaptive,
        });
    }
    if numbers(map) == Some(taken) {
        return Some(Tail {
            pool: false,
            adaptive: None,
        });
    }
    if halved.and_then(numbers) == Some(taken) {
        return Some(Tail {
            pool: true,
            adaptive,
        });
    }
    let adaptive = adaptive.or((per_map == 1).then_some([1, 1]))?;
    Some(Tail {
        pool: halved.is_some() && pool_first,
        adaptive: Some(adaptive),
    })
}

/// The image size that meets the classifier exactly, with the tail for it.
fn assumed(
    maps: usize,
    taken: usize,
    halvings: usize,
    room: Option<usize>,
) -> Option<([usize; 2], Tail)> {
    let per_map = taken
        .checked_div(maps)
        .filter(|p| p.checked_mul(maps) == Some(taken))?;
    let side = per_map.isqrt();
    let pool = room != Some(2);
    let all = halvings.checked_add(usize::from(pool))?;
    let size = side.checked_mul(2_usize.checked_pow(u32::try_from(all).ok()?)?)?;
    let tail = Tail {
        pool,
        adaptive: (per_map == 49 && pool).then_some([7, 7]),
    };
    (side.checked_mul(side) == Some(per_map) && side > 0).then_some(([size, size], tail))
}

/// The size after some 2×2 pools; `None` where nothing is left.
fn halve(size: [usize; 2], times: usize) -> Option<[usize; 2]> {
    let shift = u32::try_from(times).ok()?;
    let halved = size.map(|s| s.checked_shr(shift).unwrap_or(0));
    halved.iter().all(|&s| s > 0).then_some(halved)
}

fn describe(tail: Tail, weight: &str, taken: usize) -> String {
    let pool = if tail.pool {
        "a 2×2 pool follows the last convolution"
    } else {
        "no 2×2 pool follows the last convolution"
    };
    let adaptive = match tail.adaptive {
        Some([1, 1]) => {
            ", then the mean of each map (without it the sizes don't meet: check that this is the network's data)".to_owned()
        }
        Some([h, w]) => format!(", then adaptive average pooling to {h}×{w}"),
        None => String::new(),
    };
    format!("As {weight} takes {taken} numbers, {pool}{adaptive}.")
}
