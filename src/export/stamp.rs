//! The header inside pictures: where a figure's numbers come from goes with it, whoever copies the file.
//!
//! | format | where |
//! |---|---|
//! | SVG | `<metadata>`, the header as text |
//! | PNG | a chunk `iTXt` named `losscope` |
//! | PDF | the entry `Losscope` of the document's information, beside its title and author |
//! | GIF | a comment |
//!
//! It draws nothing: the picture is the same without it.

use super::figure::FigureOptions;
use super::{Format, header, pdf, png, svg};
use crate::engine::header::Header;
use crate::error::{Error, Result};
use crate::store::files;
use std::path::Path;

/// Writes a figure in the format of `path`, a picture's, with the header of what it shows.
///
/// # Errors
/// Where the document can't be drawn or the file can't be written.
pub fn write(path: &Path, document: &str, header: &Header, options: &FigureOptions) -> Result<()> {
    let bytes = bytes(Format::of(path)?, document, header, options)?;
    files::write(path, "write the figure", &bytes)
}

/// The bytes of a figure with the header of what it shows.
///
/// # Errors
/// Where the document can't be drawn, or the format is no picture's.
pub fn bytes(
    format: Format,
    document: &str,
    header: &Header,
    options: &FigureOptions,
) -> Result<Vec<u8>> {
    let text = header::to_value(header)?.to_string();
    let document = &*options.finished(document);
    match format {
        Format::Svg => svg::bytes(&in_svg(document, &text)),
        Format::Png => Ok(in_png(png::bytes(document, options.dpi)?, &text)),
        Format::Pdf => {
            let facts = Facts {
                title: title_of(document),
                author: options.author.as_deref(),
                creator: format!("Losscope {}", header.losscope),
                header: &text,
            };
            Ok(in_pdf(pdf::bytes(document)?, &facts))
        }
        _ => Err(Error::Usage(
            "a figure is written as .svg, .png or .pdf".into(),
        )),
    }
}

/// Behind the opening tag.
fn in_svg(document: &str, text: &str) -> String {
    let start = document.find("<svg").unwrap_or(0);
    let Some(end) = document[start..].find('>').map(|end| start + end + 1) else {
        return document.to_owned();
    };
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let (head, rest) = document.split_at(end);
    format!("{head}\n<metadata>{escaped}</metadata>{rest}")
}

/// Before the chunk that ends the file, whose twelve bytes are always the same.
fn in_png(png: Vec<u8>, text: &str) -> Vec<u8> {
    const END: usize = 12;
    let Some((head, end)) = png.len().checked_sub(END).map(|at| png.split_at(at)) else {
        return png;
    };
    // Keyword, no compression, no language, no translation of the keyword.
    let mut chunk = b"iTXtlosscope\0\0\0\0\0".to_vec();
    chunk.extend(text.as_bytes());
    let mut checksum = flate2::Crc::new();
    checksum.update(&chunk);
    let length = (chunk.len() as u32 - 4).to_be_bytes();
    [head, &length, &chunk, &checksum.sum().to_be_bytes(), end].concat()
}

/// A GIF with the header of what it shows: a comment before the byte that ends the file.
///
/// # Errors
/// None that a header made by this program could cause.
pub fn in_gif(mut gif: Vec<u8>, header: &Header) -> Result<Vec<u8>> {
    let text = format!("losscope {}", header::to_value(header)?);
    if gif.pop() != Some(0x3b) {
        return Err(Error::Slice("the animation has no end".into()));
    }
    gif.extend([0x21, 0xfe]);
    for block in text.as_bytes().chunks(255) {
        gif.push(block.len() as u8);
        gif.extend(block);
    }
    gif.extend([0, 0x3b]);
    Ok(gif)
}

/// What stands over a document.
fn title_of(document: &str) -> String {
    let inner = document
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"));
    let title = inner.map_or("", |(title, _)| title);
    let plain = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&amp;", "&"),
    ];
    plain
        .iter()
        .fold(title.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// What a PDF says of itself.
struct Facts<'a> {
    title: String,
    author: Option<&'a str>,
    creator: String,
    header: &'a str,
}

/// As an update behind the document: one more object, and a trailer that names it.
fn in_pdf(pdf: Vec<u8>, facts: &Facts<'_>) -> Vec<u8> {
    let update = |pdf: &[u8]| -> Option<Vec<u8>> {
        let tail = &pdf[pdf.len().saturating_sub(1024)..];
        let tail = String::from_utf8_lossy(tail);
        let trailer = &tail[tail.rfind("trailer")?..];
        let after = |word: &str| {
            trailer
                .find(word)
                .map(|at| trailer[at + word.len()..].trim_start())
        };
        let number = |text: &str| -> Option<usize> {
            let digits = text
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(text.len());
            text[..digits].parse().ok()
        };
        let size = number(after("/Size")?)?;
        let root = after("/Root")?;
        let root = root[..root.find('R')?].trim_end();
        let before = number(after("startxref")?)?;
        let mut update = String::from("\n");
        let at = pdf.len() + update.len();
        let author = facts.author.filter(|author| !author.trim().is_empty());
        let author = author.map(|author| format!(" /Author {}", pdf_text(author)));
        update += &format!(
            "{size} 0 obj\n<< /Title {}{} /Creator {} /Losscope {} >>\nendobj\n",
            pdf_text(&facts.title),
            author.unwrap_or_default(),
            pdf_text(&facts.creator),
            pdf_text(facts.header),
        );
        let table = pdf.len() + update.len();
        update += &format!(
            "xref\n{size} 1\n{at:010} 00000 n \ntrailer\n<< /Size {} /Root {root} R /Info {size} 0 R /Prev {before} >>\nstartxref\n{table}\n%%EOF\n",
            size + 1,
        );
        Some(update.into_bytes())
    };
    match update(&pdf) {
        Some(update) => [pdf, update].concat(),
        None => pdf,
    }
}

/// A text of a PDF: UTF-16 with its mark, in hexadecimal digits.
fn pdf_text(text: &str) -> String {
    let digits = text.encode_utf16().map(|unit| format!("{unit:04X}"));
    format!("<FEFF{}>", digits.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::header::{DataFacts, ModelFacts};
    use crate::engine::job::LineJob;

    const DOCUMENT: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="20mm" height="10mm" viewBox="0 0 20 10"><title>b &gt; a</title><rect width="20" height="10" fill="#abc"/></svg>"##;

    fn header() -> Header {
        let model = ModelFacts {
            name: "a < b & ü".into(),
            ..ModelFacts::default()
        };
        Header::new(LineJob::default().into(), model, DataFacts::default())
    }

    #[test]
    fn a_header_comes_back_from_a_picture_and_the_picture_is_the_same() {
        let (header, dpi) = (header(), 100.0);
        let options = FigureOptions {
            dpi,
            author: Some("Ä. Author".into()),
            ..FigureOptions::default()
        };
        let text = header::to_value(&header).unwrap().to_string();
        let svg = bytes(Format::Svg, DOCUMENT, &header, &options).unwrap();
        let svg = String::from_utf8(svg).unwrap();
        let tree = svg::tree(&svg, 72.0).unwrap();
        assert!(tree.size().width() > 0.0);
        let inside = svg.split("<metadata>").nth(1).unwrap();
        let inside = inside.split("</metadata>").next().unwrap();
        let inside = inside
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        assert_eq!(inside, text);

        let png = bytes(Format::Png, DOCUMENT, &header, &options).unwrap();
        let plain = png::bytes(DOCUMENT, dpi).unwrap();
        let pixels = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().to_rgb8();
        assert_eq!(pixels(&png), pixels(&plain));
        assert!(String::from_utf8_lossy(&png).contains(&text));

        let pdf = bytes(Format::Pdf, DOCUMENT, &header, &options).unwrap();
        let words = String::from_utf8_lossy(&pdf);
        assert!(words.contains(&pdf_text(&text)) && words.contains("/Prev "));
        assert!(words.contains(&format!("/Author {}", pdf_text("Ä. Author"))));
        assert!(words.contains(&format!("/Title {}", pdf_text("b > a"))));
        // The last table of places says where the new object is.
        let table: usize = words
            .trim_end()
            .lines()
            .rev()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let table = std::str::from_utf8(&pdf[table..]).unwrap();
        let place: usize = table.lines().nth(2).unwrap()[..10].parse().unwrap();
        assert!(
            pdf[place..]
                .windows(6)
                .next()
                .is_some_and(|w| w[0].is_ascii_digit())
        );
        assert!(table.starts_with("xref"));
    }
}
