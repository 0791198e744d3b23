//! Which tensors of an ONNX file are the network's, by their names: nothing else tells.
//!
//! PyTorch's exporters keep the names of a state dict and make others up. TensorFlow's names are paths of operations:
//! what was read from a variable is called after that (`…/ReadVariableOp:0`, `dense/kernel:0`), and a number in the code
//! after the operation's argument that it is (`…/rescaling/Cast/x:0`).

use crate::store::{Entry, Kind};

/// Whether a tensor is the network's: the numbers that a graph computes with aren't meant to be trained. A renamed
/// weight is one of the network's all the same.
pub fn is_kept(entry: &Entry) -> bool {
    let (name, whole) = (&entry.name, entry.dtype.kind == Kind::Integer);
    let made_up = is_generated(name) && (whole || entry.len() <= 1);
    !made_up && !is_written_in_code(name, entry.shape.is_empty())
}

/// Whether a name of TensorFlow's is that of a number in the code, such as the scale of a `Rescaling` or the means of a
/// `Normalization`. Of a single number it is enough that no variable was read.
fn is_written_in_code(name: &str, single: bool) -> bool {
    let Some(path) = tensorflow(name) else {
        return false;
    };
    let last = path.rsplit('/').next().unwrap_or(path);
    let numbered = |start: &str| last.strip_prefix(start).is_some_and(is_number);
    let argument = ["x", "y", "Const"].contains(&last) || numbered("Const_");
    path.contains('/') && (argument || single && !path.contains("ReadVariableOp"))
}

/// A name of TensorFlow's without the number of the operation's output.
fn tensorflow(name: &str) -> Option<&str> {
    let (path, output) = name.rsplit_once(':')?;
    is_number(output).then_some(path)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether an exporter made the name up: `onnx::MatMul_12`, `val_3`, `/layer/Constant_output_0`, `const_fold_opt__5`,
/// `…/re_lu/Relu6__32`.
pub fn is_generated(name: &str) -> bool {
    let numbered = |start: &str| name.strip_prefix(start).is_some_and(is_number);
    [
        "onnx::",
        "/",
        "const_fold_opt__",
        "new_shape__",
        "_val_",
        "_to_copy",
        "const_",
    ]
    .iter()
    .any(|start| name.starts_with(start))
        || ["", "val_", "_", "constant_"]
            .iter()
            .any(|start| numbered(start))
        || name.contains("_output_0")
        || is_numbered_operation(name)
}

/// Whether tf2onnx made a name of an operation's by a number.
fn is_numbered_operation(name: &str) -> bool {
    let last = name.rsplit_once("__").map(|(_, last)| last);
    name.contains('/') && last.is_some_and(is_number)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use super::*;
    use crate::store::element::Element;

    fn kept(name: &str, shape: &[usize]) -> bool {
        is_kept(&Entry::new(name.into(), shape.to_vec(), Element::F32).unwrap())
    }

    #[test]
    fn variables_are_kept_and_numbers_in_the_code_are_not() {
        for (name, shape) in [
            (
                "StatefulPartitionedCall/model/dense/MatMul/ReadVariableOp:0",
                &[4, 2][..],
            ),
            ("StatefulPartitionedCall/model/scale/ReadVariableOp:0", &[]),
            ("dense/bias:0", &[1]),
            ("const_fold_opt__40", &[4, 1, 3, 3]),
            ("bn/FusedBatchNormV3_weights_fused_bn", &[4, 3, 3, 3]),
            ("layer.x", &[]),
            ("x", &[3]),
        ] {
            assert!(kept(name, shape), "{name}");
        }
        for (name, shape) in [
            ("StatefulPartitionedCall/model/rescaling/Cast/x:0", &[][..]),
            (
                "StatefulPartitionedCall/model/normalization/sub/y:0",
                &[1, 1, 1, 3],
            ),
            ("model/flatten/Const_2:0", &[2]),
            ("model/pad/Pad/constant_values:0", &[]),
            ("StatefulPartitionedCall/model/re_lu/Relu6__32", &[]),
            ("const_low__31", &[]),
        ] {
            assert!(!kept(name, shape), "{name}");
        }
    }
}
