//! Who may connect that is not in the broker's configuration: what the broker asks, and what it is answered
//! (auth callout, NATS ADR-26). Both are JWTs signed with the keys of NATS: `ed25519-nkey`.

use base64ct::{Base64UrlUnpadded, Encoding};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::access::Issuer;
use crate::error::{Error, Result};

/// Where the broker asks.
pub const SUBJECT: &str = "$SYS.REQ.USER.AUTH";

/// Where it awaits the answers.
pub const ANSWERS: &str = "$SYS._INBOX.*.*";

/// Length of a question in bytes; a longer one is not looked at.
const QUESTION_BYTES_MAX: usize = 16 * 1024;

/// Length of what somebody who connects says of themselves, in bytes each. What is longer is refused.
const WORD_BYTES_MAX: usize = 256;

/// To whom the broker says that its question is meant.
const AUDIENCE: &str = "nats-authorization-request";

/// How far the clocks of broker and service may differ, in seconds.
const LEEWAY: i64 = 60;

/// Who wants to connect, as the broker says.
#[derive(Clone, PartialEq, Eq)]
pub struct Asked {
    /// The server, as it calls itself.
    pub server: String,
    /// The number that the connection has at the server.
    pub connection: u64,
    /// The user's name they gave.
    pub user: String,
    /// The password they gave.
    pub password: String,
    /// What they call their session over MQTT; empty if they do not speak it. Whoever connects with the same one
    /// takes the session over, and the broker ends the connection before it.
    pub client_id: String,
    mqtt: bool,
    user_key: String,
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "(connection {} at {})", self.connection, self.server)
    }
}

/// What somebody may do who is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What the connection is called at the broker.
    pub name: String,
    /// The account they come into.
    pub account: String,
    /// Where they may publish.
    pub publish: Vec<String>,
    /// Where they may listen.
    pub subscribe: Vec<String>,
    /// How many subscriptions they may have.
    pub subscriptions_max: u32,
    /// Length of their messages in bytes.
    pub payload_max: u32,
    /// Until when; the broker then ends the connection, and they may come again.
    pub until: Timestamp,
}

#[derive(Deserialize)]
struct Question {
    iss: String,
    aud: String,
    exp: i64,
    nats: Asking,
}

#[derive(Deserialize)]
struct Asking {
    server_id: Server,
    user_nkey: String,
    client_info: Connecting,
    connect_opts: Said,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Server {
    id: String,
}

#[derive(Deserialize)]
struct Connecting {
    id: u64,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    mqtt_id: String,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    user: String,
    #[serde(default)]
    pass: String,
}

impl Asked {
    /// Reads what the broker asks, and checks that the server it names has signed it just now.
    ///
    /// # Errors
    /// `invalid_question` that says what is wrong, and repeats nothing of what somebody said.
    pub fn read(body: &[u8], now: Timestamp) -> Result<Self> {
        let wrong = |what: &str| {
            let what = format!("what the broker asks {what}; nobody was let in");
            Error::invalid("invalid_question", what)
        };
        if body.len() > QUESTION_BYTES_MAX {
            return Err(wrong("is too long"));
        }
        let text = std::str::from_utf8(body).map_err(|_| wrong("is no text"))?;
        let mut parts = text.split('.');
        let (Some(head), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong("is no token"));
        };
        let bytes = |part: &str| Base64UrlUnpadded::decode_vec(part).map_err(|_| wrong("is no base64"));
        let header: Value = serde_json::from_slice(&bytes(head)?).map_err(|_| wrong("has no header"))?;
        if header["alg"] != "ed25519-nkey" {
            return Err(wrong("is signed in another way than NATS signs"));
        }
        let asked: Question =
            serde_json::from_slice(&bytes(claims)?).map_err(|_| wrong("is not understood"))?;
        let key = Some(&asked.iss).filter(|key| key.starts_with('N'));
        let key = key.and_then(|key| nkeys::KeyPair::from_public_key(key).ok());
        let signed = &text[..head.len() + 1 + claims.len()];
        let signature = bytes(signature)?;
        if key.is_none_or(|key| key.verify(signed.as_bytes(), &signature).is_err()) {
            return Err(wrong("was not signed by a server"));
        }
        let Asking { server_id, user_nkey, client_info, connect_opts, kind } = asked.nats;
        if asked.aud != AUDIENCE || kind != "authorization_request" || server_id.id != asked.iss {
            return Err(wrong("is meant for somebody else"));
        }
        if asked.exp.saturating_add(LEEWAY) <= now.as_second() {
            return Err(wrong("was asked too long ago"));
        }
        if crate::access::roster::public_bytes(&user_nkey).is_none() {
            return Err(wrong("names no key for the one who connects"));
        }
        // An id that is too long to be looked at could be anybody's.
        if client_info.mqtt_id.len() > WORD_BYTES_MAX {
            return Err(wrong("names a client with too long an id"));
        }
        let short = |word: String| Some(word).filter(|word| word.len() <= WORD_BYTES_MAX).unwrap_or_default();
        Ok(Self {
            server: server_id.id,
            connection: client_info.id,
            mqtt: client_info.kind == "mqtt",
            client_id: client_info.mqtt_id,
            user: short(connect_opts.user),
            password: short(connect_opts.pass),
            user_key: user_nkey,
        })
    }

    /// Whether they speak MQTT.
    pub fn is_mqtt(&self) -> bool {
        self.mqtt
    }

    /// The answer that lets them in.
    ///
    /// # Errors
    /// If it cannot be signed, which is a mistake of ours.
    pub fn let_in(&self, issuer: &Issuer, grant: &Grant, now: Timestamp) -> Result<String> {
        let user = json!({
            "aud": grant.account,
            "name": grant.name,
            "exp": grant.until.as_second(),
            "nats": {
                "type": "user",
                "version": 2,
                "subs": grant.subscriptions_max,
                "data": -1,
                "payload": grant.payload_max,
                "pub": { "allow": grant.publish },
                "sub": { "allow": grant.subscribe },
                "allowed_connection_types": ["STANDARD", "MQTT"],
            },
        });
        let user = self.signed(issuer, user, now)?;
        self.answer(issuer, json!({ "jwt": user }), now)
    }

    /// The answer that refuses them. Why stands in the broker's log; they are told nothing.
    ///
    /// # Errors
    /// If it cannot be signed, which is a mistake of ours.
    pub fn refuse(&self, issuer: &Issuer, why: &str, now: Timestamp) -> Result<String> {
        self.answer(issuer, json!({ "error": why }), now)
    }

    fn answer(&self, issuer: &Issuer, mut said: Value, now: Timestamp) -> Result<String> {
        said["type"] = "authorization_response".into();
        said["version"] = 2.into();
        self.signed(issuer, json!({ "aud": self.server, "nats": said }), now)
    }

    /// Every statement is about the one who connects.
    fn signed(&self, issuer: &Issuer, mut claims: Value, now: Timestamp) -> Result<String> {
        claims["iss"] = issuer.public_key().into();
        claims["sub"] = self.user_key.as_str().into();
        claims["iat"] = now.as_second().into();
        // The library of NATS names each statement by a digest of it.
        claims["jti"] = Base64UrlUnpadded::encode_string(&Sha256::digest(claims.to_string())).into();
        let head = json!({ "typ": "JWT", "alg": "ed25519-nkey" }).to_string();
        let part = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
        let signed = format!("{}.{}", part(&head), part(&claims.to_string()));
        let signature = issuer.sign(signed.as_bytes());
        let signature =
            signature.ok_or_else(|| Error::internal("the answer to the broker cannot be signed"))?;
        Ok(format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature)))
    }
}

#[cfg(test)]
mod tests;
