//! Which steps of a program are kernels of their own, and what each of these reads.
//!
//! A product takes over the bias, the addition and the rectifier that follow it; moved values are read where
//! they lie by the expressions after them; a window whose largest value alone matters doesn't say which it
//! is; and small expressions that no point changes are done at the points, with what reads them.

use crate::model::primitive::moved::{NONE, indices, strides};
use crate::model::primitive::{Op, Slot};
use crate::model::program::{Id, Program};
use crate::model::run::stages::{Stages, Varying, When, follow};
use crate::model::simplify::{Epilogue, epilogue};

/// Rows of an expression that is sooner done again than kept.
pub const FEW_ROWS: usize = 64;

/// A program and what is done when by which kernel.
#[derive(Debug)]
pub struct Fused {
    /// In the order in which it is run.
    pub program: Program,
    /// When each step is done; never: it is a view, or another does it.
    pub when: Vec<When>,
    /// Products with what follows them, by the last step.
    pub after: Vec<Option<Epilogue>>,
    /// Values that differ from point to point.
    pub moving: Vec<bool>,
    /// Sums over samples.
    pub reduces: Vec<bool>,
    /// The last level that samples pass.
    pub levels: usize,
    /// Moved values that are read where they lie.
    unmoved: Vec<bool>,
}

/// A value as it is read: where it lies, and in which order.
#[derive(Debug, Clone)]
pub struct Read {
    /// The value that is there.
    pub from: Id,
    /// Its numbers by place; `None`: as they lie.
    pub list: Option<Vec<u32>>,
}

impl Fused {
    /// Of a program at points that differ in what `varying` says.
    pub fn new(program: &Program, varying: Varying) -> Self {
        let program = program.scheduled();
        let count = program.steps().len();
        let stages = Stages::of(&program, varying);
        let readers = program.readers();
        let mut after: Vec<Option<Epilogue>> = vec![None; count];
        let mut done = vec![false; count];
        for (id, after) in after.iter_mut().enumerate() {
            if let Some(found) = epilogue(&program, &readers, id)
                && stages.moving[id] == stages.moving[found.form]
                && stages.level[id] == stages.level[found.form]
                && !done[found.form]
            {
                done[found.form] = true;
                *after = Some(found);
            }
        }
        let when = (0..count).map(|id| {
            if done[id] {
                When::Never
            } else {
                stages.when(&program, id)
            }
        });
        let mut fused = Self {
            when: when.collect(),
            after,
            moving: stages.moving,
            reduces: stages.reduces,
            levels: stages.levels,
            unmoved: vec![false; count],
            program,
        };
        fused.leave_picks();
        fused.leave_moves();
        fused.do_again();
        fused
    }

    /// The steps that read each value, views passed over; for a product, the step that does it.
    fn users(&self) -> Vec<Vec<Id>> {
        let mut doers: Vec<Id> = (0..self.after.len()).collect();
        for (id, after) in self.after.iter().enumerate() {
            if let Some(after) = after {
                doers[after.form] = id;
            }
        }
        let mut users = vec![Vec::new(); self.program.steps().len()];
        for (id, step) in self.program.steps().iter().enumerate() {
            if !matches!(step.op, Op::View) {
                for arg in &step.args {
                    users[follow(&self.program, *arg)].push(doers[id]);
                }
            }
        }
        users
    }

    fn is_output(&self, id: Id) -> bool {
        let mut outputs = self.program.outputs.iter();
        outputs.any(|o| follow(&self.program, *o) == id)
    }

    /// No position is picked where only the largest value is asked for.
    fn leave_picks(&mut self) {
        let users = self.users();
        for (id, step) in self.program.steps().iter().enumerate() {
            if matches!(step.op, Op::Pick(_))
                && !self.is_output(id)
                && users[id].iter().all(|user| {
                    let user = self.program.step(*user);
                    matches!(user.op, Op::Take(_)) && user.args[0] == step.args[0]
                })
            {
                self.when[id] = When::Never;
            }
        }
    }

    /// Whether a `Take` gives the largest value of each window, whichever it is.
    pub fn is_most(&self, id: Id) -> bool {
        let step = self.program.step(id);
        matches!(step.op, Op::Take(_))
            && self.when[follow(&self.program, step.args[1])] == When::Never
    }

    fn leave_moves(&mut self) {
        let users = self.users();
        for (id, step) in self.program.steps().iter().enumerate() {
            let reads_anywhere = |user: &Id| {
                let own = self.program.step(*user);
                own.ty.sample
                    && match own.op {
                        Op::Map(_) => self.after[*user].is_none(),
                        Op::Moved(_) => true,
                        _ => false,
                    }
            };
            self.unmoved[id] = matches!(step.op, Op::Moved(_))
                && matches!(self.when[id], When::Block { .. })
                && step.ty.sample
                && !self.is_output(id)
                && users[id].iter().all(reads_anywhere);
        }
        for id in 0..self.unmoved.len() {
            if self.unmoved[id] {
                self.when[id] = When::Never;
            }
        }
    }

    /// Small expressions of what needs no kernel are done at every point, where only points read them.
    fn do_again(&mut self) {
        let users = self.users();
        let is_still = |id: Id| matches!(self.when[id], When::Block { moving: false, .. });
        let mut again = vec![false; self.when.len()];
        for (id, step) in self.program.steps().iter().enumerate() {
            let at_hand = |arg: &Id| {
                let arg = follow(&self.program, *arg);
                let own = self.program.step(arg);
                !own.ty.sample || matches!(own.op, Op::Leaf(_)) || again[arg]
            };
            again[id] = is_still(id)
                && matches!(step.op, Op::Map(_))
                && self.after[id].is_none()
                && step.ty.size() <= FEW_ROWS
                && !self.is_output(id)
                && step.args.iter().all(at_hand);
        }
        for id in (0..again.len()).rev() {
            let at_points = |user: &Id| {
                // A moved value is read where it lies, by others.
                again[*user] || !is_still(*user) && !self.unmoved[*user]
            };
            again[id] = again[id] && users[id].iter().all(at_points);
        }
        for (id, again) in again.into_iter().enumerate() {
            if let (true, When::Block { level, .. }) = (again, self.when[id]) {
                self.moving[id] = true;
                self.when[id] = When::Block {
                    moving: true,
                    level,
                };
            }
        }
    }

    /// What is read for an argument.
    pub fn read(&self, arg: Id) -> Read {
        let from = follow(&self.program, arg);
        let step = self.program.step(from);
        let Op::Moved(list) = &step.op else {
            return Read { from, list: None };
        };
        if !self.unmoved[from] {
            return Read { from, list: None };
        }
        self.through(list, step.args[0])
    }

    /// `list` of an argument.
    pub fn through(&self, list: &[u32], arg: Id) -> Read {
        let inner = self.read(arg);
        let at = |place: &u32| match &inner.list {
            Some(inner) if *place != NONE => inner[*place as usize],
            _ => *place,
        };
        Read {
            from: inner.from,
            list: Some(list.iter().map(at).collect()),
        }
    }

    /// What is read for an argument that is repeated to `shape`.
    pub fn read_as(&self, arg: Id, shape: &[usize]) -> Read {
        let own = &self.program.ty(arg).shape;
        let read = self.read(arg);
        let list = read.list.map(|list| {
            if own == shape {
                return list;
            }
            let repeated = indices(shape, &strides(own, shape));
            repeated.iter().map(|i| list[*i as usize]).collect()
        });
        Read { list, ..read }
    }

    /// Every value that the kernel of a step reads.
    pub fn reads(&self, id: Id) -> Vec<Id> {
        let step = self.program.step(id);
        let mut args: Vec<Id> = match &self.after[id] {
            Some(after) => {
                let mut args = self.program.step(after.form).args.clone();
                args.extend(after.bias);
                args.extend(after.rows);
                args
            }
            None if self.is_most(id) => vec![step.args[0]],
            None => step.args.clone(),
        };
        for arg in &mut args {
            *arg = self.read(*arg).from;
        }
        args
    }

    /// The product, turned round or not, that the kernel of a step is, if it is one.
    pub fn form(&self, id: Id) -> Option<Epilogue> {
        let alone = Epilogue {
            form: id,
            bias: None,
            rows: None,
            relu: false,
        };
        let is_form = matches!(self.program.step(id).op, Op::Form(_, Slot::Y | Slot::B));
        self.after[id].or(is_form.then_some(alone))
    }
}
