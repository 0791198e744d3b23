//! Figures of analytic surfaces and lines, well-behaved and not: each becomes valid SVG, PNG of the
//! right size and PDF, and shows what it has to show.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use losscope::export;
use losscope::plot::colormap::Colormap;
use losscope::plot::figure::{
    Barrier, ContourFigure, Levels, LineFigure, LineMarker, Marker, MarkerKind, Trajectory,
};
use losscope::plot::scale::Scale;
use svg2pdf::usvg;

fn axis(n: usize, lo: f64, hi: f64) -> Vec<f64> {
    (0..n)
        .map(|i| {
            if n == 1 {
                lo
            } else {
                lo + (hi - lo) * i as f64 / (n - 1) as f64
            }
        })
        .collect()
}

fn surface(n: usize, f: impl Fn(f64, f64) -> f64) -> ContourFigure {
    let (x, y) = (axis(n, -1.0, 1.0), axis(n, -1.0, 1.0));
    let values = y
        .iter()
        .flat_map(|&v| x.iter().map(move |&u| (u, v)))
        .map(|(u, v)| f(u, v));
    ContourFigure {
        values: values.collect(),
        x,
        y,
        quantity: "Training loss".to_owned(),
        unit: "nats".to_owned(),
        title: "A <surface> & its title".to_owned(),
        caption: vec!["seed 1, ‖d‖ = 12.4".to_owned()],
        markers: vec![Marker {
            label: "small batch".to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn line(n: usize, f: impl Fn(f64) -> f64) -> LineFigure {
    let alpha = axis(n, -1.0, 2.0);
    let loss: Vec<f64> = alpha.iter().map(|a| f(*a)).collect();
    let accuracy: Vec<f64> = loss.iter().map(|l| (-l).exp()).collect();
    LineFigure {
        train_loss: Some(loss.clone()),
        validation_loss: Some(loss.iter().map(|l| l * 1.2 + 0.05).collect()),
        train_score: Some(accuracy.clone()),
        validation_score: Some(accuracy.iter().map(|a| a * 0.97).collect()),
        alpha,
        ..Default::default()
    }
}

/// Makes every format of a figure, checks them, and returns the SVG.
fn check(svg: losscope::error::Result<String>, width_mm: f64) -> String {
    let svg = svg.expect("a figure");
    let tree = usvg::Tree::from_str(&svg, &usvg::Options::default()).expect("valid SVG");
    assert!(tree.size().width() > 0.0);
    for word in ["NaN\"", "inf", ">NaN<"] {
        let coordinates = svg
            .lines()
            .filter(|l| l.contains("<path") || l.contains("<circle"));
        assert!(coordinates.into_iter().all(|l| !l.contains(word)), "{word}");
    }

    let dpi = 150.0;
    let png = export::png::bytes(&svg, dpi).expect("a PNG");
    let picture = image::load_from_memory(&png)
        .expect("a valid PNG")
        .to_rgb8();
    assert_eq!(picture.width(), (width_mm / 25.4 * dpi).round() as u32);
    let physical = png
        .windows(4)
        .position(|w| w == b"pHYs")
        .expect("a resolution");
    assert_eq!(
        png[physical + 4..physical + 8],
        5906u32.to_be_bytes(),
        "150 dpi in dots per metre"
    );
    // Nothing is clipped: the outermost pixels are paper.
    let paper = image::Rgb([255, 255, 255]);
    let (w, h) = picture.dimensions();
    let border = (0..w)
        .flat_map(|x| [(x, 0), (x, h - 1)])
        .chain((0..h).flat_map(|y| [(0, y), (w - 1, y)]));
    let ink = border
        .into_iter()
        .find(|(x, y)| *picture.get_pixel(*x, *y) != paper);
    assert_eq!(ink, None, "ink at the border of {w} × {h}");
    assert!(picture.pixels().any(|p| *p != paper));

    let pdf = export::pdf::bytes(&svg).expect("a PDF");
    assert!(pdf.starts_with(b"%PDF"));
    assert!(
        export::svg::bytes(&svg)
            .expect("an SVG")
            .starts_with(b"<?xml")
    );
    svg
}

fn check_surface(figure: &ContourFigure) -> String {
    check(figure.svg(), figure.width_mm)
}

fn check_line(figure: &LineFigure) -> String {
    check(figure.svg(), figure.width_mm)
}

fn paraboloid(x: f64, y: f64) -> f64 {
    x * x + 2.0 * y * y + 0.01
}

#[test]
fn a_figure_says_what_it_shows() {
    for scale in [Scale::Linear, Scale::Log] {
        let svg = check_surface(&ContourFigure {
            scale,
            ..surface(41, paraboloid)
        });
        for words in [
            "Training loss (nats)",
            "A &lt;surface&gt; &amp; its title",
            "small batch",
            "seed 1, ‖d‖ = 12.4",
            "<image",
            ">α<",
            ">β<",
            ">−1.0<",
        ] {
            assert!(svg.contains(words), "{words}");
        }
        for words in ["non-finite", "not computed", "≤ 0"] {
            assert!(!svg.contains(words), "{words}");
        }
    }
}

#[test]
fn holes_are_shown_as_what_they_are_and_only_then() {
    let holes = |x: f64, y: f64| match (x, y) {
        (x, y) if x > 0.8 && y > 0.8 => f64::INFINITY,
        (x, y) if x < -0.9 && y > 0.9 => f64::NAN,
        (x, y) if x < -0.8 && y < -0.8 => -1.0,
        (x, y) => paraboloid(x, y),
    };
    let mut figure = surface(21, holes);
    let svg = check_surface(&figure);
    assert!(svg.contains("non-finite: 5 cells"), "{svg}");
    assert!(!svg.contains("≤ 0") && !svg.contains("not computed"));
    figure.scale = Scale::Log;
    figure.computed = (0..21 * 21).map(|i| i != 200).collect();
    let svg = check_surface(&figure);
    for words in [
        "non-finite: 5 cells",
        "≤ 0, without a logarithm: 4 cells",
        "not computed: 1 cell<",
    ] {
        assert!(svg.contains(words), "{words}");
    }
}

#[test]
fn hatching_lies_where_the_holes_are() {
    // The left half is lost; there every pixel is a grey, elsewhere it is a colour of the map.
    let mut figure = surface(11, |x, y| {
        if x < -0.01 {
            f64::NAN
        } else {
            paraboloid(x, y)
        }
    });
    figure.markers.clear();
    figure.levels = Levels::Auto(0);
    let svg = figure.svg().unwrap();
    let picture = image::load_from_memory(&export::png::bytes(&svg, 300.0).unwrap())
        .unwrap()
        .to_rgb8();
    let is_grey = |x: f64, y: f64| {
        let (x, y) = (
            x * f64::from(picture.width()),
            y * f64::from(picture.height()),
        );
        let p = picture.get_pixel(x as u32, y as u32).0;
        p.iter().max().unwrap() - p.iter().min().unwrap() < 12
    };
    let rows = || (30..60).map(|i| f64::from(i) / 100.0);
    assert!(rows().all(|y| is_grey(0.25, y)));
    assert!(rows().all(|y| !is_grey(0.65, y)));
}

#[test]
fn odd_surfaces_have_figures() {
    let empty = ContourFigure::default();
    let tiny = |n| surface(n, |x, y| x + y + 3.0);
    for scale in [Scale::Linear, Scale::Log] {
        for figure in [
            empty.clone(),
            tiny(1),
            tiny(2),
            surface(9, |_, _| 2.3),
            surface(9, |_, _| 0.0),
            surface(9, |_, _| f64::NAN),
            surface(9, |_, _| f64::NEG_INFINITY),
            surface(9, |x, y| x + y),
            surface(9, |x, _| -1.0 - x),
            surface(9, |x, y| paraboloid(x, y) * 1e30),
            surface(9, |x, y| paraboloid(x, y) * 1e-300),
            surface(9, |x, _| x * f64::MAX),
            surface(9, |x, y| if x + y > 1.8 { 1e30 } else { paraboloid(x, y) }),
            surface(31, |x, y| 100.0 * (y - x * x).powi(2) + (1.0 - x).powi(2)),
            surface(21, |x, y| (40.0 * x).sin() * (37.0 * y).cos()),
        ] {
            check_surface(&ContourFigure { scale, ..figure });
        }
    }
}

#[test]
fn a_surface_cut_at_the_top_says_so() {
    let svg = check_surface(&surface(21, |x, y| {
        if x + y > 1.9 { 1e30 } else { paraboloid(x, y) }
    }));
    assert!(svg.contains("the largest value is 10³⁰"));
}

#[test]
fn long_words_and_any_width_stay_on_the_page() {
    let long = "a name that is far too long for the room it has and goes on and on ".repeat(4);
    for width_mm in [40.0, 60.0, 80.0, 250.0] {
        let mut figure = surface(15, paraboloid);
        figure.markers.push(Marker {
            x: 1.0,
            y: 1.0,
            label: long.clone(),
            kind: MarkerKind::Point,
        });
        figure.markers.push(Marker {
            x: 9.0,
            y: 0.0,
            label: long.clone(),
            kind: MarkerKind::End,
        });
        let points = (0..500).map(|i| (f64::from(i) * 0.01 - 1.0, (f64::from(i) * 0.1).sin()));
        figure.trajectories = vec![Trajectory {
            label: long.clone(),
            points: points.collect(),
        }];
        check_surface(&ContourFigure {
            title: long.clone(),
            quantity: long.clone(),
            x_label: long.clone(),
            y_label: long.clone(),
            caption: vec![long.clone(), long.replace(' ', "")],
            values: figure.values.iter().map(|v| v * 1.2345e-7).collect(),
            x: axis(15, -1.234e-5, 1.234e-5),
            width_mm,
            ..figure
        });
        let mut figure = line(31, |a| a * a);
        figure.markers.push(LineMarker {
            alpha: 1.1,
            name: long.clone(),
        });
        check_line(&LineFigure {
            title: long.clone(),
            x_label: long.clone(),
            unit: long.clone(),
            width_mm,
            ..figure
        });
    }
}

#[test]
fn trajectories_need_no_surface() {
    let path = |s: f64| {
        (0..30)
            .map(move |i| (s * f64::from(i), f64::from(i * i)))
            .chain([(f64::NAN, 0.0)])
    };
    let run = |label: &str, s| Trajectory {
        label: label.to_owned(),
        points: path(s).collect(),
    };
    let figure = ContourFigure {
        trajectories: vec![run("one", 1.0), run("two", -2.0)],
        ..Default::default()
    };
    let svg = check_surface(&figure);
    assert!(svg.contains(">one<") && svg.contains(">two<"));
    assert!(!svg.contains("<image") && !svg.contains("Gradient"));
    check_surface(&ContourFigure {
        trajectories: vec![Trajectory::default()],
        ..Default::default()
    });
}

/// Width and height of the plot, in points.
fn plot_size(svg: &str) -> (f64, f64) {
    let image = svg.lines().find(|l| l.starts_with("<image")).unwrap();
    let number = |name: &str| -> f64 {
        let rest = image.split_once(&format!(" {name}=\"")).unwrap().1;
        rest.split_once('"').unwrap().0.parse().unwrap()
    };
    (number("width"), number("height"))
}

#[test]
fn a_unit_is_as_long_on_both_axes_of_every_plane() {
    for (wide, high) in [(1.0, 0.5), (1.0, 1.0), (0.2, 1.0), (8.0, 1.02), (3.0, 20.0)] {
        let figure = ContourFigure {
            x: axis(21, -wide, wide),
            y: axis(21, -high, high),
            y_label: "a name that is longer than a low plot is high".to_owned(),
            ..surface(21, paraboloid)
        };
        let svg = check_surface(&figure);
        let (width, height) = plot_size(&svg);
        // Two decimals of a point.
        let ratio = width / height / (wide / high);
        assert!((ratio - 1.0).abs() < 2e-3, "{wide} × {high}: {ratio}");
        assert!(!svg.contains("not to scale"));
    }
}

#[test]
fn a_plane_too_narrow_to_be_true_to_scale_says_so() {
    let figure = ContourFigure {
        x: axis(21, -30.0, 30.0),
        ..surface(21, paraboloid)
    };
    let svg = check_surface(&figure);
    let (width, height) = plot_size(&svg);
    assert!((width / height - 3.0).abs() < 0.01, "{width} {height}");
    assert!(svg.contains("not to scale: a unit of y is drawn 10 times as long as one of x"));
    // A run that went far along one direction, without a surface.
    let points = (0..30).map(|i| (f64::from(i), (f64::from(i) * 0.2).sin() * 0.01));
    let run = ContourFigure {
        trajectories: vec![Trajectory {
            label: String::new(),
            points: points.collect(),
        }],
        ..ContourFigure::default()
    };
    assert!(check_surface(&run).contains("not to scale"));
}

/// Every number that a figure writes in nothing but digits, dot and minus sign.
fn numbers_of(svg: &str) -> Vec<f64> {
    let texts = svg.lines().filter(|l| l.starts_with("<text"));
    texts
        .filter_map(|l| l.split_once('>')?.1.split_once('<'))
        .filter_map(|(text, _)| text.replace('−', "-").parse().ok())
        .collect()
}

#[test]
fn the_axis_of_a_line_fits_what_lies_between_the_minimizers() {
    // A barrier of 2 nats at ½; 10⁴⁵ at α = 2, 10³⁰ at −1.
    let wild = |a: f64| {
        let inner = 0.1 + 8.0 * (a * (1.0 - a)).max(0.0);
        inner + 10_f64.powf(45.0 * (a - 1.0).max(0.0)) + 10_f64.powf(30.0 * (-a).max(0.0)) - 2.0
    };
    let figure = LineFigure {
        barrier: Some(Barrier {
            alpha: 0.5,
            height: 2.0,
        }),
        validation_loss: None,
        ..line(61, wild)
    };
    let svg = check_line(&figure);
    assert!(
        svg.contains(">↑ 10⁴⁵<") && svg.contains(">↑ 10³⁰<"),
        "{svg}"
    );
    assert!(svg.contains("the largest finite value is 10⁴⁵"));
    assert!(svg.contains(">barrier 2<"), "the barrier is drawn");
    // α, accuracies up to 100, and losses of a few nats.
    let largest = numbers_of(&svg).into_iter().fold(0.0, f64::max);
    assert!(largest <= 100.0, "{largest}");
    let svg = check_line(&LineFigure {
        scale: Scale::Log,
        ..figure
    });
    assert!(svg.contains(">↑ 10⁴⁵<") && svg.contains(">barrier 2<"));
    let tame = check_line(&LineFigure {
        scale: Scale::Log,
        ..line(61, |a| 0.02 + 0.5 * (a * (a - 1.0)).powi(2))
    });
    assert!(!tame.contains('↑'), "a tame line is shown whole");
}

#[test]
fn accuracies_are_per_cent_on_a_figure() {
    let svg = check_line(&line(31, |a| 0.05 + (a - 0.5).powi(2)));
    assert!(
        svg.contains(">Accuracy (%)<") && svg.contains(">80<"),
        "{svg}"
    );
}

#[test]
fn numbers_along_an_axis_never_touch() {
    for width_mm in [40.0, 80.0, 120.0] {
        for (lo, hi) in [(-1e-4, 1e-4), (-0.123_45, 0.98), (-20_000.0, 45_000.0)] {
            let figure = ContourFigure {
                x: axis(15, lo, hi),
                y: axis(15, lo, hi),
                width_mm,
                ..surface(15, paraboloid)
            };
            let svg = check_surface(&figure);
            let tree = usvg::Tree::from_str(&svg, &with_font()).unwrap();
            let mut boxes = Vec::new();
            texts(tree.root(), &mut boxes);
            // Numbers along x stand on one line: those of equal height in the lower part.
            for (i, a) in boxes.iter().enumerate() {
                for b in &boxes[i + 1..] {
                    let same_line = (a.y() - b.y()).abs() < 0.2;
                    let apart = a.right() + 1.0 < b.x() || b.right() + 1.0 < a.x();
                    assert!(
                        !same_line || apart,
                        "{lo}..{hi} at {width_mm} mm: {a:?} {b:?}"
                    );
                }
            }
        }
    }
}

fn with_font() -> usvg::Options<'static> {
    let mut options = usvg::Options::default();
    options
        .fontdb_mut()
        .load_font_data(losscope::plot::text::FONT.to_vec());
    options
}

/// Where the texts of a figure are, but for the rims that lie under some.
fn texts(group: &usvg::Group, found: &mut Vec<usvg::Rect>) {
    for node in group.children() {
        match node {
            usvg::Node::Group(inner) => texts(inner, found),
            usvg::Node::Text(text) => {
                let place = text.abs_bounding_box();
                let size = f64::from(text.chunks()[0].spans()[0].font_size().get());
                if (size - 7.0).abs() < 0.01 && !found.contains(&place) {
                    found.push(place);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn colours_of_the_picture_are_those_of_the_map() {
    let mut figure = surface(2, |_, _| 1.0);
    figure.markers.clear();
    for colormap in Colormap::ALL {
        let svg = ContourFigure {
            colormap,
            range: Some((0.0, 2.0)),
            ..figure.clone()
        }
        .svg()
        .unwrap();
        let picture = image::load_from_memory(&export::png::bytes(&svg, 100.0).unwrap())
            .unwrap()
            .to_rgb8();
        let (x, y) = (picture.width() * 45 / 100, picture.height() * 45 / 100);
        let (found, wanted) = (picture.get_pixel(x, y).0, colormap.rgb(0.5));
        assert!(
            found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 3),
            "{colormap} {found:?} {wanted:?}"
        );
    }
}

#[test]
fn a_line_shows_both_quantities_and_both_minimizers() {
    let figure = line(61, |a| 0.02 + 0.5 * (a * (a - 1.0)).powi(2));
    let barrier = Some(Barrier {
        alpha: 0.5,
        height: 0.03125,
    });
    let svg = check_line(&LineFigure { barrier, ..figure });
    for words in [
        "Loss (nats)",
        ">Accuracy (%)<",
        "training loss",
        "validation accuracy",
        "small batch",
        "large batch",
        "barrier 0.0312",
    ] {
        assert!(svg.contains(words), "{words}");
    }
    assert!(!svg.contains("non-finite") && svg.contains("stroke-dasharray"));
}

#[test]
fn what_leaves_a_line_is_marked() {
    let wild = |a: f64| match a {
        a if a > 1.6 => f64::INFINITY,
        a if a < -0.6 => f64::NAN,
        a if a.abs() < 0.08 => -1.0,
        a => a * a,
    };
    let svg = check_line(&LineFigure {
        train_score: None,
        validation_score: None,
        ..line(31, wild)
    });
    assert!(
        svg.contains(">∞<") && svg.contains(">NaN<") && svg.contains("non-finite: 16 points"),
        "{svg}"
    );
    assert!(!svg.contains("≤ 0"));
    let svg = check_line(&LineFigure {
        scale: Scale::Log,
        validation_loss: None,
        ..line(31, wild)
    });
    assert!(svg.contains(">≤ 0<") && svg.contains("≤ 0, without a logarithm: 1 point"));
}

#[test]
fn odd_lines_have_figures() {
    for scale in [Scale::Linear, Scale::Log] {
        for figure in [
            line(1, |_| 1.0),
            line(2, |a| a),
            line(31, |_| 0.0),
            line(31, |_| f64::NAN),
            line(31, |_| f64::INFINITY),
            line(31, |a| (300.0 * a).exp()),
            line(31, |a| f64::MAX * a),
            line(31, |a| if a > 0.0 { f64::NAN } else { -a }),
            LineFigure {
                train_loss: None,
                validation_loss: None,
                ..line(31, |a| a * a)
            },
        ] {
            let barrier = Some(Barrier {
                alpha: 0.4,
                height: 0.3,
            });
            check_line(&LineFigure {
                scale,
                barrier,
                ..figure
            });
        }
    }
}

#[test]
fn what_doesnt_fit_together_is_refused() {
    let check = |error: losscope::error::Result<String>, part: &str| {
        let text = error.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(text.contains(part), "{text:?} should tell {part:?}");
    };
    check(
        ContourFigure {
            values: vec![0.0; 7],
            ..surface(3, paraboloid)
        }
        .svg(),
        "7 values",
    );
    check(
        LineFigure {
            alpha: vec![0.0],
            ..line(3, |a| a)
        }
        .svg(),
        "3 values",
    );
    check(
        LineFigure {
            alpha: vec![0.0, f64::NAN],
            ..Default::default()
        }
        .svg(),
        "ascending",
    );
    check(LineFigure::default().svg(), "no loss");
    assert!(export::png::bytes("not svg", 300.0).is_err());
    assert!(export::pdf::bytes("").is_err());
    let svg = surface(3, paraboloid).svg().unwrap();
    for dpi in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        assert!(export::png::bytes(&svg, dpi).is_err());
    }
}

#[test]
fn the_same_figure_is_the_same_bytes() {
    let figure = surface(21, paraboloid);
    let (a, b) = (figure.svg().unwrap(), figure.svg().unwrap());
    assert_eq!(a, b);
    assert_eq!(
        export::png::bytes(&a, 100.0).unwrap(),
        export::png::bytes(&b, 100.0).unwrap()
    );
}

/// A surface of the built-in experiment in two or three points.
fn computed(job: losscope::engine::job::SurfaceJob) -> losscope::engine::result::Outcome {
    let job = losscope::engine::job::SurfaceJob {
        x: Some("-1:1:3".parse().unwrap()),
        ..job
    };
    let job = losscope::engine::job::Job::Surface(job);
    losscope::engine::run(&job, None, &mut |_, _| losscope::engine::Flow::Continue).unwrap()
}

#[test]
fn a_figure_names_its_files_its_data_its_network_and_what_was_assumed() {
    let outcome = computed(losscope::engine::job::SurfaceJob {
        small: Some("builtin:small".into()),
        large: Some("builtin:large".into()),
        ..Default::default()
    });
    let svg = export::figure::svg(&outcome, &export::figure::FigureOptions::default()).unwrap();
    for words in [
        "small batch: built-in digits, batches of 16; large batch: built-in digits, batches of 512",
        "Gaussian, seed 0, filter-normalised, biases and norms fixed",
        "digits: 1,437 training and 360 validation samples; ",
        "parameters, read as the description that Losscope wrote beside the weights (confirmed by its graph)",
    ] {
        assert!(svg.contains(words), "{words}");
    }
    for internal in ["builtin:", "--", "y*"] {
        let description = svg.split("<desc>").nth(1).unwrap();
        let description = description.split("</desc>").next().unwrap();
        assert!(!description.contains(internal), "{description}");
    }
}

#[test]
fn two_files_of_one_name_are_told_apart_on_a_figure() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["small-batch", "large-batch"].map(|name| {
        let path = folder.path().join(name).join("model.safetensors");
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/digits-mlp/");
        std::fs::copy(format!("{shipped}{name}.safetensors"), &path).unwrap();
        path
    });
    let [small, large] = paths;
    let mut job = losscope::engine::job::SurfaceJob {
        small: Some(small),
        large: Some(large),
        ..Default::default()
    };
    // Files of a person's own don't say what they are.
    job.setup.model = "mlp".into();
    let outcome = computed(job);
    let caption = export::figure::caption(&outcome);
    assert_eq!(
        caption[0],
        "small batch: small-batch/model.safetensors; large batch: large-batch/model.safetensors"
    );
}

#[test]
fn side_by_side_takes_the_width_asked_for_and_says_what_is_common_once() {
    let at = |alpha: f64| {
        computed(losscope::engine::job::SurfaceJob {
            small: Some("builtin:small".into()),
            large: Some("builtin:large".into()),
            alpha: Some(alpha),
            ..Default::default()
        })
    };
    let (small, large) = (at(0.0), at(1.0));
    let both = [
        ("small batch".to_owned(), &small),
        ("large batch".to_owned(), &large),
    ];
    let options = export::figure::FigureOptions {
        width: 120.0,
        ..Default::default()
    };
    let svg = check(export::panels::contours(&both, &options, true), 120.0);
    let (width, _) = losscope::plot::page::millimetres(&svg).unwrap();
    assert!((width - 120.0).abs() < 0.01, "{width}");
    let description = svg.split("<desc>").nth(1).unwrap();
    let description = description.split("</desc>").next().unwrap();
    assert_eq!(description.matches("filter-normalised").count(), 1);
    assert_eq!(description.matches("‖d₁‖").count(), 2, "{description}");
    let narrow = export::figure::FigureOptions::default();
    let narrow = export::figure::FigureOptions {
        width: 60.0,
        ..narrow
    };
    let error = export::panels::contours(&both, &narrow, true).unwrap_err();
    assert!(error.to_string().contains("at least 80 mm"), "{error}");
}
