//! Orders to the whole fleet, and the circuits that it shares.

use cad_common::provider::ProviderName;
use cad_common::store::CircuitState;
use cad_common::store::orders::{Order, Orders, SharedCircuit};

use super::scene::{LONG, over_both};

#[tokio::test]
async fn an_order_stands_for_its_provider_until_the_next() {
    over_both(LONG, async |store| {
        store.order(ProviderName::Paddle, Order::Pause).await.unwrap();
        store.order(ProviderName::Onnx, Order::Reset).await.unwrap();
        store.order(ProviderName::Onnx, Order::Reset).await.unwrap();

        let orders = store.orders().await.unwrap();
        assert_eq!(orders[&ProviderName::Paddle], Orders { is_paused: true, resets: 0 });
        assert_eq!(orders[&ProviderName::Onnx], Orders { is_paused: false, resets: 2 });
        assert_eq!(orders[&ProviderName::DeepseekVl], Orders::default());

        store.order(ProviderName::Paddle, Order::Resume).await.unwrap();
        assert!(!store.orders().await.unwrap()[&ProviderName::Paddle].is_paused);
    })
    .await;
}

#[tokio::test]
async fn of_two_who_change_a_circuit_at_once_one_succeeds() {
    over_both(LONG, async |store| {
        let provider = ProviderName::DeepseekHf;
        let (blank, now_ms) = store.circuit(provider).await.unwrap();
        assert_eq!(blank, SharedCircuit::default());
        assert!(now_ms > 1_700_000_000_000, "the clock says {now_ms}");
        let open = SharedCircuit {
            version: 1,
            era: 1,
            state: CircuitState::Open,
            faults: 0,
            until_ms: now_ms + 60_000,
        };
        let closed = SharedCircuit { state: CircuitState::Closed, ..open };

        assert!(store.swap_circuit(provider, &open).await.unwrap());
        assert!(!store.swap_circuit(provider, &closed).await.unwrap());

        assert_eq!(store.circuit(provider).await.unwrap().0, open);
        assert_eq!(store.circuit(ProviderName::DeepseekVl).await.unwrap().0, blank);
    })
    .await;
}
