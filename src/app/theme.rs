//! The interface's own colours, fonts and spacing; colours of data stand in `plot::colormap`.
//!
//! Text keeps a contrast of at least 4.5 to 1 on its ground in both themes, the parts of a control
//! one of 3 to 1 (WCAG 2, level AA), which tests check.

use super::state::ThemeChoice;
use eframe::egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow,
    Stroke, Style, TextStyle, Theme, ThemePreference, Ui, Vec2, Visuals, style::WidgetVisuals,
};
use std::sync::Arc;

/// Colours with a meaning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Palette {
    /// The small-batch minimizer.
    pub small: Color32,
    /// The large-batch minimizer.
    pub large: Color32,
    /// Any further minimizer; names tell them apart.
    pub other: Color32,
    /// θ(α), and whatever can be dragged.
    pub here: Color32,
    /// Curves of losses.
    pub loss: Color32,
    /// Curves of accuracies.
    pub accuracy: Color32,
    /// What is selected or focused.
    pub accent: Color32,
    /// Text.
    pub text: Color32,
    /// Text of lesser weight.
    pub weak: Color32,
    /// Something a reader should know.
    pub warning: Color32,
    /// Something failed.
    pub error: Color32,
    /// Behind everything: panels and plots share it, so that clearing the window is all the filling
    /// there is, which is half a frame of a software renderer.
    pub panel: Color32,
    /// Behind cards.
    pub card: Color32,
    /// Lines between things.
    pub line: Color32,
    /// The track of a slider, which says how far it goes.
    pub track: Color32,
    /// Whether text is light on dark.
    pub dark: bool,
}

const DARK: Palette = Palette {
    small: Color32::from_rgb(0x5a, 0xb4, 0xf0),
    large: Color32::from_rgb(0xff, 0x8a, 0x4c),
    other: Color32::from_rgb(0xf2, 0x8b, 0xc8),
    here: Color32::from_rgb(0x3d, 0xd6, 0xa3),
    loss: Color32::from_rgb(0xc4, 0xa7, 0xf5),
    accuracy: Color32::from_rgb(0xe6, 0xc3, 0x4a),
    accent: Color32::from_rgb(0x3d, 0xd6, 0xa3),
    text: Color32::from_rgb(0xe8, 0xea, 0xed),
    weak: Color32::from_rgb(0xa3, 0xaa, 0xb5),
    warning: Color32::from_rgb(0xf2, 0xc1, 0x4e),
    error: Color32::from_rgb(0xff, 0x7b, 0x72),
    panel: Color32::from_rgb(0x15, 0x18, 0x1d),
    card: Color32::from_rgb(0x20, 0x25, 0x2c),
    line: Color32::from_rgb(0x33, 0x3a, 0x44),
    track: Color32::from_rgb(0x70, 0x79, 0x86),
    dark: true,
};

const LIGHT: Palette = Palette {
    small: Color32::from_rgb(0x00, 0x62, 0xa8),
    large: Color32::from_rgb(0xb8, 0x48, 0x00),
    other: Color32::from_rgb(0xa0, 0x2a, 0x78),
    here: Color32::from_rgb(0x00, 0x75, 0x55),
    loss: Color32::from_rgb(0x6a, 0x3f, 0xb5),
    accuracy: Color32::from_rgb(0x8a, 0x64, 0x00),
    accent: Color32::from_rgb(0x00, 0x75, 0x55),
    text: Color32::from_rgb(0x1c, 0x20, 0x26),
    weak: Color32::from_rgb(0x57, 0x5f, 0x6b),
    warning: Color32::from_rgb(0x85, 0x58, 0x00),
    error: Color32::from_rgb(0xb4, 0x23, 0x18),
    panel: Color32::from_rgb(0xff, 0xff, 0xff),
    card: Color32::from_rgb(0xf4, 0xf5, 0xf7),
    line: Color32::from_rgb(0xd5, 0xd9, 0xdf),
    track: Color32::from_rgb(0x80, 0x88, 0x93),
    dark: false,
};

/// The colours of a theme.
pub fn palette(dark: bool) -> &'static Palette {
    if dark { &DARK } else { &LIGHT }
}

/// Sets fonts, spacing and colours of both themes.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    for theme in [Theme::Dark, Theme::Light] {
        let palette = palette(theme == Theme::Dark);
        ctx.style_mut_of(theme, |style| set_style(style, palette));
    }
}

/// Follows the person's choice of theme.
pub fn follow(ctx: &Context, choice: ThemeChoice) {
    ctx.set_theme(match choice {
        ThemeChoice::System => ThemePreference::System,
        ThemeChoice::Light => ThemePreference::Light,
        ThemeChoice::Dark => ThemePreference::Dark,
    });
}

/// The figures' own font first, so that the window and its figures speak with one voice and every
/// sign of the formulas is there.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let name = "losscope".to_owned();
    let bytes = include_bytes!("../../assets/fonts/LosscopeSans.ttf");
    fonts
        .font_data
        .insert(name.clone(), Arc::new(FontData::from_static(bytes)));
    let families = &mut fonts.families;
    families
        .entry(FontFamily::Proportional)
        .or_default()
        .insert(0, name.clone());
    families
        .entry(FontFamily::Monospace)
        .or_default()
        .push(name);
    fonts
}

/// Large figures that are read from a distance.
pub fn readout() -> FontId {
    FontId::proportional(22.0)
}

/// Gives the sliders that follow a track that can be seen.
pub fn slider_colours(ui: &mut Ui, palette: &Palette) {
    let visuals = ui.visuals_mut();
    visuals.widgets.inactive.bg_fill = palette.track;
    visuals.selection.bg_fill = palette.accent;
}

fn set_style(style: &mut Style, palette: &Palette) {
    style.text_styles = [
        (TextStyle::Small, FontId::proportional(11.0)),
        (TextStyle::Body, FontId::proportional(13.0)),
        (TextStyle::Button, FontId::proportional(13.0)),
        (TextStyle::Heading, FontId::proportional(15.0)),
        (TextStyle::Monospace, FontId::monospace(12.0)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(8.0, 6.0);
    spacing.button_padding = Vec2::new(9.0, 4.0);
    spacing.interact_size = Vec2::new(36.0, 24.0);
    spacing.window_margin = Margin::same(14);
    spacing.menu_margin = Margin::same(6);
    spacing.indent = 14.0;
    spacing.tooltip_width = 380.0;
    spacing.combo_width = 120.0;
    style.visuals = visuals(palette);
}

fn visuals(palette: &Palette) -> Visuals {
    let mut visuals = if palette.dark {
        Visuals::dark()
    } else {
        Visuals::light()
    };
    let radius = CornerRadius::same(6);
    let raised = if palette.dark {
        Color32::from_rgb(0x2d, 0x34, 0x3e)
    } else {
        Color32::from_rgb(0xe9, 0xeb, 0xef)
    };
    let hovered = if palette.dark {
        Color32::from_rgb(0x3a, 0x43, 0x50)
    } else {
        Color32::from_rgb(0xdd, 0xe1, 0xe7)
    };
    let widget = |fill: Color32, border: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, border),
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    visuals.widgets.noninteractive = widget(palette.panel, palette.line, palette.text);
    visuals.widgets.inactive = widget(raised, palette.line, palette.text);
    visuals.widgets.hovered = widget(hovered, palette.weak, palette.text);
    visuals.widgets.active = widget(hovered, palette.accent, palette.text);
    visuals.widgets.open = widget(hovered, palette.line, palette.text);
    visuals.selection.bg_fill =
        palette
            .accent
            .gamma_multiply(if palette.dark { 0.35 } else { 0.22 });
    visuals.selection.stroke = Stroke::new(1.5, palette.accent);
    visuals.hyperlink_color = palette.accent;
    visuals.weak_text_color = Some(palette.weak);
    visuals.warn_fg_color = palette.warning;
    visuals.error_fg_color = palette.error;
    visuals.panel_fill = palette.panel;
    visuals.window_fill = palette.card;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.window_corner_radius = CornerRadius::same(10);
    visuals.menu_corner_radius = CornerRadius::same(8);
    visuals.extreme_bg_color = palette.panel;
    visuals.text_edit_bg_color = Some(raised);
    visuals.faint_bg_color = palette.card;
    visuals.code_bg_color = raised;
    visuals.slider_trailing_fill = true;
    visuals.window_shadow = Shadow {
        offset: [0, 6],
        blur: 24,
        spread: 0,
        color: Color32::from_black_alpha(if palette.dark { 120 } else { 40 }),
    };
    visuals.popup_shadow = visuals.window_shadow;
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::colormap::luminance;

    fn contrast(a: Color32, b: Color32) -> f64 {
        let l = |c: Color32| luminance([c.r(), c.g(), c.b()]);
        let (bright, dim) = (l(a).max(l(b)), l(a).min(l(b)));
        (bright + 0.05) / (dim + 0.05)
    }

    #[test]
    fn text_is_legible_on_every_ground() {
        for palette in [DARK, LIGHT] {
            for ground in [palette.panel, palette.card] {
                for ink in [
                    palette.text,
                    palette.weak,
                    palette.small,
                    palette.large,
                    palette.here,
                    palette.loss,
                    palette.accuracy,
                    palette.warning,
                    palette.error,
                ] {
                    let ratio = contrast(ink, ground);
                    assert!(ratio >= 4.5, "{ink:?} on {ground:?}: {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn the_track_of_a_slider_can_be_seen_on_every_ground() {
        for palette in [DARK, LIGHT] {
            for ground in [palette.panel, palette.card] {
                for part in [palette.track, palette.accent] {
                    let ratio = contrast(part, ground);
                    assert!(ratio >= 3.0, "{part:?} on {ground:?}: {ratio:.2}");
                }
            }
        }
    }
}
