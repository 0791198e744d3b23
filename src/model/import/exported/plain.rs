//! JSON as Python writes it: with `Infinity` and `NaN` as bare words, which no JSON has.
//!
//! PyTorch 2.3 writes so the largest extent of an open axis.

use std::borrow::Cow;

/// The words, each before those that begin as it does.
const WORDS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

/// The same with these words as texts; what stands inside of texts stays.
pub fn plain(json: &[u8]) -> Cow<'_, [u8]> {
    if !WORDS.iter().any(|word| contains(json, word)) {
        return json.into();
    }
    let mut written = Vec::with_capacity(json.len() + 64);
    let (mut rest, mut in_text) = (json, false);
    while let Some(&byte) = rest.first() {
        let word = WORDS.iter().find(|word| !in_text && rest.starts_with(word));
        let taken = match (word, byte) {
            (Some(word), _) => {
                written.push(b'"');
                written.extend_from_slice(word);
                written.push(b'"');
                word.len()
            }
            (None, b'\\') if in_text => {
                let pair = &rest[..rest.len().min(2)];
                written.extend_from_slice(pair);
                pair.len()
            }
            (None, byte) => {
                in_text ^= byte == b'"';
                written.push(byte);
                1
            }
        };
        rest = &rest[taken..];
    }
    written.into()
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_words_become_texts_and_texts_stay() {
        let given = br#"{"a": Infinity, "b": [-Infinity, NaN], "c\"NaN": "Infinity \\"}"#;
        let expected = br#"{"a": "Infinity", "b": ["-Infinity", "NaN"], "c\"NaN": "Infinity \\"}"#;
        assert_eq!(plain(given).as_ref(), expected);
        assert!(matches!(plain(b"{\"a\": 1}"), Cow::Borrowed(_)));
        assert_eq!(plain(b"\"NaN\\").as_ref(), b"\"NaN\\");
    }
}
