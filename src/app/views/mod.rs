//! The views: one file each, and here their list.

mod compare;
mod contour;
mod convexity;
mod density;
mod layers;
mod layout;
mod line;
mod log;
mod measures;
mod runs;
mod sections;
mod sharpness;
mod surface3d;
mod view;

use crate::app::paint::{empty::empty_ui, plane, plots as curves, space};
pub use layout::{Views, usual_layout};
pub use view::{Context, View};
use view::{Home, Needs};

/// Every view, in the order of menus and shortcuts.
pub fn list() -> Vec<Box<dyn View>> {
    vec![
        Box::new(contour::ContourView::default()),
        Box::new(surface3d::SurfaceView::default()),
        Box::new(compare::CompareView::default()),
        Box::new(line::LineView::default()),
        Box::new(sharpness::SharpnessView::default()),
        Box::new(measures::MeasuresView),
        Box::new(density::DensityView::default()),
        Box::new(convexity::ConvexityView::default()),
        Box::new(layers::LayersView::default()),
        Box::new(runs::RunsView::default()),
        Box::new(sections::SectionsView::default()),
        Box::new(log::LogView),
    ]
}
