//! Shapes after values are rearranged or combined: reshape and broadcast.

/// `x` in another shape of as many values; one entry may be -1.
pub fn reshaped(x: &[usize], shape: &[i64]) -> Result<Vec<usize>, String> {
    let total: usize = x.iter().product();
    let mut y = Vec::with_capacity(shape.len());
    let mut free = None;
    for (i, &extent) in shape.iter().enumerate() {
        match usize::try_from(extent) {
            Ok(n) => y.push(n),
            Err(_) if extent == -1 && free.is_none() => {
                free = Some(i);
                y.push(1);
            }
            Err(_) => {
                return Err(format!(
                    "can't reshape to {shape:?}: at most one entry may be -1"
                ));
            }
        }
    }
    let known = y
        .iter()
        .try_fold(1_usize, |n, &d| n.checked_mul(d))
        .unwrap_or(0);
    if let Some(i) = free
        && known > 0
    {
        y[i] = total / known;
    }
    if known == 0 || y.iter().product::<usize>() != total {
        return Err(format!("can't reshape {x:?} ({total} values) to {shape:?}"));
    }
    Ok(y)
}

/// Numpy-style broadcasting over the axes after the batch.
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let at = |s: &[usize], i: usize| (i + s.len()).checked_sub(rank).map_or(1, |i| s[i]);
    (0..rank)
        .map(|i| match (at(a, i), at(b, i)) {
            (m, n) if m == n || n == 1 => Ok(m),
            (1, n) => Ok(n),
            _ => Err(format!("can't combine {a:?} with {b:?}")),
        })
        .collect()
}
