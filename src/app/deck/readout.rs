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
/// Between a name and its number behind it.
const INNER: f32 = 4.0;
/// Between two numbers that stand behind their names.
const NARROW_GAP: f32 = 8.0;
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
    /// Numbers of this size under their names, in one row with what can be typed.
    Tall(f32),
    /// Numbers of this size behind their names, so many a row, in rows below the slider.
    Flat {
        /// Of the numbers.
        size: f32,
        /// Numbers a row.
        columns: usize,
    },
}

const fn flat(columns: usize, size: f32) -> Style {
    Style::Flat { size, columns }
}

/// How numbers are set in a low window, the first that has room.
const FLAT: [Style; 6] = [
    flat(4, 13.0),
    flat(2, 13.0),
    flat(2, 12.0),
    flat(2, 11.0),
    flat(1, 13.0),
    flat(1, 11.0),
];

impl Style {
    /// The largest that leaves everything in as few rows as possible, whatever the numbers are.
    pub fn of(ui: &Ui, low: bool, shown: &[Vec<Readout>; 2]) -> Self {
        let room = 0.5 * (ui.available_width() - ui.spacing().item_spacing.x);
        if low {
            let fits = |style: &Self| {
                let width = |readouts: &Vec<Readout>| Table::of(ui, *style, readouts).size.x;
                shown.iter().all(|readouts| width(readouts) <= room)
            };
            let last = FLAT[FLAT.len() - 1];
            return FLAT.into_iter().find(fits).unwrap_or(last);
        }
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

    /// Whether the slider stands beside what can be typed, over the numbers.
    pub fn is_flat(self) -> bool {
        matches!(self, Self::Flat { .. })
    }

    fn fonts(self) -> [FontId; 2] {
        let (Self::Tall(value) | Self::Flat { size: value, .. }) = self;
        [NAME, value].map(FontId::proportional)
    }

    /// The room of a name and of a number, which depends on the widest number alone.
    fn parts(self, ui: &Ui, readout: &Readout) -> [Vec2; 2] {
        let [name, value] = self.fonts();
        [
            measured(ui, &readout.name, name),
            measured(ui, readout.widest, value),
        ]
    }

    /// The room of a number under its name.
    fn size(self, ui: &Ui, readout: &Readout) -> Vec2 {
        let [name, value] = self.parts(ui, readout);
        Vec2::new(name.x.max(value.x), name.y + value.y)
    }
}

/// Where numbers stand in rows and columns, each behind its name.
struct Table {
    /// Widths of the names and of the numbers in every column.
    columns: Vec<[f32; 2]>,
    row: f32,
    size: Vec2,
}

impl Table {
    fn of(ui: &Ui, style: Style, readouts: &[Readout]) -> Self {
        let most = match style {
            Style::Flat { columns, .. } => columns.min(readouts.len()),
            Style::Tall(_) => readouts.len(),
        };
        let mut columns = vec![[0.0_f32; 2]; most];
        let mut row = 0.0_f32;
        for (index, readout) in readouts.iter().enumerate() {
            let column = &mut columns[index % most];
            for (widest, part) in column.iter_mut().zip(style.parts(ui, readout)) {
                *widest = widest.max(part.x);
                row = row.max(part.y);
            }
        }
        let widths = columns.iter().map(|[name, value]| name + INNER + value);
        let between = NARROW_GAP * most.saturating_sub(1) as f32;
        let rows = readouts.len().div_ceil(most.max(1)) as f32;
        let size = Vec2::new(widths.sum::<f32>() + between, row * rows);
        Self { columns, row, size }
    }

    /// The places of a name and of its number, from the corner of the table.
    fn places(&self, index: usize) -> [Rect; 2] {
        let (row, column) = (index / self.columns.len(), index % self.columns.len());
        let before = self.columns[..column].iter();
        let left: f32 = before.map(|[n, v]| n + INNER + v + NARROW_GAP).sum();
        let [name, value] = self.columns[column];
        let top = row as f32 * self.row;
        [(left, name), (left + name + INNER, value)]
            .map(|(x, width)| Rect::from_min_size(Pos2::new(x, top), Vec2::new(width, self.row)))
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

fn tall_ui(ui: &mut Ui, style: Style, readout: &Readout) {
    let (rect, response) = ui.allocate_exact_size(style.size(ui, readout), Sense::hover());
    let layout = Layout::top_down(Align::Min);
    let mut inner = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
    inner.spacing_mut().item_spacing = Vec2::ZERO;
    for line in words(style, readout) {
        inner.add(Label::new(line).truncate());
    }
    explain(ui, &response, readout.help);
}

/// Name and number, as they are written.
fn words(style: Style, readout: &Readout) -> [RichText; 2] {
    let [name, value] = style.fonts();
    let words = readout.value.clone().unwrap_or_else(|| "–".to_owned());
    [
        RichText::new(&readout.name).font(name).weak(),
        RichText::new(words).font(value).color(readout.color),
    ]
}

fn flat_ui(ui: &mut Ui, style: Style, shown: &[Readout]) {
    let table = Table::of(ui, style, shown);
    let (all, _) = ui.allocate_exact_size(table.size, Sense::hover());
    for (index, readout) in shown.iter().enumerate() {
        let places = table.places(index).map(|r| r.translate(all.min.to_vec2()));
        let id = ui.scope_id().with(("readout", &readout.name));
        let response = ui.interact(places[0].union(places[1]), id, Sense::hover());
        for (rect, line) in places.into_iter().zip(words(style, readout)) {
            let layout = Layout::left_to_right(Align::Center);
            let mut inner = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
            inner.add(Label::new(line).truncate());
        }
        explain(ui, &response, readout.help);
    }
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

/// Draws numbers side by side, or in rows.
pub fn numbers_ui(ui: &mut Ui, style: Style, shown: &[Readout]) {
    if style.is_flat() {
        flat_ui(ui, style, shown);
        return;
    }
    ui.spacing_mut().item_spacing.x = GAP;
    for readout in shown {
        tall_ui(ui, style, readout);
    }
}
