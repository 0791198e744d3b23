//! Which paddings, pools and ends make the sizes of a convolutional chain meet.
//!
//! Padding and pooling leave no trace in the tensors but the size of the last map, which the first
//! fully connected layer takes. The common habits are tried; in an `nn.Sequential` the numbers also
//! count the layers without tensors and rule some out. It knows sizes, not layers.

use super::wiring::{End, Plan, Shrink};

/// The sizes of a chain.
#[derive(Debug, Clone)]
pub struct Sizes {
    /// Kernel of each convolution, height and width.
    pub kernels: Vec<[usize; 2]>,
    /// Channels after each convolution.
    pub channels: Vec<usize>,
    /// Numbers that the first fully connected layer takes.
    pub features: usize,
    /// How many layers without tensors follow each convolution, where the numbers of an
    /// `nn.Sequential` tell.
    pub slots: Vec<Option<usize>>,
    /// Whether the convolutions are members of one `nn.Sequential`.
    pub numbered: bool,
}

/// Subsets of places are all tried up to so many places.
const MOST_PLACES: usize = 4;
/// More plans than this are no help to anyone.
const MOST_PLANS: usize = 24;

impl Sizes {
    /// The plans that make an image of height and width meet the features, the most usual first.
    pub fn plans(&self, size: [usize; 2]) -> Vec<Plan> {
        let mut found: Vec<Plan> = Vec::new();
        // A mean fits whatever the size of the map, so it comes after all that fit by size.
        for mean in [false, true] {
            for how in Shrink::ALL {
                for shrinks in self.places(how) {
                    for padding in self.paddings() {
                        let plan = Plan {
                            padding,
                            shrinks: shrinks.clone(),
                            how,
                            end: End::Flatten,
                        };
                        let plain = !shrinks.contains(&true);
                        if plain && how != Shrink::Max {
                            continue;
                        }
                        let end = self.end(&plan, size, mean);
                        let Some(plan) = end.map(|end| Plan { end, ..plan }) else {
                            continue;
                        };
                        if !found.contains(&plan) && found.len() < MOST_PLANS {
                            found.push(plan);
                        }
                    }
                }
            }
        }
        found
    }

    /// What has to become of the last map, if anything makes it fit.
    fn end(&self, plan: &Plan, size: [usize; 2], mean: bool) -> Option<End> {
        let [height, width] = self.extent(plan, size)?;
        let maps = self.maps();
        let each = self.features.checked_div(maps)?;
        if each.checked_mul(maps) != Some(self.features) {
            return None;
        }
        let exact = height.checked_mul(width) == Some(each);
        // torchvision's VGGs average to 7×7 whatever comes, images of 224×224 leave as much.
        let seven = each == 49 && self.numbered && plan.shrinks.last() == Some(&true);
        match mean {
            false if seven && exact => Some(End::Parts([7, 7])),
            false if exact => Some(End::Flatten),
            true if exact => None,
            true if seven => Some(End::Parts([7, 7])),
            true if each == 1 => Some(End::Mean),
            _ => None,
        }
    }

    /// Maps after the last convolution.
    pub fn maps(&self) -> usize {
        self.channels.last().copied().unwrap_or(0)
    }

    /// Whether the numbers leave room for a pool after each convolution.
    pub fn room(&self) -> Vec<bool> {
        let last = self.slots.len().saturating_sub(1);
        let room = |(i, free): (usize, &Option<usize>)| match free {
            // Before a classifier in the same Sequential stands a flattening as well.
            Some(free) if i == last => *free != 2 && *free != 1,
            Some(free) => *free >= 2,
            None => i == last || !self.numbered,
        };
        self.slots.iter().enumerate().map(room).collect()
    }

    /// Where maps may shrink, the most usual first.
    fn places(&self, how: Shrink) -> Vec<Vec<bool>> {
        let layers = self.kernels.len();
        let last = layers.saturating_sub(1);
        let all = |rule: &dyn Fn(usize) -> bool| (0..layers).map(rule).collect::<Vec<bool>>();
        let mut places: Vec<Vec<bool>> = Vec::new();
        let room = self.room();
        let has_room = |i: usize| room.get(i).copied().unwrap_or(false);
        if self.numbered {
            let ending = has_room(last);
            places.push(all(&|i| has_room(i)));
            places.push(all(&|i| has_room(i) && (i != last || !ending)));
        } else {
            places.push(all(&|_| true));
            places.push(all(&|i| i == last));
            places.push(all(&|i| i != last));
            places.push(all(&|_| false));
        }
        let grows = |i: usize| self.channels.get(i + 1) > self.channels.get(i);
        let grown = |i: usize| i > 0 && self.channels.get(i) > self.channels.get(i - 1);
        places.push(all(&|i| grows(i) || i == last));
        places.push(all(&|i| grows(i) && i != last));
        if how == Shrink::Stride {
            places.push(all(&grown));
            places.push(all(&|i| grown(i) || i == 0));
        }
        for every in [2, 3] {
            places.push(all(&|i| i % every == every - 1));
        }
        if layers <= MOST_PLACES {
            for subset in 0..1_usize << layers {
                places.push(all(&|i| subset >> i & 1 == 1));
            }
        }
        // A pool takes a place in a Sequential; a stride takes none.
        if self.numbered && how != Shrink::Stride {
            places.retain(|p| p.iter().enumerate().all(|(i, &own)| !own || has_room(i)));
        }
        let mut kept: Vec<Vec<bool>> = Vec::new();
        for place in places {
            if !kept.contains(&place) {
                kept.push(place);
            }
        }
        kept
    }

    /// Zeros that are usual, the most usual first.
    fn paddings(&self) -> Vec<Vec<[usize; 2]>> {
        let half = |k: usize| k.saturating_sub(1) / 2;
        let pad = |same: &dyn Fn(usize) -> bool| -> Vec<[usize; 2]> {
            let own = |(i, k): (usize, &[usize; 2])| if same(i) { k.map(half) } else { [0, 0] };
            self.kernels.iter().enumerate().map(own).collect()
        };
        let odd = self.kernels.iter().flatten().all(|k| k % 2 == 1);
        if !odd {
            return vec![pad(&|_| false)];
        }
        let mut all = vec![
            pad(&|_| true),
            pad(&|_| false),
            pad(&|i| i == 0),
            pad(&|i| i > 0),
        ];
        // 5×5 kernels with the padding of 3×3 ones.
        if self.kernels.iter().flatten().any(|k| *k > 3) {
            all.push(
                self.kernels
                    .iter()
                    .map(|k| k.map(|k| half(k.min(3))))
                    .collect(),
            );
        }
        all
    }

    /// Height and width of the last map; `None` where nothing is left.
    pub fn extent(&self, plan: &Plan, size: [usize; 2]) -> Option<[usize; 2]> {
        let [mut height, mut width] = size;
        for ((kernel, padding), &halved) in
            self.kernels.iter().zip(&plan.padding).zip(&plan.shrinks)
        {
            let step = |size: usize, kernel: usize, padding: usize| {
                let room = size
                    .checked_add(padding.checked_mul(2)?)?
                    .checked_sub(kernel)?;
                let full = room.checked_add(1)?;
                let left = match (halved, plan.how) {
                    (false, _) => full,
                    (true, Shrink::Stride) => room / 2 + 1,
                    (true, _) => full / 2,
                };
                Some(left).filter(|&left| left > 0)
            };
            let ([kh, kw], [ph, pw]) = (*kernel, *padding);
            (height, width) = (step(height, kh, ph)?, step(width, kw, pw)?);
        }
        Some([height, width])
    }

    /// The image that meets the features exactly where every convolution keeps the size and pools stand
    /// where there is room: what a `Sequential` most likely takes.
    pub fn usual_image(&self) -> Option<[usize; 2]> {
        let maps = self.maps();
        let each = self.features.checked_div(maps)?;
        let side = each.isqrt();
        let halvings = self.room().iter().filter(|&&room| room).count();
        let size = side.checked_mul(2_usize.checked_pow(u32::try_from(halvings).ok()?)?)?;
        let whole = each.checked_mul(maps) == Some(self.features);
        (whole && side > 0 && side.checked_mul(side) == Some(each)).then_some([size, size])
    }

    /// What sizes the plans lead to instead: `16·7·7 = 784`, a few.
    pub fn tried(&self, sizes: &[[usize; 2]]) -> String {
        const SHOWN: usize = 6;
        let mut tried: Vec<String> = Vec::new();
        let maps = self.maps();
        for &size in sizes {
            for shrinks in self.places(Shrink::Max) {
                for padding in self.paddings() {
                    let plan = Plan {
                        padding,
                        shrinks: shrinks.clone(),
                        how: Shrink::Max,
                        end: End::Flatten,
                    };
                    let Some([h, w]) = self.extent(&plan, size) else {
                        continue;
                    };
                    let all = maps.saturating_mul(h).saturating_mul(w);
                    let text = format!("{}×{} gives {maps}·{h}·{w} = {all}", size[0], size[1]);
                    if tried.len() < SHOWN && !tried.contains(&text) {
                        tried.push(text);
                    }
                }
            }
        }
        if tried.is_empty() {
            return "the images are too small".to_owned();
        }
        tried.join(", ")
    }
}
