//! The numbers that a slider changes, each in the room of its widest value.

use eframe::egui::{
    Align, Color32, FontId, Label, Layout, Pos2, Rect, RectAlign, Response, RichText, Sense,
    TextStyle, Tooltip, Ui, UiBuilder, Vec2,
};

/// Sizes of the numbers, of which the largest that leaves all in one row is taken.
const SIZES: [f32; 5] = [22.0, 20.0, 18.0, 16.0, 14.0];
/// Size of the names over the numbers.
const NAME: f32 = 11.0;
/// Between two numbers.
const GAP: f32 = 16.0;
/// A window lower than this has no room for names over numbers: they stand before them.
pub const LOW: f32 = 560.0;
/// The widest α that can be typed.
pub const WIDEST_ALPHA: &str = "−0.888";
/// The widest ε.
pub const WIDEST_EPSILON: &str = "8.88×10⁻⁸";

/// A number that a slider changes.
pub struct Readout {
    /// What it is.
    pub name: String,
    /// Its text, once it is known.
    pub value: Option<String>,
    /// The widest text the value may be.
    pub widest: &'static str,
    /// Of the value.
    pub color: Color32,
    /// What it means.
    pub help: &'static str,
}

/// How numbers are set.
#[derive(Clone, Copy)]
pub enum Style {
    /// A number of this size under its name.
    Tall(f32),
    /// A name and its number in one line.
    Flat,
}

impl Style {
    /// The largest that leaves everything in one row, whatever the numbers are.
    pub fn of(ui: &Ui, low: bool, shown: &[Vec<Readout>; 2]) -> Self {
        if low {
            return Self::Flat;
        }
        let room = 0.5 * (ui.available_width() - ui.spacing().item_spacing.x);
        let fits = |size: &f32| {
            let style = Self::Tall(*size);
            shown.iter().all(|readouts| {
                let all: f32 = readouts.iter().map(|r| style.size(ui, r).x + GAP).sum();
                head(ui) + all <= room
            })
        };
        let last = SIZES[SIZES.len() - 1];
        Self::Tall(SIZES.into_iter().find(fits).unwrap_or(last))
    }

    fn fonts(self) -> [FontId; 2] {
        let value = match self {
            Self::Tall(size) => size,
            Self::Flat => 13.0,
        };
        [NAME, value].map(FontId::proportional)
    }

    /// The room of a number, which depends on its widest value alone.
    fn size(self, ui: &Ui, readout: &Readout) -> Vec2 {
        let [name, value] = self.fonts();
        let name = measured(ui, &readout.name, name);
        let value = measured(ui, readout.widest, value);
        match self {
            Self::Tall(_) => Vec2::new(name.x.max(value.x), name.y + value.y),
            Self::Flat => Vec2::new(name.x + 6.0 + value.x, name.y.max(value.y)),
        }
    }
}

fn measured(ui: &Ui, text: &str, font: FontId) -> Vec2 {
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER);
    // A whole point more, so that rounding never cuts the last letter.
    galley.size().ceil() + Vec2::new(1.0, 0.0)
}

/// Width of a number that can be typed.
pub fn field(ui: &Ui, widest: &str) -> f32 {
    let font = TextStyle::Button.resolve(ui.style());
    measured(ui, widest, font).x + 2.0 * ui.spacing().button_padding.x
}

/// Width of what stands before the numbers.
fn head(ui: &Ui) -> f32 {
    let letter = measured(ui, "α", FontId::proportional(15.0)).x;
    letter + ui.spacing().item_spacing.x + field(ui, WIDEST_EPSILON) + GAP
}

fn readout_ui(ui: &mut Ui, style: Style, readout: &Readout) {
    let size = style.size(ui, readout);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let layout = match style {
        Style::Tall(_) => Layout::top_down(Align::Min),
        Style::Flat => Layout::left_to_right(Align::Center),
    };
    let mut inner = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
    inner.spacing_mut().item_spacing = Vec2::new(6.0, 0.0);
    let [name, value] = style.fonts();
    let words = readout.value.clone().unwrap_or_else(|| "–".to_owned());
    let lines = [
        RichText::new(&readout.name).font(name).weak(),
        RichText::new(words).font(value).color(readout.color),
    ];
    for line in lines {
        inner.add(Label::new(line).truncate());
    }
    explain(ui, &response, readout.help);
}

/// An explanation that opens above all rows of the deck, where it covers none of the numbers.
pub fn explain(ui: &Ui, response: &Response, help: &str) {
    const ABOVE: [RectAlign; 3] = [RectAlign::TOP_START, RectAlign::TOP, RectAlign::TOP_END];
    let top = Pos2::new(response.rect.left(), ui.max_rect().top());
    let mut tooltip = Tooltip::for_enabled(response);
    tooltip.popup = tooltip
        .popup
        .anchor(Rect::from_min_max(top, response.rect.max))
        .align(RectAlign::TOP_START)
        .align_alternatives(&ABOVE);
    tooltip.show(|ui| {
        ui.set_max_width(ui.spacing().tooltip_width);
        ui.label(help);
    });
}

/// Draws numbers side by side.
pub fn numbers_ui(ui: &mut Ui, style: Style, shown: &[Readout]) {
    ui.spacing_mut().item_spacing.x = GAP;
    for readout in shown {
        readout_ui(ui, style, readout);
    }
}
