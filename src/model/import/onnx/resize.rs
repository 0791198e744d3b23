//! Values of other sizes: `Resize` and the older `Upsample`, in all of their ways to find a place between the old ones.

use super::known::Known;
use super::node::{Node, axis as axis_of, list, value};
use super::state::Value;
use super::table::{Made, Reading};
use crate::model::import::traced::{Argument, Element};
use crate::store::Parsed;

/// Sizes.
pub const OPERATORS: &[(&str, Reading)] = &[
    ("Resize", Reading::By(resize)),
    ("Upsample", Reading::By(resize)),
];

/// Entries along one axis that are written out.
const MOST: i64 = 1 << 16;

/// One axis before and after.
struct Step {
    axis: usize,
    from: i64,
    to: i64,
    scale: f64,
}

impl Step {
    /// Whether sizes alone say it.
    fn is_whole(&self) -> bool {
        (self.to as f64 - self.from as f64 * self.scale).abs() < 1e-9 * self.to as f64
    }

    /// Where entry `i` lies among the old ones, in single precision as runtimes compute it.
    fn place(&self, way: &str, i: i64) -> Parsed<f32> {
        let (i, scale) = (i as f32, self.scale as f32);
        let (from, to) = (self.from as f32, self.to as f32);
        let half = (i + 0.5) / scale - 0.5;
        Ok(match way {
            "half_pixel" => half,
            "pytorch_half_pixel" if self.to > 1 => half,
            "align_corners" if self.to > 1 => i * (from - 1.0) / (to - 1.0),
            "pytorch_half_pixel" | "align_corners" => 0.0,
            "half_pixel_symmetric" => {
                let share = to / (scale * from);
                from / 2.0 * (1.0 - share) + half
            }
            "tf_half_pixel_for_nn" => (i + 0.5) / scale,
            "asymmetric" => i / scale,
            other => return Err(format!("coordinates {other:?}")),
        })
    }
}

/// The axes that change.
fn steps(node: &mut Node<'_, '_>, old: bool) -> Parsed<Vec<Step>> {
    let (scales, sizes) = if old { (1, usize::MAX) } else { (2, 3) };
    let shape = node.shape(0)?.unwrap_or_default();
    let rank = shape.len();
    let axes = match node.integers("axes") {
        Some(axes) => axes,
        None => (0..rank as i64).collect(),
    };
    let policy = node.text("keep_aspect_ratio_policy");
    if !["", "stretch"].contains(&policy.as_str()) {
        return Err(format!("keep_aspect_ratio_policy {policy:?}"));
    }
    let sized = node.has(sizes);
    // The oldest version has scales as an option.
    let given = match node.floats("scales") {
        _ if sized => node.known(sizes)?.values,
        Some(own) if old && !own.is_empty() => own,
        _ => {
            let name = node.proto.input.get(scales).cloned().unwrap_or_default();
            match node.state.numbers(&name) {
                Some(own) => own,
                None => node.known(scales)?.values,
            }
        }
    };
    if given.len() != axes.len() {
        return Err(format!(
            "{} sizes or scales of {} axes",
            given.len(),
            axes.len()
        ));
    }
    let mut found = Vec::new();
    for (&number, &axis) in given.iter().zip(&axes) {
        let axis = axis_of(axis, rank)? as usize;
        if !sized && number == 1.0 {
            continue;
        }
        let from = shape.get(axis).copied().flatten();
        let from =
            from.ok_or("it scales extents that aren't known before the shape of the data is")?;
        let from = from as i64;
        let to = if sized {
            number
        } else {
            (from as f64 * number).floor()
        } as i64;
        let scale = if sized { number / from as f64 } else { number };
        if to == from && sized {
            continue;
        }
        if !(1..=MOST).contains(&to) || !(1..=MOST).contains(&from) || axis == 0 || !(scale > 0.0) {
            return Err(format!(
                "axis {axis} from {from} to {to} entries by {scale}"
            ));
        }
        found.push(Step {
            axis,
            from,
            to,
            scale,
        });
    }
    Ok(found)
}

fn resize(node: &mut Node<'_, '_>) -> Parsed<Made> {
    let old = node.state.opset < 11;
    let (mut x, rank) = (node.tensor(0)?, node.rank(0)?);
    let steps = steps(node, old)?;
    let (mode, way) = (
        node.text("mode"),
        node.text("coordinate_transformation_mode"),
    );
    let way = match (old, way.as_str()) {
        (true, _) => "asymmetric".to_owned(),
        (_, "") => "half_pixel".to_owned(),
        _ => way,
    };
    let nearest = match node.text("nearest_mode").as_str() {
        _ if old => "floor".to_owned(),
        "" => "round_prefer_floor".to_owned(),
        other => other.to_owned(),
    };
    if node.integer("antialias", 0) != 0 || node.integer("exclude_outside", 0) != 0 {
        return Err("antialias or exclude_outside, which no layer here has".into());
    }
    let mode = if mode.is_empty() { "nearest" } else { &mode };
    // What PyTorch computes is one operation, where all of the axes after the channels are told by their sizes.
    let axes = rank.wrapping_sub(2);
    let plain = steps.iter().all(|step| step.axis > 1 && step.is_whole());
    let own = match (mode, way.as_str()) {
        ("nearest", "asymmetric") if nearest == "floor" => pictures("upsample_nearest", axes),
        ("linear", "half_pixel" | "pytorch_half_pixel" | "align_corners") => match axes {
            1 => Some("upsample_linear1d".to_owned()),
            2 => Some("upsample_bilinear2d".to_owned()),
            3 => Some("upsample_trilinear3d".to_owned()),
            _ => None,
        },
        ("cubic", "half_pixel" | "pytorch_half_pixel" | "align_corners")
            if axes == 2 && (node.float("cubic_coeff_a", -0.75) + 0.75).abs() < 1e-6 =>
        {
            Some("upsample_bicubic2d".to_owned())
        }
        _ => None,
    };
    let shape = node.shape(0)?.unwrap_or_default();
    let to = |axis: usize| {
        let step = steps.iter().find(|step| step.axis == axis);
        let same = shape.get(axis).copied().flatten().map(|n| n as i64);
        step.map(|step| step.to).or(same)
    };
    let sizes: Option<Vec<i64>> = (2..rank).map(to).collect();
    if let (Some(operation), Some(sizes), true) = (own, sizes, plain) {
        let mut read = vec![value(&x), list(&sizes)];
        if mode != "nearest" {
            read.push(Argument::Bool(way == "align_corners"));
        }
        return node.call(&operation, read).map(Made::one);
    }
    for step in &steps {
        x = match mode {
            "nearest" => {
                let places = (0..step.to).map(|i| {
                    let at = step.place(&way, i)?;
                    Ok(match nearest.as_str() {
                        "round_prefer_floor" => (at - 0.5).ceil(),
                        "round_prefer_ceil" => (at + 0.5).floor(),
                        "floor" => at.floor(),
                        "ceil" => at.ceil(),
                        other => return Err(format!("nearest_mode {other:?}")),
                    } as i64)
                });
                picked(node, &x, step, &places.collect::<Parsed<Vec<i64>>>()?)?
            }
            "linear" => between(node, &x, step, rank, &way)?,
            other => return Err(format!("mode {other:?} with coordinates {way:?}")),
        };
    }
    Ok(Made::one(x))
}

/// An operation over so many axes after the channels.
fn pictures(operation: &str, axes: usize) -> Option<String> {
    (1..=3)
        .contains(&axes)
        .then(|| format!("{operation}{axes}d"))
}

/// The entries at some places of an axis, the first and last for those outside.
fn picked(node: &mut Node<'_, '_>, x: &str, step: &Step, places: &[i64]) -> Parsed<String> {
    let places: Vec<i64> = places.iter().map(|&n| n.clamp(0, step.from - 1)).collect();
    let places = node.state.tensor("", Value::Known(Known::list(&places)));
    let axis = Argument::Integer(step.axis as i64);
    node.call("index_select", vec![value(x), axis, value(&places)])
}

/// On straight lines between the two entries around each place.
fn between(
    node: &mut Node<'_, '_>,
    x: &str,
    step: &Step,
    rank: usize,
    way: &str,
) -> Parsed<String> {
    let last = (step.from - 1) as f32;
    let places: Parsed<Vec<f32>> = (0..step.to).map(|i| step.place(way, i)).collect();
    let places: Vec<f32> = places?.into_iter().map(|at| at.clamp(0.0, last)).collect();
    let mut shape = vec![1; rank];
    shape[step.axis] = places.len();
    let mut parts = Vec::new();
    for (side, more) in [(0, 0), (1, 1)] {
        let own: Vec<i64> = places.iter().map(|at| at.floor() as i64 + more).collect();
        let own = picked(node, x, step, &own)?;
        let share = |at: &f32| {
            let t = f64::from(at - at.floor());
            if side == 0 { 1.0 - t } else { t }
        };
        let weights = Known {
            shape: shape.clone(),
            values: places.iter().map(share).collect(),
            element: Element::Float,
        };
        let weights = node.state.tensor("", Value::Known(weights));
        parts.push(node.call("mul", vec![value(&own), value(&weights)])?);
    }
    node.call("add", vec![value(&parts[0]), value(&parts[1])])
}
