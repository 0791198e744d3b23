//! Scalings of pixels that training code uses, by name: the one table of them.
//!
//! All of them are of pixels between 0 and 1, as `torchvision.transforms.ToTensor` gives them. Means and
//! deviations are of the training images, in the digits that code has.

use serde::{Deserialize, Serialize};

/// A usual scaling of pixels: (pixel − mean)/deviation, the pixel between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    /// As it is typed.
    pub name: &'static str,
    /// Where it is usual.
    pub words: &'static str,
    /// Mean of each channel, or one for all; none: nothing is taken away.
    pub mean: &'static [f64],
    /// Deviation of each channel, or one for all.
    pub std: &'static [f64],
}

/// Every scaling with a name.
const SCALINGS: [Scaling; 9] = [
    Scaling {
        name: "0-1",
        words: "Pixels between 0 and 1, as ToTensor gives them",
        mean: &[],
        std: &[],
    },
    Scaling {
        name: "-1-1",
        words: "Pixels between −1 and 1: Normalize(0.5, 0.5)",
        mean: &[0.5],
        std: &[0.5],
    },
    Scaling {
        name: "cifar10",
        words: "CIFAR-10: deviations 0.2470, 0.2435, 0.2616 over all pixels",
        mean: &[0.4914, 0.4822, 0.4465],
        std: &[0.2470, 0.2435, 0.2616],
    },
    Scaling {
        name: "cifar10-2023",
        words: "CIFAR-10 with deviations 0.2023, 0.1994, 0.2010, the means of those of each image",
        mean: &[0.4914, 0.4822, 0.4465],
        std: &[0.2023, 0.1994, 0.2010],
    },
    Scaling {
        name: "cifar100",
        words: "CIFAR-100",
        mean: &[0.5071, 0.4867, 0.4408],
        std: &[0.2675, 0.2565, 0.2761],
    },
    Scaling {
        name: "imagenet",
        words: "ImageNet, and networks that were trained on it",
        mean: &[0.485, 0.456, 0.406],
        std: &[0.229, 0.224, 0.225],
    },
    Scaling {
        name: "svhn",
        words: "Street view house numbers",
        mean: &[0.4377, 0.4438, 0.4728],
        std: &[0.1980, 0.2010, 0.1970],
    },
    Scaling {
        name: "mnist",
        words: "MNIST",
        mean: &[0.1307],
        std: &[0.3081],
    },
    Scaling {
        name: "fashion-mnist",
        words: "Fashion-MNIST",
        mean: &[0.2860],
        std: &[0.3530],
    },
];

/// One of the scalings with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Named(usize);

/// All of them.
pub const NAMED: [Named; SCALINGS.len()] = {
    let mut all = [Named(0); SCALINGS.len()];
    let mut index = 0;
    while index < all.len() {
        all[index] = Named(index);
        index += 1;
    }
    all
};

impl Named {
    /// The scaling of this name; other words for it count, too.
    pub fn of(name: &str) -> Option<Self> {
        let lower = name.trim().to_lowercase().replace('_', "-");
        let plain = match lower.as_str() {
            "cifar-10" => "cifar10",
            "cifar-100" => "cifar100",
            "fashionmnist" => "fashion-mnist",
            other => other,
        };
        NAMED.into_iter().find(|named| named.name() == plain)
    }

    /// What it is.
    pub fn scaling(self) -> &'static Scaling {
        // An index is only made above and in `of`.
        SCALINGS.get(self.0).unwrap_or(&SCALINGS[0])
    }

    /// As it is typed.
    pub fn name(self) -> &'static str {
        self.scaling().name
    }
}

impl From<Named> for String {
    fn from(named: Named) -> Self {
        named.name().to_owned()
    }
}

impl TryFrom<String> for Named {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::of(&name).ok_or_else(|| format!("no scaling is called {name:?}"))
    }
}
