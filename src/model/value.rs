//! A tensor whose rank is known at run time.
//!
//! burn's tensors carry their rank in the type; a graph read from a file can't. [`Value`] is the
//! small bridge: it keeps a tensor in its own rank (2 to 5, batch axis first), so that element-wise
//! layers never reshape, and changes rank only where a layer asks for it.

use burn::tensor::{Slice, Tensor};

/// A batch of values, axis 0 the samples.
#[derive(Debug, Clone)]
pub enum Value {
    /// `[n, features]`
    Rank2(Tensor<2>),
    /// `[n, channels, length]` or `[n, tokens, width]`
    Rank3(Tensor<3>),
    /// `[n, channels, height, width]`
    Rank4(Tensor<4>),
    /// Five axes, met only between a reshape and a transpose.
    Rank5(Tensor<5>),
}

/// Applies a rank-generic function of one tensor.
macro_rules! map {
    ($value:expr, $tensor:ident => $body:expr) => {
        match $value {
            $crate::model::value::Value::Rank2($tensor) => {
                $crate::model::value::Value::Rank2($body)
            }
            $crate::model::value::Value::Rank3($tensor) => {
                $crate::model::value::Value::Rank3($body)
            }
            $crate::model::value::Value::Rank4($tensor) => {
                $crate::model::value::Value::Rank4($body)
            }
            $crate::model::value::Value::Rank5($tensor) => {
                $crate::model::value::Value::Rank5($body)
            }
        }
    };
}
pub(crate) use map;

/// Ranks a [`Value`] can hold, the batch axis counted.
pub const RANKS: std::ops::RangeInclusive<usize> = 2..=5;

impl Value {
    /// All extents, the batch axis first.
    pub fn dims(&self) -> Vec<usize> {
        match self {
            Self::Rank2(t) => t.dims().to_vec(),
            Self::Rank3(t) => t.dims().to_vec(),
            Self::Rank4(t) => t.dims().to_vec(),
            Self::Rank5(t) => t.dims().to_vec(),
        }
    }

    /// The same numbers in another shape (batch axis included).
    ///
    /// # Panics
    /// Where the rank is outside [`RANKS`] or the counts differ; shape inference has ruled both out.
    #[must_use]
    pub fn reshape(self, dims: &[usize]) -> Self {
        if self.dims() == dims {
            return self;
        }
        fn to<const A: usize>(tensor: Tensor<A>, dims: &[usize]) -> Value {
            match *dims {
                [a, b] => Value::Rank2(tensor.reshape([a, b])),
                [a, b, c] => Value::Rank3(tensor.reshape([a, b, c])),
                [a, b, c, d] => Value::Rank4(tensor.reshape([a, b, c, d])),
                [a, b, c, d, e] => Value::Rank5(tensor.reshape([a, b, c, d, e])),
                _ => panic!("a value has 2 to 5 axes, not {}", dims.len()),
            }
        }
        match self {
            Self::Rank2(t) => to(t, dims),
            Self::Rank3(t) => to(t, dims),
            Self::Rank4(t) => to(t, dims),
            Self::Rank5(t) => to(t, dims),
        }
    }

    /// As `[n, everything else]`.
    pub fn matrix(self) -> Tensor<2> {
        let dims = self.dims();
        let rest = dims.iter().skip(1).product();
        match self.reshape(&[dims[0], rest]) {
            Self::Rank2(t) => t,
            _ => unreachable!("reshaped to two axes"),
        }
    }

    /// As `[n, c, l]`.
    ///
    /// # Panics
    /// Where the rank is another; shape inference has ruled that out.
    pub fn rank3(self) -> Tensor<3> {
        match self {
            Self::Rank3(t) => t,
            other => panic!("expected 3 axes, found {:?}", other.dims()),
        }
    }

    /// As `[n, c, h, w]`.
    ///
    /// # Panics
    /// Where the rank is another; shape inference has ruled that out.
    pub fn rank4(self) -> Tensor<4> {
        match self {
            Self::Rank4(t) => t,
            other => panic!("expected 4 axes, found {:?}", other.dims()),
        }
    }

    /// Element-wise `f` of two values after numpy-style broadcasting of their trailing axes.
    #[must_use]
    pub fn zip(self, other: Self, f: impl BinaryOperation) -> Self {
        let rank = self.dims().len().max(other.dims().len());
        let (a, b) = (self.with_rank(rank), other.with_rank(rank));
        match (a, b) {
            (Self::Rank2(a), Self::Rank2(b)) => Self::Rank2(f.apply(a, b)),
            (Self::Rank3(a), Self::Rank3(b)) => Self::Rank3(f.apply(a, b)),
            (Self::Rank4(a), Self::Rank4(b)) => Self::Rank4(f.apply(a, b)),
            (Self::Rank5(a), Self::Rank5(b)) => Self::Rank5(f.apply(a, b)),
            _ => unreachable!("both have the same rank"),
        }
    }

    /// Adds axes of extent 1 after the batch axis until there are `rank`.
    fn with_rank(self, rank: usize) -> Self {
        let mut dims = self.dims();
        while dims.len() < rank {
            dims.insert(1, 1);
        }
        self.reshape(&dims)
    }

    /// The axes in a new order, one index an axis.
    #[must_use]
    pub fn permute(self, axes: &[usize]) -> Self {
        fn order<const D: usize>(axes: &[usize]) -> [isize; D] {
            std::array::from_fn(|i| axes[i] as isize)
        }
        match self {
            Self::Rank2(t) => Self::Rank2(t.permute(order::<2>(axes))),
            Self::Rank3(t) => Self::Rank3(t.permute(order::<3>(axes))),
            Self::Rank4(t) => Self::Rank4(t.permute(order::<4>(axes))),
            Self::Rank5(t) => Self::Rank5(t.permute(order::<5>(axes))),
        }
    }

    /// Several values one after the other along `axis`.
    ///
    /// # Panics
    /// On an empty list or unequal ranks; shape inference has ruled both out.
    pub fn concatenate(values: Vec<Self>, axis: usize) -> Self {
        macro_rules! cat {
            ($($rank:ident),*) => {
                match values.first() {
                    $(Some(Self::$rank(_)) => {
                        let all = values.into_iter().map(|v| match v {
                            Self::$rank(t) => t,
                            other => panic!("expected {} axes, found {:?}", stringify!($rank), other.dims()),
                        });
                        Self::$rank(Tensor::cat(all.collect(), axis))
                    })*
                    None => panic!("nothing to concatenate"),
                }
            };
        }
        cat!(Rank2, Rank3, Rank4, Rank5)
    }

    /// Every `step`-th index of `start..end` along `axis`.
    #[must_use]
    pub fn slice(self, axis: usize, start: usize, end: usize, step: usize) -> Self {
        let range = Slice::new(start as isize, Some(end as isize), step as isize);
        map!(self, t => t.slice_dim(axis, range))
    }
}

/// An element-wise function of two equally ranked tensors, for [`Value::zip`].
pub trait BinaryOperation {
    /// The function at rank `D`.
    fn apply<const D: usize>(&self, a: Tensor<D>, b: Tensor<D>) -> Tensor<D>;
}

/// a + b
#[derive(Debug, Clone, Copy)]
pub struct Sum;
/// a · b
#[derive(Debug, Clone, Copy)]
pub struct Product;

impl BinaryOperation for Sum {
    fn apply<const D: usize>(&self, a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
        a + b
    }
}

impl BinaryOperation for Product {
    fn apply<const D: usize>(&self, a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
        a * b
    }
}
