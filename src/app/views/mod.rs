//! The views and their arrangement: tiles that a person can move, tab, resize and close.

pub mod compare;
pub mod contour;
pub mod convexity;
mod curves;
pub mod density;
pub mod layers;
pub mod line;
pub mod log;
pub mod measures;
pub mod plane;
pub mod sharpness;
pub mod space;
pub mod surface3d;

use super::command::Command;
use super::state::State;
use super::theme::Palette;
use crate::engine::live::{Quantity, Snapshot};
use eframe::egui::{self, Ui, Vec2, WidgetText};
use eframe::egui_wgpu::RenderState;
use egui_tiles::{Behavior, SimplificationOptions, Tile, TileId, Tiles, Tree, UiResponse};
use serde::{Deserialize, Serialize};

/// A view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Pane {
    /// The plane around θ(α) as colours and iso-lines.
    Contour,
    /// The same as a surface in space.
    Surface3d,
    /// Small batch, θ(α) and large batch side by side.
    Compare,
    /// Metrics along the line between the minimizers.
    Line,
    /// φ against ε.
    Sharpness,
    /// Everything as a table.
    Measures,
    /// Density of the Hessian's eigenvalues.
    Density,
    /// |λ_min/λ_max| over the plane.
    Convexity,
    /// Distances layer by layer.
    Layers,
    /// What happened.
    Log,
}

impl Pane {
    /// Every view, in the order of menus and shortcuts.
    pub const ALL: [Self; 10] = [
        Self::Contour,
        Self::Surface3d,
        Self::Compare,
        Self::Line,
        Self::Sharpness,
        Self::Measures,
        Self::Density,
        Self::Convexity,
        Self::Layers,
        Self::Log,
    ];

    /// What it needs measured.
    pub fn measures(self) -> &'static [Quantity] {
        match self {
            Self::Measures => Quantity::table(),
            Self::Density => &[Quantity::EIGENVALUES, Quantity::DENSITY],
            Self::Convexity => &[Quantity::Convexity],
            Self::Layers => Quantity::layers(),
            _ => &[],
        }
    }

    /// Its name on tabs and in menus.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contour => "Contour",
            Self::Surface3d => "Surface",
            Self::Compare => "Compare",
            Self::Line => "Line",
            Self::Sharpness => "Sharpness",
            Self::Measures => "Measures",
            Self::Density => "Density",
            Self::Convexity => "Convexity",
            Self::Layers => "Layers",
            Self::Log => "Log",
        }
    }
}

/// What every view is given.
pub struct Context<'a> {
    /// What the window remembers.
    pub state: &'a mut State,
    /// What was found.
    pub news: &'a Snapshot,
    /// What the person does here.
    pub commands: &'a mut Vec<Command>,
    /// Colours.
    pub palette: &'a Palette,
    /// The window's graphics device, where there is one.
    pub gpu: Option<&'a RenderState>,
    /// Counts up when every view is to go back to its usual zoom and camera.
    pub reset: u64,
}

/// What the views keep between frames: textures, cameras, zoom.
#[derive(Default)]
pub struct Caches {
    /// Of the contour view.
    pub contour: contour::Cache,
    /// Of the 3-D view.
    pub surface3d: surface3d::Cache,
    /// Of the comparison.
    pub compare: compare::Cache,
    /// Of the line.
    pub line: line::Cache,
    /// Of the sharpness plot.
    pub sharpness: sharpness::Cache,
    /// Of the spectral density.
    pub density: density::Cache,
    /// Of the map of eigenvalues.
    pub convexity: convexity::Cache,
    /// Of the layers.
    pub layers: layers::Cache,
}

/// Views that usually share their tabs: above left and right, below left and right.
const GROUPS: [&[Pane]; 4] = [
    &[Pane::Contour, Pane::Compare, Pane::Convexity],
    &[Pane::Surface3d, Pane::Measures, Pane::Density, Pane::Layers],
    &[Pane::Line],
    &[Pane::Sharpness, Pane::Log],
];

/// The usual arrangement.
pub fn usual_layout() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let [top_left, top_right, bottom_left, bottom_right] = GROUPS.map(|group| {
        let panes = group.iter().map(|pane| tiles.insert_pane(*pane)).collect();
        tiles.insert_tab_tile(panes)
    });
    let top = tiles.insert_horizontal_tile(vec![top_left, top_right]);
    let bottom = tiles.insert_horizontal_tile(vec![bottom_left, bottom_right]);
    let root = tiles.insert_vertical_tile(vec![top, bottom]);
    if let Some(Tile::Container(egui_tiles::Container::Linear(linear))) = tiles.get_mut(root) {
        linear.shares.set_share(top, 1.35);
        linear.shares.set_share(bottom, 1.0);
    }
    Tree::new(egui::Id::unique("views"), root, tiles)
}

/// One view at a time, where the window has no room for several.
#[derive(Default)]
pub struct Single {
    on: bool,
    front: Option<Pane>,
}

/// A room smaller than this shows one view at a time.
const ROOM_FOR_SEVERAL: Vec2 = Vec2::new(520.0, 330.0);

impl Single {
    /// Brings a view to the front.
    pub fn bring(&mut self, pane: Pane) {
        self.front = Some(pane);
    }

    /// The view in front, of those that aren't closed.
    fn front(&self, tree: &Tree<Pane>) -> Option<Pane> {
        let open = |pane: &Pane| is_open(tree, *pane);
        let first = || Pane::ALL.into_iter().find(open);
        self.front.filter(open).or_else(first)
    }
}

/// Whether a view isn't closed; it may be behind another.
fn is_open(tree: &Tree<Pane>, pane: Pane) -> bool {
    let tile = tree.tiles.find_pane(&pane);
    tile.is_some_and(|id| tree.is_visible(id))
}

/// Whether a view can be seen at the moment.
pub fn is_shown(tree: &Tree<Pane>, single: &Single, pane: Pane) -> bool {
    if single.on {
        return single.front(tree) == Some(pane);
    }
    tree.active_tiles()
        .into_iter()
        .any(|id| matches!(tree.tiles.get(id), Some(Tile::Pane(p)) if *p == pane))
}

/// Brings a view to the front, opening it again where it was closed.
pub fn show(tree: &mut Tree<Pane>, pane: Pane) {
    let id = match tree.tiles.find_pane(&pane) {
        Some(id) => id,
        None => {
            // A layout of an older version, which took closed views out: back to its usual company.
            let id = tree.tiles.insert_pane(pane);
            let company = GROUPS.into_iter().filter(|group| group.contains(&pane));
            let home = company
                .flatten()
                .filter_map(|other| tree.tiles.find_pane(other))
                .filter(|other| *other != id)
                .find_map(|other| tree.tiles.parent_of(other));
            match home.or(tree.root()) {
                Some(home) => tree.move_tile_to_container(id, home, usize::MAX, true),
                None => *tree = Tree::new_tabs(egui::Id::unique("views"), vec![pane]),
            }
            id
        }
    };
    tree.set_visible(id, true);
    tree.make_active(|_, tile| matches!(tile, Tile::Pane(p) if *p == pane));
}

/// Draws all views, or one where there is no room for more.
pub fn views_ui(
    ui: &mut Ui,
    (tree, single): (&mut Tree<Pane>, &mut Single),
    caches: &mut Caches,
    context: Context<'_>,
) {
    let palette = context.palette;
    let room = ui.available_size();
    single.on = room.x < ROOM_FOR_SEVERAL.x || room.y < ROOM_FOR_SEVERAL.y;
    let mut behavior = Views { caches, context };
    let Some(front) = single.front(tree) else {
        let words = "Every view is closed: the View menu opens them again, each where it was";
        empty_ui(ui, palette, words);
        return;
    };
    if !single.on {
        tree.ui(&mut behavior, ui);
        return;
    }
    let mut chosen = front;
    let tabs = egui::ScrollArea::horizontal().id_salt("views");
    tabs.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.add_space(6.0);
            for pane in Pane::ALL.into_iter().filter(|pane| is_open(tree, *pane)) {
                ui.selectable_value(&mut chosen, pane, pane.name());
            }
        });
    });
    if chosen != front {
        single.bring(chosen);
        show(tree, chosen);
    }
    ui.push_id(front, |ui| behavior.draw(ui, front));
}

struct Views<'a, 'b> {
    caches: &'a mut Caches,
    context: Context<'b>,
}

impl Views<'_, '_> {
    fn draw(&mut self, ui: &mut Ui, pane: Pane) {
        let context = &mut self.context;
        let frame = egui::Frame::new().inner_margin(egui::Margin::same(8));
        frame.show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            match pane {
                Pane::Contour => contour::contour_ui(ui, &mut self.caches.contour, context),
                Pane::Surface3d => surface3d::surface3d_ui(ui, &mut self.caches.surface3d, context),
                Pane::Compare => compare::compare_ui(ui, &mut self.caches.compare, context),
                Pane::Line => line::line_ui(ui, &mut self.caches.line, context),
                Pane::Sharpness => sharpness::sharpness_ui(ui, &mut self.caches.sharpness, context),
                Pane::Measures => measures::measures_ui(ui, context),
                Pane::Density => density::density_ui(ui, &mut self.caches.density, context),
                Pane::Convexity => convexity::convexity_ui(ui, &mut self.caches.convexity, context),
                Pane::Layers => layers::layers_ui(ui, &mut self.caches.layers, context),
                Pane::Log => log::log_ui(ui, context),
            }
        });
    }
}

impl Behavior<Pane> for Views<'_, '_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, pane: &mut Pane) -> UiResponse {
        self.draw(ui, *pane);
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        pane.name().into()
    }

    fn is_tab_closable(&self, _tiles: &Tiles<Pane>, _tile: TileId) -> bool {
        true
    }

    /// A closed view only hides, so that it comes back to its place among its neighbours.
    fn on_tab_close(&mut self, tiles: &mut Tiles<Pane>, tile: TileId) -> bool {
        tiles.set_visible(tile, false);
        false
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions {
            all_panes_must_have_tabs: true,
            ..SimplificationOptions::default()
        }
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        28.0
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        2.0
    }

    fn tab_bar_color(&self, _visuals: &egui::Visuals) -> egui::Color32 {
        egui::Color32::TRANSPARENT
    }

    fn tab_bar_hline_stroke(&self, _visuals: &egui::Visuals) -> egui::Stroke {
        egui::Stroke::new(1.0, self.context.palette.line)
    }

    fn tab_bg_color(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<Pane>,
        _tile: TileId,
        _state: &egui_tiles::TabState,
    ) -> egui::Color32 {
        egui::Color32::TRANSPARENT
    }

    fn tab_text_color(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<Pane>,
        _tile: TileId,
        state: &egui_tiles::TabState,
    ) -> egui::Color32 {
        if state.active {
            self.context.palette.text
        } else {
            self.context.palette.weak
        }
    }

    fn tab_outline_stroke(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<Pane>,
        _tile: TileId,
        state: &egui_tiles::TabState,
    ) -> egui::Stroke {
        if state.active {
            egui::Stroke::new(1.0, self.context.palette.line)
        } else {
            egui::Stroke::NONE
        }
    }
}

/// Words in the middle of an empty view: why it is empty, and what to do.
pub fn empty_ui(ui: &mut Ui, palette: &Palette, text: &str) {
    let room = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((0.5 * room - 12.0).max(0.0));
        let words = egui::RichText::new(text).color(palette.weak);
        ui.add(egui::Label::new(words).wrap());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_comes_back_to_its_place() {
        let mut tree = usual_layout();
        let single = Single::default();
        let place = |tree: &Tree<Pane>, pane| {
            let id = tree.tiles.find_pane(&pane)?;
            let parent = tree.tiles.parent_of(id)?;
            let Some(Tile::Container(tabs)) = tree.tiles.get(parent) else {
                return None;
            };
            let index = tabs.children().position(|child| *child == id)?;
            Some((parent, index))
        };
        for pane in Pane::ALL {
            let before = place(&tree, pane);
            assert!(before.is_some());
            let id = tree.tiles.find_pane(&pane).unwrap();
            tree.set_visible(id, false);
            assert!(!is_shown(&tree, &single, pane) && !is_open(&tree, pane));
            show(&mut tree, pane);
            assert!(is_shown(&tree, &single, pane));
            assert_eq!(place(&tree, pane), before, "{}", pane.name());
        }
        // Taken out altogether, as older versions did: back to its usual company.
        let id = tree.tiles.find_pane(&Pane::Measures).unwrap();
        tree.remove_recursively(id);
        show(&mut tree, Pane::Measures);
        let parent = |pane| place(&tree, pane).map(|(parent, _)| parent);
        assert_eq!(parent(Pane::Measures), parent(Pane::Density));
    }
}
