//! Requests and events: the words that services say to each other.
//!
//! A contract lists its words with [`subjects!`](crate::subjects), which ties each type to its
//! subject and gathers all of them, so that `subjects.md` can be printed from the code.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::access::Access;

/// A request: asked over core NATS, answered by one service.
pub trait Request: Serialize + DeserializeOwned + Example + Send + Sync + 'static {
    /// Where it is asked: `order.place`.
    const SUBJECT: &'static str;
    /// Whether it changes something under an `Idempotency-Key`, with which its answer is kept.
    const CHANGES: bool;
    /// Who may ask.
    const ACCESS: Access;
    /// What is answered.
    type Reply: Serialize + DeserializeOwned + Example + Send + Sync + 'static;
}

/// An event: something that has become true, told through the outbox.
pub trait Event: Serialize + DeserializeOwned + Example + Send + Sync + 'static {
    /// Where it is told: `events.order.placed`.
    const SUBJECT: &'static str;
    /// What it is about. Events of one key are heard in order.
    fn key(&self) -> String;
}

/// A believable value, for the reference page and for tests.
pub trait Example {
    /// The value. Always the same.
    fn example() -> Self;
}

impl Example for () {
    fn example() -> Self {}
}

/// How a word is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordKind {
    /// A request that only reads.
    Ask,
    /// A request that changes something. Its answer is kept under its `Idempotency-Key`.
    Change,
    /// A request that changes something and says or answers a secret, so nothing of it is kept. It is
    /// made so that asking twice does no harm.
    Act,
    /// An event.
    Event,
}

/// One entry of a contract.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// How it is said.
    pub kind: WordKind,
    /// Where it is said.
    pub subject: &'static str,
    /// The name of its type.
    pub name: &'static str,
    /// The name of the type of its reply; empty for an event.
    pub reply: &'static str,
    /// Who may ask; nobody for an event.
    pub access: Access,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// A believable body.
    pub example: fn() -> Value,
    /// A believable reply; null for an event.
    pub reply_example: fn() -> Value,
    /// Whether a body is understood.
    pub understands: fn(&Value) -> bool,
}

impl Word {
    /// The fields of the example without which a body is not understood.
    pub fn required(&self) -> Vec<String> {
        let example = (self.example)();
        let names =
            example.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let needed = |name: &String| {
            let mut without = example.clone();
            without.as_object_mut().map(|fields| fields.remove(name));
            !(self.understands)(&without)
        };
        names.into_iter().filter(needed).collect()
    }

    /// The service that answers or tells it: the owner of its subject.
    pub fn owner(&self) -> &'static str {
        owner(self.subject)
    }
}

/// The service that owns a subject: the first token, or the second for what a stream holds.
pub fn owner(subject: &str) -> &str {
    let rest = subject.strip_prefix("events.").unwrap_or(subject);
    rest.split('.').next().unwrap_or(rest)
}

/// The stream of a service: its name in upper case.
pub fn stream_of(service: &str) -> String {
    service.to_ascii_uppercase()
}

#[doc(hidden)]
pub fn example_json<T: Example + Serialize>() -> Value {
    serde_json::to_value(T::example()).unwrap_or(Value::Null)
}

#[doc(hidden)]
pub fn understands<T: DeserializeOwned>(body: &Value) -> bool {
    T::deserialize(body).is_ok()
}

#[doc(hidden)]
pub fn no_json() -> Value {
    Value::Null
}

/// Lists the words of a contract.
///
/// ```text
/// kit::subjects! {
///     change "order.place" PlaceOrder -> OrderView by [owner operator], "Turns a cart into an order.";
///     ask "order.get" GetOrder -> OrderView by [owner operator], "Shows one order.";
///     event "events.order.placed" OrderPlaced of order, "An order was accepted.";
/// }
/// ```
///
/// `of` names the field that says what the event is about, `by` who may ask, as
/// [`access!`](crate::access) has it. `act` is a change of which nothing is kept.
#[macro_export]
macro_rules! subjects {
    ($($kind:ident $subject:literal $name:ident $(-> $reply:tt by [$($who:tt)+])? $(of $key:ident)?, $meaning:literal;)*) => {
        /// Every word of this contract, in the order of the page.
        pub const WORDS: &[$crate::message::Word] = &[
            $($crate::subjects!(@word $kind $subject $name $(-> $reply by [$($who)+])?, $meaning)),*
        ];
        $($crate::subjects!(@impl $kind $subject $name $(-> $reply by [$($who)+])? $(of $key)?);)*
    };
    (@word ask $subject:literal $name:ident -> $reply:tt by [$($who:tt)+], $meaning:literal) => {
        $crate::subjects!(@request Ask $subject $name $reply [$($who)+], $meaning)
    };
    (@word change $subject:literal $name:ident -> $reply:tt by [$($who:tt)+], $meaning:literal) => {
        $crate::subjects!(@request Change $subject $name $reply [$($who)+], $meaning)
    };
    (@word act $subject:literal $name:ident -> $reply:tt by [$($who:tt)+], $meaning:literal) => {
        $crate::subjects!(@request Act $subject $name $reply [$($who)+], $meaning)
    };
    (@word event $subject:literal $name:ident, $meaning:literal) => {
        $crate::message::Word {
            kind: $crate::message::WordKind::Event,
            subject: $subject,
            name: stringify!($name),
            reply: "",
            access: $crate::access::Access(&[]),
            meaning: $meaning,
            example: $crate::message::example_json::<$name>,
            reply_example: $crate::message::no_json,
            understands: $crate::message::understands::<$name>,
        }
    };
    (@request $kind:ident $subject:literal $name:ident $reply:tt [$($who:tt)+], $meaning:literal) => {
        $crate::message::Word {
            kind: $crate::message::WordKind::$kind,
            subject: $subject,
            name: stringify!($name),
            reply: stringify!($reply),
            access: $crate::access!($($who)+),
            meaning: $meaning,
            example: $crate::message::example_json::<$name>,
            reply_example: $crate::message::example_json::<$reply>,
            understands: $crate::message::understands::<$name>,
        }
    };
    (@impl ask $subject:literal $name:ident -> $reply:tt by [$($who:tt)+]) => {
        $crate::subjects!(@asked $subject $name $reply false [$($who)+]);
    };
    (@impl change $subject:literal $name:ident -> $reply:tt by [$($who:tt)+]) => {
        $crate::subjects!(@asked $subject $name $reply true [$($who)+]);
    };
    (@impl act $subject:literal $name:ident -> $reply:tt by [$($who:tt)+]) => {
        $crate::subjects!(@asked $subject $name $reply false [$($who)+]);
    };
    (@asked $subject:literal $name:ident $reply:tt $changes:literal [$($who:tt)+]) => {
        impl $crate::message::Request for $name {
            const SUBJECT: &'static str = $subject;
            const CHANGES: bool = $changes;
            const ACCESS: $crate::access::Access = $crate::access!($($who)+);
            type Reply = $reply;
        }
    };
    (@impl event $subject:literal $name:ident of $key:ident) => {
        impl $crate::message::Event for $name {
            const SUBJECT: &'static str = $subject;
            fn key(&self) -> String {
                self.$key.to_string()
            }
        }
    };
}
