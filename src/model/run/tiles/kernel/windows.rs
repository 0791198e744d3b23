//! Windows over positions: the largest value, which it is, the value at a position, a value put back.

use super::super::lists::Pairs;
use super::super::place::Place;
use super::rows::Steps;

/// What is done with each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The position of its largest value; the first of equal ones.
    Pick,
    /// Its largest value.
    Most,
    /// The value at the position that was picked.
    Take(Place),
    /// Values put back to the positions that were picked, by position; windows are turned round.
    Put(Place),
}

impl Steps {
    /// Windows over `x` `[positions][channels]`; `rows` of the result.
    pub fn window(
        &mut self,
        what: Window,
        x: Place,
        lists: Pairs,
        channels: usize,
        (out, rows): (Place, usize),
    ) {
        let f = &mut self.fields;
        let (b, channels) = (f.rows(x), f.word(channels));
        let (starts, entries) = (f.word(lists.starts), f.word(lists.entries));
        let mut setup = format!("        let b = {b};\n");
        if let Window::Take(index) | Window::Put(index) = what {
            let index = f.rows(index);
            setup.push_str(&format!("        let bi = {index};\n"));
        }
        let read = format!("value(b, lists[{entries} + k] * {channels} + row % {channels})");
        let number = format!("vec4<f32>(f32(lists[{entries} + k]))");
        // What isn't a number counts as larger, as in PyTorch.
        let (start, step, end) = match what {
            Window::Most => (
                "var v = vec4<f32>();".to_owned(),
                format!(
                    "let x = {read};
                v = select(v, x, (x > v) | unknown(x) | vec4<bool>(k == first));"
                ),
                "",
            ),
            Window::Pick => (
                "var best = vec4<f32>();\n            var v = vec4<f32>();".to_owned(),
                format!(
                    "let x = {read};
                let larger = (x > best) | unknown(x) | vec4<bool>(k == first);
                best = select(best, x, larger);
                v = select(v, {number}, larger);"
                ),
                "",
            ),
            Window::Take(_) => (
                "let index = value(bi, row);\n            var v = vec4<f32>();".to_owned(),
                format!("v = select(v, {read}, (index == {number}) | vec4<bool>(k == first));"),
                "",
            ),
            Window::Put(_) => (
                format!(
                    "let own = vec4<f32>(f32(row / {channels}));\n            var v = vec4<f32>();"
                ),
                format!(
                    "let index = value(bi, lists[{entries} + k] * {channels} + row % {channels});
                v += select(vec4<f32>(), {read}, index == own);"
                ),
                "",
            ),
        };
        let body = format!(
            "            let first = lists[{starts} + row / {channels}];
            let last = lists[{starts} + row / {channels} + 1u];
            {start}
            for (var k = first; k < last; k += 1u) {{
                {step}
            }}
{end}"
        );
        self.step(out, rows, &setup, &body);
    }
}
