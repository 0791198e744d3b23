//! Files as users have them: a wrong model, a broken image, several dictionaries, a draft to complete.

use super::{fixture, folder, losscope};
use losscope::checkpoint::{self, Array, Values, safetensors};
use std::path::Path;

/// The error only stood in a line of the output, and the status was 0.
#[test]
fn inspect_fails_where_the_model_asked_for_does_not_fit() {
    let dir = folder();
    let sb = fixture("models/mlp/sb.pt");
    let cycle = "name='x'\ninput=[64]\n[loss]\nkind='cross-entropy'\n[[layer]]\nname='a'\nkind='relu'\ninputs=['b']\n[[layer]]\nname='b'\nkind='relu'\ninputs=['a']\n";
    std::fs::write(dir.path().join("cyc.toml"), cycle).unwrap();
    for (model, code, words) in [
        ("no-such.toml", 1, "no-such.toml"),
        ("cyc.toml", 1, "comes later"),
        ("lenet", 1, "sb.pt"),
        ("no-such-family", 2, "no-such-family"),
    ] {
        let args = [
            "inspect",
            &sb,
            "--model",
            model,
            "--write-model",
            "draft.toml",
        ];
        let run = losscope(dir.path(), &args).fails(code, &[words]);
        assert!(run.stdout().contains("1.weight"), "the file is still shown");
        assert!(!dir.path().join("draft.toml").exists());
    }
    losscope(dir.path(), &["inspect", &sb, "--model", "mlp-tanh"]).succeeds();
    let unknown = npz_of(dir.path(), &[("W1", &[3, 2]), ("b1", &[1, 2])]);
    losscope(dir.path(), &["inspect", &unknown]).succeeds();
}

/// An `.npz` of zeros with these names and shapes.
fn npz_of(folder: &Path, arrays: &[(&str, &[usize])]) -> String {
    use std::io::Write as _;
    let path = folder.join("made.npz");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, shape) in arrays {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(format!("{name}.npy"), options).unwrap();
        let extents: Vec<String> = shape.iter().map(|d| format!("{d},")).collect();
        let header = format!(
            "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}\n",
            extents.concat()
        );
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        let zeros = vec![0; 4 * shape.iter().product::<usize>()];
        for part in [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), &zeros] {
            writer.write_all(part).unwrap();
        }
    }
    writer.finish().unwrap();
    path.display().to_string()
}

/// One broken image among ten thousand couldn't be found: the library's panic named none.
#[test]
fn an_image_that_the_library_panics_on_is_named() {
    let dir = folder();
    for class in ["a", "b"] {
        std::fs::create_dir_all(dir.path().join("im").join(class)).unwrap();
        let image = image::GrayImage::from_pixel(8, 8, image::Luma([9]));
        image
            .save(dir.path().join("im").join(class).join("1.png"))
            .unwrap();
    }
    // A palette of one byte, where three are a colour.
    let broken = fixture("data/broken/short-palette.png");
    std::fs::copy(broken, dir.path().join("im/a/2.png")).unwrap();
    losscope(
        dir.path(),
        &[
            "surface",
            "--data",
            "im",
            "--data-color",
            "grey",
            "--image-size",
            "8x8",
            "--x=0:0:1",
        ],
    )
    .fails(
        1,
        &["not a readable image", "remove or repair it", "im/a/2.png"],
    );
}

/// Which of several sets of weights is meant can be said, for every command, and stands in the result.
#[test]
fn a_key_chooses_the_weights_and_stands_in_the_recipe() {
    let dir = folder();
    let own = checkpoint::open(Path::new(&fixture("models/mlp/sb.pt"))).unwrap();
    let turned = |array: &Array| {
        let values = array.to_f64().iter().map(|v| (2.0 * v) as f32).collect();
        Array::new(array.shape().to_vec(), Values::F32(values)).unwrap()
    };
    let mut both = Vec::new();
    for (name, array) in &own.tensors {
        both.push((format!("net.{name}"), array.clone()));
        both.push((format!("ema.{name}"), turned(array)));
    }
    safetensors::write(&dir.path().join("both.safetensors"), &both).unwrap();
    let surface = |key: &str, out: &str| {
        let key = format!("--key={key}");
        let args = [
            "surface",
            "--at",
            "both.safetensors",
            "--model=mlp",
            &key,
            "--x=0:0:1",
            "-o",
            out,
        ];
        losscope(dir.path(), &args).succeeds();
        std::fs::read_to_string(dir.path().join(out)).unwrap()
    };
    let (net, ema) = (surface("net", "net.json"), surface("ema", "ema.json"));
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(parsed(&ema).pointer("/recipe/job/key"), Some(&"ema".into()));
    let loss = |text: &str| parsed(text)["train_loss"].clone();
    assert_ne!(loss(&net), loss(&ema));
    let args = [
        "distance",
        "both.safetensors",
        &fixture("models/mlp/sb.pt"),
        "--key",
        "ema",
        "--json",
    ];
    // The other file has no such names: it is refused with what it has.
    losscope(dir.path(), &args).fails(1, &["key `ema`", "sb.pt"]);
    for args in [
        &["inspect", "both.safetensors", "--key", "ema"][..],
        &[
            "noise",
            "both.safetensors",
            "--model=mlp",
            "--key",
            "ema",
            "--samples",
            "16",
        ],
        &[
            "curvature",
            "both.safetensors",
            "--model=mlp",
            "--key",
            "net",
            "--samples",
            "16",
            "--top",
            "1",
        ],
        &[
            "sharpness",
            "both.safetensors",
            "--model=mlp",
            "--key",
            "net",
            "--samples",
            "16",
            "--iterations",
            "1",
        ],
    ] {
        losscope(dir.path(), args).succeeds();
    }
}

/// A linear autoencoder of two numbers, and inputs alone as its data; the words to draw a surface of it.
fn autoencoder(folder: &Path) -> [&'static str; 6] {
    let weights = [
        ("a.weight", vec![2, 2], vec![0.5, 0.0, 0.0, 0.5]),
        ("a.bias", vec![2], vec![0.0, 0.0]),
    ];
    let array = |shape: Vec<usize>, values| Array::new(shape, Values::F32(values)).unwrap();
    let tensors = weights.map(|(name, shape, values)| (name.to_owned(), array(shape, values)));
    safetensors::write(&folder.join("w.safetensors"), &tensors).unwrap();
    let x = (
        "x".to_owned(),
        array(vec![3, 2], vec![0., 1., 2., 3., 4., 8.]),
    );
    safetensors::write(&folder.join("x.safetensors"), &[x]).unwrap();
    let model = "name = 'x'\ninput = [2]\n[loss]\nkind = 'cross-entropy'\n[[layer]]\nname = 'a'\nkind = 'linear'\nweight = 'a.weight'\nbias = 'a.bias'\n";
    std::fs::write(folder.join("m.toml"), model).unwrap();
    [
        "surface",
        "--at=w.safetensors",
        "--data=x.safetensors",
        "--model=m.toml",
        "--x=-1:1:3",
        "--device=flex",
    ]
}

/// The README says "none needed", and opening them was refused.
#[test]
fn an_autoencoder_needs_no_targets() {
    let dir = folder();
    let args = autoencoder(dir.path());
    let input = ["--loss", "mean-squared-error:target=input", "--json"];
    let run = losscope(dir.path(), &[&args[..], &input].concat()).succeeds();
    let json: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    assert!(
        json["recipe"]["data"]["description"]
            .as_str()
            .unwrap()
            .contains("no targets")
    );
    let said = ["the data has no targets", "mse:target=input"];
    losscope(dir.path(), &args).fails(1, &said);
    for loss in ["mean-squared-error", "cross-entropy", "huber"] {
        losscope(dir.path(), &[&args[..], &["--loss", loss]].concat()).fails(1, &said[..1]);
    }
}

/// Targets that are all the same have no R²; the whole row of their split was missing.
#[test]
fn a_loss_without_r2_stands_in_the_table() {
    let dir = folder();
    let args = autoencoder(dir.path());
    let array = |shape: Vec<usize>, values| Array::new(shape, Values::F32(values)).unwrap();
    let x = ("x".to_owned(), array(vec![2, 2], vec![1.0; 4]));
    safetensors::write(&dir.path().join("x.safetensors"), &[x]).unwrap();
    let input = [
        "--loss",
        "mse:target=input",
        "--levels=-0.5,0,1",
        "-o",
        "s.svg",
    ];
    let said = losscope(dir.path(), &[&args[..], &input].concat())
        .succeeds()
        .stdout();
    let row = said
        .lines()
        .find(|line| line.starts_with("training"))
        .unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!((cells.len(), cells[3], cells[4]), (5, "–", "–"), "{said}");
    assert!(cells[1].parse::<f64>().unwrap() >= 0.0);
}
