//! A map whose entries expire, and which knows how many bytes it holds.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// Values by key, each with its end. What has expired is not seen any more, but takes room until [`Shelf::purge`].
#[derive(Debug)]
pub(super) struct Shelf<K, V> {
    entries: HashMap<K, Entry<V>>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    ends_at: Instant,
    bytes: usize,
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), bytes: 0 }
    }
}

impl<K: Eq + Hash, V> Shelf<K, V> {
    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.get(key)?;
        (entry.ends_at > Instant::now()).then_some(&entry.value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let entry = self.entries.get_mut(key)?;
        (entry.ends_at > Instant::now()).then_some(&mut entry.value)
    }

    /// Puts a small value.
    pub(super) fn put(&mut self, key: K, value: V, ttl: Duration) {
        self.put_large(key, value, 0, ttl);
    }

    /// Puts a value whose bytes count.
    pub(super) fn put_large(&mut self, key: K, value: V, bytes: usize, ttl: Duration) {
        let entry = Entry { value, ends_at: Instant::now() + ttl, bytes };
        let replaced = self.entries.insert(key, entry);
        self.bytes += bytes;
        self.bytes -= replaced.map_or(0, |entry| entry.bytes);
    }

    /// Gives an entry a new end; says whether there was one.
    pub(super) fn keep(&mut self, key: &K, ttl: Duration) -> bool {
        let now = Instant::now();
        let entry = self.entries.get_mut(key).filter(|entry| entry.ends_at > now);
        entry.map(|entry| entry.ends_at = now + ttl).is_some()
    }

    /// Gives an entry an earlier end, never a later one.
    pub(super) fn shorten(&mut self, key: &K, ttl: Duration) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.ends_at = entry.ends_at.min(Instant::now() + ttl);
        }
    }

    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.bytes -= self.entries.remove(key).map_or(0, |entry| entry.bytes);
    }

    /// Drops what has expired.
    pub(super) fn purge(&mut self) {
        let now = Instant::now();
        self.entries.retain(|_, entry| entry.ends_at > now);
        self.bytes = self.entries.values().map(|entry| entry.bytes).sum();
    }

    /// Entries, expired ones included until they are purged.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of large values, expired ones included until they are purged.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The values that have not expired.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        let now = Instant::now();
        self.entries.values().filter(move |entry| entry.ends_at > now).map(|entry| &entry.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn value_is_gone_at_its_end_and_its_bytes_after_a_purge() {
        let mut shelf = Shelf::default();
        shelf.put_large("short", 1, 10, MINUTE);
        shelf.put_large("long", 2, 5, 3 * MINUTE);

        tokio::time::advance(2 * MINUTE).await;

        assert_eq!((shelf.get("short"), shelf.get("long")), (None, Some(&2)));
        assert_eq!((shelf.len(), shelf.bytes()), (2, 15));
        shelf.purge();
        assert_eq!((shelf.len(), shelf.bytes()), (1, 5));
    }

    #[tokio::test(start_paused = true)]
    async fn replaced_and_removed_bytes_do_not_count() {
        let mut shelf = Shelf::default();
        shelf.put_large("a", 1, 10, MINUTE);
        shelf.put_large("a", 2, 4, MINUTE);
        shelf.put_large("b", 3, 1, MINUTE);

        shelf.remove("b");

        assert_eq!(shelf.bytes(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn expired_value_can_not_be_kept() {
        let mut shelf = Shelf::default();
        shelf.put("a", 1, MINUTE);
        tokio::time::advance(2 * MINUTE).await;

        assert!(!shelf.keep(&"a", MINUTE));
    }
}
