//! An SVG page under construction: shapes and text in points, written as they come.
//!
//! It writes only what every viewer and both converters understand (paths, text, images, clips,
//! one kind of gradient), with two decimals, so that the same figure gives the same bytes. It
//! knows nothing of axes or data.

use std::fmt::Write as _;

use super::colormap::{Rgb, hex};
use super::text::FAMILY;

/// Points in a millimetre.
pub const POINTS_PER_MM: f64 = 72.0 / 25.4;
/// Ink of text and axes: nearly black, calmer than black on paper.
pub const INK: Rgb = [0x22, 0x22, 0x22];
/// Secondary text: captions and notes.
pub const FAINT: Rgb = [0x59, 0x59, 0x59];
/// Height of capital letters and digits over the font size.
pub const CAP: f64 = 0.727;

/// Which point of a text its position means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Font size in points.
    pub size: f64,
    pub anchor: Anchor,
    pub color: Rgb,
    /// Degrees clockwise about the position.
    pub turned: f64,
    /// A rim that keeps text legible over a picture.
    pub halo: Option<Rgb>,
}

impl Style {
    pub fn new(size: f64, anchor: Anchor, color: Rgb) -> Self {
        Self {
            size,
            anchor,
            color,
            turned: 0.0,
            halo: None,
        }
    }
}

/// The page so far.
#[derive(Default)]
pub struct Svg {
    body: String,
    definitions: String,
    names: usize,
}

impl Svg {
    /// Any element, written by the caller.
    pub fn element(&mut self, xml: &str) {
        self.body.push_str(xml);
        self.body.push('\n');
    }

    /// Something to refer to; `xml` gets the name to bear. Returns the name.
    pub fn define(&mut self, xml: impl FnOnce(&str) -> String) -> String {
        self.names += 1;
        let name = format!("d{}", self.names);
        self.definitions.push_str(&xml(&name));
        self.definitions.push('\n');
        name
    }

    /// Everything drawn on another page, over this one. The other must not define anything, since
    /// names count per page.
    pub fn append(&mut self, other: Self) {
        self.body.push_str(&other.body);
    }

    /// A path with presentation attributes such as `fill="none" stroke="#222"`.
    pub fn path(&mut self, data: &str, attributes: &str) {
        if !data.is_empty() {
            self.element(&format!(r#"<path d="{data}" {attributes}/>"#));
        }
    }

    /// A stroked line through points.
    pub fn line(&mut self, points: &[(f64, f64)], color: Rgb, width: f64) {
        self.path(
            &path_data(points, false),
            &format!(
                r#"fill="none" stroke="{}" stroke-width="{}""#,
                hex(color),
                number(width)
            ),
        );
    }

    /// A filled circle with a rim.
    pub fn dot(&mut self, (x, y): (f64, f64), radius: f64, fill: &str, rim: &str, rim_width: f64) {
        self.element(&format!(
            r#"<circle cx="{}" cy="{}" r="{}" fill="{fill}" stroke="{rim}" stroke-width="{}"/>"#,
            number(x),
            number(y),
            number(radius),
            number(rim_width),
        ));
    }

    /// A line of text; `(x, y)` is on its baseline.
    pub fn text(&mut self, x: f64, y: f64, text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        let anchor = match style.anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let (x, y) = (number(x), number(y));
        let turn = match style.turned {
            0.0 => String::new(),
            degrees => format!(r#" transform="rotate({} {x} {y})""#, number(degrees)),
        };
        let common = format!(
            r#"x="{x}" y="{y}" font-size="{}"{anchor}{turn}"#,
            number(style.size)
        );
        let text = escaped(text);
        if let Some(halo) = style.halo {
            let rim = format!(
                r#"fill="{0}" stroke="{0}" stroke-width="1.6" stroke-linejoin="round" stroke-opacity="0.85""#,
                hex(halo)
            );
            self.element(&format!(
                "<text {common} {rim} aria-hidden=\"true\">{text}</text>"
            ));
        }
        self.element(&format!(
            r#"<text {common} fill="{}">{text}</text>"#,
            hex(style.color)
        ));
    }

    /// The document: a page of the given width and height in points, with a name for readers that
    /// can't see it.
    pub fn finish(self, width: f64, height: f64, title: &str, description: &str) -> String {
        let mm = |points: f64| number(points / POINTS_PER_MM);
        let mut out = String::with_capacity(self.body.len() + self.definitions.len() + 1000);
        // The background is a style and not a shape, so that a picture is the lowest thing drawn.
        let _ = writeln!(
            out,
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{}mm" height="{}mm" viewBox="0 0 {} {}" font-family="'{FAMILY}', Inter, 'Helvetica Neue', Arial, sans-serif" style="background:#fff" role="img">"#,
            mm(width),
            mm(height),
            number(width),
            number(height),
        );
        let _ = writeln!(out, "<title>{}</title>", escaped(title));
        let _ = writeln!(out, "<desc>{}</desc>", escaped(description));
        if !self.definitions.is_empty() {
            let _ = write!(out, "<defs>\n{}</defs>\n", self.definitions);
        }
        out.push_str(&self.body);
        out.push_str("</svg>\n");
        out
    }
}

/// A coordinate with two decimals; what isn't finite or lies far off any page is held back, since
/// it would make the whole file unreadable.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "0".to_owned();
    }
    let text = format!("{:.2}", value.clamp(-1e5, 1e5));
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// The `d` of a path through points.
pub fn path_data(points: &[(f64, f64)], closed: bool) -> String {
    let mut data = String::with_capacity(points.len() * 12);
    for (i, (x, y)) in points.iter().enumerate() {
        let _ = write!(
            data,
            "{}{} {}",
            if i == 0 { "M" } else { "L" },
            number(*x),
            number(*y)
        );
    }
    if closed && !data.is_empty() {
        data.push('Z');
    }
    data
}

/// The `d` of a rectangle.
pub fn rect_data(left: f64, top: f64, width: f64, height: f64) -> String {
    let [l, t, w, h] = [left, top, width, height].map(number);
    format!("M{l} {t}h{w}v{h}h-{w}Z")
}

/// Text safe inside XML: markup escaped, characters that XML forbids left out.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_text_are_always_valid() {
        assert_eq!(number(-0.001), "0");
        assert_eq!(number(12.30), "12.3");
        assert_eq!(number(f64::NAN), "0");
        assert_eq!(number(f64::INFINITY), "100000");
        assert_eq!(escaped("a<b & \"c\"\u{7}\n"), "a&lt;b &amp; &quot;c&quot; ");
        assert_eq!(path_data(&[(0.0, 1.0), (2.5, 3.0)], true), "M0 1L2.5 3Z");
    }
}
