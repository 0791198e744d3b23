//! Plain convolutional networks: convolutions in a row, then fully connected layers.
//!
//! Named layers make a LeNet, members of one `nn.Sequential` a VGG. Neither names nor shapes tell
//! padding, pools, strides, the order of norm and activation, the activation or skips: every usual
//! combination whose sizes meet is a reading of its own.

mod plans;
mod push;
mod telling;
mod wiring;

use super::activation::Activation;
use super::builder::{Builder, Reading};
use super::dense;
use super::parts::{self, Parts, counted};
use super::recognised::{Hints, Recognised};
use super::skip::{self, Skip};
use super::tensors::Tensors;
use super::{told, words};
use crate::checkpoint::Listing;
use crate::error::{Error, Result};
use plans::Sizes;
use telling::{end_words, padding_words, pool_words};
use wiring::{End, ORDERS, Order, Plan, Shrink, Step, Wiring, order_words};

/// More readings than this are not made: activations are then only tried with the usual order and
/// without skips.
const MOST: usize = 3000;

/// Why a mean over the last map needs evidence.
const ONLY_A_MEAN: &str = "only an average over the last map makes its size meet the first fully connected layer: check that this is the network's data";

/// Sides of images where no data tells them, the most usual first.
const SIDES_OF_COLOUR: [usize; 4] = [32, 28, 8, 64];
const SIDES_OF_GREY: [usize; 4] = [28, 32, 8, 64];

/// What stays the same in all readings.
struct Common<'a> {
    family: &'static str,
    parts: Parts<'a>,
    sizes: Sizes,
    /// `[channels, height, width]`
    input: [usize; 3],
    /// Whether the data tells the size of an image.
    given: bool,
    /// Whether norms stand among the layers.
    norms: bool,
}

/// All wirings whose sizes meet, the most usual first.
///
/// # Errors
/// Where none does, or names contradict a chain.
pub(super) fn readings(
    family: &'static str,
    state: &dyn Listing,
    hints: &Hints,
    auto: bool,
) -> Result<Vec<Recognised>> {
    let tensors = Tensors::new(state);
    tensors.check_extents()?;
    if auto {
        words::check(&tensors, false)?;
    }
    let parts = parts::split(&tensors)?;
    let numbered = family == "vgg";
    let sizes = sizes_of(&parts, numbered);
    if numbered
        && let Some(host) = parts
            .body
            .iter()
            .find(|host| kernel(host).iter().any(|k| *k > 7))
    {
        return Err(Error::Model(format!(
            "{}.weight is {:?}: expected a kernel of at most 7, for larger ones come with a stride that the names don't tell",
            host.module.name, host.module.weight
        )));
    }
    let image = Builder::new(tensors, hints).image(&parts.first_weight, parts.channels)?;
    let tried: Vec<[usize; 2]> = match (image, parts.channels) {
        (Some([_, height, width]), _) => vec![[height, width]],
        _ if numbered => sizes.usual_image().into_iter().collect(),
        (None, 3) => SIDES_OF_COLOUR.map(|s| [s, s]).to_vec(),
        (None, _) => SIDES_OF_GREY.map(|s| [s, s]).to_vec(),
    };
    let fitting = tried.iter().map(|&size| (size, sizes.plans(size)));
    let Some(([height, width], plans)) = fitting.into_iter().find(|(_, plans)| !plans.is_empty())
    else {
        return Err(Error::Model(format!(
            "{} takes {} numbers, but no usual padding and pooling of the convolutions gives as many: {}",
            parts.head_weight,
            parts.features,
            sizes.tried(&tried)
        )));
    };
    let common = Common {
        family,
        norms: parts
            .body
            .iter()
            .chain(&parts.head)
            .any(|h| h.norm.is_some()),
        input: [parts.channels, height, width],
        given: image.is_some(),
        parts,
        sizes,
    };
    let wirings = common.wirings(plans, hints, numbered);
    let made = wirings
        .iter()
        .map(|wiring| common.build(wiring, state, hints));
    made.collect()
}

fn kernel(host: &dense::Host) -> [usize; 2] {
    let kernel = host.module.weight.get(2..4).and_then(|k| k.try_into().ok());
    kernel.unwrap_or([0, 0])
}

fn sizes_of(parts: &Parts, numbered: bool) -> Sizes {
    let next = |i: usize| parts.body.get(i + 1).or(parts.head.first());
    let slot = |(i, host): (usize, &dense::Host)| {
        dense::room(host, next(i).map(|next| next.module.name))
            .free
            .filter(|_| numbered)
    };
    let channels = |host: &dense::Host| host.module.weight.first().copied().unwrap_or(0);
    Sizes {
        kernels: parts.body.iter().map(kernel).collect(),
        channels: parts.body.iter().map(channels).collect(),
        features: parts.features,
        slots: parts.body.iter().enumerate().map(slot).collect(),
        numbered,
    }
}

impl Common<'_> {
    /// Everything that the plans, orders, skips and activations make, the most usual first.
    fn wirings(&self, plans: Vec<Plan>, hints: &Hints, numbered: bool) -> Vec<Wiring> {
        let activations = told::activations(hints.modules);
        let class = |start| told::has_class(hints.modules, start);
        let (max, average) = (class("MaxPool"), class("AvgPool"));
        let contradicts = |plan: &Plan| {
            let pools = plan.shrinks.contains(&true);
            pools
                && (max || average)
                && match plan.how {
                    Shrink::Max => !max,
                    Shrink::Average => !average,
                    Shrink::Stride => true,
                }
        };
        let mut all: Vec<Wiring> = Vec::new();
        let few = plans
            .len()
            .saturating_mul(activations.len())
            .saturating_mul(8)
            > MOST;
        for plan in &plans {
            if contradicts(plan) && plans.iter().any(|other| !contradicts(other)) {
                continue;
            }
            for (number, (order, skip)) in self
                .orders_and_skips(plan, numbered)
                .into_iter()
                .enumerate()
            {
                for (place, &activation) in activations.iter().enumerate() {
                    if !order_counts(order, activation, plan, self.norms)
                        || (few && number > 0 && place > 0)
                    {
                        continue;
                    }
                    all.push(Wiring {
                        padding: plan.padding.clone(),
                        shrinks: plan.shrinks.clone(),
                        how: plan.how,
                        order,
                        activation,
                        skip,
                        end: plan.end,
                    });
                }
            }
        }
        all
    }

    /// Orders without skips, then skips in the usual order.
    fn orders_and_skips(&self, plan: &Plan, numbered: bool) -> Vec<(Order, Skip)> {
        let fits = |order: &Order| {
            let body = self.parts.body.iter().zip(&plan.shrinks).enumerate();
            let mut body = body.map(|(i, (host, &shrinks))| {
                let next = self.parts.body.get(i + 1).or(self.parts.head.first());
                let room = dense::room(host, next.map(|next| next.module.name));
                let pool = shrinks && plan.how != Shrink::Stride;
                host.norm.is_none()
                    || room.before.is_none_or(|before| {
                        let early = early(*order, pool);
                        early <= before && (early > 0) == (before > 0)
                    })
            });
            body.all(|fits| fits)
        };
        let mut orders: Vec<Order> = ORDERS.into_iter().filter(fits).collect();
        if orders.is_empty() {
            orders.push(ORDERS[0]);
        }
        let usual = orders[0];
        let mut all: Vec<(Order, Skip)> = orders
            .into_iter()
            .map(|order| (order, Skip::None))
            .collect();
        if !numbered {
            let (widths, keeps) = self.keeps(plan);
            let skips = skip::possible(&widths, &keeps);
            all.extend(skips.into_iter().skip(1).map(|skip| (usual, skip)));
        }
        all
    }

    /// Channels in and out of each convolution, and whether it leaves the size of its maps as it is.
    fn keeps(&self, plan: &Plan) -> (Vec<[usize; 2]>, Vec<bool>) {
        let width = |host: &dense::Host| match host.module.weight {
            &[outputs, inputs, ..] => [inputs, outputs],
            _ => [0, 0],
        };
        let widths = self.parts.body.iter().map(width).collect();
        let kept = self
            .sizes
            .kernels
            .iter()
            .zip(&plan.padding)
            .zip(&plan.shrinks);
        let kept = kept.enumerate().map(|(i, ((kernel, padding), shrinks))| {
            let same = kernel.iter().zip(padding).all(|(k, p)| *k == 2 * p + 1);
            i > 0 && same && !shrinks
        });
        (widths, kept.collect())
    }

    fn build(&self, wiring: &Wiring, state: &dyn Listing, hints: &Hints) -> Result<Recognised> {
        let parts = &self.parts;
        let mut builder = Builder::new(Tensors::new(state), hints);
        let outputs = push::push(
            &mut builder,
            parts,
            wiring,
            &self.keeps_of(wiring),
            self.family == "vgg",
        )?;
        let names: Vec<&str> = parts.body.iter().map(|h| h.module.name).collect();
        let (padding, pools) = (padding_words(wiring, &names), pool_words(wiring, &names));
        builder.assume(format!(
            "The activation after every layer but the last is {}.",
            wiring.activation.word()
        ));
        let stride = if wiring.how == Shrink::Stride && wiring.shrinks.contains(&true) {
            "Convolutions have stride 1 but where maps are halved"
        } else {
            "Convolutions have stride 1"
        };
        let weight = &parts.head_weight;
        builder.assume(format!(
            "{stride}; {padding}; {pools}; {weight} takes {} numbers, which fits{}.",
            parts.features,
            end_words(wiring.end),
        ));
        if self.family == "vgg" && wiring.how != Shrink::Stride {
            let pool = if wiring.shrinks.last() == Some(&true) {
                "a"
            } else {
                "no"
            };
            builder.assume(format!(
                "As {weight} takes {} numbers, {pool} 2×2 pool follows the last convolution.",
                parts.features
            ));
        }
        if self.norms {
            let order = order_words(wiring.order, true, wiring.pools());
            builder.assume(format!("Layers are followed by {order}."));
        }
        if !self.given {
            builder.assume(format!(
                "A sample is {:?}: no data was given to tell its shape.",
                self.input
            ));
        }
        let (title, why) = self.title();
        let reading = Reading {
            family: self.family,
            why,
        };
        let found = builder.finish(title, self.input.to_vec(), outputs, reading)?;
        let found = telling::choosing(found, wiring, &names, self.norms);
        let [_, height, width] = self.input;
        let exact = self.sizes.extent(&wiring.plan(), [height, width]);
        Ok(match wiring.end {
            End::Flatten => found,
            End::Parts(size) if exact == Some(size) => found,
            _ => found.doubting(ONLY_A_MEAN),
        })
    }

    fn keeps_of(&self, wiring: &Wiring) -> Vec<skip::Part> {
        let (widths, keeps) = self.keeps(&wiring.plan());
        skip::parts(wiring.skip, &widths, &keeps)
    }

    /// The name of the network, and what speaks for it.
    fn title(&self) -> (String, String) {
        let (body, head) = (self.parts.body.len(), self.parts.head.len());
        if self.family == "vgg" {
            let convolutions = counted(body, "numbered convolution");
            let why = format!(
                "{convolutions} and {}",
                counted(head, "fully connected layer")
            );
            return (format!("VGG-like ({} layers)", body + head), why);
        }
        let convolutions = counted(body, "convolution");
        let why = format!(
            "{convolutions} and {}",
            counted(head, "fully connected layer")
        );
        (
            format!("LeNet-like ({convolutions}, {head} fully connected)"),
            why,
        )
    }
}

/// How many things stand between a convolution and its norm.
fn early(order: Order, pool: bool) -> usize {
    let before = order.into_iter().take_while(|step| *step != Step::Norm);
    before.filter(|step| *step == Step::Act || pool).count()
}

/// Whether an order is another network than one that comes before it in the list: the largest of
/// activations is the activation of the largest, and what isn't there has no place.
fn order_counts(order: Order, activation: Activation, plan: &Plan, norms: bool) -> bool {
    let pools = plan.shrinks.contains(&true) && plan.how != Shrink::Stride;
    let place = |step: Step| order.iter().position(|own| *own == step);
    let (norm, act, pool) = (place(Step::Norm), place(Step::Act), place(Step::Pool));
    if !pools && pool != Some(2) || !norms && norm != Some(0) {
        return false;
    }
    let swaps = plan.how == Shrink::Max && activation.is_monotone();
    let next = pool.map(|p| p + 1) == act;
    // Without norms the pool is next to the activation as well.
    !(pools && swaps && next)
}
