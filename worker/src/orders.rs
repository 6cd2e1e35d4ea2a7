//! Follows what operators ask of the whole fleet: pause, resume, reset of a circuit.
//!
//! Only what is new is followed, so that an order given to this worker alone stands until the fleet gets another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cad_common::provider::ProviderName;
use cad_common::store::Store;
use cad_common::store::orders::Orders;
use tokio_util::sync::CancellationToken;

use crate::station::Station;

/// An operator who pauses a queue looks at it a second later.
const INTERVAL: Duration = Duration::from_secs(1);

/// Looks for orders until `done`.
pub(crate) async fn follow(store: Store, stations: Vec<Arc<Station>>, done: CancellationToken) {
    let mut known: Option<BTreeMap<ProviderName, Orders>> = None;
    while !done.is_cancelled() {
        match store.orders().await {
            Ok(orders) => {
                for station in &stations {
                    let newest = orders.get(&station.provider).copied().unwrap_or_default();
                    let last = known
                        .as_ref()
                        .map(|known| known.get(&station.provider).copied().unwrap_or_default());
                    obey(station, last, newest);
                }
                known = Some(orders);
            }
            Err(error) => tracing::debug!(%error, "orders can't be read, the last ones stand"),
        }
        let _ = tokio::time::timeout(INTERVAL, done.cancelled()).await;
    }
}

/// A worker that starts obeys a pause that is in force, and no reset from before its time.
fn obey(station: &Station, last: Option<Orders>, newest: Orders) {
    let last = last.unwrap_or(Orders { is_paused: false, resets: newest.resets });
    if last.is_paused != newest.is_paused {
        station.pause(newest.is_paused);
    }
    if last.resets != newest.resets {
        station.ask_for_reset();
    }
}

#[cfg(test)]
mod tests {
    use cad_common::store::Retention;
    use cad_common::store::embedded::EmbeddedStore;
    use cad_common::store::orders::Order;
    use tokio::sync::watch;

    use super::*;
    use crate::pool::Standing;
    use crate::testing::{PROVIDER, eventually};

    fn station() -> Arc<Station> {
        let (_, standing) = watch::channel(Standing::default());
        Arc::new(Station::new(PROVIDER, 1, standing))
    }

    fn store() -> Store {
        let long = Duration::from_secs(60);
        Store::Embedded(EmbeddedStore::new(Retention { pending: long, result: long, cache: long }))
    }

    #[tokio::test]
    async fn every_worker_follows_an_order_also_one_that_starts_later() {
        let (store, done) = (store(), CancellationToken::new());
        let (early, late) = (station(), station());
        tokio::spawn(follow(store.clone(), vec![Arc::clone(&early)], done.clone()));

        store.order(PROVIDER, Order::Pause).await.unwrap();
        tokio::spawn(follow(store.clone(), vec![Arc::clone(&late)], done.clone()));
        for station in [&early, &late] {
            eventually("it is paused", async || station.is_paused()).await;
        }
        store.order(PROVIDER, Order::Resume).await.unwrap();

        for station in [&early, &late] {
            eventually("it takes jobs again", async || !station.is_paused()).await;
        }
    }

    #[tokio::test]
    async fn a_reset_is_obeyed_once_and_not_by_who_starts_after_it() {
        let orders = |resets| Orders { is_paused: false, resets };
        let station = station();
        let asked = || async {
            tokio::time::timeout(Duration::from_millis(20), station.reset_asked()).await.is_ok()
        };

        obey(&station, None, orders(3));
        assert!(!asked().await);
        obey(&station, Some(orders(3)), orders(4));
        assert!(asked().await);
        obey(&station, Some(orders(4)), orders(4));

        assert!(!asked().await);
    }

    #[test]
    fn an_order_to_this_worker_alone_stands_until_the_fleet_gets_another() {
        let station = station();
        station.pause(true);

        obey(&station, Some(Orders::default()), Orders::default());

        assert!(station.is_paused());
    }
}
