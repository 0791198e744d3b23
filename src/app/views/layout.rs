//! How the views are arranged: tiles that a person can move, tab, resize and close, or one view at a time
//! where the window has no room for several.

use super::list;
use super::view::{Context, Home, Needs, View};
use crate::app::paint::empty::empty_ui;
use crate::app::pane::Pane;
use crate::engine::live::Quantity;
use eframe::egui::{self, Ui, Vec2, WidgetText};
use egui_tiles::{Behavior, SimplificationOptions, Tile, TileId, Tiles, Tree, UiResponse};

/// A room smaller than this shows one view at a time.
const ROOM_FOR_SEVERAL: Vec2 = Vec2::new(520.0, 330.0);

/// All views, and where they are.
pub struct Views {
    all: Vec<Box<dyn View>>,
    tree: Tree<Pane>,
    /// Whether one is shown at a time.
    alone: bool,
    /// The one in front then.
    front: Option<Pane>,
}

/// The usual arrangement.
pub fn usual_layout() -> Tree<Pane> {
    let all = list();
    let mut tiles = Tiles::default();
    let homes = [
        Home::TopLeft,
        Home::TopRight,
        Home::BottomLeft,
        Home::BottomRight,
    ];
    let [top_left, top_right, bottom_left, bottom_right] = homes.map(|home| {
        let panes = all.iter().filter(|view| view.home() == home);
        let panes = panes.map(|view| tiles.insert_pane(view.pane())).collect();
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

impl Views {
    /// All views in an arrangement.
    pub fn new(tree: Tree<Pane>) -> Self {
        let mut views = Self {
            all: list(),
            tree: usual_layout(),
            alone: false,
            front: None,
        };
        views.arrange(tree);
        views
    }

    /// Arranges them anew; views of another version that aren't there are left out.
    pub fn arrange(&mut self, tree: Tree<Pane>) {
        self.tree = tree;
        let known = |pane: &Pane| self.all.iter().any(|view| pane.is(view.key()));
        let strange = |(id, tile): (&TileId, &Tile<Pane>)| match tile {
            Tile::Pane(pane) if !known(pane) => Some(*id),
            _ => None,
        };
        let strange: Vec<TileId> = self.tree.tiles.iter().filter_map(strange).collect();
        for id in strange {
            self.tree.remove_recursively(id);
        }
    }

    /// The arrangement.
    pub fn tree(&self) -> &Tree<Pane> {
        &self.tree
    }

    /// Every view, in the order of menus and shortcuts.
    pub fn iter(&self) -> impl Iterator<Item = &dyn View> {
        self.all.iter().map(Box::as_ref)
    }

    /// The view of a name.
    pub fn get(&self, pane: &Pane) -> Option<&dyn View> {
        self.iter().find(|view| pane.is(view.key()))
    }

    /// Whether a view isn't closed; it may be behind another.
    fn is_open(&self, pane: &Pane) -> bool {
        let tile = self.tree.tiles.find_pane(pane);
        tile.is_some_and(|id| self.tree.is_visible(id))
    }

    /// The view in front where there is room for one, of those that aren't closed.
    fn front(&self) -> Option<Pane> {
        let first = || {
            let mut panes = self.iter().map(View::pane);
            panes.find(|pane| self.is_open(pane))
        };
        let chosen = self.front.clone().filter(|pane| self.is_open(pane));
        chosen.or_else(first)
    }

    /// Whether a view can be seen at the moment.
    pub fn is_shown(&self, pane: &Pane) -> bool {
        if self.alone {
            return self.front().as_ref() == Some(pane);
        }
        let tiles = &self.tree.tiles;
        self.tree
            .active_tiles()
            .into_iter()
            .any(|id| matches!(tiles.get(id), Some(Tile::Pane(p)) if p == pane))
    }

    /// What the views that can be seen need computed.
    pub fn needs(&self) -> (Vec<Quantity>, bool) {
        let seen = self.iter().filter(|view| self.is_shown(&view.pane()));
        let needs: Vec<Needs> = seen.map(View::needs).collect();
        let measures = needs.iter().flat_map(|needs| needs.measures.to_vec());
        (measures.collect(), needs.iter().any(|n| n.both_ends))
    }

    /// Brings a view to the front, opening it again where it was closed.
    pub fn show(&mut self, pane: &Pane) {
        let Some(home) = self.get(pane).map(View::home) else {
            return;
        };
        let id = match self.tree.tiles.find_pane(pane) {
            Some(id) => id,
            None => self.insert(pane, home),
        };
        self.tree.set_visible(id, true);
        self.tree
            .make_active(|_, tile| matches!(tile, Tile::Pane(p) if p == pane));
        self.front = Some(pane.clone());
    }

    /// Puts a view back into its usual company: the layout is of a version that took closed views out, or
    /// didn't have it yet.
    fn insert(&mut self, pane: &Pane, home: Home) -> TileId {
        let company: Vec<Pane> = self
            .iter()
            .filter(|view| view.home() == home)
            .map(View::pane)
            .collect();
        let tree = &mut self.tree;
        let id = tree.tiles.insert_pane(pane.clone());
        let place = company
            .iter()
            .filter_map(|other| tree.tiles.find_pane(other))
            .filter(|other| *other != id)
            .find_map(|other| tree.tiles.parent_of(other));
        match place.or(tree.root()) {
            Some(place) => tree.move_tile_to_container(id, place, usize::MAX, true),
            None => *tree = Tree::new_tabs(egui::Id::unique("views"), vec![pane.clone()]),
        }
        id
    }

    /// Draws all views, or one where there is no room for more.
    pub fn ui(&mut self, ui: &mut Ui, context: Context<'_>) {
        let palette = context.palette;
        let room = ui.available_size();
        self.alone = room.x < ROOM_FOR_SEVERAL.x || room.y < ROOM_FOR_SEVERAL.y;
        let Some(front) = self.front() else {
            let words = "Every view is closed: the View menu opens them again, each where it was";
            empty_ui(ui, palette, words);
            return;
        };
        if !self.alone {
            let all = &mut self.all;
            self.tree.ui(&mut Drawn { all, context }, ui);
            return;
        }
        let mut chosen = front.clone();
        let tabs = egui::ScrollArea::horizontal().id_salt("views");
        tabs.show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.add_space(6.0);
                for view in self.iter().filter(|view| self.is_open(&view.pane())) {
                    ui.selectable_value(&mut chosen, view.pane(), view.name());
                }
            });
        });
        if chosen != front {
            self.show(&chosen);
        }
        let all = &mut self.all;
        ui.push_id(&front, |ui| Drawn { all, context }.draw(ui, &front));
    }
}

/// The views while they are drawn.
struct Drawn<'a, 'b> {
    all: &'a mut Vec<Box<dyn View>>,
    context: Context<'b>,
}

impl Drawn<'_, '_> {
    fn draw(&mut self, ui: &mut Ui, pane: &Pane) {
        let view = self.all.iter_mut().find(|view| pane.is(view.key()));
        let Some(view) = view else { return };
        let frame = egui::Frame::new().inner_margin(egui::Margin::same(8));
        frame.show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            view.ui(ui, &mut self.context);
        });
    }
}

impl Behavior<Pane> for Drawn<'_, '_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, pane: &mut Pane) -> UiResponse {
        self.draw(ui, pane);
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        let view = self.all.iter().find(|view| pane.is(view.key()));
        view.map_or("", |view| view.name()).into()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_comes_back_to_its_place() {
        let mut views = Views::new(usual_layout());
        let place = |views: &Views, pane: &Pane| {
            let tiles = &views.tree.tiles;
            let id = tiles.find_pane(pane)?;
            let parent = tiles.parent_of(id)?;
            let Some(Tile::Container(tabs)) = tiles.get(parent) else {
                return None;
            };
            let index = tabs.children().position(|child| *child == id)?;
            Some((parent, index))
        };
        let panes: Vec<Pane> = views.iter().map(View::pane).collect();
        for pane in &panes {
            let before = place(&views, pane);
            assert!(before.is_some());
            let id = views.tree.tiles.find_pane(pane).unwrap();
            views.tree.set_visible(id, false);
            assert!(!views.is_shown(pane) && !views.is_open(pane));
            views.show(pane);
            assert!(views.is_shown(pane));
            assert_eq!(place(&views, pane), before, "{pane:?}");
        }
        // Taken out altogether, as older versions did: back to its usual company.
        let [measures, density] = ["Measures", "Density"].map(Pane::named);
        let id = views.tree.tiles.find_pane(&measures).unwrap();
        views.tree.remove_recursively(id);
        views.show(&measures);
        let parent = |pane| place(&views, pane).map(|(parent, _)| parent);
        assert_eq!(parent(&measures), parent(&density));
    }

    #[test]
    fn views_of_another_version_are_left_out_of_a_layout() {
        let layout = serde_json::to_string(&usual_layout()).unwrap();
        let layout = layout.replace("\"Log\"", "\"Weather\"");
        let views = Views::new(serde_json::from_str(&layout).unwrap());
        assert!(views.is_shown(&Pane::CONTOUR));
        assert!(
            views
                .tree
                .tiles
                .find_pane(&Pane::named("Weather"))
                .is_none()
        );
        assert!(!views.is_open(&Pane::named("Log")));
    }
}
