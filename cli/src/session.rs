//! As whom requests are asked: somebody who signed in, the holder of the key, or a guest.

mod guest;
mod store;

use std::cell::{OnceCell, RefCell};
use std::path::PathBuf;

use contracts::auth::{Refresh, TokenPair, reason};
use jiff::SignedDuration;
use kit::error::reason as common;
use kit::message::Request;
use kit::{Call, Client, Error, Kind, Role, Voice};

use crate::failure::{Failure, exit};
use crate::private::shown;
use crate::shop::Shop;

pub(crate) use store::{Lock, Session, Store};

/// How long an access token must still be good, or it is exchanged before it is used.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_secs(30);

/// Answers after which a token is exchanged and the request sent again. Nothing was done in any of them.
const WORN_OUT: [&str; 3] = [common::TOKEN_EXPIRED, common::INVALID_TOKEN, common::SESSION_ENDED];

/// Answers after which a refresh token is worth nothing any more.
const ENDED: [&str; 4] = [
    reason::INVALID_REFRESH_TOKEN,
    reason::REFRESH_TOKEN_REUSED,
    reason::ACCOUNT_DISABLED,
    common::SESSION_ENDED,
];

/// As whom to ask, as the command line says it.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Options {
    /// Ask as the holder of the key, whoever is signed in; wins over --guest
    #[arg(long, global = true)]
    pub(crate) as_key: bool,

    /// Ask as the guest whose secret stands in this file; it is made if it is missing
    #[arg(long, global = true, value_name = "FILE", env = "SHOP_GUEST_FILE", hide_env_values = true)]
    pub(crate) guest: Option<PathBuf>,
}

/// Whoever speaks, as far as it was looked up.
#[derive(Default)]
pub(crate) struct Speaker {
    options: Options,
    guest: OnceCell<String>,
    session: RefCell<Known>,
}

#[derive(Default)]
enum Known {
    #[default]
    Unread,
    Nobody,
    /// Whether the tokens were exchanged by this very command: then they are as good as they get,
    /// whatever the clock of this machine says.
    Somebody(Box<Session>, bool),
}

impl Speaker {
    pub(crate) fn new(mut options: Options) -> Self {
        if options.as_key {
            options.guest = None;
        }
        Self { options, ..Self::default() }
    }
}

impl Shop {
    /// Where the tokens for this shop are kept; none if nothing says where.
    pub(crate) fn store(&self) -> Option<Store> {
        let folder = Store::usual_folder()?;
        let shop = match (self.names_broker(), self.folder()) {
            (false, Ok(data)) => store::shop_in_folder(data.root()),
            _ => store::shop_at_broker(&self.address().url),
        };
        Some(Store::at(folder, shop))
    }

    /// The same for a command that cannot do without.
    ///
    /// # Errors
    /// 78 if nothing says where it is.
    pub(crate) fn needed_store(&self) -> Result<Store, Failure> {
        self.store().ok_or_else(|| {
            Failure::new(exit::CONFIGURATION, "no_state_folder", "nothing says where tokens are to be kept")
                .why("neither XDG_STATE_HOME nor HOME is set")
        })
    }

    /// Who is signed in, and is to be heard in what is asked.
    ///
    /// # Errors
    /// 78 if the file of the session cannot be used.
    pub(crate) fn session(&self) -> Result<Option<Session>, Failure> {
        if self.asks_otherwise() {
            return Ok(None);
        }
        if matches!(&*self.speaker.session.borrow(), Known::Unread) {
            let read = self.store().map(|store| store.read()).transpose()?.flatten();
            self.heard(read, false);
        }
        Ok(match &*self.speaker.session.borrow() {
            Known::Somebody(session, _) => Some(Session::clone(session)),
            Known::Unread | Known::Nobody => None,
        })
    }

    /// Whether the command line leaves out whoever is signed in.
    pub(crate) fn asks_otherwise(&self) -> bool {
        self.speaker.options.as_key || self.speaker.options.guest.is_some()
    }

    /// The file of the guest who asks, if one does.
    pub(crate) fn guest_file(&self) -> Option<&PathBuf> {
        self.speaker.options.guest.as_ref()
    }

    /// As whom the next request is asked. Tokens that are about to expire are exchanged before.
    ///
    /// # Errors
    /// 4 if the session has ended; 78 if its file, or that of the guest, cannot be used.
    pub(crate) async fn voice(&self) -> Result<Voice, Failure> {
        if let Some(secret) = self.guest()? {
            return Ok(Voice::Guest(secret));
        }
        let Some(session) = self.session()? else { return Ok(Voice::Own) };
        let is_new = matches!(&*self.speaker.session.borrow(), Known::Somebody(_, true));
        let left = session.tokens.access_expires_at.duration_since(self.now());
        if is_new || left > RENEWED_BEFORE {
            return Ok(Voice::Token(session.tokens.access_token.expose().to_owned()));
        }
        self.exchange(&session).await
    }

    /// As whom to ask without exchanging or making anything; none if that is not known.
    pub(crate) fn voice_at_hand(&self) -> Option<Voice> {
        match self.guest_file() {
            Some(file) if !file.exists() => None,
            Some(_) => self.guest().ok().flatten().map(Voice::Guest),
            None => match self.session().ok()? {
                None => Some(Voice::Own),
                Some(session) => {
                    let is_good = session.tokens.access_expires_at > self.now();
                    is_good.then(|| Voice::Token(session.tokens.access_token.expose().to_owned()))
                }
            },
        }
    }

    /// As whom to send a request again that was answered like this; none if that does not help.
    ///
    /// # Errors
    /// As [`Self::voice`].
    pub(crate) async fn other_voice<T>(
        &self,
        used: &Voice,
        answer: &Result<T, Error>,
    ) -> Result<Option<Voice>, Failure> {
        let (Voice::Token(used), Err(error)) = (used, answer) else { return Ok(None) };
        if error.kind != Kind::Unauthenticated || !WORN_OUT.contains(&&*error.reason) {
            return Ok(None);
        }
        match self.session()? {
            // Another request of this command was quicker.
            Some(session) if session.tokens.access_token.expose() != used => self.voice().await.map(Some),
            Some(session) => self.exchange(&session).await.map(Some),
            None => Ok(None),
        }
    }

    /// A connection on which to ask whatever no contract lists, as whoever speaks.
    ///
    /// # Errors
    /// As [`Self::voice`]; 11 if there is no connection.
    pub(crate) async fn asker(&self) -> Result<Client, Failure> {
        Ok(self.client().await?.speaking(self.voice().await?))
    }

    /// Asks as the holder of the key, whoever is signed in.
    ///
    /// # Errors
    /// What the service says, or why it says nothing.
    pub(crate) async fn call_by_key<R: Request>(&self, request: &R) -> Result<R::Reply, Failure> {
        let call = Call { timeout: self.timeout, ..Call::default() };
        Ok(self.ask_as(&Voice::Own, R::SUBJECT, request, call).await??)
    }

    /// Keeps the tokens of somebody who has just signed in.
    ///
    /// # Errors
    /// 74 or 75 if they cannot be kept.
    pub(crate) async fn signed_in(&self, store: &Store, tokens: TokenPair) -> Result<Session, Failure> {
        let lock = store.lock(self.timeout).await?;
        let session = store.write(&lock, self.now(), tokens)?;
        self.heard(Some(session.clone()), true);
        Ok(session)
    }

    /// Forgets whoever is signed in.
    ///
    /// # Errors
    /// 74 or 75 if the file cannot be removed.
    pub(crate) async fn signed_out(&self) -> Result<(), Failure> {
        if let Some(store) = self.store() {
            let lock = store.lock(self.timeout).await?;
            store.remove(&lock)?;
        }
        self.heard(None, false);
        Ok(())
    }

    /// Refuses what is for those who run the shop, if somebody speaks of whom it is known that they
    /// do not. For what is asked of the broker rather than of a service, which would refuse it itself.
    ///
    /// # Errors
    /// 5 if it is a customer or a guest.
    pub(crate) fn for_operators(&self, what: &str) -> Result<(), Failure> {
        let who = match self.session()? {
            Some(session) if session.tokens.account.role == Role::Customer => "a customer",
            None if self.guest_file().is_some() => "a guest",
            _ => return Ok(()),
        };
        let message = format!("{who} may not ask for {what}; it is for operators");
        Err(self.explained(Error::new(Kind::Forbidden, common::FORBIDDEN, message)))
    }

    /// The command that shows what became of an order to whoever speaks: traces are for operators.
    pub(crate) fn look_into(&self, order: impl std::fmt::Display) -> String {
        match self.for_operators("traces") {
            Ok(()) => format!("shopctl trace {order}"),
            Err(_) => format!("shopctl order get {order} --history"),
        }
    }

    /// What a service said, with what helps somebody who may not do it.
    pub(crate) fn explained(&self, error: Error) -> Failure {
        let failure = Failure::from(error);
        let session = self.session().ok().flatten();
        match (failure.exit(), &session) {
            (exit::FORBIDDEN, _) => {
                let failure = failure.why(self.who(session.as_ref())).mend("shopctl whoami");
                if session.is_some() || self.guest_file().is_some() {
                    failure.mend("shopctl --as-key ...      asks as the holder of the key")
                } else {
                    failure.mend("shopctl login EMAIL      asks as somebody who may")
                }
            }
            (exit::UNAUTHENTICATED, Some(session)) => failure.mend(log_in(session)),
            (exit::UNAUTHENTICATED, None) => failure.mend("shopctl login EMAIL"),
            _ => failure,
        }
    }

    /// Who speaks, in a line.
    fn who(&self, session: Option<&Session>) -> String {
        match (session, self.guest_file()) {
            (Some(session), _) => {
                let account = &session.tokens.account;
                format!("{} is signed in here, as {}", account.email, account.role)
            }
            (None, Some(file)) => format!("it was asked as the guest of {}", shown(file)),
            (None, None) => "it was asked as the holder of the key of this connection".to_owned(),
        }
    }

    /// The secret of the guest who asks, if one does.
    ///
    /// # Errors
    /// 78 or 74 if its file cannot be used.
    pub(crate) fn guest(&self) -> Result<Option<String>, Failure> {
        let Some(file) = self.guest_file() else { return Ok(None) };
        if let Some(secret) = self.speaker.guest.get() {
            return Ok(Some(secret.clone()));
        }
        let guest = guest::read_or_make(file)?;
        if guest.is_new {
            self.out.say(format!(
                "the secret of a new guest is in {}; whoever has it is that guest",
                shown(file)
            ));
        }
        Ok(Some(self.speaker.guest.get_or_init(|| guest.secret).clone()))
    }

    fn heard(&self, session: Option<Session>, is_new: bool) {
        let known = session.map_or(Known::Nobody, |session| Known::Somebody(Box::new(session), is_new));
        self.speaker.session.replace(known);
    }

    /// Exchanges the tokens of a session, unless somebody else has done so meanwhile.
    async fn exchange(&self, old: &Session) -> Result<Voice, Failure> {
        let store = self.needed_store()?;
        // A refresh token is good once: two commands that sent the same one would look like theft.
        let lock = store.lock(self.timeout).await?;
        let kept =
            store.read()?.ok_or_else(|| ended(old, "it was ended by another command on this machine"))?;
        // Two access tokens of the same second are the same, refresh tokens never are.
        let session = if kept.tokens.refresh_token == old.tokens.refresh_token {
            let tokens = self.new_tokens(&store, &lock, &kept).await?;
            store.write(&lock, kept.since, tokens)?
        } else {
            kept
        };
        let token = session.tokens.access_token.expose().to_owned();
        self.heard(Some(session), true);
        Ok(Voice::Token(token))
    }

    async fn new_tokens(&self, store: &Store, lock: &Lock, kept: &Session) -> Result<TokenPair, Failure> {
        let refresh = Refresh { refresh_token: kept.tokens.refresh_token.clone() };
        let call = Call { timeout: self.timeout, ..Call::default() };
        match self.ask_as(&Voice::Own, Refresh::SUBJECT, &refresh, call).await? {
            Ok(tokens) => Ok(tokens),
            Err(error) if ENDED.contains(&&*error.reason) => {
                store.remove(lock)?;
                self.heard(None, false);
                Err(ended(kept, &error.message))
            }
            Err(error) => Err(Failure::from(error).so("the session was not renewed")),
        }
    }
}

fn ended(session: &Session, why: &str) -> Failure {
    let what = format!("{} is not signed in any more", session.tokens.account.email);
    Failure::new(exit::UNAUTHENTICATED, common::SESSION_ENDED, what).why(why).mend(log_in(session))
}

fn log_in(session: &Session) -> String {
    format!("shopctl login {}", session.tokens.account.email)
}
