//! Numbers as people read them on an axis: short, with a true minus sign and powers of ten.
//!
//! Labels, colour bars and iso-lines share these, so that one value never reads in two ways. It
//! knows no axes.

/// Labels for values that stand together on an axis: equal numbers of decimals, a true minus sign
/// (U+2212), powers of ten where plain digits would be long.
pub fn labels(values: &[f64]) -> Vec<String> {
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let step = values
        .windows(2)
        .map(|w| (w[1] - w[0]).abs())
        .fold(f64::INFINITY, f64::min);
    if !step.is_finite() {
        return values.iter().map(|v| format_value(*v)).collect();
    }
    // The decimals that tell neighbours apart.
    let decimals = (0..=8).find(|d| {
        let scaled = step * 10f64.powi(*d);
        (scaled - scaled.round()).abs() < 1e-6 * scaled && scaled >= 0.5
    });
    match decimals {
        Some(d) if largest < 99_999.5 && d <= 4 => values
            .iter()
            .map(|v| true_minus(&format!("{v:.*}", d as usize)))
            .collect(),
        _ => values.iter().map(|v| format_value(*v)).collect(),
    }
}

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
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            "∞".to_owned()
        } else {
            "−∞".to_owned()
        };
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:.2e}");
    let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits = if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    };
    let power: i32 = power.parse().unwrap_or(0);
    if (-3..=4).contains(&power) {
        // Rounded to three digits first, so that 1234 and 1230 read alike on a label.
        let rounded: f64 = scientific.parse().unwrap_or(value);
        return true_minus(&format!("{rounded}"));
    }
    let ten = power_of_ten(power);
    match digits {
        "1" => ten,
        "-1" => format!("−{ten}"),
        _ => format!("{}×{ten}", true_minus(digits)),
    }
}

/// `10⁻⁵`
pub fn power_of_ten(power: i32) -> String {
    let raised: String = power.to_string().chars().map(superscript).collect();
    format!("10{raised}")
}

fn true_minus(text: &str) -> String {
    let is_zero = !text.contains(|c: char| c.is_ascii_digit() && c != '0');
    if is_zero {
        text.replace('-', "")
    } else {
        text.replace('-', "−")
    }
}

fn superscript(c: char) -> char {
    match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        other => other,
    }
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
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(11_173_962), "11,173,962");
        assert_eq!(grouped(999), "999");
    }

    #[test]
    fn neighbours_share_their_decimals() {
        let check = |values: &[f64], expected: &[&str]| assert_eq!(labels(values), expected);
        check(&[0.0, 0.25, 0.5], &["0.00", "0.25", "0.50"]);
        check(&[-0.1, 0.0, 0.1 + 0.2 - 0.2], &["−0.1", "0.0", "0.1"]);
        check(&[0.0, 1e-7, 2e-7], &["0", "10⁻⁷", "2×10⁻⁷"]);
        check(&[4.2], &["4.2"]);
        check(&[], &[]);
    }
}
