//! What every command is given: the options, the output, and a connection made when first needed.

mod place;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::time::{Duration, Instant};

use kit::client::Link;
use kit::error::reason;
use kit::limits::REQUEST_TIME;
use kit::message::Request;
use kit::{Call, Client, Timestamp, Trace, Voice};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use crate::args::{Global, Once};
use crate::context::Places;
use crate::context::settings::{self, Said, Settings};
use crate::failure::{Failure, exit};
use crate::output::Output;
use crate::session::Speaker;

pub(crate) use place::Address;

/// How long to wait for a connection to the broker.
const CONNECT_TIME: Duration = Duration::from_secs(3);

/// How long `--wait` waits when nobody says.
const WAIT_TIME: Duration = Duration::from_secs(30);

/// What stands in the error of a connection whose other end could not prove who it is.
const CERTIFICATE: &str = "certificate";

/// What stands there if nobody who is believed has signed it.
const UNKNOWN_AUTHORITY: &str = "UnknownIssuer";

/// The shop, as a command sees it.
pub(crate) struct Shop {
    /// Where and how to print.
    pub(crate) out: Output,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
    /// How long `--wait` waits for the end of what was begun.
    pub(crate) patience: Duration,
    /// As whom requests are asked.
    pub(crate) speaker: Speaker,
    /// Where to ask and how, and who said so.
    pub(crate) settings: Settings,
    global: Global,
    client: OnceCell<Client>,
    /// The key of the change that was sent and is not yet answered.
    changing: RefCell<Option<String>>,
    /// Whether the command itself waits for Ctrl-C.
    minds_interrupt: Cell<bool>,
}

impl Shop {
    pub(crate) fn new(mut global: Global, settings: Settings) -> Self {
        if let Some((format, _)) = settings.output {
            global.output = format;
        }
        Self {
            out: Output::new(&global),
            timeout: global.timeout.unwrap_or(REQUEST_TIME),
            patience: global.timeout.unwrap_or(WAIT_TIME),
            speaker: Speaker::new(global.speaker.clone()),
            settings,
            global,
            client: OnceCell::new(),
            changing: RefCell::new(None),
            minds_interrupt: Cell::new(false),
        }
    }

    /// The shop that options, variables and the context say, and why there is no context, if the one
    /// to go by cannot be used, or no broker, if its address must not be shown.
    pub(crate) fn going_by(mut global: Global, mut said: Said) -> (Self, Option<Failure>) {
        if let Some(failure) = said.take_password() {
            global.nats = None;
            return (Self::new(global, Settings::join(said, None)), Some(failure));
        }
        match settings::choose(said.context.as_ref(), Places::usual().as_ref()) {
            Ok(chosen) => (Self::new(global, Settings::join(said, chosen)), None),
            Err(failure) => (Self::new(global, Settings::join(said, None)), Some(failure)),
        }
    }

    /// The same shop as other settings have it, not yet connected.
    pub(crate) fn with(&self, settings: Settings) -> Self {
        Self { out: self.out.clone(), ..Self::new(self.global.clone(), settings) }
    }

    /// Whether everything is to be shown.
    pub(crate) fn is_verbose(&self) -> bool {
        self.global.verbose
    }

    /// Whether a person may be asked to type something.
    pub(crate) fn may_ask(&self) -> bool {
        !self.global.no_input
    }

    /// The connection to the broker, made the first time.
    ///
    /// # Errors
    /// 11 if there is none in time; 4 if the broker does not know the key; 74 or 78 if the key cannot
    /// be used.
    pub(crate) async fn client(&self) -> Result<&Client, Failure> {
        self.client.get_or_try_init(|| self.connect()).await
    }

    async fn connect(&self) -> Result<Client, Failure> {
        self.settings.check()?;
        let address = self.address();
        let link = Link {
            url: address.url.clone(),
            name: "shopctl".to_owned(),
            identity: self.identity()?,
            ca: self.authorities(&address.url),
        };
        let connected = Client::connect(&link, CONNECT_TIME.min(self.timeout)).await;
        connected.map_err(|error| self.unconnected(error, &address))
    }

    fn unconnected(&self, error: kit::Error, address: &Address) -> Failure {
        let asked = format!("asked at {}: {}", address.url, address.said_by);
        match &*error.reason {
            reason::BROKER_UNREACHABLE if error.message.contains(CERTIFICATE) => {
                let mend = if error.message.contains(UNKNOWN_AUTHORITY) {
                    "shopctl --nats-ca FILE ...      with the authority that signed the broker's certificate"
                } else {
                    "ask at a name or address that is in the certificate; if it has expired, renew it: docs/tls.md"
                };
                Failure::from(error).why(asked).mend(mend)
            }
            reason::BROKER_UNREACHABLE => Failure::from(error)
                .why(asked)
                .mend("shopctl up      starts a shop on this machine")
                .mend("shopctl --nats URL ...      asks another broker"),
            reason::NOT_ADMITTED => {
                let key = self.seed().map_or_else(
                    || "no key was named, and there is none in the data folder".to_owned(),
                    |path| format!("the key is {}", path.display()),
                );
                Failure::from(error)
                    .why(format!("{asked}\n{key}"))
                    .mend("shopctl --seed FILE ...      asks with a key that an admin made: shopctl user add")
                    .mend("shopctl up      makes the keys of a shop on this machine, and brings its broker up to date")
            }
            _ => Failure::from(error),
        }
    }

    /// Asks, with the usual time limit; a change under a new key.
    ///
    /// # Errors
    /// What the service says, or why it says nothing.
    pub(crate) async fn call<R: Request>(&self, request: &R) -> Result<R::Reply, Failure> {
        self.call_once(request, &Once::default()).await
    }

    /// Asks for a change under the key that was given, or a new one.
    ///
    /// # Errors
    /// What the service says, or why it says nothing; 7 with the key if it may have happened.
    pub(crate) async fn call_once<R: Request>(&self, request: &R, once: &Once) -> Result<R::Reply, Failure> {
        self.call_in(request, once, None).await
    }

    /// As [`Self::call_once`], as part of a flow that is already known.
    ///
    /// # Errors
    /// As [`Self::call_once`].
    pub(crate) async fn call_in<R: Request>(
        &self,
        request: &R,
        once: &Once,
        trace: Option<Trace>,
    ) -> Result<R::Reply, Failure> {
        if !R::CHANGES {
            return self.call_as(R::SUBJECT, request, Call { timeout: self.timeout, key: None, trace }).await;
        }
        let key = once.idempotency_key.clone().unwrap_or_else(Client::new_key);
        // What fails before anything is sent leaves nothing in doubt, so it comes before the key is in use.
        self.asker().await?;
        self.changing.replace(Some(key.clone()));
        let call = Call { timeout: self.timeout, key: Some(key.clone()), trace };
        let answer = self.call_as(R::SUBJECT, request, call).await;
        self.changing.replace(None);
        answer.map_err(|failure| match failure.code() {
            reason::TIMED_OUT | reason::BROKER_UNREACHABLE => outcome_unknown(&failure, &key),
            _ => failure,
        })
    }

    /// Asks a subject that no contract lists, such as `order.health`.
    ///
    /// # Errors
    /// What the service says, or why it says nothing.
    pub(crate) async fn call_as<Q: Serialize, P: DeserializeOwned>(
        &self,
        subject: &str,
        request: &Q,
        call: Call,
    ) -> Result<P, Failure> {
        let voice = self.voice().await?;
        let mut answer = self.ask_as(&voice, subject, request, call.clone()).await?;
        if let Some(voice) = self.other_voice(&voice, &answer).await? {
            answer = self.ask_as(&voice, subject, request, call).await?;
        }
        answer.map_err(|error| self.explained(error))
    }

    /// Asks once, as somebody; fails only if that is a mistake of ours, or if there is no connection.
    pub(crate) async fn ask_as<Q: Serialize, P: DeserializeOwned>(
        &self,
        voice: &Voice,
        subject: &str,
        request: &Q,
        call: Call,
    ) -> Result<kit::Result<P>, Failure> {
        let client = self.client().await?.speaking(voice.clone());
        // What was written or read is not repeated: there may be a secret in it.
        let bug = |what: &str, error: serde_json::Error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            Failure::new(exit::BUG, "bug", format!("{what} {subject} is not understood at {place}"))
        };
        let body = serde_json::to_vec(request).map_err(|error| bug("a request to", error))?;
        let (sent, began) = (body.len(), Instant::now());
        let answer = client.call_raw(subject, body.into(), call).await;
        if self.global.verbose {
            let received = match &answer {
                Ok(reply) => format!("{} bytes", reply.len()),
                Err(error) => error.reason.to_string(),
            };
            self.out.say(format!(
                "{subject}  {sent} bytes -> {received}  {:.1} ms",
                began.elapsed().as_secs_f64() * 1000.0
            ));
        }
        match answer {
            Ok(reply) => serde_json::from_slice(&reply).map(Ok).map_err(|error| bug("the answer of", error)),
            Err(error) => Ok(Err(error)),
        }
    }

    /// The time of this machine, to compare with what services tell.
    pub(crate) fn now(&self) -> Timestamp {
        Client::now()
    }

    /// Waits for Ctrl-C. A command that waits for something which goes on without it uses this, to
    /// say so; a second Ctrl-C then ends it at once.
    pub(crate) async fn interrupted(&self) {
        self.minds_interrupt.set(true);
        let _ = tokio::signal::ctrl_c().await;
    }

    /// Runs a command until it is done, or until Ctrl-C.
    ///
    /// # Errors
    /// As the command; 130 after Ctrl-C.
    pub(crate) async fn until_interrupted(
        &self,
        command: impl Future<Output = Result<(), Failure>>,
    ) -> Result<(), Failure> {
        let mut command = std::pin::pin!(command);
        let mut first = true;
        loop {
            tokio::select! {
                biased;
                ending = &mut command => return ending,
                heard = tokio::signal::ctrl_c() => {
                    if heard.is_err() {
                        return command.await;
                    }
                    if !(first && self.minds_interrupt.get()) {
                        return Err(self.cut_short());
                    }
                    first = false;
                }
            }
        }
    }

    fn cut_short(&self) -> Failure {
        let failure = Failure::interrupted();
        match &*self.changing.borrow() {
            Some(key) => {
                failure.why("it was already sent, so it may or may not have happened").mend(same_key(key))
            }
            None => failure,
        }
    }
}

fn outcome_unknown(failure: &Failure, key: &str) -> Failure {
    Failure::new(
        exit::OUTCOME_UNKNOWN,
        "outcome_unknown",
        "no answer came in time, so it may or may not have happened",
    )
    .why(failure.message())
    .mend(same_key(key))
    .details(serde_json::json!({ "idempotency_key": key }))
}

fn same_key(key: &str) -> String {
    format!(
        "run the same command again with --idempotency-key {key}\nit cannot do it twice, and shows what became of it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::Kind;

    #[test]
    fn a_change_without_an_answer_names_the_key_that_makes_a_repeat_safe() {
        let silent = Failure::from(kit::Error::new(
            Kind::TimedOut,
            reason::TIMED_OUT,
            "order.place did not answer within 5 s",
        ));
        let failure = outcome_unknown(&silent, "evt_1");
        assert_eq!(failure.exit(), exit::OUTCOME_UNKNOWN);
        assert_eq!(failure.to_json()["error"]["details"]["idempotency_key"], "evt_1");
        assert!(failure.to_json()["error"]["mend"][0].as_str().unwrap().contains("--idempotency-key evt_1"));
    }
}
