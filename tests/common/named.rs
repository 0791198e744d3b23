//! Which network a stored checkpoint is.
//!
//! Names and shapes of the small fixtures fit several networks, and the program would ask which of them is meant.
//! What they were trained as is said here, as a person says it: by `--model`.

/// Where stored checkpoints lie, and the family that they were trained as.
pub const TRAINED_AS: [(&str, &str); 6] = [
    ("models/mlp/", "mlp"),
    ("models/mlps/", "mlp"),
    ("formats/mlps", "mlp"),
    ("models/lenet/", "lenet"),
    ("trajectory/epochs", "mlp"),
    // The first with other values.
    ("changed.safetensors", "mlp"),
];

/// The commands that compute with a network.
const COMPUTING: [&str; 8] = [
    "surface",
    "line",
    "trajectory",
    "sharpness",
    "curvature",
    "noise",
    "measure",
    "report",
];

/// The family of the first stored checkpoint that these arguments name.
pub fn family(args: &[&str]) -> Option<&'static str> {
    args.iter().find_map(|arg| {
        let found = TRAINED_AS.iter().find(|(place, _)| arg.contains(place));
        found.map(|(_, family)| *family)
    })
}

/// The arguments, with `--model` where a stored checkpoint is measured and they don't say what it is.
pub fn named<'a>(args: &[&'a str]) -> Vec<&'a str> {
    let computes = args.first().is_some_and(|first| COMPUTING.contains(first));
    let says = args.iter().any(|arg| arg.starts_with("--model"));
    let mut all = args.to_vec();
    if let (true, false, Some(family)) = (computes, says, family(args)) {
        all.extend(["--model", family]);
    }
    all
}
