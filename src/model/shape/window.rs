//! Output extents of windows that slide: convolutions and pools.

/// Output extent of a window sliding over `extent`.
pub fn windows(
    extent: usize,
    size: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
    ceil: bool,
) -> Option<usize> {
    let reach = dilation.checked_mul(size.checked_sub(1)?)?.checked_add(1)?;
    if stride == 0 || dilation == 0 {
        return None;
    }
    // As in PyTorch: with `ceil` a window may reach past the end by less than a step.
    let more = if ceil { stride - 1 } else { 0 };
    let room = extent
        .checked_add(padding.checked_mul(2)?)?
        .checked_add(more)?
        .checked_sub(reach)?;
    let mut count = room / stride + 1;
    // As in PyTorch: a last window that would start in the right padding is dropped.
    if ceil && (count - 1) * stride >= extent + padding {
        count -= 1;
    }
    Some(count)
}

/// Refuses a window that stands still.
pub fn sliding(stride: &[usize], dilation: &[usize]) -> Result<(), String> {
    if stride.contains(&0) || dilation.contains(&0) {
        return Err(format!(
            "has stride {stride:?} and dilation {dilation:?}, which must be at least 1"
        ));
    }
    Ok(())
}

/// The shape after a pool over the axes behind the channels.
pub fn pooled(
    x: &[usize],
    size: &[usize],
    stride: &[usize],
    padding: &[usize],
    dilation: &[usize],
    ceil: bool,
) -> Result<Vec<usize>, String> {
    let axes = size.len();
    if !(1..=3).contains(&axes)
        || [stride, padding, dilation].iter().any(|v| v.len() != axes)
        || x.len() != axes + 1
    {
        return Err(format!(
            "was given {x:?}, which a window of {size:?} (stride {stride:?}, padding {padding:?}) can't slide over"
        ));
    }
    sliding(stride, dilation)?;
    if (0..axes).any(|i| padding[i] > size[i] / 2) {
        return Err(format!(
            "the padding {padding:?} is more than half of the window {size:?}"
        ));
    }
    let mut y = vec![x[0]];
    for i in 0..axes {
        y.push(
            windows(x[i + 1], size[i], stride[i], padding[i], dilation[i], ceil)
                .filter(|&n| n > 0)
                .ok_or_else(|| format!("was given {x:?}, too small for a window of {size:?}"))?,
        );
    }
    Ok(y)
}

/// The shape after a pool over equal parts of the axes behind the channels.
///
/// # Errors
/// Where the parts don't match the axes.
pub fn parted(x: &[usize], size: &[usize]) -> Result<Vec<usize>, String> {
    if size.len() + 1 != x.len() || !(1..=3).contains(&size.len()) || size.contains(&0) {
        return Err(format!("was given {x:?}, but makes {size:?}"));
    }
    Ok([&x[..1], size].concat())
}
