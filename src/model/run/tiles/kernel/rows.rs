//! Steps of samples, row after row: expressions, sums and maxima along axes, tables, and forms without tiles.

use super::super::place::Place;
use super::expression;
use super::{FUNCTIONS, Fields, Grid, Launch};
use crate::model::primitive::expression::Expression;

const TEMPLATE: &str = include_str!("../../../../../shaders/compute/rows.wgsl");

/// An argument of an expression: where it lies and the list by which it is read.
#[derive(Debug, Clone, Copy)]
pub struct Argument {
    /// Where.
    pub place: Place,
    /// Whether it is of a sample.
    pub sample: bool,
    /// A list, or what stands for one.
    pub list: usize,
}

/// What is added to a product and whether it is cut off at zero.
#[derive(Debug, Clone, Copy)]
pub struct After {
    /// Shared numbers, one a channel.
    pub bias: Option<Place>,
    /// The sample's values.
    pub rows: Option<Place>,
    /// Negative sums become 0.
    pub relu: bool,
}

/// How a form's weights are read where they aren't packed: steps from channel to channel of the result, tap
/// to tap, channel to channel of the values and group to group.
#[derive(Debug, Clone, Copy)]
pub struct Strides {
    /// A channel of the result further, counted through all groups.
    pub channel: usize,
    /// A tap further.
    pub tap: usize,
    /// A channel of the values further.
    pub inner: usize,
    /// A group further.
    pub group: usize,
}

/// A form with weights as they lie: channel by channel, or weights of samples and of sums.
#[derive(Debug, Clone, Copy)]
pub struct Plain {
    /// Weights.
    pub weights: Argument,
    /// Values.
    pub x: Place,
    /// What each position sees: where the lists begin.
    pub pairs: [usize; 2],
    /// Channels of the result, of them in a group; of the values, of them in a group.
    pub channels: [usize; 4],
    /// How weights are read.
    pub strides: Strides,
    /// What is done with the sums.
    pub after: After,
}

/// Steps that one kernel does one after another.
#[derive(Debug, Default)]
pub struct Steps {
    pub(super) fields: Fields,
    text: String,
    count: usize,
    rows: usize,
}

impl Steps {
    /// How many words they have so far.
    pub fn words(&self) -> usize {
        self.fields.len()
    }

    /// The kernel. One step alone shares its rows out; several take theirs one after another.
    pub fn launch(self) -> Launch {
        let rows = if self.count == 1 { self.rows } else { 1 };
        let holes = [("HELPERS", FUNCTIONS.to_owned()), ("STEPS", self.text)];
        self.fields.launch(TEMPLATE, &holes, Grid::rows(rows))
    }

    /// A step: `setup` once, `body` for every row, which leaves its result in `v`.
    pub(super) fn step(&mut self, out: Place, rows: usize, setup: &str, body: &str) {
        let (o, end) = (self.fields.rows(out), self.fields.word(rows));
        self.text.push_str(&format!(
            "    {{\n        let o = {o};\n{setup}        for (var row = w.y; row < {end}; row += size.y) {{\n{body}            values[o + row * run.quads] = v;\n        }}\n    }}\n"
        ));
        self.count += 1;
        self.rows = rows;
    }

    /// An expression of values that are repeated as their lists say.
    pub fn map(&mut self, e: &Expression, args: &[Argument], out: Place, rows: usize) {
        let (mut setup, mut reads) = (String::new(), Vec::new());
        for (j, arg) in args.iter().enumerate() {
            let list = self.fields.word(arg.list);
            if arg.sample {
                let base = self.fields.rows(arg.place);
                setup.push_str(&format!("        let b{j} = {base};\n"));
                reads.push(format!("value(b{j}, listed({list}, row))"));
            } else {
                let kind = self.fields.word(arg.place.kind());
                let at = self.fields.word(arg.place.at());
                setup.push_str(&format!(
                    "        let b{j} = place({kind}, {at}, instance, p);\n"
                ));
                reads.push(format!(
                    "vec4<f32>(number({kind}, b{j} + listed({list}, row)))"
                ));
            }
        }
        let fields = &mut self.fields;
        let (lines, root) = expression::text(e, |j| reads[j].clone(), |v| fields.number(v));
        let body = format!("{lines}            let v = {root};\n");
        self.step(out, rows, &setup, &body);
    }

    /// The sum or the largest of `many` rows for each row.
    pub fn fold(
        &mut self,
        most: bool,
        x: Place,
        (bases, steps, many): (usize, usize, usize),
        out: Place,
        rows: usize,
    ) {
        let f = &mut self.fields;
        let (b, bases, steps, many) = (f.rows(x), f.word(bases), f.word(steps), f.word(many));
        let setup = format!("        let b = {b};\n");
        let read = format!("value(b, base + listed({steps}, k))");
        let body = if most {
            format!(
                "            let base = listed({bases}, row);
            var v = vec4<f32>(bitcast<f32>(run.lowest));
            for (var k = 0u; k < {many}; k += 1u) {{
                let x = {read};
                v = select(v, x, x > v);
            }}\n"
            )
        } else {
            // In parts, so that long sums lose little.
            format!(
                "            let base = listed({bases}, row);
            var v = vec4<f32>();
            for (var k0 = 0u; k0 < {many}; k0 += 64u) {{
                var part = vec4<f32>();
                let end = min(k0 + 64u, {many});
                for (var k = k0; k < end; k += 1u) {{
                    part += {read};
                }}
                v += part;
            }}\n"
            )
        };
        self.step(out, rows, &setup, &body);
    }

    /// Rows of a table by the sample's numbers; numbers outside it give NaN.
    pub fn lookup(
        &mut self,
        table: Argument,
        numbers: Place,
        [entries, width]: [usize; 2],
        out: Place,
        rows: usize,
    ) {
        let f = &mut self.fields;
        let (n, entries, width) = (f.rows(numbers), f.word(entries), f.word(width));
        let (base, read) = if table.sample {
            let base = f.rows(table.place);
            (base, "values[b + at * run.quads][lane]".to_owned())
        } else {
            let (kind, at) = (f.word(table.place.kind()), f.word(table.place.at()));
            (
                format!("place({kind}, {at}, instance, p)"),
                format!("number({kind}, b + at)"),
            )
        };
        let setup = format!("        let b = {base};\n        let n = {n};\n");
        let body = format!(
            "            let found = value(n, row / {width});
            var v = vec4<f32>(bitcast<f32>(run.nan));
            for (var lane = 0u; lane < 4u; lane += 1u) {{
                if (found[lane] >= 0.0 && found[lane] < f32({entries})) {{
                    let at = u32(found[lane]) * {width} + row % {width};
                    v[lane] = {read};
                }}
            }}\n"
        );
        self.step(out, rows, &setup, &body);
    }

    /// Rows added up by the sample's numbers into a table of its own.
    pub fn scatter(
        &mut self,
        x: Place,
        numbers: Place,
        [positions, width]: [usize; 2],
        out: Place,
        rows: usize,
    ) {
        let f = &mut self.fields;
        let (b, n) = (f.rows(x), f.rows(numbers));
        let (positions, width) = (f.word(positions), f.word(width));
        let setup = format!("        let b = {b};\n        let n = {n};\n");
        let body = format!(
            "            let own = vec4<f32>(f32(row / {width}));
            var v = vec4<f32>();
            for (var k = 0u; k < {positions}; k += 1u) {{
                let x = value(b, k * {width} + row % {width});
                v += select(vec4<f32>(), x, floor(value(n, k)) == own);
            }}\n"
        );
        self.step(out, rows, &setup, &body);
    }

    /// Slopes of weights of every sample: `[o, tap, c]` from what each tap sees.
    pub fn outer(
        &mut self,
        [y, x]: [Place; 2],
        [starts, pairs]: [usize; 2],
        [outputs, taps, inputs, groups]: [usize; 4],
        out: Place,
    ) {
        let f = &mut self.fields;
        let (by, bx) = (f.rows(y), f.rows(x));
        let (starts, pairs) = (f.word(starts), f.word(pairs));
        let (o, t, c) = (f.word(outputs), f.word(taps), f.word(inputs));
        let (outs, ins) = (f.word(groups * outputs), f.word(groups * inputs));
        let setup = format!("        let by = {by};\n        let bx = {bx};\n");
        let body = format!(
            "            let channel = row / ({t} * {c});
            let tap = (row / {c}) % {t};
            let inner = (channel / {o}) * {c} + row % {c};
            let end = lists[{starts} + tap + 1u];
            var v = vec4<f32>();
            for (var j = lists[{starts} + tap]; j < end; j += 1u) {{
                let y = value(by, lists[{pairs} + 2u * j + 1u] * {outs} + channel);
                let x = value(bx, lists[{pairs} + 2u * j] * {ins} + inner);
                v = fma(y, x, v);
            }}\n"
        );
        self.step(out, groups * outputs * taps * inputs, &setup, &body);
    }

    /// A form with weights as they lie.
    pub fn plain(&mut self, form: &Plain, (out, rows): (Place, usize)) {
        let Plain {
            weights,
            x,
            pairs: [starts, pairs],
            channels: [outs, each, ins, inner],
            strides,
            after,
        } = *form;
        let f = &mut self.fields;
        let (bx, starts, pairs) = (f.rows(x), f.word(starts), f.word(pairs));
        let [outs, each, ins, inner] = [outs, each, ins, inner].map(|n| f.word(n));
        let [by_channel, by_tap, by_inner, by_group] =
            [strides.channel, strides.tap, strides.inner, strides.group].map(|n| f.word(n));
        let (base, read) = if weights.sample {
            (f.rows(weights.place), "value(b, at)".to_owned())
        } else {
            let (kind, at) = (f.word(weights.place.kind()), f.word(weights.place.at()));
            (
                format!("place({kind}, {at}, instance, p)"),
                format!("vec4<f32>(number({kind}, b + at))"),
            )
        };
        let (mut setup, mut ending) = (String::new(), String::new());
        setup.push_str(&format!(
            "        let b = {base};\n        let bx = {bx};\n"
        ));
        if let Some(bias) = after.bias {
            let (kind, at) = (f.word(bias.kind()), f.word(bias.at()));
            setup.push_str(&format!(
                "        let bb = place({kind}, {at}, instance, p);\n"
            ));
            ending.push_str(&format!(
                "            v += vec4<f32>(number({kind}, bb + channel));\n"
            ));
        }
        if let Some(rows) = after.rows {
            let rows = f.rows(rows);
            setup.push_str(&format!("        let br = {rows};\n"));
            ending.push_str("            v += value(br, row);\n");
        }
        if after.relu {
            ending.push_str("            v = rectified(v);\n");
        }
        let body = format!(
            "            let channel = row % {outs};
            let group = channel / {each};
            let end = lists[{starts} + row / {outs} + 1u];
            var v = vec4<f32>();
            for (var j = lists[{starts} + row / {outs}]; j < end; j += 1u) {{
                let from_ = channel * {by_channel} + group * {by_group} + lists[{pairs} + 2u * j] * {by_tap};
                let seen = lists[{pairs} + 2u * j + 1u] * {ins} + group * {inner};
                for (var c = 0u; c < {inner}; c += 1u) {{
                    let at = from_ + c * {by_inner};
                    v = fma({read}, value(bx, seen + c), v);
                }}
            }}
{ending}"
        );
        self.step(out, rows, &setup, &body);
    }
}
