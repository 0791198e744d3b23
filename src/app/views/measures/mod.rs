//! Everything as a table: small batch, θ(α), large batch, and how many times more.

mod help;
mod rows;

use super::{Context, Home, Needs, View};
use crate::app::command::Command;
use crate::app::export::commands;
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{Content, has_curves, header, is_measured, nothing};
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::engine::header::Header;
use crate::engine::live::{Quantity, Snapshot, Wish};
use crate::error::Result;
use crate::export::artifact::Tables;
use crate::export::caption;
use crate::export::figure::FigureOptions;
use crate::export::npz::Column;
use crate::landscape::measures::entry::Group as Heading;
use crate::plot::number::{format_value, percent_to, significant, with_error};
use crate::plot::table_figure::{TableFigure, TableRow};
use eframe::egui::{self, Align, Label, Layout, Rect, RichText, ScrollArea, Sense, Ui, Vec2};
use rows::{Group, Row, Value, groups};
use std::sync::Arc;

const CAUTION: &str = "Sharpness and curvature depend on the parametrisation: rescaling layers can change them without changing the function (Dinh et al. 2017); the adaptive ones don't change. All predict generalisation poorly in modern settings (Andriushchenko et al. 2023).";

/// The view.
#[derive(Default)]
pub struct MeasuresView;

impl View for MeasuresView {
    fn name(&self) -> &'static str {
        "Measures"
    }

    fn home(&self) -> Home {
        Home::TopRight
    }

    fn needs(&self) -> Needs {
        Needs {
            measures: Quantity::table(),
            sharpness: true,
            ..Needs::default()
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        measures_ui(ui, cx);
    }

    fn forms(&self) -> &'static [Form] {
        forms::OF_TABLES
    }

    fn artifact(&self, state: &State, news: &Snapshot) -> Result<Content> {
        let groups = groups(state, news);
        if groups.is_empty() {
            return Err(nothing());
        }
        // What isn't checked isn't missing.
        let wanted = &state.wish.measures;
        let wanted: Vec<Quantity> = Quantity::table()
            .iter()
            .filter(|quantity| wanted.contains(quantity))
            .copied()
            .collect();
        let complete = is_measured(state, news, &wanted) && has_curves(state, news);
        Ok(Content::of(tables(
            header("measures", state, news, complete)?,
            &groups,
        )))
    }

    fn text(&self, state: &State, news: &Snapshot) -> Option<String> {
        Some(tsv(state, news))
    }

    fn command(&self, state: &State) -> Option<String> {
        // The terminal measures what a new window does.
        let wish = &state.wish;
        let mut table = Quantity::table().iter();
        let usual = table.all(|q| wish.measures.contains(q) == q.is_usual())
            && wish.learning_rate == Wish::default().learning_rate;
        usual.then(|| commands::of_view(self.name(), state, None))
    }
}

/// The table with its picture.
fn tables(header: Header, groups: &[Group]) -> Tables {
    let rows = || {
        groups
            .iter()
            .flat_map(|g| g.rows.iter().map(move |row| (g, row)))
    };
    let value = |point: usize, of: fn(Value) -> f64| {
        let cells = rows().map(|(_, row)| row.values[point].map_or(f64::NAN, of));
        Column::Floats(cells.collect())
    };
    let ratio = |of: fn((f64, f64)) -> f64| {
        Column::Floats(
            rows()
                .map(|(_, row)| row.ratio().map_or(f64::NAN, of))
                .collect(),
        )
    };
    let columns = vec![
        (
            "group",
            Column::Words(rows().map(|(g, _)| g.name.to_owned()).collect()),
        ),
        (
            "quantity",
            Column::Words(rows().map(|(_, row)| row.name.clone()).collect()),
        ),
        (
            "unit",
            Column::Words(rows().map(|(_, row)| row.own_unit().to_string()).collect()),
        ),
        ("small", value(0, |v| v.number)),
        ("small_error", value(0, |v| v.error)),
        ("here", value(1, |v| v.number)),
        ("here_error", value(1, |v| v.error)),
        ("large", value(2, |v| v.number)),
        ("large_error", value(2, |v| v.error)),
        ("ratio", ratio(|(ratio, _)| ratio)),
        ("ratio_error", ratio(|(_, error)| error)),
    ];
    let cell = |row: &Row, value: Option<Value>| {
        value.map_or_else(
            || "–".to_owned(),
            |value| {
                let (number, rest) = with_error(row.scale * value.number, row.scale * value.error);
                let refined = if value.settled { "" } else { " …" };
                format!("{number}{rest}{refined}")
            },
        )
    };
    let mut lines = Vec::new();
    // A picture has no room for what wasn't asked for.
    let known = |group: &&Group| {
        group
            .rows
            .iter()
            .any(|row| row.values.iter().any(Option::is_some))
    };
    for group in groups.iter().filter(known) {
        lines.push(TableRow::Heading(group.name.to_owned()));
        for row in &group.rows {
            let mut cells: Vec<String> = row.values.map(|v| cell(row, v)).into();
            let ratio = row
                .ratio()
                .map(|(ratio, _)| format!("× {}", format_value(ratio)));
            cells.push(ratio.unwrap_or_else(|| "–".to_owned()));
            let unit = if row.unit.is_empty() {
                String::new()
            } else {
                format!(" ({})", row.unit)
            };
            lines.push(TableRow::Cells(format!("{}{unit}", row.name), cells));
        }
    }
    let said = header.clone();
    let picture = move |options: &FigureOptions| {
        let heads = ["small batch", "θ(α)", "large batch", "ratio"];
        let own = vec![CAUTION.to_owned()];
        TableFigure {
            heads: heads.map(str::to_owned).into(),
            rows: lines.clone(),
            title: options
                .title
                .clone()
                .unwrap_or_else(|| format!("{}: measures", said.model.name)),
            caption: options.small_print(caption::around(&said, own)),
            width_mm: options.width,
        }
        .svg()
    };
    Tables::new("measures", header, Arc::new(picture)).with("measures", "", columns)
}

/// The table as tab-separated values, full precision, with a row of headings.
fn tsv(state: &State, news: &Snapshot) -> String {
    let mut text = "quantity\tunit\tsmall batch\terror\ttheta(alpha)\terror\tlarge batch\terror\tlarge/small\terror\n".to_owned();
    let cell = |v: Option<Value>| {
        v.map_or_else(|| "\t".to_owned(), |v| format!("{}\t{}", v.number, v.error))
    };
    for row in groups(state, news).iter().flat_map(|group| &group.rows) {
        let [small, here, large] = row.values.map(cell);
        let ratio = row
            .ratio()
            .map_or_else(|| "\t".to_owned(), |(r, e)| format!("{r}\t{e}"));
        text.push_str(&format!(
            "{}\t{}\t{small}\t{here}\t{large}\t{ratio}\n",
            row.name,
            row.own_unit()
        ));
    }
    text
}

/// Draws the view.
fn measures_ui(ui: &mut Ui, cx: &mut Context<'_>) {
    let groups = groups(cx.state, cx.news);
    if groups.is_empty() {
        super::empty_ui(ui, cx.palette, "The numbers are on their way…");
        return;
    }
    ui.horizontal(|ui| {
        let copy = ui
            .button("Copy as TSV")
            .on_hover_text("The whole table with full precision, for spreadsheets");
        if copy.clicked() {
            cx.commands.push(Command::CopyTable(MeasuresView.pane()));
        }
        let caution = RichText::new("depends on the parametrisation").color(cx.palette.weak);
        ui.add(Label::new(caution).truncate())
            .on_hover_text(CAUTION);
    });
    let width = ui.available_width();
    let columns = [0.265, 0.175, 0.175, 0.175, 0.21].map(|share| share * (width - 14.0));
    line_ui(ui, &columns, None, |ui, column| {
        let heads = [
            ("", cx.palette.text),
            ("small batch", cx.palette.small),
            ("θ(α)", cx.palette.here),
            ("large batch", cx.palette.large),
            ("ratio", cx.palette.text),
        ];
        let (words, color) = heads[column];
        let head = Label::new(RichText::new(words).strong().color(color)).truncate();
        let head = ui.add(head);
        if column == 4 {
            head.on_hover_text(
                "Large batch over small batch, with its error; the bar's half is one decade",
            );
        }
    });
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for group in &groups {
            heading_ui(ui, cx, group);
            for (index, row) in group.rows.iter().enumerate() {
                let ground = index.is_multiple_of(2).then_some(cx.palette.card);
                line_ui(ui, &columns, ground, |ui, column| match column {
                    0 => {
                        let unit = if row.unit.is_empty() {
                            String::new()
                        } else {
                            format!(" ({})", row.unit)
                        };
                        ui.add(Label::new(format!("{}{unit}", row.name)).truncate())
                            .on_hover_text(row.help.as_str());
                    }
                    4 => ratio_ui(ui, row, cx.palette),
                    _ => value_ui(ui, row, row.values[column - 1], cx.palette),
                });
            }
        }
    });
}

/// A group's name; checked while what takes time is being measured, with how far it is.
fn heading_ui(ui: &mut Ui, cx: &mut Context<'_>, group: &Group) {
    ui.add_space(6.0);
    let wanted = &mut cx.state.wish.measures;
    ui.horizontal(|ui| {
        let words = RichText::new(group.name).strong();
        if group.quantities.is_empty() {
            ui.label(words);
            return;
        }
        let mut on = group.quantities.iter().all(|q| wanted.contains(q));
        let help = "Measured while this is checked, at both minimizers and at θ(α) once the pointer rests. Take the check away to stop; what is known stays, and goes on from there";
        if ui.checkbox(&mut on, words).on_hover_text(help).changed() {
            wanted.retain(|q| !group.quantities.contains(q));
            if on {
                wanted.extend(&group.quantities);
                let order = Quantity::all();
                wanted.sort_by_key(|q| order.iter().position(|o| o == q));
            }
        }
        if group.name == "Sharpness" {
            ui.label(RichText::new(rows::rho(cx.news.score())).color(cx.palette.weak))
                .on_hover_text("Below φ: rises of the loss, in its own unit, under perturbations of this size, as a share of the weights or as a length");
        }
        if group.name == Heading::Stability.name() {
            rate_ui(ui, &mut cx.state.wish.learning_rate);
        }
        let (done, total) = group.steps;
        if done < total && (on || done > 0) {
            let share = done as f64 / total.max(1) as f64;
            let state = if on { "" } else { ", stopped" };
            ui.label(RichText::new(format!("{}{state}", percent_to(share, 0))).color(cx.palette.weak));
        }
    });
}

/// η of the measures that have one, which is taken once the pointer or the keys let go of it.
fn rate_ui(ui: &mut Ui, rate: &mut f64) {
    let id = ui.scope_id().with("rate");
    let mut typed = ui.data(|data| data.get_temp(id)).unwrap_or(*rate);
    let speed = 0.02 * typed;
    let drag = egui::DragValue::new(&mut typed)
        .range(1e-9..=1e6)
        .speed(speed)
        .prefix("η = ");
    let response = ui.add(drag);
    let shown = typed.to_string();
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::SpinButton, true, "Learning rate");
        info.current_text_value = Some(shown.clone());
        info
    });
    let response = response
        .on_hover_text("The learning rate of η λ_max/2 and of the steps along the gradient");
    if response.dragged() || response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, typed));
    } else {
        ui.data_mut(|data| data.remove::<f64>(id));
        *rate = typed;
    }
}

fn value_ui(ui: &mut Ui, row: &Row, value: Option<Value>, palette: &Palette) {
    let Some(value) = value else {
        let blank = ui.label(RichText::new("–").color(palette.weak));
        if let Some(problem) = &row.problem {
            blank.on_hover_text(format!("{}: {problem}", row.name));
        }
        return;
    };
    let color = if value.settled {
        palette.text
    } else {
        palette.weak
    };
    ui.spacing_mut().item_spacing.x = 3.0;
    let error = value.error;
    let (number, rest) = with_error(row.scale * value.number, row.scale * error);
    if !rest.is_empty() {
        ui.label(RichText::new(rest).small().color(palette.weak));
    }
    let precise = format!(
        "{} = {}{}{}",
        row.name,
        significant(row.scale * value.number, 9),
        if error > 0.0 {
            format!(" ± {}", format_value(row.scale * error))
        } else {
            String::new()
        },
        if value.settled {
            ""
        } else {
            ", still being refined"
        }
    );
    ui.add(Label::new(RichText::new(number).color(color)).truncate())
        .on_hover_text(precise);
}

/// One line of the table; names stand left, numbers right.
fn line_ui(
    ui: &mut Ui,
    columns: &[f32; 5],
    ground: Option<egui::Color32>,
    mut cell: impl FnMut(&mut Ui, usize),
) {
    let height = 20.0;
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    if let Some(ground) = ground {
        ui.painter().rect_filled(rect, 3.0, ground);
    }
    let mut left = rect.left() + 6.0;
    for (column, width) in columns.iter().enumerate() {
        let place =
            Rect::from_min_size(egui::pos2(left, rect.top()), Vec2::new(width - 6.0, height));
        let layout = if column == 0 {
            Layout::left_to_right(Align::Center)
        } else {
            Layout::right_to_left(Align::Center)
        };
        let builder = egui::UiBuilder::new().max_rect(place).layout(layout);
        ui.scope_builder(builder, |ui| cell(ui, column));
        left += width;
    }
}

/// The ratio and a bar: to the right where the large batch has more, one decade the whole width; its
/// error as a whisker.
fn ratio_ui(ui: &mut Ui, row: &Row, palette: &Palette) {
    let Some((ratio, error)) = row.ratio() else {
        ui.label(RichText::new("–").color(palette.weak));
        return;
    };
    ui.label(format!("× {}", format_value(ratio)));
    let room = ui.available_rect_before_wrap();
    if ratio <= 0.0 || room.width() < 20.0 {
        return;
    }
    let middle = room.center();
    let reach = |ratio: f64| (ratio.log10().clamp(-1.0, 1.0) as f32) * 0.5 * (room.width() - 8.0);
    let color = if ratio > 1.0 {
        palette.large
    } else {
        palette.small
    };
    let end = middle + Vec2::new(reach(ratio), 0.0);
    let bar = Rect::from_two_pos(middle, end).expand2(Vec2::new(0.0, 3.0));
    ui.painter()
        .rect_filled(bar, 1.5, color.gamma_multiply(0.8));
    if error.is_finite() && error > 2e-3 * ratio {
        let whisker = egui::Stroke::new(1.0, palette.text);
        let [low, high] =
            [ratio - error, ratio + error].map(|r| middle.x + reach(r.max(f64::MIN_POSITIVE)));
        ui.painter().hline(low..=high, middle.y, whisker);
        for x in [low, high] {
            ui.painter()
                .vline(x, middle.y - 2.5..=middle.y + 2.5, whisker);
        }
    }
    let line = egui::Stroke::new(1.0, palette.line);
    ui.painter()
        .vline(middle.x, room.top() + 4.0..=room.bottom() - 4.0, line);
}
