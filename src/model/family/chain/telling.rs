//! What a wiring settles, as choices and in words.

use super::super::recognised::Recognised;
use super::super::skip::Skip;
use super::wiring::{End, Shrink, Wiring, order_name, order_words};

/// The reading with what it settles; `names` are those of the convolutions.
pub fn choosing(found: Recognised, wiring: &Wiring, names: &[&str], norms: bool) -> Recognised {
    let pooled = wiring.pools();
    let shrinks = || {
        (1_usize..)
            .zip(&wiring.shrinks)
            .filter(|(_, shrinks)| **shrinks)
    };
    let at: Vec<String> = shrinks().map(|(i, _)| i.to_string()).collect();
    let (kind, at) = if at.is_empty() {
        ("none", "none".to_owned())
    } else {
        (wiring.how.name(), at.join("+"))
    };
    let (end, end_said) = match wiring.end {
        End::Flatten => ("flatten".to_owned(), ""),
        End::Parts([h, w]) => (format!("{h}x{w}"), "averages over parts of the last map"),
        End::Mean => ("mean".to_owned(), "the mean of each map at the end"),
    };
    let skip = match wiring.skip {
        Skip::None => "",
        skip => skip.words(),
    };
    let activation = wiring.activation;
    let padding = padding_words(wiring, names);
    let order = order_words(wiring.order, norms, pooled);
    found
        .choosing("activation", activation.name(), activation.word())
        .choosing("pool", kind, pool_words(wiring, names))
        .choosing("at", at, "")
        .choosing("padding", padding_value(wiring), padding)
        .choosing("order", order_name(wiring.order, norms, pooled), order)
        .choosing("skip", wiring.skip.name(), skip)
        .choosing("end", end, end_said)
}

/// "2" where all are the same, else "2+0"; "1x2" for height and width.
fn padding_value(wiring: &Wiring) -> String {
    let one = |[h, w]: &[usize; 2]| {
        if h == w {
            h.to_string()
        } else {
            format!("{h}x{w}")
        }
    };
    let all: Vec<String> = wiring.padding.iter().map(one).collect();
    match all.first() {
        Some(first) if all.iter().all(|own| own == first) => first.clone(),
        _ => all.join("+"),
    }
}

/// "padding 1 in conv1, 0 in conv2".
pub fn padding_words(wiring: &Wiring, names: &[&str]) -> String {
    let same = wiring.padding.windows(2).all(|pair| pair[0] == pair[1]);
    if same
        && names.len() > 2
        && let Some([h, w]) = wiring.padding.first()
    {
        let one = if h == w {
            h.to_string()
        } else {
            format!("{h}×{w}")
        };
        return format!("padding {one}");
    }
    let one = |(name, [h, w]): (&&str, &[usize; 2])| {
        if h == w {
            format!("{h} in {name}")
        } else {
            format!("{h}×{w} in {name}")
        }
    };
    let all: Vec<String> = names.iter().zip(&wiring.padding).map(one).collect();
    format!("padding {}", all.join(", "))
}

/// "max-pooling 2×2 after conv1, conv2".
pub fn pool_words(wiring: &Wiring, names: &[&str]) -> String {
    let pooled = names.iter().zip(&wiring.shrinks).filter(|&(_, &p)| p);
    let pooled: Vec<&str> = pooled.map(|(&name, _)| name).collect();
    if pooled.is_empty() {
        return "no pooling between the convolutions".to_owned();
    }
    let link = if wiring.how == Shrink::Stride {
        "instead of pools in"
    } else {
        "after"
    };
    format!("{} {link} {}", wiring.how.words(), pooled.join(", "))
}

/// How the last map becomes numbers, as it ends a sentence; nothing where it is only flattened.
pub fn end_words(end: End) -> String {
    match end {
        End::Flatten => String::new(),
        End::Parts([h, w]) => format!(", with adaptive average pooling to {h}×{w} at the end"),
        End::Mean => ", with the mean of each map at the end".to_owned(),
    }
}
