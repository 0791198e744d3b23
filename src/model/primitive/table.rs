//! Tables of indices: large, made once and compared often.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A table that is hashed once and shared.
#[derive(Debug, Clone)]
pub struct Table<T>(Arc<(u64, T)>);

impl<T: Hash> Table<T> {
    /// Hashes `inner`.
    pub fn new(inner: T) -> Self {
        let mut hasher = std::hash::DefaultHasher::new();
        inner.hash(&mut hasher);
        Self(Arc::new((hasher.finish(), inner)))
    }
}

impl<T> Deref for Table<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0.1
    }
}

impl<T> Hash for Table<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.0.hash(state);
    }
}

impl<T: PartialEq> PartialEq for Table<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.0 == other.0.0 && self.0.1 == other.0.1)
    }
}

impl<T: Eq> Eq for Table<T> {}
