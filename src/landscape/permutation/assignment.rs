//! The linear assignment problem: as many columns as rows, each taken once, with the largest sum.
//!
//! Shortest augmenting paths with potentials (Jonker and Volgenant 1987), O(n³).

/// The column of each row, so that the sum of the entries taken is largest.
pub fn assign(gain: &[Vec<f64>]) -> Vec<usize> {
    let n = gain.len();
    // Rows and columns from 1, so that 0 stands for none.
    let mut row_price = vec![0.0; n + 1];
    let mut column_price = vec![0.0; n + 1];
    let mut row_of = vec![0usize; n + 1];
    for row in 1..=n {
        row_of[0] = row;
        let mut column = 0;
        let mut least = vec![f64::INFINITY; n + 1];
        let mut from = vec![0usize; n + 1];
        let mut used = vec![false; n + 1];
        loop {
            used[column] = true;
            let row = row_of[column];
            let (mut delta, mut next) = (f64::INFINITY, 0);
            let free: Vec<usize> = (1..=n).filter(|j| !used[*j]).collect();
            for j in free {
                let cost = -gain[row - 1][j - 1] - row_price[row] - column_price[j];
                if cost < least[j] {
                    (least[j], from[j]) = (cost, column);
                }
                if least[j] < delta {
                    (delta, next) = (least[j], j);
                }
            }
            if next == 0 {
                // Gains that aren't numbers: any column will do.
                next = (1..=n).find(|j| !used[*j]).unwrap_or(0);
                delta = 0.0;
                from[next] = column;
            }
            for (j, used) in used.iter().enumerate() {
                if *used {
                    row_price[row_of[j]] += delta;
                    column_price[j] -= delta;
                } else {
                    least[j] -= delta;
                }
            }
            column = next;
            if row_of[column] == 0 {
                break;
            }
        }
        while column != 0 {
            row_of[column] = row_of[from[column]];
            column = from[column];
        }
    }
    let mut columns = vec![0; n];
    for (column, row) in row_of.iter().enumerate().skip(1) {
        columns[row - 1] = column - 1;
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All orders of so many things.
    fn orders(n: usize) -> Vec<Vec<usize>> {
        if n == 0 {
            return vec![Vec::new()];
        }
        let shorter = orders(n - 1);
        let with = |order: &Vec<usize>| {
            (0..n)
                .map(|at| {
                    let mut order = order.clone();
                    order.insert(at, n - 1);
                    order
                })
                .collect::<Vec<_>>()
        };
        shorter.iter().flat_map(with).collect()
    }

    #[test]
    fn no_other_assignment_gains_more() {
        let mut state = 1u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f64 / (1u64 << 24) as f64 - 0.5
        };
        for n in 0..=6 {
            let gain: Vec<Vec<f64>> = (0..n).map(|_| (0..n).map(|_| draw()).collect()).collect();
            let sum = |columns: &[usize]| -> f64 {
                columns
                    .iter()
                    .enumerate()
                    .map(|(row, column)| gain[row][*column])
                    .sum()
            };
            let found = assign(&gain);
            let best = orders(n)
                .iter()
                .map(|order| sum(order))
                .fold(f64::NEG_INFINITY, f64::max);
            assert!(n == 0 || (sum(&found) - best).abs() < 1e-12, "{found:?}");
        }
    }
}
