//! Residual additions, which leave no trace in the tensors where layers give as many numbers as they take.
//!
//! φ is the activation, f and g are layers with their norms. It knows widths, not layers.

/// What is added to what layers give, where they give as many numbers as they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// Nothing.
    None,
    /// φ(x + f(x)).
    Each,
    /// x + φ(f(x)).
    EachAfter,
    /// φ(x + g(φ(f(x)))).
    Pairs,
    /// x + φ(g(φ(f(x)))).
    PairsAfter,
    /// x + g(φ(f(x))).
    PairsBare,
}

impl Skip {
    /// All of them, the most usual first.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Each,
        Self::EachAfter,
        Self::Pairs,
        Self::PairsAfter,
        Self::PairsBare,
    ];

    /// Its name in keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Each => "each",
            Self::EachAfter => "each-after",
            Self::Pairs => "pairs",
            Self::PairsAfter => "pairs-after",
            Self::PairsBare => "pairs-bare",
        }
    }

    /// The same in prose, φ being the activation.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "no skips",
            Self::Each => "skips φ(x + f(x)) around each layer of equal width",
            Self::EachAfter => "skips x + φ(f(x)) around each layer of equal width",
            Self::Pairs => "skips φ(x + g(φ(f(x)))) around pairs of layers",
            Self::PairsAfter => "skips x + φ(g(φ(f(x)))) around pairs of layers",
            Self::PairsBare => "skips x + g(φ(f(x))) around pairs of layers",
        }
    }

    /// How many layers one goes around.
    pub fn layers(self) -> usize {
        match self {
            Self::None => 0,
            Self::Each | Self::EachAfter => 1,
            Self::Pairs | Self::PairsAfter | Self::PairsBare => 2,
        }
    }
}

/// The part that a layer has in a skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// None.
    Outside,
    /// What comes in before it is added after it.
    Alone(Skip),
    /// What comes in before it is added after the next layer.
    First(Skip),
    /// What came in before the last layer is added after it.
    Second(Skip),
}

/// The part of each layer: `widths[i]` is what the layer takes and gives, `keeps[i]` whether it leaves
/// the size of maps as it is and may have a part at all. A skip goes around each layer, or around each
/// pair of layers, that gives as many numbers as it takes.
pub fn parts(skip: Skip, widths: &[[usize; 2]], keeps: &[bool]) -> Vec<Part> {
    let may = |i: usize| keeps.get(i).copied().unwrap_or(false);
    let mut parts = vec![Part::Outside; widths.len()];
    let mut i = 0;
    while let Some(&[taken, given]) = widths.get(i) {
        let after = widths.get(i + 1).map(|w| w[1]);
        match skip.layers() {
            1 if may(i) && taken == given => parts[i] = Part::Alone(skip),
            2 if may(i) && may(i + 1) && after == Some(taken) => {
                parts[i] = Part::First(skip);
                parts[i + 1] = Part::Second(skip);
                i += 1;
            }
            _ => {}
        }
        i += 1;
    }
    parts
}

/// The skips that some layer could have a part in, none at all first.
pub fn possible(widths: &[[usize; 2]], keeps: &[bool]) -> Vec<Skip> {
    let some = |skip: Skip| {
        parts(skip, widths, keeps)
            .iter()
            .any(|part| *part != Part::Outside)
    };
    let all = Skip::ALL.into_iter();
    all.filter(|skip| *skip == Skip::None || some(*skip))
        .collect()
}
