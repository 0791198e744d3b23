//! Surfaces in space, drawn on whatever graphics adapter there is, software ones included.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use losscope::engine::job::{Job, SurfaceJob};
use losscope::engine::result::Numbers;
use losscope::engine::{self, Flow};
use losscope::plot::camera::Camera;
use losscope::plot::colormap::Colormap;
use losscope::plot::scale::{Scale, levels};
use losscope::render::picture::{headless, pixels};
use losscope::render::scene::{Look, SurfaceScene};
use std::sync::OnceLock;

const SIZE: [u32; 2] = [400, 300];
const BACKGROUND: [u8; 3] = [21, 24, 29];

fn device() -> &'static (wgpu::Device, wgpu::Queue) {
    static DEVICE: OnceLock<(wgpu::Device, wgpu::Queue)> = OnceLock::new();
    DEVICE.get_or_init(|| headless().unwrap())
}

fn look() -> Look {
    let [r, g, b] = BACKGROUND.map(|c| f32::from(c) / 255.0);
    Look {
        scale: Scale::Linear,
        range: (0.0, 2.0),
        colormap: Colormap::Viridis,
        levels: Vec::new(),
        exaggeration: 0.6,
        background: [r, g, b, 1.0],
        dark: true,
    }
}

fn axis() -> Vec<f64> {
    (0..41).map(|i| -1.0 + f64::from(i) / 20.0).collect()
}

fn values(f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let axis = axis();
    let row = |y: f64| axis.iter().map(|&x| f(x, y)).collect::<Vec<_>>();
    axis.iter().flat_map(|&y| row(y)).collect()
}

fn draw(values: &[f64], look: &Look, camera: &Camera) -> image::RgbaImage {
    let (device, queue) = device();
    let scene = SurfaceScene::new(1, &axis(), &axis(), values, look);
    let bytes = pixels(device, queue, &scene, camera, SIZE, 1.0).unwrap();
    image::RgbaImage::from_raw(SIZE[0], SIZE[1], bytes).unwrap()
}

fn keep(picture: &image::RgbaImage, name: &str) {
    if let Some(folder) = std::env::var_os("LOSSCOPE_PICTURES") {
        picture
            .save(std::path::Path::new(&folder).join(name))
            .unwrap();
    }
}

fn bowl(x: f64, y: f64) -> f64 {
    x * x + y * y
}

/// Pixels that show something other than the background.
fn covered(picture: &image::RgbaImage) -> usize {
    picture.pixels().filter(|p| p.0[..3] != BACKGROUND).count()
}

#[test]
fn a_bowl_seen_along_an_axis_is_symmetric_but_for_its_light() {
    let camera = Camera {
        yaw: -std::f32::consts::FRAC_PI_2,
        ..Camera::default()
    };
    let picture = draw(&values(bowl), &look(), &camera);
    keep(&picture, "bowl.png");
    let shape = |x: u32, y: u32| picture.get_pixel(x, y).0[..3] != BACKGROUND;
    let [width, height] = SIZE;
    let differing = (0..height)
        .flat_map(|y| (0..width / 2).map(move |x| (x, y)))
        .filter(|&(x, y)| shape(x, y) != shape(width - 1 - x, y))
        .count();
    // The raster's rule for edges is not symmetric: one pixel a row of each line.
    assert!(differing < 1200, "{differing}");
    assert!(covered(&picture) > 20_000);
}

#[test]
fn the_picture_follows_the_camera_and_the_height() {
    let values = values(|x, y| x * x - y * y + 1.0);
    let first = draw(&values, &look(), &Camera::default());
    let mut camera = Camera::default();
    camera.orbit(0.5, 0.1);
    assert_ne!(first, draw(&values, &look(), &camera));
    let flat = Look {
        exaggeration: 0.1,
        ..look()
    };
    assert_ne!(first, draw(&values, &flat, &Camera::default()));
    assert_eq!(
        first,
        draw(&values, &look(), &Camera::default()),
        "the same again"
    );
}

#[test]
fn iso_lines_darken_the_surface_where_they_lie() {
    let camera = Camera {
        pitch: 1.5,
        ..Camera::default()
    };
    let plain = draw(&values(bowl), &look(), &camera);
    let lined = draw(
        &values(bowl),
        &Look {
            levels: vec![0.5, 1.0],
            ..look()
        },
        &camera,
    );
    let darker = plain
        .pixels()
        .zip(lined.pixels())
        .filter(|(a, b)| i32::from(a.0[1]) - i32::from(b.0[1]) > 10)
        .count();
    let brighter = plain
        .pixels()
        .zip(lined.pixels())
        .filter(|(a, b)| b.0[1] > a.0[1])
        .count();
    assert!(darker > 300 && darker < 6_000, "{darker}");
    assert_eq!(brighter, 0);
}

#[test]
fn holes_show_what_is_behind() {
    let camera = Camera {
        pitch: 1.5,
        ..Camera::default()
    };
    let whole = draw(&values(bowl), &look(), &camera);
    let holed = draw(
        &values(|x, y| {
            if bowl(x, y) < 0.2 {
                f64::NAN
            } else {
                bowl(x, y)
            }
        }),
        &look(),
        &camera,
    );
    assert!(covered(&holed) + 2_000 < covered(&whole));
    let nothing = draw(&values(|_, _| f64::NAN), &look(), &camera);
    assert!(covered(&nothing) > 0, "the frame is still there");
}

#[test]
fn a_real_surface_on_both_grounds() {
    let job = SurfaceJob {
        x: Some("-1:1:31".parse().unwrap()),
        ..SurfaceJob::default()
    };
    let outcome = engine::run(&Job::Surface(job), None, &mut |_, _| Flow::Continue).unwrap();
    let Numbers::Surface(surface) = outcome.numbers else {
        panic!("no surface");
    };
    let loss = &surface.table.train.as_ref().unwrap().loss;
    let (lo, hi) = losscope::plot::scale::robust_range(Scale::Log, loss).unwrap();
    let (device, queue) = device();
    for (name, dark, background) in [("dark", true, [21, 24, 29]), ("light", false, [255; 3])] {
        let [r, g, b] = background.map(|c: u8| f32::from(c) / 255.0);
        let look = Look {
            scale: Scale::Log,
            range: (lo, hi),
            levels: levels(Scale::Log, lo, hi, 12),
            background: [r, g, b, 1.0],
            dark,
            ..look()
        };
        let scene = SurfaceScene::new(1, &surface.x, &surface.y, loss, &look);
        let bytes = pixels(device, queue, &scene, &Camera::default(), [900, 640], 1.5).unwrap();
        let picture = image::RgbaImage::from_raw(900, 640, bytes).unwrap();
        keep(&picture, &format!("surface-{name}.png"));
        let colours: std::collections::HashSet<_> = picture.pixels().map(|p| p.0).collect();
        assert!(colours.len() > 3_000, "{}", colours.len());
        assert!(picture.pixels().all(|p| p.0[3] == 255));
    }
}
