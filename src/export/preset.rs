//! Presets of figures: a page for a column of a paper, for a slide, in the dark, and those of one's own.
//!
//! A preset of one's own is a file of a few lines in the folder that [`folder`] names:
//! `thesis.toml` with `width = 140` and `caption = false` is `--preset thesis`, and a line of the window's
//! list. What a preset doesn't say stays as it is.

use super::options::FigureOptions;
use crate::engine::job::bounds;
use crate::error::{Error, Result, shown};
use crate::plot::colormap::Colormap;
use crate::plot::figure::Levels;
use crate::store::files::{read_text, replace_file};
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What a preset says of a figure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Preset {
    /// Width in millimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// Dots per inch of a PNG.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpi: Option<f64>,
    /// Size of text and lines, 1: as usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<f64>,
    /// Whether small print says how it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<bool>,
    /// Light on dark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dark: Option<bool>,
    /// Which colours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colormap: Option<Colormap>,
    /// About how many iso-lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<usize>,
    /// Who makes figures with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

/// Those that everybody has, in the order of the list.
pub const USUAL: [&str; 4] = ["column", "page", "slide", "dark"];

/// One of those that everybody has.
fn usual(name: &str) -> Option<Preset> {
    let none = Preset::default();
    Some(match name {
        "column" => Preset {
            width: Some(80.0),
            caption: Some(false),
            ..none
        },
        "page" => Preset {
            width: Some(180.0),
            ..none
        },
        "slide" => Preset {
            width: Some(250.0),
            dpi: Some(200.0),
            text: Some(2.0),
            caption: Some(false),
            ..none
        },
        "dark" => Preset {
            dark: Some(true),
            ..none
        },
        _ => return None,
    })
}

impl Preset {
    /// Changes what it says something of.
    pub fn apply(&self, options: &mut FigureOptions) {
        let set = |to: &mut f64, from: Option<f64>| *to = from.unwrap_or(*to);
        set(&mut options.width, self.width);
        set(&mut options.dpi, self.dpi);
        set(&mut options.text, self.text);
        options.caption = self.caption.unwrap_or(options.caption);
        options.dark = self.dark.unwrap_or(options.dark);
        options.colormap = self.colormap.unwrap_or(options.colormap);
        options.levels = self
            .levels
            .map_or_else(|| options.levels.clone(), Levels::Auto);
        options.author = self.author.clone().or(options.author.take());
    }

    /// Of a page as it is set.
    pub fn of(options: &FigureOptions) -> Self {
        Self {
            width: Some(options.width),
            dpi: Some(options.dpi),
            text: Some(options.text),
            caption: Some(options.caption),
            dark: Some(options.dark),
            author: options.author.clone(),
            ..Self::default()
        }
    }

    fn check(&self) -> Result<()> {
        let check = |bound: &bounds::Bounds<f64>, value: Option<f64>| {
            value.map_or(Ok(()), |v| bound.check(v))
        };
        check(&bounds::WIDTH, self.width)?;
        check(&bounds::DOTS, self.dpi)?;
        if let Some(levels) = self.levels.filter(|levels| *levels > 0) {
            bounds::LEVELS.check(levels)?;
        }
        check(&bounds::TEXT, self.text)
    }
}

/// The folder of one's own presets: `losscope/figures` where the system keeps settings; `None` where it says no place.
pub fn folder() -> Option<PathBuf> {
    let named = |name: &str| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let settings = named("XDG_CONFIG_HOME")
        .or_else(|| named("APPDATA"))
        .or_else(|| named("HOME").map(|home| home.join(".config")))?;
    Some(settings.join("losscope").join("figures"))
}

/// The names of all there are: everybody's, then one's own.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = USUAL.map(str::to_owned).into();
    let entries = folder().and_then(|folder| std::fs::read_dir(folder).ok());
    let files = entries.into_iter().flatten().flatten().map(|e| e.path());
    let own = files.filter(|path| path.extension().is_some_and(|e| e == "toml"));
    let mut own: Vec<String> = own
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| !names.contains(name))
        .collect();
    own.sort();
    names.extend(own);
    names
}

/// The preset of a name, or in a file.
///
/// # Errors
/// Lists the names there are; names the file and the line at fault.
pub fn find(name: &str) -> Result<Preset> {
    let file = Path::new(name);
    if file.extension().is_some_and(|e| e == "toml") {
        return read(file);
    }
    // One's own may stand for one of everybody's.
    let own = folder().map(|folder| folder.join(format!("{name}.toml")));
    if let Some(own) = own.filter(|own| own.is_file()) {
        return read(&own);
    }
    usual(name).ok_or_else(|| {
        Error::Usage(format!(
            "no preset is called {}; there are {}, and any .toml in {}",
            shown(file),
            names().join(", "),
            folder().map_or_else(|| "a folder of yours".into(), |f| shown(&f).clone())
        ))
    })
}

fn read(path: &Path) -> Result<Preset> {
    let text = read_text(path, "read the preset")?;
    let preset: Preset = toml::from_str(&text).map_err(|e| {
        Error::file(
            path,
            format!("this is no preset of figures: {}", e.to_string().trim()),
        )
    })?;
    preset
        .check()
        .map_err(|e| Error::file(path, e.to_string()))?;
    Ok(preset)
}

/// Keeps a preset under a name in one's own folder.
///
/// # Errors
/// Where the name is no file's, or the file can't be written.
pub fn keep(name: &str, preset: &Preset) -> Result<PathBuf> {
    let plain = |c: char| c.is_alphanumeric() || "-_ ".contains(c);
    if name.trim().is_empty() || !name.chars().all(plain) {
        return Err(Error::Usage(
            "a preset is called by letters, digits, - and _".into(),
        ));
    }
    let folder = folder()
        .ok_or_else(|| Error::Usage("this system names no folder for settings: set HOME".into()))?;
    std::fs::create_dir_all(&folder).map_err(|e| Error::io("make the folder", &folder, e))?;
    let path = folder.join(format!("{}.toml", name.trim()));
    let text = toml::to_string(preset)
        .map_err(|e| Error::Usage(format!("the preset can't be written: {e}")))?;
    replace_file(&path, |file| {
        file.write_all(text.as_bytes())
            .map_err(|e| Error::io("write the preset", &path, e))
    })?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::figure_args::PageArgs;

    #[test]
    fn options_beside_a_preset_change_it() {
        let args = PageArgs {
            preset: Some(find("slide").unwrap()),
            width: Some(100.0),
            ..PageArgs::default()
        };
        let options = args.options();
        assert_eq!(
            (options.width, options.text, options.caption),
            (100.0, 2.0, false)
        );
        let with = PageArgs {
            caption: true,
            ..args
        };
        assert!(with.options().caption);
    }

    #[test]
    fn a_preset_is_a_file_of_a_few_lines_and_says_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thesis.toml");
        std::fs::write(&path, "width = 140\ncaption = false\n").unwrap();
        let name = path.to_str().unwrap();
        let mut options = FigureOptions::default();
        find(name).unwrap().apply(&mut options);
        assert_eq!(
            (options.width, options.caption, options.dpi),
            (140.0, false, 300.0)
        );
        for (text, part) in [("widht = 140", "widht"), ("width = 1", "40")] {
            std::fs::write(&path, text).unwrap();
            let error = find(name).unwrap_err().to_string();
            assert!(
                error.contains(part) && error.contains("thesis.toml"),
                "{error}"
            );
        }
        let error = find("nothing").unwrap_err().to_string();
        assert!(error.contains("column, page, slide, dark"), "{error}");
    }
}
