//! Everything that can become of an order, at once, by people who do not take "not now" for an answer.

use contracts::auth::{Confirm, LogIn, LogOut, Register, Secret};
use contracts::cart::AddItem;
use contracts::catalog::PutProduct;
use contracts::inventory::ReceiveStock;
use contracts::order::{CancelOrder, OrderView, PlaceOrder, RefundOrder, Stage};
use contracts::{Email, OrderId, Quantity, analytics::RebuildAnalytics};
use kit::admin::{DeadLetters, ListDeadLetters, RebuildStream, SettleDeadLetter, Settled, StreamRebuilt};
use kit::testing::{Broker, eventually};
use kit::{Call, Client, Kind, Request, Result};
use std::time::Duration;

use crate::customer::{DECLINED_CARD, order_of};
use crate::people::{PASSWORD, code_of};
use crate::{Counter, NAMES, euros, sku_of};

/// What everybody buys.
pub const MUG: &str = "walked-mug";
/// What is only priced and delivered.
pub const POSTER: &str = "walked-poster";

/// Who signs in and out; the account must be there.
pub const MEMBER: &str = "member@example.org";

/// A card whose charge takes a second, so that there is time to change one's mind.
const SLOW_CARD: &str = "pm_test_slow";

/// How often somebody looks for dead letters.
const TENDED_EVERY: Duration = Duration::from_millis(200);

/// How long an answer is waited for before asking again under the same key: whoever should give it may
/// have been killed.
const ANSWER_TIME: Duration = Duration::from_secs(1);

/// The orders of one round.
#[derive(Debug, Clone, Copy)]
pub struct Orders {
    /// Out of a cart, paid, and given back.
    pub refunded: OrderId,
    /// Not paid, for the card was declined.
    pub declined: OrderId,
    /// Cancelled while it was being paid, unless the payment came first.
    pub regretted: OrderId,
}

impl Counter {
    /// Asks again and again under one key until there is an answer that asking again would not change.
    ///
    /// # Errors
    /// The refusal.
    pub async fn insists<R: Request>(&self, request: &R, key: &str) -> Result<R::Reply> {
        eventually(&format!("an answer of {}", R::SUBJECT), || async {
            let call = Call { key: Some(key.to_owned()), timeout: ANSWER_TIME, ..Call::default() };
            match self.client().call(request, call).await {
                Err(error) if error.kind.is_retryable() => None,
                answer => Some(answer),
            }
        })
        .await
    }

    /// Lets everything happen that can become of an order, under keys that begin with a name; with the
    /// streams of two services made anew meanwhile, if that is wanted.
    pub async fn sees_everything(&self, name: &str, remaking: bool) -> Orders {
        let (refunded, declined, regretted, (), ()) = tokio::join!(
            self.buys_and_returns(name),
            self.is_declined(name),
            self.regrets(name),
            self.runs_errands(name),
            async {
                if remaking {
                    self.remakes_streams().await;
                }
            },
        );
        Orders { refunded, declined, regretted }
    }

    /// Makes the account that signs in and out. Its mail is out before its code is used.
    pub async fn joins(&self, broker: &Broker) {
        let email: Email = MEMBER.parse().expect("an address");
        let mut mails = self.client().watch("events.auth.mail_due").await.expect("a watch");
        let register = Register { email: email.clone(), password: Secret::new(PASSWORD) };
        self.client().ask(&register).await.expect("an account");
        self.until_quiet().await;
        let code = code_of(&mut mails, &broker.client_of("notification").await, &email).await;
        self.client().ask(&Confirm { code }).await.expect("a confirmed account");
        self.signs_in(MEMBER).await;
    }

    async fn buys_and_returns(&self, name: &str) -> OrderId {
        let add = AddItem {
            cart: None,
            sku: sku_of(MUG),
            quantity: Quantity::try_from(2).expect("a quantity"),
            expected_version: None,
        };
        let cart = self.insists(&add, &format!("{name}-cart")).await.expect("a cart").cart;
        let request = PlaceOrder { cart: Some(cart), accept_prices: true, ..order_of(&[]) };
        let order = self.places_one(&request, &format!("{name}-bought")).await.order;
        self.reaches(order, Stage::Confirmed).await;
        let refund = RefundOrder { order, amount: None, reason: "it does not fit".into() };
        self.insists(&refund, &format!("{name}-refund")).await.expect("a refund");
        self.reaches(order, Stage::Refunded).await;
        order
    }

    async fn is_declined(&self, name: &str) -> OrderId {
        let request = PlaceOrder { payment_method: DECLINED_CARD.into(), ..order_of(&[(MUG, 1)]) };
        let order = self.places_one(&request, &format!("{name}-declined")).await.order;
        self.reaches(order, Stage::Cancelled).await;
        order
    }

    async fn regrets(&self, name: &str) -> OrderId {
        let request = PlaceOrder { payment_method: SLOW_CARD.into(), ..order_of(&[(MUG, 1)]) };
        let order = self.places_one(&request, &format!("{name}-regretted")).await.order;
        let cancel = CancelOrder { order, reason: "a change of mind".into() };
        let cancelled = self.insists(&cancel, &format!("{name}-cancel")).await;
        let end = if cancelled.is_ok() { Stage::Cancelled } else { Stage::Confirmed };
        self.reaches(order, end).await;
        order
    }

    async fn places_one(&self, request: &PlaceOrder, key: &str) -> OrderView {
        self.insists(request, key).await.expect("an order")
    }

    /// What has nothing to do with an order: a price, a delivery, an account, a session, figures made anew.
    async fn runs_errands(&self, name: &str) {
        let price = name.bytes().fold(1000, |sum, byte| sum + i64::from(byte));
        let put = PutProduct {
            sku: sku_of(POSTER),
            name: format!("The poster of {name}"),
            description: String::new(),
            category: "Tests".into(),
            price: euros(price),
            expected_version: None,
        };
        let receive = ReceiveStock { sku: sku_of(POSTER), quantity: 1, reason: name.into() };
        let register = Register {
            email: format!("{name}@example.org").parse().expect("an address"),
            password: Secret::new(PASSWORD),
        };
        self.insists(&put, &format!("{name}-price")).await.expect("a product");
        self.insists(&receive, &format!("{name}-delivery")).await.expect("stock");
        self.insists(&register, &format!("{name}-account")).await.expect("an account");
        self.insists(&RebuildAnalytics {}, &format!("{name}-figures")).await.expect("figures");
        // Every service hears that a session was ended.
        let log_in = LogIn {
            email: MEMBER.parse().expect("an address"),
            password: Secret::new(PASSWORD),
            device: name.into(),
            source: String::new(),
        };
        let pair = self.insists(&log_in, &format!("{name}-session")).await.expect("tokens");
        let ended = self.for_holder_of(&pair).insists(&LogOut::default(), &format!("{name}-log-out")).await;
        // Asked a second time, because the first answer was lost, it says that there is no session.
        assert!(ended.as_ref().err().is_none_or(|error| error.kind == Kind::Unauthenticated), "{ended:?}");
    }

    async fn remakes_streams(&self) {
        for service in ["order", "payment"] {
            eventually(&format!("the stream of {service} is made anew"), || async {
                let subject = format!("{service}.rebuild_stream");
                let made = self.client().call_as(&subject, &RebuildStream {}, Call::default()).await;
                made.ok().map(|_: StreamRebuilt| ())
            })
            .await;
        }
    }

    /// What a person does about dead letters: tries each again, for as long as this is waited for.
    pub async fn tends_letters(&self) {
        loop {
            for service in NAMES {
                self.retries_letters_of(service).await;
            }
            tokio::time::sleep(TENDED_EVERY).await;
        }
    }

    /// The same until there are none.
    pub async fn settles_letters(&self) {
        for service in NAMES {
            eventually(&format!("no dead letters in {service}"), || self.retries_letters_of(service)).await;
        }
    }

    /// Whether no service has a dead letter.
    pub async fn has_no_letters(&self) -> bool {
        for service in NAMES {
            if self.health(service).await.is_none_or(|health| health.dead_letters > 0) {
                return false;
            }
        }
        true
    }

    /// Tries each dead letter of a service again. Nothing if there is still one, or no answer.
    async fn retries_letters_of(&self, service: &str) -> Option<()> {
        let call = || Call { timeout: ANSWER_TIME, key: Some(Client::new_key()), trace: None };
        let subject = format!("{service}.dead_letters");
        let letters: DeadLetters =
            self.client().call_as(&subject, &ListDeadLetters::default(), call()).await.ok()?;
        for letter in letters.items.iter().filter(|letter| letter.state == "dead") {
            let subject = format!("{service}.retry_dead_letter");
            let _: Result<Settled> =
                self.client().call_as(&subject, &SettleDeadLetter { id: letter.id }, call()).await;
        }
        letters.items.is_empty().then_some(())
    }
}
