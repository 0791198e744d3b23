//! Text without drawing it: widths, line breaks and ellipses, and the font itself.
//!
//! A figure has to know how wide a label is before it can place it, and the SVG it writes has to
//! look alike in every viewer, so the widths of the bundled font are tabled here. Kerning is left
//! out: it only ever makes text narrower. The window takes its font from here too.

/// The bundled font: Inter with the mathematical signs that Losscope writes (TrueType).
pub const FONT: &[u8] = include_bytes!("../../assets/fonts/LosscopeSans.ttf");
/// The name of [`FONT`].
pub const FAMILY: &str = "Losscope Sans";

/// Advance widths of the characters from space to `~`, in thousandths of the font size.
#[rustfmt::skip]
const ASCII: [u16; 95] = [
    281, 278, 403, 631, 638, 812, 639, 222, 362, 362, 500, 659, 280, 460, 276, 357, 625, 464, 605,
    636, 642, 608, 624, 571, 616, 624, 276, 280, 659, 659, 659, 507, 936, 676, 651, 727, 719, 598,
    587, 743, 740, 264, 543, 652, 562, 889, 753, 761, 635, 761, 639, 638, 642, 741, 676, 949, 642,
    665, 625, 362, 357, 362, 469, 452, 497, 564, 621, 558, 621, 582, 361, 609, 591, 237, 237, 544,
    237, 869, 585, 597, 609, 609, 372, 523, 364, 581, 557, 812, 540, 557, 541, 362, 327, 362, 659,
];

fn advance(c: char) -> f64 {
    let code = c as usize;
    let thousandths = match c {
        ' '..='~' => ASCII.get(code - 32).copied().unwrap_or(600),
        '\u{300}'..='\u{36f}' => 0,
        '·' => 276,
        '‖' => 358,
        '¹' => 313,
        '²' | '³' | '⁰'..='₎' => 440,
        '…' => 821,
        '→' | '←' => 955,
        '↑' | '↓' => 690,
        '∞' => 930,
        'ω' => 811,
        'φ' => 732,
        '−' | '×' | '±' | '≤' | '≥' | '≈' | '≠' => 659,
        'α'..='ω' => 600,
        '–' => 500,
        // Wider than most, so that a guess rather leaves a gap than an overlap.
        '—' | '\u{2e80}'..=char::MAX => 1000,
        _ => 680,
    };
    f64::from(thousandths) / 1000.0
}

/// The width of a line of text at a font size, both in points.
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// The text, cut with an ellipsis where it is wider than `limit` points.
pub fn ellipsized(text: &str, size: f64, limit: f64) -> String {
    if width(text, size) <= limit {
        return text.to_owned();
    }
    let mut room = limit / size - advance('…');
    let fitting = text.chars().take_while(|c| {
        room -= advance(*c);
        room >= 0.0
    });
    format!("{}…", fitting.collect::<String>().trim_end())
}

/// The text broken into lines of at most `limit` points, at spaces where possible. What doesn't
/// fit into `most` lines is cut with an ellipsis.
pub fn wrapped(text: &str, size: f64, limit: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in glued(text) {
        let longer = if line.is_empty() {
            word.clone()
        } else {
            format!("{line} {word}")
        };
        if width(&longer, size) <= limit {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        // A word wider than a whole line, such as a path, is broken anywhere.
        for c in word.chars() {
            if !line.is_empty() && width(&line, size) + advance(c) * size > limit {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).join(" ");
        if most > 0 {
            lines.push(ellipsized(&rest, size, limit));
        }
    }
    lines
}

/// The words of a text; an operator and what stands on both sides of it are one word, and so are
/// "seed" and its number.
fn glued(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for word in text
        .split([' ', '\t', '\n', '\r'])
        .filter(|w| !w.is_empty())
    {
        let percent = word.starts_with('%');
        let binds = percent || matches!(word, "=" | "×" | "±" | "·" | "≤" | "≥" | "≈" | "→");
        match words.last_mut().filter(|_| open || binds) {
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
        open = binds && !percent || word == "seed";
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use svg2pdf::usvg;

    /// The width as the renderer lays it out with the bundled font.
    fn rendered(text: &str) -> f64 {
        let mut options = usvg::Options::default();
        options.fontdb_mut().load_font_data(FONT.to_vec());
        let svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='900' height='90'><text y='50' font-size='10' \
             font-family='{FAMILY}'>{text}</text></svg>"
        );
        let tree = usvg::Tree::from_str(&svg, &options).unwrap();
        f64::from(tree.root().abs_bounding_box().width())
    }

    #[test]
    fn widths_are_those_of_the_font() {
        for text in [
            "Training loss (nats)",
            "0123456789",
            "filter-normalised, seed 1, ‖x‖ = 12.4, cosine −0.012",
            "θ(α) = (1 − α)·θ₁ + α·θ₂ ∈ ℝ, ∇f → ∞, 2.5×10⁻⁷ ± 3 ≤ ρ",
        ] {
            let (table, real) = (width(text, 10.0), rendered(text));
            assert!((table / real - 1.0).abs() < 0.05, "{text}: {table} {real}");
        }
    }

    #[test]
    fn lines_break_at_spaces_and_end_with_an_ellipsis() {
        let text = "one two three four five";
        let lines = wrapped(text, 10.0, 60.0, 9);
        assert_eq!(lines.join(" "), text);
        assert!(lines.len() > 1 && lines.iter().all(|l| width(l, 10.0) <= 60.0));
        let lines = wrapped(text, 10.0, 60.0, 1);
        assert!(lines.len() == 1 && lines[0].ends_with('…') && width(&lines[0], 10.0) <= 60.0);
        let lines = wrapped("/a/very/long/path/without/any/space", 10.0, 40.0, 99);
        assert!(lines.iter().all(|l| width(l, 10.0) <= 40.0));
        assert_eq!(
            glued("a = 1,  b 5 × 5 x 90 %) y"),
            ["a = 1,", "b", "5 × 5", "x", "90 %)", "y"]
        );
        assert!(wrapped("", 10.0, 60.0, 2).is_empty() && wrapped("a b", 10.0, 1.0, 0).is_empty());
    }
}
