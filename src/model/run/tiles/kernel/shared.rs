//! Steps that see no sample: many of one kind in one dispatch, each a job among the lists.

use super::super::lists::Lists;
use super::super::place::Place;
use super::expression;
use super::{FUNCTIONS, Fields, Grid, Launch, MOST_GROUPS};
use crate::model::primitive::expression::Expression;

const TEMPLATE: &str = include_str!("../../../../../shaders/compute/shared.wgsl");
/// Numbers a workgroup does.
const SHARE: usize = 1024;
/// Words of a job before those of its kind: how many numbers, where they go.
const HEAD: usize = 3;

/// Where a job's numbers go.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// A value.
    Value(Place),
    /// Packed weights: the first number, and whether every point has its own.
    Pack(usize, bool),
}

/// One step: the text of its kind and its words.
#[derive(Debug, Clone)]
pub struct Job {
    /// Before the loop over numbers, and in it.
    pub text: (String, String),
    words: Vec<u32>,
    size: usize,
}

impl Job {
    fn new(size: usize, target: Target) -> Self {
        let (kind, at) = match target {
            Target::Value(place) => (place.kind(), place.at()),
            Target::Pack(at, moving) => (if moving { 5 } else { 6 }, at),
        };
        let setup = "    let out = place(lists[job + 1u], lists[job + 2u], instance, p);\n";
        Self {
            text: (setup.to_owned(), String::new()),
            words: vec![size as u32, kind as u32, at as u32],
            size,
        }
    }

    /// A word of the job; how the text calls it.
    fn word(&mut self, word: usize) -> String {
        self.words.push(word as u32);
        format!("lists[job + {}u]", self.words.len() - 1)
    }

    /// Where a value begins is `b{number}`; its kind.
    fn read(&mut self, number: usize, place: Place) -> String {
        let (kind, at) = (self.word(place.kind()), self.word(place.at()));
        self.text.0.push_str(&format!(
            "    let b{number} = place({kind}, {at}, instance, p);\n"
        ));
        kind
    }

    /// An expression of values that are repeated as their lists say.
    pub fn map(e: &Expression, args: &[(Place, usize)], out: Place, size: usize) -> Self {
        let mut job = Self::new(size, Target::Value(out));
        let mut reads = Vec::new();
        for (j, (place, list)) in args.iter().enumerate() {
            let kind = job.read(j, *place);
            let list = job.word(*list);
            reads.push(format!(
                "vec4<f32>(number({kind}, b{j} + listed({list}, k)))"
            ));
        }
        let (lines, root) = expression::text(
            e,
            |j| reads[j].clone(),
            |v| {
                let word = job.word((v as f32).to_bits() as usize);
                format!("bitcast<f32>({word})")
            },
        );
        job.text.1 = format!("{lines}            let v = {root}.x;\n");
        job
    }

    /// Numbers in another order, zeros where the list names none.
    pub fn gather(from: Place, list: usize, target: Target, size: usize) -> Self {
        let mut job = Self::new(size, target);
        let kind = job.read(0, from);
        let list = job.word(list);
        job.text.1 = format!(
            "        let from_ = listed({list}, k);
        var v = 0.0;
        if (from_ != NONE) {{
            v = number({kind}, b0 + from_);
        }}\n"
        );
        job
    }

    /// The sum, or the largest, of `many` numbers for each.
    pub fn fold(
        most: bool,
        x: Place,
        (bases, steps, many): (usize, usize, usize),
        out: Place,
        size: usize,
    ) -> Self {
        let mut job = Self::new(size, Target::Value(out));
        let kind = job.read(0, x);
        let (bases, steps, many) = (job.word(bases), job.word(steps), job.word(many));
        let (start, step) = if most {
            ("bitcast<f32>(run.lowest)", "v = select(v, x, x > v);")
        } else {
            ("0.0", "v += x;")
        };
        job.text.1 = format!(
            "        let base = listed({bases}, k);
        var v = {start};
        for (var j = 0u; j < {many}; j += 1u) {{
            let x = number({kind}, b0 + base + listed({steps}, j));
            {step}
        }}\n"
        );
        job
    }
}

/// Jobs of one kind as dispatches; they are written to `lists`.
pub fn launches(jobs: &[&Job], lists: &mut Lists) -> Vec<Launch> {
    let mut table = Vec::new();
    for job in jobs {
        debug_assert!(job.words.len() >= HEAD);
        let at = lists.words.len() as u32;
        lists.words.extend_from_slice(&job.words);
        table.extend((0..job.size).step_by(SHARE).map(|first| [at, first as u32]));
    }
    let Some(first) = jobs.first() else {
        return Vec::new();
    };
    let launch = |few: &[[u32; 2]]| {
        let at = lists.words.len();
        lists.words.extend_from_slice(few.as_flattened());
        let mut fields = Fields::default();
        fields.named("table", at);
        fields.named("share", SHARE);
        let holes = [
            ("SETUP", first.text.0.clone()),
            ("BODY", first.text.1.clone()),
        ];
        let template = format!("{FUNCTIONS}\n{TEMPLATE}");
        fields.launch(&template, &holes, Grid::numbers(few.len()))
    };
    table.chunks(MOST_GROUPS).map(launch).collect()
}
