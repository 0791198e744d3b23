//! The kinds of layer: one file a kind, and the list of them.
//!
//! A kind is a plain struct, whose fields are those of a model file, and says three things of itself
//! ([`kind::Kind`]): its tensors, the shape of its output, and what it means in primitives. Its derivatives follow
//! from these ([`crate::model::derive`]), and every executor can run it. A new kind is one file and one line in the
//! list below.
//!
//! Axes count from 0 at the batch axis; kernel sizes come from the weights. `size`, `stride`, `padding` and `dilation`
//! have an entry for each axis after the channels.

mod adaptive_average_pool;
mod adaptive_max_pool;
mod arithmetic;
mod attention;
mod average_pool;
mod batch_norm;
mod celu;
mod clamp;
mod compare;
mod computed_conv;
mod concatenate;
mod constant;
mod conv;
mod cumulative_sum;
mod elu;
mod embedding;
mod flatten;
mod function;
mod gather;
mod gelu;
mod global_average_pool;
mod glu;
mod group_norm;
mod hard_sigmoid;
mod hard_swish;
mod hard_tanh;
mod identity;
mod instance_norm;
pub mod kind;
mod layer_norm;
mod leaky_relu;
mod linear;
mod local_response_norm;
mod log_softmax;
mod matmul;
mod max_pool;
mod mish;
mod offset;
mod pad;
mod pixel_shuffle;
mod pow;
mod prelu;
mod prepend;
mod recurrent;
mod reduce;
mod reference;
mod relu;
mod relu6;
mod repeat;
mod reshape;
mod rms_norm;
mod roll;
mod rope;
mod scale;
mod scaled_dot_product_attention;
mod selu;
mod sigmoid;
mod silu;
mod slice;
mod softmax;
mod softplus;
mod softsign;
mod stack;
mod tanh;
mod transpose;
mod transposed_conv;
mod unfold;
mod upsample;

pub use compare::Relation;
pub use reference::{FieldText, KindText};
pub use stack::{Output, Stack};
pub use upsample::Interpolation;

use kind::Kind;
use serde::{Deserialize, Serialize};

/// Every kind of layer in words, with all that can be written of it in a model file, from the kinds' own files.
pub fn reference() -> Vec<KindText> {
    reference::read(KINDS, &[include_str!("stack.rs")])
}

/// The enum of all kinds, with the names of model files, and the way from it to each.
macro_rules! kinds {
    ($($file:ident::$kind:ident,)*) => {
        $(pub use $file::$kind;)*

        /// What a layer computes.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "kebab-case")]
        pub enum Layer {
            $(
                #[doc = concat!("[`", stringify!($kind), "`].")]
                $kind($kind),
            )*
        }

        /// Every kind and the text of its file.
        const KINDS: &[(&str, &str)] = &[
            $((stringify!($kind), include_str!(concat!(stringify!($file), ".rs"))),)*
        ];

        impl Layer {
            /// The name of its kind in model files.
            pub fn name(&self) -> String {
                reference::kebab(match self {
                    $(Self::$kind(_) => stringify!($kind),)*
                })
            }

            /// What it says of itself.
            pub fn kind(&self) -> &dyn Kind {
                match self {
                    $(Self::$kind(kind) => kind,)*
                }
            }
        }

        $(
            impl From<$kind> for Layer {
                fn from(kind: $kind) -> Self {
                    Self::$kind(kind)
                }
            }
        )*
    };
}

kinds! {
    // Products
    linear::Linear,
    conv::Conv,
    computed_conv::ComputedConv,
    transposed_conv::TransposedConv,
    embedding::Embedding,
    matmul::Matmul,
    // Attention and recurrence
    attention::Attention,
    scaled_dot_product_attention::ScaledDotProductAttention,
    rope::Rope,
    recurrent::Lstm,
    recurrent::Gru,
    recurrent::Rnn,
    // Normalisation
    batch_norm::BatchNorm,
    instance_norm::InstanceNorm,
    layer_norm::LayerNorm,
    rms_norm::RmsNorm,
    group_norm::GroupNorm,
    local_response_norm::LocalResponseNorm,
    // Activations
    relu::Relu,
    leaky_relu::LeakyRelu,
    prelu::Prelu,
    relu6::Relu6,
    elu::Elu,
    selu::Selu,
    celu::Celu,
    gelu::Gelu,
    silu::Silu,
    mish::Mish,
    softplus::Softplus,
    softsign::Softsign,
    tanh::Tanh,
    sigmoid::Sigmoid,
    hard_tanh::HardTanh,
    hard_sigmoid::HardSigmoid,
    hard_swish::HardSwish,
    glu::Glu,
    glu::Swiglu,
    softmax::Softmax,
    log_softmax::LogSoftmax,
    // Functions of one number
    function::Neg,
    function::Exp,
    function::Log,
    function::Log1p,
    function::Abs,
    function::Sqrt,
    function::Rsqrt,
    function::Reciprocal,
    function::Sin,
    function::Cos,
    function::Erf,
    pow::Pow,
    clamp::Clamp,
    compare::Compare,
    // Several inputs
    arithmetic::Add,
    arithmetic::Subtract,
    arithmetic::Multiply,
    arithmetic::Divide,
    arithmetic::Maximum,
    arithmetic::Minimum,
    compare::Where,
    concatenate::Concatenate,
    // A number or a tensor
    constant::Constant,
    constant::Parameter,
    scale::Scale,
    scale::Shift,
    offset::Offset,
    prepend::Prepend,
    // Pools and sums
    max_pool::MaxPool,
    average_pool::AveragePool,
    adaptive_average_pool::AdaptiveAveragePool,
    adaptive_max_pool::AdaptiveMaxPool,
    global_average_pool::GlobalAveragePool,
    reduce::Sum,
    reduce::Mean,
    reduce::Max,
    reduce::Amax,
    reduce::Amin,
    reduce::Min,
    reduce::Variance,
    cumulative_sum::CumulativeSum,
    // Other places
    slice::Slice,
    pad::Pad,
    gather::Gather,
    roll::Roll,
    roll::Flip,
    repeat::Repeat,
    repeat::Expand,
    flatten::Flatten,
    reshape::Reshape,
    transpose::Transpose,
    unfold::Unfold,
    unfold::Fold,
    upsample::Upsample,
    pixel_shuffle::PixelShuffle,
    pixel_shuffle::PixelUnshuffle,
    pixel_shuffle::ChannelShuffle,
    // Nothing
    identity::Dropout,
    identity::Identity,
}
