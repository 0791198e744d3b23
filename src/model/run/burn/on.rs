//! A device and a number type: numbers to it and back.

use super::kind::Kind;
use crate::error::{Error, Result};
use crate::model::run::backend::Numbers;
use burn::tensor::{DType, Device, Int, Tensor, TensorData};

/// A value: `[samples, numbers]`, or one row that all samples share.
pub type Value = Tensor<2>;

/// Where values are.
#[derive(Debug, Clone)]
pub struct On {
    pub device: Device,
    pub dtype: DType,
    pub kind: Kind,
}

impl On {
    /// Rows of numbers that `fill` writes.
    pub fn numbers(&self, [rows, size]: [usize; 2], fill: impl FnOnce(Numbers<'_>)) -> Value {
        let count = rows * size;
        let data = if self.dtype == DType::F64 {
            let mut numbers = vec![0.0_f64; count];
            fill(Numbers::Double(&mut numbers));
            TensorData::new(numbers, [rows, size])
        } else {
            let mut numbers = vec![0.0_f32; count];
            fill(Numbers::Single(&mut numbers));
            TensorData::new(numbers, [rows, size])
        };
        Tensor::from_data(data, (&self.device, self.dtype))
    }

    /// Rows of one number.
    pub fn filled(&self, shape: [usize; 2], value: f64) -> Value {
        Tensor::full(shape, value, (&self.device, self.dtype))
    }

    /// A list of places.
    pub fn list(&self, places: impl IntoIterator<Item = u32>) -> Tensor<1, Int> {
        let places: Vec<i32> = places.into_iter().map(|p| p as i32).collect();
        let count = places.len();
        Tensor::from_data(TensorData::new(places, [count]), &self.device)
    }

    /// 1 where true, 0 where not.
    pub fn truth<const D: usize>(&self, x: Tensor<D, burn::tensor::Bool>) -> Tensor<D> {
        x.float().cast(self.dtype)
    }

    /// Returns when the device has done what it was given.
    pub fn wait(&self) -> Result<()> {
        self.device.sync().map_err(failed)
    }

    /// Bytes of a number.
    pub fn bytes(&self) -> usize {
        self.dtype.size()
    }
}

/// Many small tensors in one transfer.
pub fn read(tensors: Vec<Tensor<1>>) -> Result<Vec<f64>> {
    if tensors.is_empty() {
        return Ok(Vec::new());
    }
    let data = Tensor::cat(tensors, 0).try_into_data().map_err(failed)?;
    Ok(data.convert::<f64>().iter::<f64>().collect())
}

fn failed(error: impl std::fmt::Debug) -> Error {
    Error::Device(format!("the device failed while computing: {error:?}"))
}

/// All numbers of a tensor, flat.
pub fn flat<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    let count: usize = x.dims().iter().product();
    x.reshape([count])
}
