//! The table of a trajectory.

use crate::cli::output;
use crate::engine::header::Header;
use crate::plot::number::{format_value, percent_to};

/// Explained variance and every checkpoint's place.
pub fn table(header: &Header) -> String {
    let Some(path) = &header.trajectory else {
        return String::new();
    };
    let shares: Vec<String> = path
        .explained
        .iter()
        .take(5)
        .map(|s| percent_to(*s, 1))
        .collect();
    let mut rows = vec![
        [
            "checkpoint",
            "x",
            "y",
            "distance out of the plane",
            "outside",
        ]
        .map(String::from)
        .to_vec(),
    ];
    for (i, name) in path.names.iter().enumerate() {
        rows.push(vec![
            name.clone(),
            format_value(path.x[i]),
            format_value(path.y[i]),
            format_value(path.distance[i]),
            percent_to(path.outside[i], 1),
        ]);
    }
    format!(
        "explained variance {}\n{}",
        shares.join(", "),
        output::table(&rows)
    )
}
