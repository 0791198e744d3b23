//! Residual networks for small pictures (He et al. 2016, section 4.2): three stages of equal blocks, with or
//! without skips and normalisation, as Li et al. 2018 compare them.

use super::asked::Asked;
use super::builder::{Builder, Window};
use super::wanted::Wanted;
use crate::error::Result;
use crate::model::layers::{Add, GlobalAveragePool, Relu};

/// Where the number of channels changes a skip is a convolution of one (He et al.'s option B).
pub fn make(asked: &mut Asked, wanted: &Wanted<'_>) -> Result<Builder> {
    let &[channels, ..] = wanted.input else {
        return Err(asked.wrong("[]", "it takes pictures [channels, height, width]"));
    };
    if wanted.input.len() != 3 {
        let found = format!("{:?}", wanted.input);
        return Err(asked.wrong(&found, "it takes pictures [channels, height, width]"));
    }
    let depth = asked.number("depth", 20)?;
    let width = asked.number("width", 16)?;
    let norm = asked.choice("norm", ["batch", "none"])?;
    let skips = asked.choice("skips", ["yes", "no"])?;
    if depth < 8 || !(depth - 2).is_multiple_of(6) {
        let message = "expected 6 n + 2: 8, 14, 20, 32, 44, 56, 110";
        return Err(asked.wrong(&format!("depth={depth}"), message));
    }
    let with = |is: bool| if is { "with" } else { "without" };
    let name = format!(
        "ResNet-{depth} of width {width}, {} skips, {} normalisation",
        with(skips),
        with(norm)
    );
    let mut builder = Builder::new(&name, wanted);
    let conv = |name: &str, channels: [usize; 2], size: usize, stride: usize, b: &mut Builder| {
        let window = Window {
            size,
            stride,
            padding: size / 2,
        };
        b.conv(&format!("{name}conv"), channels, window, !norm);
        if norm {
            b.batch_norm(&format!("{name}norm"), channels[1]);
        }
    };
    conv("", [channels, width], 3, 1, &mut builder);
    builder.push("relu", Relu {});
    let mut before = width;
    for stage in 0..3 {
        let own = width << stage;
        for block in 0..(depth - 2) / 6 {
            let at = format!("stage{}.{block}", stage + 1);
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let input = builder.last();
            conv(
                &format!("{at}.first."),
                [before, own],
                3,
                stride,
                &mut builder,
            );
            builder.push(&format!("{at}.first.relu"), Relu {});
            conv(&format!("{at}.second."), [own, own], 3, 1, &mut builder);
            if skips {
                let main = builder.last();
                let skip = if before == own && stride == 1 {
                    input
                } else {
                    let name = format!("{at}.skip.");
                    project(&mut builder, &name, &input, [before, own], stride, norm)
                };
                builder.push_from(&format!("{at}.add"), &[&main, &skip], Add {});
            }
            builder.push(&format!("{at}.relu"), Relu {});
            before = own;
        }
    }
    builder.push("pool", GlobalAveragePool {});
    builder.linear("fc", before, wanted.outputs);
    Ok(builder)
}

/// A skip to other channels; gives the name of its last layer.
fn project(
    builder: &mut Builder,
    name: &str,
    input: &str,
    channels: [usize; 2],
    stride: usize,
    norm: bool,
) -> String {
    let window = Window {
        size: 1,
        stride,
        padding: 0,
    };
    builder.conv(&format!("{name}conv"), channels, window, !norm);
    builder.reads(&[input]);
    if norm {
        builder.batch_norm(&format!("{name}norm"), channels[1]);
    }
    builder.last()
}
