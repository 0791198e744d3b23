//! The kernels of steps that see no sample, those of one kind that don't wait for each other together.

use super::emit::Pack;
use super::kernel::Launch;
use super::kernel::shared::{Job, Target, launches};
use super::lists::FIRST;
use super::making::Making;
use crate::model::primitive::Op;
use crate::model::program::Id;
use crate::model::run::stages::{When, follow};
use std::collections::HashMap;

/// Shared steps before all samples, of all points or of one, and the packs of their weights.
pub fn early(making: &mut Making, moving: bool, packs: &[Pack]) -> Vec<Launch> {
    let ids: Vec<Id> = (0..making.place.len())
        .filter(|id| making.fused.when[*id] == (When::Early { moving }))
        .collect();
    let packs = packs.iter().filter(|pack| pack.moving == moving);
    grouped(making, &ids, packs)
}

/// The packs of weights that all points share, or of those of one.
pub fn packs(making: &mut Making, packs: &[Pack], moving: bool) -> Vec<Launch> {
    let packs = packs.iter().filter(|pack| pack.moving == moving);
    grouped(making, &[], packs)
}

/// Shared steps after the samples of a level.
pub fn late(making: &mut Making, level: usize) -> Vec<Launch> {
    let ids: Vec<Id> = (0..making.place.len())
        .filter(|id| making.fused.when[*id] == (When::Late { level }))
        .collect();
    grouped(making, &ids, std::iter::empty())
}

fn grouped<'a>(
    making: &mut Making,
    ids: &[Id],
    packs: impl Iterator<Item = &'a Pack>,
) -> Vec<Launch> {
    // How many steps of these stand before each.
    let mut depth: HashMap<Id, usize> = HashMap::new();
    let mut jobs: Vec<(usize, Job)> = Vec::new();
    for &id in ids {
        let args = making.fused.program.step(id).args.iter();
        let before = args
            .filter_map(|arg| depth.get(&follow(&making.fused.program, *arg)))
            .max();
        let own = before.map_or(0, |before| before + 1);
        if let Some(job) = job(making, id) {
            depth.insert(id, own);
            jobs.push((own, job));
        }
    }
    for pack in packs {
        let own = depth.get(&pack.weights).map_or(0, |before| before + 1);
        let list = making.lists.add(pack.list());
        // A pack of all points lies before those of points; the latter are reached through the point.
        let target = Target::Pack(4 * pack.at, pack.moving);
        let job = Job::gather(making.place[pack.weights], list, target, pack.size());
        jobs.push((own, job));
    }
    let mut kinds: Vec<(usize, &(String, String))> = Vec::new();
    for (own, job) in &jobs {
        if !kinds.contains(&(*own, &job.text)) {
            kinds.push((*own, &job.text));
        }
    }
    kinds.sort_by_key(|(own, _)| *own);
    let mut all = Vec::new();
    for kind in &kinds {
        let alike = jobs.iter().filter(|(own, job)| (*own, &job.text) == *kind);
        let alike: Vec<&Job> = alike.map(|(_, job)| job).collect();
        all.extend(launches(&alike, &mut making.lists));
    }
    all
}

fn job(making: &mut Making, id: Id) -> Option<Job> {
    let step = making.fused.program.step(id).clone();
    let (out, size) = (making.place[id], step.ty.size());
    match &step.op {
        Op::Map(e) => {
            let args: Vec<_> = step
                .args
                .iter()
                .map(|arg| {
                    let shape = making.fused.program.ty(*arg).shape.clone();
                    let list = making.lists.broadcast(&shape, &step.ty.shape);
                    // One number is the first, whatever it is repeated to.
                    let one = shape.iter().product::<usize>() == 1;
                    (making.place(*arg), if one { FIRST } else { list })
                })
                .collect();
            Some(Job::map(e, &args, out, size))
        }
        Op::Moved(list) => {
            let list = making.lists.add(list.to_vec());
            let x = making.place(step.args[0]);
            Some(Job::gather(x, list, Target::Value(out), size))
        }
        Op::Sum | Op::Most => {
            let from = making.fused.program.ty(step.args[0]).shape.clone();
            let folded = making.lists.reduce(&from, &step.ty.shape);
            let x = making.place(step.args[0]);
            Some(Job::fold(step.op == Op::Most, x, folded, out, size))
        }
        _ => None,
    }
}
