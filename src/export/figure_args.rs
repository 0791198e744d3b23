//! How a figure looks, as it is typed at the terminal.

use super::options::FigureOptions;
use super::preset::{self, Preset};
use crate::engine::job::{bounds, quoted};
use crate::export::metric::Metric;
use crate::plot::colormap::Colormap;
use crate::plot::figure::Levels;
use crate::plot::scale::Scale;
use clap::{Args, ValueEnum as _};

/// Size and looks of the page a figure stands on.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Figure")]
pub struct PageArgs {
    /// A preset: column, page, slide, dark, or a file of your own; options beside it change it
    #[arg(long, value_name = "NAME|FILE.toml", value_parser = preset::find)]
    pub preset: Option<Preset>,
    /// Width in millimetres; text keeps its size [default: 80]
    #[arg(long, value_name = "MM", value_parser = bounds::WIDTH)]
    pub width: Option<f64>,
    /// Dots per inch of a PNG [default: 300]
    #[arg(long, value_parser = bounds::DOTS)]
    pub dpi: Option<f64>,
    /// Title [default: what is shown]
    #[arg(long)]
    pub title: Option<String>,
    /// Who made it, for what a PDF says of itself
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
    /// Leave out the small print that says how it was made
    #[arg(long, overrides_with = "caption")]
    pub no_caption: bool,
    /// Have the small print where a preset leaves it out
    #[arg(long)]
    pub caption: bool,
    /// Light on dark
    #[arg(long)]
    pub dark: bool,
    /// Size of text and lines, 1: as usual
    #[arg(long, value_name = "FACTOR", value_parser = bounds::TEXT)]
    pub text: Option<f64>,
}

impl PageArgs {
    /// What they ask for, over the preset, over what is usual.
    pub fn options(&self) -> FigureOptions {
        let mut options = FigureOptions::default();
        if let Some(preset) = &self.preset {
            preset.apply(&mut options);
        }
        let set = |to: &mut f64, from: Option<f64>| *to = from.unwrap_or(*to);
        set(&mut options.width, self.width);
        set(&mut options.dpi, self.dpi);
        set(&mut options.text, self.text);
        options.title.clone_from(&self.title);
        options.author = self.author.clone().or(options.author);
        options.caption = self.caption || options.caption && !self.no_caption;
        options.dark |= self.dark;
        options
    }
}

/// How a figure of a result looks.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Figure")]
pub struct FigureArgs {
    /// What a surface shows [default: training loss, or validation loss where that is all there is]
    #[arg(long, value_enum)]
    pub metric: Option<Metric>,
    /// Linear or logarithmic levels [default: logarithmic where losses span a factor of 30]
    #[arg(long, value_name = "linear|log")]
    pub scale: Option<Scale>,
    /// Number of iso-lines, none, or the levels themselves: 0.1,0.5,1 [default: 12]
    #[arg(long, value_parser = levels, allow_hyphen_values = true)]
    pub levels: Option<Levels>,
    /// viridis, cividis, magma, inferno, plasma or grey [default: viridis]
    #[arg(long)]
    pub colormap: Option<Colormap>,
    /// The page.
    #[command(flatten)]
    pub page: PageArgs,
}

impl FigureArgs {
    /// What they ask for, over the preset, over what is usual.
    pub fn options(&self) -> FigureOptions {
        let page = self.page.options();
        FigureOptions {
            metric: self.metric,
            scale: self.scale,
            levels: self.levels.clone().unwrap_or(page.levels),
            colormap: self.colormap.unwrap_or(page.colormap),
            ..page
        }
    }
}

/// How options of a figure are typed: those that differ from the usual ones.
pub fn typed(options: &FigureOptions) -> String {
    let usual = FigureOptions::default();
    let mut words = Vec::new();
    let mut say = |differs: bool, word: String| {
        if differs {
            words.push(quoted(&word));
        }
    };
    if let Some(metric) = options.metric {
        let value = metric.to_possible_value();
        let name = value.map(|v| v.get_name().to_owned());
        say(true, format!("--metric={}", name.unwrap_or_default()));
    }
    if let Some(scale) = options.scale {
        say(true, format!("--scale={scale}"));
    }
    let levels = match &options.levels {
        Levels::Auto(0) => "none".to_owned(),
        Levels::Auto(count) => count.to_string(),
        Levels::Given(values) => match values.as_slice() {
            // A whole number alone says how many: 5.0 is a level.
            [one] => format!("{one:?}"),
            values => {
                let values: Vec<String> = values.iter().map(f64::to_string).collect();
                values.join(",")
            }
        },
    };
    say(options.levels != usual.levels, format!("--levels={levels}"));
    let colormap = options.colormap;
    say(
        colormap != usual.colormap,
        format!("--colormap={}", colormap.name()),
    );
    say(
        options.width != usual.width,
        format!("--width={}", options.width),
    );
    say(options.dpi != usual.dpi, format!("--dpi={}", options.dpi));
    for (name, text) in [("title", &options.title), ("author", &options.author)] {
        if let Some(text) = text {
            say(true, format!("--{name}={text}"));
        }
    }
    say(!options.caption, "--no-caption".into());
    say(options.dark, "--dark".into());
    say(
        options.text != usual.text,
        format!("--text={}", options.text),
    );
    words.join(" ")
}

fn levels(text: &str) -> Result<Levels, String> {
    let wrong = || {
        "expected a number of levels (1 to 100), or up to 100 levels like 0.1,0.5,1 or -1,0,0.5: losses, accuracies, R²".to_owned()
    };
    if text.trim() == "none" {
        return Ok(Levels::Auto(0));
    }
    if !text.contains(',')
        && let Ok(count) = text.trim().parse::<usize>()
    {
        return bounds::LEVELS
            .parse(text)
            .map(|_| Levels::Auto(count))
            .map_err(|_| wrong());
    }
    // A number of levels with a slip before it is no level.
    if text.trim().parse::<i64>().is_ok_and(|count| count < 0) {
        return Err(wrong());
    }
    let level = |v: &str| v.trim().parse().ok().filter(|v: &f64| v.is_finite());
    let values: Option<Vec<f64>> = text.split(',').map(level).collect();
    let values = values.filter(|values| values.len() <= bounds::LEVELS.most());
    values.map(Levels::Given).ok_or_else(wrong)
}
