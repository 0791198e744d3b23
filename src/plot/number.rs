//! Numbers as people read them: short, with a true minus sign and powers of ten.
//!
//! The window, figures, reports and the terminal share these, so that one value never reads in two
//! ways: one minus sign (U+2212), one power style (`1.2×10⁻⁵`), accuracies and shares in per cent.
//! Data files keep what machines read. Numbers that stand along an axis are `axis_numbers`'s.

use crate::model::losses::Score;

/// A whole number with its thousands apart: 11,173,962.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number to about three significant digits: `0.0123`, `−4.5`, `1200`, `3×10⁻⁵`, `∞`.
pub fn format_value(value: f64) -> String {
    significant(value, 3)
}

/// The widest text that [`format_value`] makes of a number from 10⁻⁹ to 10⁹⁹, for a place that
/// mustn't move while its number changes.
pub const WIDEST: &str = "8.88×10⁻⁸";

/// A number to so many significant digits, without zeros at its end; from 10⁻³ to 10⁵ in plain
/// digits, else as a power of ten.
pub fn significant(value: f64, digits: usize) -> String {
    if let Some(word) = word(value) {
        return word.to_owned();
    }
    let (mantissa, power) = apart(value, digits);
    if (-3..=4).contains(&power) {
        // Rounded first, so that 1234 and 1230 read alike on a label.
        let rounded: f64 = format!("{value:.*e}", digits.saturating_sub(1))
            .parse()
            .unwrap_or(value);
        return true_minus(&format!("{rounded}"));
    }
    of_ten(&mantissa, power)
}

/// A number as a power of ten whatever its size: `10⁻³`, `5×10⁻⁴`. For what spans decades, such as
/// ε, whose values would else change their style half-way.
pub fn power(value: f64) -> String {
    power_to(value, 3)
}

/// As [`power`], to so many digits.
pub fn power_to(value: f64, digits: usize) -> String {
    if let Some(word) = word(value) {
        return word.to_owned();
    }
    let (mantissa, power) = apart(value, digits);
    of_ten(&mantissa, power)
}

/// `10⁻⁵`
pub fn power_of_ten(power: i32) -> String {
    let raised: String = power.to_string().chars().map(superscript).collect();
    format!("10{raised}")
}

/// A number with so many decimals and a true minus sign; zero has none.
pub fn fixed(value: f64, decimals: usize) -> String {
    match word(value) {
        Some(word) if value != 0.0 => word.to_owned(),
        _ => true_minus(&format!("{value:.decimals$}")),
    }
}

/// α to the digits that tell positions of its slider apart: `0.50`, `0.485`, `−1.00`.
pub fn alpha(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0');
    let decimals = text.split_once('.').map_or(0, |(_, d)| d.len());
    fixed(value, decimals.max(2))
}

/// A score as people read it: an accuracy in per cent, R² as a number.
pub fn score(score: Score, value: f64) -> String {
    if score.is_share() && value.is_finite() {
        percent(value)
    } else {
        format_value(value)
    }
}

/// An accuracy as people read it, in per cent: `97.53 %`.
pub fn percent(share: f64) -> String {
    percent_to(share, 2)
}

/// A share in per cent with so many decimals: `12 %`.
pub fn percent_to(share: f64, decimals: usize) -> String {
    if share.is_nan() {
        return "–".to_owned();
    }
    format!("{} %", fixed(100.0 * share, decimals))
}

/// How fast something goes on: `350 points/s`, `3.4 points/s`, `25 s a point`; `None` before the
/// first of them is done. `unit` is the singular, or empty: `350/s`, `25 s each`.
pub fn rate(per_second: f64, unit: &str) -> Option<String> {
    if !per_second.is_finite() || per_second <= 0.0 {
        return None;
    }
    let (many, one) = if unit.is_empty() {
        (String::new(), "each".to_owned())
    } else {
        (format!(" {unit}s"), format!("a {unit}"))
    };
    let short = |r: f64| {
        if r >= 9.95 {
            grouped(r.round() as usize)
        } else {
            format!("{r:.1}")
        }
    };
    Some(if per_second >= 0.995 {
        format!("{}{many}/s", short(per_second))
    } else {
        format!("{} s {one}", short(1.0 / per_second))
    })
}

/// A number to three digits with its zeros and its thousands apart, so that those below each other
/// are equally long: 3.90, 0.0730, 10,800, 5.30×10⁻⁴.
pub fn three_digits(number: f64) -> String {
    if let Some(word) = word(number) {
        return word.to_owned();
    }
    let scientific = format!("{:.2e}", number.abs());
    let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let (power, rounded): (i32, f64) = (
        power.parse().unwrap_or(0),
        scientific.parse().unwrap_or(number.abs()),
    );
    let text = match power {
        3..=6 => grouped(rounded as usize),
        -3..=2 => format!("{rounded:.*}", (2 - power).max(0) as usize),
        _ => format!("{mantissa}×{}", power_of_ten(power)),
    };
    let minus = if number < 0.0 { "−" } else { "" };
    format!("{minus}{text}")
}

/// A number to three digits, and its error to two with the power of ten of both; an error that can't
/// be seen in three digits isn't worth its room.
pub fn with_error(value: f64, error: f64) -> (String, String) {
    if !(error.is_finite() && error > 2e-3 * value.abs()) {
        return (format_value(value), String::new());
    }
    if (1e-1..1e4).contains(&value.abs()) || value == 0.0 {
        let error = significant(error, 2);
        return (format_value(value), format!("±{error}"));
    }
    let exponent = value.abs().log10().floor();
    let unit = 10_f64.powf(exponent);
    let power = format!(
        "±{} ×{}",
        significant(error / unit, 2),
        power_of_ten(exponent as i32)
    );
    (format_value(value / unit), power)
}

/// The number that a person typed, in any style that is shown or usual: `5e-4`, `5×10⁻⁴`, `−0.5`,
/// `0,5`.
pub fn parse(text: &str) -> Option<f64> {
    let plain: String = text
        .trim()
        .chars()
        .map(|c| match c {
            '−' | '⁻' => '-',
            '⁰'..='⁹' | '¹' | '²' | '³' => lowered(c),
            ',' => '.',
            c => c,
        })
        .filter(|c| !c.is_whitespace())
        .collect();
    if let Ok(value) = plain.parse::<f64>() {
        // "10⁻³" would be 10 and −3 side by side: a raised digit makes it a power.
        if !text.contains(is_raised) {
            return Some(value).filter(|v| v.is_finite());
        }
    }
    // What stands before the raised digits is a mantissa and the 10 they belong to.
    let raised = text.chars().filter(|c| is_raised(*c)).count();
    let cut = plain.chars().count().checked_sub(raised)?;
    let (front, power): (String, String) = (
        plain.chars().take(cut).collect(),
        plain.chars().skip(cut).collect(),
    );
    let front = front.strip_suffix("10")?;
    let mantissa = match front.trim_end_matches(['×', '*', '·', 'x']) {
        "" => "1",
        "-" => "-1",
        other => other,
    };
    format!("{mantissa}e{power}")
        .parse()
        .ok()
        .filter(|v: &f64| v.is_finite())
}

/// What stands for a value that has no digits, and for zero.
fn word(value: f64) -> Option<&'static str> {
    match value {
        v if v.is_nan() => Some("NaN"),
        f64::INFINITY => Some("∞"),
        f64::NEG_INFINITY => Some("−∞"),
        0.0 => Some("0"),
        _ => None,
    }
}

/// Mantissa, without zeros at its end, and power of ten.
fn apart(value: f64, digits: usize) -> (String, i32) {
    let scientific = format!("{value:.*e}", digits.saturating_sub(1));
    let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let mantissa = if mantissa.contains('.') {
        mantissa.trim_end_matches('0').trim_end_matches('.')
    } else {
        mantissa
    };
    (mantissa.to_owned(), power.parse().unwrap_or(0))
}

fn of_ten(mantissa: &str, power: i32) -> String {
    let ten = power_of_ten(power);
    match mantissa {
        "1" => ten,
        "-1" => format!("−{ten}"),
        _ => format!("{}×{ten}", true_minus(mantissa)),
    }
}

fn true_minus(text: &str) -> String {
    let is_zero = !text.contains(|c: char| c.is_ascii_digit() && c != '0');
    if is_zero {
        text.replace('-', "")
    } else {
        text.replace('-', "−")
    }
}

/// Digits that are raised, from 0 to 9.
const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

fn superscript(c: char) -> char {
    match c.to_digit(10).and_then(|d| RAISED.get(d as usize)) {
        Some(raised) => *raised,
        None if c == '-' => '⁻',
        None => c,
    }
}

fn lowered(c: char) -> char {
    let digit = RAISED.iter().position(|raised| *raised == c);
    digit
        .and_then(|d| char::from_digit(d as u32, 10))
        .unwrap_or(c)
}

fn is_raised(c: char) -> bool {
    c == '⁻' || RAISED.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short() {
        for (value, expected) in [
            (0.012_345_6, "0.0123"),
            (-4.5, "−4.5"),
            (1234.0, "1230"),
            (0.1 + 0.2, "0.3"),
            (99999.0, "10⁵"),
            (3e-5, "3×10⁻⁵"),
            (-1e30, "−10³⁰"),
            (1.25e7, "1.25×10⁷"),
            (f64::INFINITY, "∞"),
            (f64::NEG_INFINITY, "−∞"),
            (f64::NAN, "NaN"),
            (-0.0, "0"),
        ] {
            assert_eq!(format_value(value), expected);
        }
        assert_eq!(significant(-1_234_567.8, 6), "−1.23457×10⁶");
        assert_eq!(significant(12.345_678, 6), "12.3457");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(11_173_962), "11,173,962");
        assert_eq!(grouped(999), "999");
    }

    #[test]
    fn epsilon_is_a_power_of_ten_throughout() {
        for (value, text) in [
            (1e-3, "10⁻³"),
            (5e-4, "5×10⁻⁴"),
            (1.23e-2, "1.23×10⁻²"),
            (0.1, "10⁻¹"),
            (0.0, "0"),
        ] {
            assert_eq!(power(value), text);
        }
    }

    #[test]
    fn what_is_shown_can_be_typed_again() {
        for value in [5e-4, 1e-3, -1.23e-12, 0.5, -1.0, 1e5, 12.0, 1.25e7] {
            assert_eq!(parse(&power(value)), Some(value), "{}", power(value));
            assert_eq!(parse(&format_value(value)), Some(value));
            assert_eq!(parse(&value.to_string()), Some(value));
            assert_eq!(parse(&format!("{value:e}")), Some(value));
        }
        assert_eq!(parse(" −0,5 "), Some(-0.5));
        for wrong in ["", "ε", "10⁻", "⁵", "5×", "∞", "2⁵"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn alpha_keeps_the_digits_it_needs() {
        for (value, expected) in [
            (0.5, "0.50"),
            (0.485, "0.485"),
            (-1.0, "−1.00"),
            (0.3, "0.30"),
            (-0.0, "0.00"),
        ] {
            assert_eq!(alpha(value), expected);
        }
    }

    #[test]
    fn accuracies_are_per_cent() {
        assert_eq!(percent(0.9753), "97.53 %");
        assert_eq!(percent_to(-0.126, 0), "−13 %");
        assert_eq!(percent(f64::NAN), "–");
    }

    #[test]
    fn no_rate_is_zero() {
        for (per_second, words) in [
            (1234.4, Some("1,234 points/s")),
            (3.41, Some("3.4 points/s")),
            (0.3, Some("3.3 s a point")),
            (0.04, Some("25 s a point")),
            (0.0, None),
            (f64::NAN, None),
        ] {
            assert_eq!(rate(per_second, "point").as_deref(), words);
        }
        assert_eq!(rate(12.3, "").as_deref(), Some("12/s"));
        assert_eq!(rate(0.5, "").as_deref(), Some("2.0 s each"));
    }

    #[test]
    fn three_digits_are_three_digits() {
        for (number, text) in [
            (3.9, "3.90"),
            (-0.073, "−0.0730"),
            (10_812.0, "10,800"),
            (999.7, "1,000"),
            (0.0, "0"),
            (5.304e-4, "5.30×10⁻⁴"),
            (-1e-7, "−1.00×10⁻⁷"),
            (2e10, "2.00×10¹⁰"),
            (f64::INFINITY, "∞"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(three_digits(number), text);
        }
    }

    #[test]
    fn a_number_and_its_error_share_their_power_of_ten() {
        for (value, error, number, rest) in [
            (18.03, 0.9123, "18", "±0.91"),
            (6.82e-4, 1.3e-4, "6.82", "±1.3 ×10⁻⁴"),
            (-0.014, 1.2e-4, "−1.4", "±0.012 ×10⁻²"),
            (3.74, 1e-4, "3.74", ""),
            (2.0, f64::INFINITY, "2", ""),
        ] {
            assert_eq!(with_error(value, error), (number.into(), rest.into()));
        }
    }
}
