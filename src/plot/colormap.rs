//! Colours of data: the maps from values to colours and the colours of lines.
//!
//! This is the one source for them; the window, the figures and the textures of a surface all ask
//! here. Every map is perceptually uniform with a lightness that only rises, so that a figure keeps
//! its meaning in grey print and for colour-blind readers. It knows no value range: `scale` does.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A colour as sRGB bytes.
pub type Rgb = [u8; 3];

/// A map from [0, 1] to colours, dark at 0 and light at 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colormap {
    /// Purple, green, yellow.
    #[default]
    Viridis,
    /// Blue to yellow, alike for the colour-blind.
    Cividis,
    /// Black, purple, cream.
    Magma,
    /// Black, red, pale yellow.
    Inferno,
    /// Blue, pink, yellow.
    Plasma,
    /// Nearly black to nearly white.
    Grey,
}

impl Colormap {
    /// All maps, the default first.
    pub const ALL: [Self; 6] = [
        Self::Viridis,
        Self::Cividis,
        Self::Magma,
        Self::Inferno,
        Self::Plasma,
        Self::Grey,
    ];

    /// The name as written on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Cividis => "cividis",
            Self::Magma => "magma",
            Self::Inferno => "inferno",
            Self::Plasma => "plasma",
            Self::Grey => "grey",
        }
    }

    /// The colour at `t`, which is clamped to [0, 1]. NaN gives [`MISSING`]: a hole has no colour of
    /// its own, and callers are expected to draw it as a hole.
    pub fn rgb(self, t: f64) -> Rgb {
        if t.is_nan() {
            return MISSING;
        }
        let t = t.clamp(0.0, 1.0);
        let gradient = match self {
            Self::Viridis => colorous::VIRIDIS,
            Self::Cividis => colorous::CIVIDIS,
            Self::Magma => colorous::MAGMA,
            Self::Inferno => colorous::INFERNO,
            Self::Plasma => colorous::PLASMA,
            Self::Grey => {
                // The ends stay off pure black and white, which belong to lines and paper.
                let level = (24.0 + t * (240.0 - 24.0)).round() as u8;
                return [level; 3];
            }
        };
        gradient.eval_continuous(t).into_array()
    }

    /// The map as 256 colours, for textures and palettes; entry `i` is the colour at i/255.
    pub fn table(self) -> [Rgb; 256] {
        std::array::from_fn(|i| self.rgb(i as f64 / 255.0))
    }
}

impl fmt::Display for Colormap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Colormap {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wanted = text.trim().to_lowercase();
        let wanted = if wanted == "gray" { "grey" } else { &wanted };
        Self::ALL
            .into_iter()
            .find(|map| map.name() == wanted)
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::name).join(", ");
                Error::Usage(format!(
                    "no colour map is called {text:?}; choose one of {names}"
                ))
            })
    }
}

/// The colour of a value that isn't there.
pub const MISSING: Rgb = [128, 128, 128];
/// Lines that show a loss: Okabe and Ito's blue.
pub const LOSS: Rgb = [0x00, 0x72, 0xb2];
/// Lines that show an accuracy: Okabe and Ito's vermilion.
pub const ACCURACY: Rgb = [0xd5, 0x5e, 0x00];

/// Distinct colours for several lines or trajectories (Okabe and Ito 2008, safe for the
/// colour-blind), the strongest contrasts first. The pale yellow of the set is left out: on paper
/// it can't be seen.
pub const SERIES: [Rgb; 7] = [
    LOSS,
    ACCURACY,
    [0x00, 0x9e, 0x73],
    [0xcc, 0x79, 0xa7],
    [0xe6, 0x9f, 0x00],
    [0x56, 0xb4, 0xe9],
    [0x33, 0x33, 0x33],
];

/// The colour of line number `index`; after the last one they start again.
pub fn series(index: usize) -> Rgb {
    SERIES[index % SERIES.len()]
}

/// Relative luminance in [0, 1] (WCAG 2): decides whether dark or light ink is legible on a colour.
pub fn luminance(rgb: Rgb) -> f64 {
    let [r, g, b] = rgb.map(|byte| {
        let c = f64::from(byte) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// `#rrggbb`.
pub fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lightness_only_rises() {
        for map in Colormap::ALL {
            let light = map.table().map(luminance);
            // Bytes are rounded, so a step may lose a little.
            assert!(light.windows(2).all(|w| w[1] > w[0] - 0.004), "{map}");
            assert!(light[255] - light[0] > 0.5, "{map}");
        }
    }

    #[test]
    fn names_go_both_ways() {
        for map in Colormap::ALL {
            assert_eq!(map.to_string().parse::<Colormap>().unwrap(), map);
            assert_eq!(serde_json::to_string(&map).unwrap(), format!("\"{map}\""));
        }
        assert_eq!(" Gray".parse::<Colormap>().unwrap(), Colormap::Grey);
        assert!(
            "jet"
                .parse::<Colormap>()
                .unwrap_err()
                .to_string()
                .contains("viridis")
        );
    }

    #[test]
    fn any_number_has_a_colour() {
        for map in Colormap::ALL {
            assert_eq!(map.rgb(f64::NEG_INFINITY), map.rgb(0.0));
            assert_eq!(map.rgb(7.0), map.rgb(1.0));
            assert_eq!(map.rgb(f64::NAN), MISSING);
        }
    }
}
