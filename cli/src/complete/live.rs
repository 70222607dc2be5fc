//! What there is of each kind, asked with a deadline. Silent when nobody answers.

use std::time::Duration;

use clap::{FromArgMatches, Parser};
use clap_complete::engine::CompletionCandidate;
use contracts::alert::{AlarmPage, ListAlarms, ListRules, RulePage};
use contracts::auth::{AccountPage, ListAccounts};
use contracts::catalog::{ListProducts, ProductPage};
use contracts::device::{DevicePage, ListDevices, ListProfiles, ProfileList};
use contracts::notification::{ListNotifications, NotificationPage};
use contracts::order::{ListOrders, OrderPage};
use contracts::payment::{ListPayments, PaymentPage};
use futures_util::future::join_all;
use kit::Call;
use kit::admin::{DeadLetters, ListDeadLetters};
use kit::message::Request;
use serde::de::DeserializeOwned;

use crate::args::Global;
use crate::context::book::Book;
use crate::context::{Places, nats};
use crate::shop::Shop;

/// How long whoever types waits at most, connection and answers together.
const PATIENCE: Duration = Duration::from_millis(300);

/// How many of the newest are offered.
const NEWEST: u32 = 20;

/// How many products are offered.
const PRODUCTS: u32 = 200;

/// Length of a remark beside a candidate, in characters.
const REMARK_CHARS_MAX: usize = 48;

/// A kind of thing that has a name or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Orders,
    Products,
    Payments,
    Customers,
    Notifications,
    Alarms,
    Rules,
    Devices,
    Profiles,
    DeadLetters,
    Streams,
    Services,
    Contexts,
}

/// A word that may come next, and what is said beside it.
type Word = (String, String);

/// The options that say which shop is asked, as far as they stand in the line.
#[derive(Debug, Parser)]
struct Asked {
    #[command(flatten)]
    global: Global,
}

/// Options before their value, as [`Asked`] reads them.
const WITH_VALUE: [&str; 6] = ["--context", "--nats", "--data", "--seed", "--nats-ca", "--guest"];

/// What there is of a kind; nothing if it is not known in time.
pub(crate) fn candidates(kind: Kind) -> Vec<CompletionCandidate> {
    let words = match kind {
        Kind::Contexts => contexts(),
        Kind::Services => contracts::services().map(plain).collect(),
        Kind::Streams => contracts::services().map(plain).collect(),
        _ => live(kind).unwrap_or_default(),
    };
    offered(words)
}

/// Only words that no shell reads as anything else, with remarks that no terminal obeys.
fn offered(words: Vec<Word>) -> Vec<CompletionCandidate> {
    let is_plain = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/@+".contains(&byte))
    };
    let words = words.into_iter().filter(|(word, _)| is_plain(word)).enumerate();
    words
        .map(|(place, (word, remark))| {
            let short: String = remark.chars().take(REMARK_CHARS_MAX).collect();
            let remark = kit::text::printable(&short).into_owned();
            CompletionCandidate::new(word)
                .help((!remark.is_empty()).then(|| remark.into()))
                .display_order(Some(place))
        })
        .collect()
}

fn plain(word: &str) -> Word {
    (word.to_owned(), String::new())
}

fn contexts() -> Vec<Word> {
    let Some(places) = Places::usual() else { return Vec::new() };
    let own = Book::read(&places.book).unwrap_or_default().contexts;
    let own = own.into_iter().map(|(name, context)| {
        let remark = context.nats.or_else(|| Some(context.data?.display().to_string()));
        (name, remark.unwrap_or_default())
    });
    let foreign = nats::names(&places.nats).into_iter();
    own.chain(foreign.map(|name| (format!("{}{name}", nats::PREFIX), "of the nats command".to_owned())))
        .collect()
}

fn live(kind: Kind) -> Option<Vec<Word>> {
    let shop = shop(std::env::args().collect())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let asked = runtime.block_on(async { tokio::time::timeout(PATIENCE, ask(&shop, kind)).await });
    // A name that is being looked up must not hold up whoever types.
    runtime.shutdown_background();
    asked.ok().flatten()
}

/// The shop that the line is about so far.
fn shop(line: Vec<String>) -> Option<Shop> {
    let mut kept = vec!["shopctl".to_owned()];
    let mut words = line.into_iter().skip_while(|word| word != "--").skip(1);
    while let Some(word) = words.next() {
        match word.split_once('=') {
            Some((name, _)) if WITH_VALUE.contains(&name) => kept.push(word),
            None if WITH_VALUE.contains(&word.as_str()) => {
                kept.extend([word].into_iter().chain(words.next()));
            }
            _ if word == "--as-key" => kept.push(word),
            _ => {}
        }
    }
    kept.extend(["--quiet", "--no-input", "--output", "json"].map(str::to_owned));
    let found = <Asked as clap::CommandFactory>::command().try_get_matches_from(kept).ok()?;
    let asked = Asked::from_arg_matches(&found).ok()?;
    let mut global = asked.global.clone();
    global.timeout = Some(PATIENCE);
    global.verbose = false;
    let (shop, without_context) = Shop::going_by(global, asked.global.said(&found));
    without_context.is_none().then_some(shop)
}

async fn ask(shop: &Shop, kind: Kind) -> Option<Vec<Word>> {
    match kind {
        Kind::Orders => {
            let page: OrderPage =
                one(shop, &ListOrders { limit: Some(NEWEST), ..ListOrders::default() }).await?;
            let words = page.items.into_iter();
            Some(
                words
                    .map(|order| (order.order.to_string(), format!("{}, {}", order.stage, order.total)))
                    .collect(),
            )
        }
        Kind::Products => {
            let page: ProductPage =
                one(shop, &ListProducts { limit: Some(PRODUCTS), ..ListProducts::default() }).await?;
            Some(page.items.into_iter().map(|product| (product.sku.to_string(), product.name)).collect())
        }
        Kind::Payments => {
            let page: PaymentPage =
                one(shop, &ListPayments { limit: Some(NEWEST), ..ListPayments::default() }).await?;
            let words = page.items.into_iter();
            Some(words.map(|payment| (payment.payment.to_string(), payment.order.to_string())).collect())
        }
        Kind::Customers => {
            let page: AccountPage =
                one(shop, &ListAccounts { limit: Some(NEWEST), ..ListAccounts::default() }).await?;
            let words = page.items.into_iter();
            Some(words.map(|account| (account.customer.to_string(), account.email.to_string())).collect())
        }
        Kind::Notifications => {
            let asked = ListNotifications { limit: Some(NEWEST), ..ListNotifications::default() };
            let page: NotificationPage = one(shop, &asked).await?;
            Some(page.items.into_iter().map(|mail| (mail.notification.to_string(), mail.happening)).collect())
        }
        Kind::Alarms => {
            let page: AlarmPage =
                one(shop, &ListAlarms { limit: Some(NEWEST), ..ListAlarms::default() }).await?;
            Some(page.items.into_iter().map(|alarm| (alarm.alarm.to_string(), alarm.why)).collect())
        }
        Kind::Devices => {
            let page: DevicePage =
                one(shop, &ListDevices { limit: Some(PRODUCTS), ..ListDevices::default() }).await?;
            let words = page.items.into_iter();
            Some(
                words.map(|one| (one.device.to_string(), format!("{}, {}", one.profile, one.site))).collect(),
            )
        }
        Kind::Profiles => {
            let page: ProfileList = one(shop, &ListProfiles {}).await?;
            Some(page.items.into_iter().map(|one| (one.name, one.site.to_string())).collect())
        }
        Kind::Rules => {
            let page: RulePage = one(shop, &ListRules { after: None, limit: Some(PRODUCTS) }).await?;
            let words = page.items.into_iter();
            Some(
                words
                    .map(|view| (view.rule.name.to_string(), view.rule.severity.word().to_owned()))
                    .collect(),
            )
        }
        Kind::DeadLetters => Some(dead_letters(shop).await),
        Kind::Streams | Kind::Services | Kind::Contexts => None,
    }
}

async fn one<R: Request>(shop: &Shop, request: &R) -> Option<R::Reply> {
    told(shop, R::SUBJECT, request).await
}

/// Asks once. Tokens are not exchanged here: whoever is cut off in the middle of that is signed out.
async fn told<Q: serde::Serialize, P: DeserializeOwned>(
    shop: &Shop,
    subject: &str,
    request: &Q,
) -> Option<P> {
    let voice = shop.voice_at_hand()?;
    let call = Call { timeout: PATIENCE, ..Call::default() };
    shop.ask_as(&voice, subject, request, call).await.ok()?.ok()
}

/// Each as `service/number`, which is how `shopctl dlq` reads them.
async fn dead_letters(shop: &Shop) -> Vec<Word> {
    let asked = ListDeadLetters { limit: Some(NEWEST), ..ListDeadLetters::default() };
    let every = join_all(contracts::services().map(|service| {
        let asked = &asked;
        async move {
            let subject = format!("{service}.dead_letters");
            let letters: Option<DeadLetters> = told(shop, &subject, asked).await;
            let items = letters.map(|letters| letters.items).unwrap_or_default();
            items
                .into_iter()
                .map(|letter| (format!("{service}/{}", letter.id), letter.message))
                .collect::<Vec<_>>()
        }
    }));
    every.await.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_offered_that_a_shell_or_a_terminal_obeys() {
        let words =
            [("mug-blue", "A\u{1b}[2J mug\nand"), ("$(reboot)", "x"), ("a;b", "x"), ("", "x"), ("`x`", "")];
        let offered = offered(words.map(|(word, remark)| (word.to_owned(), remark.to_owned())).to_vec());
        assert_eq!(offered.len(), 1);
        assert_eq!(offered[0].get_value(), "mug-blue");
        let remark = offered[0].get_help().unwrap().to_string();
        assert!(!remark.chars().any(char::is_control), "{remark:?}");
    }

    #[test]
    fn the_line_says_which_shop_is_asked() {
        let line = "shopctl -- shopctl order get --nats nats://a:1 --data=/x --nosuch --history";
        let shop = shop(line.split(' ').map(str::to_owned).collect()).unwrap();
        assert_eq!(shop.address().url, "nats://a:1");
        assert_eq!(shop.folder().unwrap().root(), std::path::Path::new("/x"));
    }
}
