//! Readings of what a person asks for: with what was set for the files before, or without what belongs
//! to them alone.

use crate::engine::job::{Directions, SurfaceJob};
use crate::engine::live::Wish;

/// The same wish without what was set for the network and the data of `before`, where it has others.
pub fn fresh(wish: &Wish, before: &Wish) -> Wish {
    let mut wish = wish.clone();
    if wish.small != before.small {
        if wish.large == before.large {
            wish.large = None;
            wish.alpha = 0.0;
        }
        if wish.initial == before.initial {
            wish.initial = None;
        }
        if wish.plane.setup.model == before.plane.setup.model {
            wish.plane.setup.model = SurfaceJob::default().setup.model;
        }
        if wish.plane.setup.key == before.plane.setup.key {
            wish.plane.setup.key = None;
        }
        if wish.plane.setup.loss == before.plane.setup.loss {
            wish.plane.setup.loss = None;
        }
        if wish.plane.directions == before.plane.directions
            && !matches!(wish.plane.directions, Directions::Random)
        {
            wish.aim(Directions::Random);
        }
        if wish.plane.paths == before.plane.paths {
            wish.plane.paths.clear();
        }
        wish.probes.clear();
    }
    let (setup, old) = (&mut wish.plane.setup, &before.plane.setup);
    if setup.data != old.data {
        let usual = SurfaceJob::default().setup;
        (setup.split, setup.samples) = (usual.split, usual.samples);
    }
    wish
}

/// Takes other data, read as their own content says.
pub fn set_data(wish: &mut Wish, data: &str) {
    let setup = &mut wish.plane.setup;
    if setup.data == data {
        return;
    }
    let usual = SurfaceJob::default().setup;
    setup.data = data.to_owned();
    setup.data_normalize = usual.data_normalize;
    setup.data_channels = usual.data_channels;
    setup.data_color = usual.data_color;
    setup.image_size = usual.image_size;
    setup.data_keys = None;
    setup.data_targets = usual.data_targets;
    setup.block_size = None;
    setup.loss = None;
}

/// What of a reading had to be left out for another to be open.
pub fn left_behind(wanted: &Wish, open: &Wish) -> Option<String> {
    let mut left = Vec::new();
    if wanted.large.is_some() && open.large.is_none() {
        left.push("the large-batch minimizer is closed");
    }
    if wanted.initial.is_some() && open.initial.is_none() {
        left.push("the initial weights are closed");
    }
    if wanted.plane.directions != open.plane.directions {
        left.push("directions are random again");
    }
    if wanted.plane.paths != open.plane.paths {
        left.push("no paths of runs are drawn");
    }
    if wanted.plane.setup.model != open.plane.setup.model {
        left.push("the network is recognised by its tensors");
    }
    if wanted.plane.setup.key != open.plane.setup.key {
        left.push("weights are found by usual names");
    }
    if wanted.plane.setup.loss != open.plane.setup.loss {
        left.push("the loss is what the targets ask for");
    }
    if wanted.plane.setup.split != open.plane.setup.split
        || wanted.plane.setup.samples != open.plane.setup.samples
    {
        left.push("all samples count");
    }
    (!left.is_empty()).then(|| {
        format!(
            "What belonged to the files before is gone: {}",
            left.join(", ")
        )
    })
}
