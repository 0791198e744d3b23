//! The modules of torchvision's classification models, and what `forward` does with their children.
//!
//! What a user put in the place of a child is followed as it is: a stem for small images, a head for other
//! classes.

use super::leaves::layer_norm;
use super::reader::Reader;
use super::settings::count;
use super::tensors::{optional, tensor};
use super::writer::{Step, integers, value};
use crate::checkpoint::{Attribute, Module};
use crate::model::import::traced::Argument;

/// Sequences under names of their own.
const SEQUENCES: [&str; 11] = [
    "ConvBNReLU",
    "ConvBNActivation",
    "ConvNormActivation",
    "Conv2dNormActivation",
    "MLP",
    "_Transition",
    "SimpleStemIN",
    "AnyStage",
    "BottleneckTransform",
    "ResNeXtBottleneckBlock",
    "SimpleConvBlock",
];

/// What the modules of torchvision make of `x`; `None` for a class that isn't one of them.
///
/// # Errors
/// What about a module can't be followed.
pub fn compound(r: &mut Reader<'_, '_>, m: &Module, x: &str) -> Step<Option<String>> {
    if !m.class.starts_with("torchvision.") {
        return Ok(None);
    }
    let in_file = |file: &str| m.class.contains(file);
    let made = match m.name() {
        name if SEQUENCES.contains(&name) => r.sequence(m, x)?,
        "ResNet" | "QuantizableResNet" => {
            let x = r.chain(
                m,
                &[
                    "conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4",
                    "avgpool",
                ],
                x,
            )?;
            head(r, m, &x, "fc")?
        }
        "BasicBlock" => {
            let y = r.chain(m, &["conv1", "bn1", "relu", "conv2", "bn2"], x)?;
            residual(r, m, x, &y)?
        }
        "Bottleneck" => {
            let names = [
                "conv1", "bn1", "relu", "conv2", "bn2", "relu", "conv3", "bn3",
            ];
            let y = r.chain(m, &names, x)?;
            residual(r, m, x, &y)?
        }
        "VGG" | "AlexNet" => {
            let x = r.child(m, "features", x)?;
            // Files from before 2019 have no pool between.
            let x = r.maybe(m, "avgpool", &x)?.unwrap_or(x);
            head(r, m, &x, "classifier")?
        }
        "SqueezeNet" => {
            let x = r.chain(m, &["features", "classifier"], x)?;
            r.w.flatten(&x, 1)?
        }
        "Fire" => {
            let x = r.chain(m, &["squeeze", "squeeze_activation"], x)?;
            let one = r.chain(m, &["expand1x1", "expand1x1_activation"], &x)?;
            let three = r.chain(m, &["expand3x3", "expand3x3_activation"], &x)?;
            joined(r, &[one, three])?
        }
        "DenseNet" => {
            let x = r.child(m, "features", x)?;
            let x = r.w.unary("relu", &x, &[])?;
            let x = pooled(r, &x)?;
            head(r, m, &x, "classifier")?
        }
        "_DenseBlock" => {
            let mut parts = vec![x.to_owned()];
            for (name, _) in &m.children {
                let all = joined(r, &parts)?;
                parts.push(r.child(m, name, &all)?);
            }
            joined(r, &parts)?
        }
        "_DenseLayer" => r.chain(
            m,
            &["norm1", "relu1", "conv1", "norm2", "relu2", "conv2"],
            x,
        )?,
        "MobileNetV2" => {
            let x = r.child(m, "features", x)?;
            let x = pooled(r, &x)?;
            head(r, m, &x, "classifier")?
        }
        "MobileNetV3" | "EfficientNet" => {
            let x = r.chain(m, &["features", "avgpool"], x)?;
            head(r, m, &x, "classifier")?
        }
        "ConvNeXt" => r.chain(m, &["features", "avgpool", "classifier"], x)?,
        "MNASNet" => {
            let x = r.child(m, "layers", x)?;
            let x = r.w.mean(&x, &[2, 3], false)?;
            r.child(m, "classifier", &x)?
        }
        "RegNet" => {
            let x = r.chain(m, &["stem", "trunk_output", "avgpool"], x)?;
            head(r, m, &x, "fc")?
        }
        "ResBottleneckBlock" => {
            let y = r.child(m, "f", x)?;
            let x = r.maybe(m, "proj", x)?.unwrap_or_else(|| x.to_owned());
            let sum = r.w.binary("add", &x, &y)?;
            r.child(m, "activation", &sum)?
        }
        "ShuffleNetV2" => {
            let names = ["conv1", "maxpool", "stage2", "stage3", "stage4", "conv5"];
            let x = r.chain(m, &names, x)?;
            let x = r.w.mean(&x, &[2, 3], false)?;
            r.child(m, "fc", &x)?
        }
        "InvertedResidual" if in_file("shufflenet") => shuffled(r, m, x)?,
        "InvertedResidual" if in_file("mobilenetv3") => {
            skipped(r, m, x, "block", "use_res_connect")?
        }
        "InvertedResidual" => skipped(r, m, x, "conv", "use_res_connect")?,
        "MBConv" | "FusedMBConv" => skipped(r, m, x, "block", "use_res_connect")?,
        "_InvertedResidual" => skipped(r, m, x, "layers", "apply_residual")?,
        "SqueezeExcitation" | "SElayer" => {
            let names = ["avgpool", "fc1", "activation", "fc2", "scale_activation"];
            let scale = if m.child("activation").is_some() {
                r.chain(m, &names, x)?
            } else {
                // As it was before 2021.
                let scale = pooled(r, x)?;
                let scale = r.chain(m, &["fc1", "relu", "fc2"], &scale)?;
                r.w.unary("hardsigmoid", &scale, &[])?
            };
            r.w.binary("mul", &scale, x)?
        }
        "CNBlock" => {
            let y = r.child(m, "block", x)?;
            let scale = tensor(r.w, m, "layer_scale")?.ok_or("has no layer_scale")?;
            let (shape, given) = (r.w.shape(&y), vec![value(&scale), value(&y)]);
            let y = r.w.call("mul", given, shape)?;
            r.w.binary("add", &y, x)?
        }
        "LayerNorm2d" => {
            let x = r.w.permute(x, &[0, 2, 3, 1])?;
            let x = layer_norm(r.w, m, &x)?;
            r.w.permute(&x, &[0, 3, 1, 2])?
        }
        "Permute" => {
            let axes = m
                .attribute("dims")
                .and_then(Attribute::integers)
                .unwrap_or_default();
            let axes: Option<Vec<usize>> = axes
                .into_iter()
                .map(|axis| usize::try_from(axis).ok())
                .collect();
            r.w.permute(x, &axes.ok_or("counts its axes from the end")?)?
        }
        "VisionTransformer" => vision_transformer(r, m, x)?,
        "Encoder" if in_file("vision_transformer") => {
            let places = tensor(r.w, m, "pos_embedding")?.ok_or("has no pos_embedding")?;
            let (shape, given) = (r.w.shape(x), vec![value(x), value(&places)]);
            let x = r.w.call("add", given, shape)?;
            r.chain(m, &["layers", "ln"], &x)?
        }
        "EncoderBlock" if in_file("vision_transformer") => {
            let y = r.chain(m, &["ln_1", "self_attention"], x)?;
            let x = r.w.binary("add", &y, x)?;
            let y = r.chain(m, &["ln_2", "mlp"], &x)?;
            r.w.binary("add", &x, &y)?
        }
        "MLPBlock" => r.sequence(m, x)?,
        _ => return Ok(None),
    };
    Ok(Some(made))
}

/// Flattened, then the last layers.
fn head(r: &mut Reader<'_, '_>, m: &Module, x: &str, name: &str) -> Step<String> {
    let x = r.w.flatten(x, 1)?;
    r.child(m, name, &x)
}

/// The mean over the whole image, which keeps its axes.
fn pooled(r: &mut Reader<'_, '_>, x: &str) -> Step<String> {
    let channels = r.w.shape(x).first().copied().unwrap_or(0);
    let all = vec![value(x), integers([1, 1])];
    r.w.call("adaptive_avg_pool2d", all, vec![channels, 1, 1])
}

/// Values side by side along the channels.
fn joined(r: &mut Reader<'_, '_>, parts: &[String]) -> Step<String> {
    if let [one] = parts {
        return Ok(one.clone());
    }
    let shapes: Vec<Vec<usize>> = parts.iter().map(|part| r.w.shape(part)).collect();
    let mut shape = shapes.first().cloned().unwrap_or_default();
    let channels = shapes.iter().filter_map(|shape| shape.first());
    let channels = channels.fold(0_usize, |sum, &n| sum.saturating_add(n));
    if let Some(first) = shape.first_mut() {
        *first = channels;
    }
    let list = parts.iter().map(|part| value(part)).collect();
    let all = vec![Argument::List(list), Argument::Integer(1)];
    r.w.call("cat", all, shape)
}

/// The sum with what is passed by, then the activation.
fn residual(r: &mut Reader<'_, '_>, m: &Module, x: &str, y: &str) -> Step<String> {
    let passed = r.maybe(m, "downsample", x)?.unwrap_or_else(|| x.to_owned());
    let sum = r.w.binary("add", y, &passed)?;
    r.child(m, "relu", &sum)
}

/// A child, with what was given added to it where a setting says so.
fn skipped(r: &mut Reader<'_, '_>, m: &Module, x: &str, name: &str, when: &str) -> Step<String> {
    let y = r.child(m, name, x)?;
    if Reader::set(m, when)? {
        r.w.binary("add", x, &y)
    } else {
        Ok(y)
    }
}

/// Half of the channels pass by, and the halves are shuffled.
fn shuffled(r: &mut Reader<'_, '_>, m: &Module, x: &str) -> Step<String> {
    let parts = if count(m, "stride", None)? == 1 {
        let mut half = r.w.shape(x);
        if let Some(channels) = half.first_mut() {
            *channels /= 2;
        }
        let all = vec![value(x), Argument::Integer(2), Argument::Integer(1)];
        let halves =
            r.w.several("chunk", all, Vec::new(), vec![half.clone(), half])?;
        let [first, second] = halves.as_slice() else {
            return Err("has no halves".into());
        };
        [first.clone(), r.child(m, "branch2", second)?]
    } else {
        [r.child(m, "branch1", x)?, r.child(m, "branch2", x)?]
    };
    let x = joined(r, &parts)?;
    let shape = r.w.shape(&x);
    let Some((&channels, rest)) = shape.split_first() else {
        return Err("has no channels".into());
    };
    let two = [&[2, channels / 2], rest].concat();
    let all = vec![
        value(&x),
        Argument::Integer(1),
        integers([2, channels as i64 / 2]),
    ];
    let x = r.w.call("unflatten", all, two)?;
    let x = r.w.permute(&x, &[0, 2, 1, 3, 4])?;
    let all = vec![value(&x), Argument::Integer(1), Argument::Integer(2)];
    r.w.call("flatten", all, shape)
}

fn vision_transformer(r: &mut Reader<'_, '_>, m: &Module, x: &str) -> Step<String> {
    let x = r.child(m, "conv_proj", x)?;
    let x = r.w.flatten(&x, 2)?;
    let x = r.w.permute(&x, &[0, 2, 1])?;
    let mut shape = r.w.shape(&x);
    let width = shape.get(1).copied().unwrap_or(0);
    let token = optional(r.w, m, "class_token")?;
    let batch = r.w.call(
        "sym_size",
        vec![value(&x), Argument::Integer(0)],
        Vec::new(),
    )?;
    let extents = vec![value(&batch), Argument::Integer(-1), Argument::Integer(-1)];
    let token = r.w.call(
        "expand",
        vec![token, Argument::List(extents)],
        vec![1, width],
    )?;
    if let Some(tokens) = shape.first_mut() {
        *tokens += 1;
    }
    let both = Argument::List(vec![value(&token), value(&x)]);
    let x = r.w.call("cat", vec![both, Argument::Integer(1)], shape)?;
    let x = r.child(m, "encoder", &x)?;
    let first = vec![value(&x), Argument::Integer(1), Argument::Integer(0)];
    let x = r.w.call("select", first, vec![width])?;
    r.child(m, "heads", &x)
}
