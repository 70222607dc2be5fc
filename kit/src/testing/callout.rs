//! What a broker asks about somebody who wants to connect, for tests without one.

use base64ct::{Base64UrlUnpadded, Encoding};
use jiff::Timestamp;
use serde_json::json;

/// The question of a new server about a connection over MQTT, whose client id is the name of the user.
pub fn question(user: &str, password: &str, connection: u64, now: Timestamp) -> String {
    AskingServer::start().question(user, (user, password), connection, now)
}

/// A server that asks.
pub struct AskingServer(nkeys::KeyPair);

impl AskingServer {
    /// A new one.
    pub fn start() -> Self {
        Self(nkeys::KeyPair::new_server())
    }

    /// As it calls itself.
    pub fn id(&self) -> String {
        self.0.public_key()
    }

    /// Its question about a connection over MQTT of a client, or one over NATS if it has no id, with the name and the
    /// password that it said.
    pub fn question(
        &self,
        client: &str,
        (user, password): (&str, &str),
        connection: u64,
        now: Timestamp,
    ) -> String {
        let claims = json!({
            "iss": self.id(),
            "aud": "nats-authorization-request",
            "iat": now.as_second(),
            "exp": now.as_second() + 2,
            "nats": {
                "server_id": { "name": "shop", "host": "127.0.0.1", "id": self.id() },
                "user_nkey": nkeys::KeyPair::new_user().public_key(),
                "client_info": {
                    "host": "127.0.0.1", "id": connection, "kind": "Client",
                    "type": if client.is_empty() { "nats" } else { "mqtt" }, "mqtt_id": client,
                },
                "connect_opts": { "user": user, "pass": password, "protocol": 0 },
                "type": "authorization_request",
                "version": 2,
            },
        });
        signed_by(&self.0, claims.to_string().as_bytes())
    }
}

/// Whatever a server may say, signed by one whose key is always the same.
///
/// # Panics
/// If it cannot be signed.
pub fn signed(claims: &[u8]) -> String {
    let server = nkeys::KeyPair::new_from_raw(nkeys::KeyPairType::Server, [7; 32]).expect("a key");
    signed_by(&server, claims)
}

fn signed_by(server: &nkeys::KeyPair, claims: &[u8]) -> String {
    let head = json!({ "typ": "JWT", "alg": "ed25519-nkey" }).to_string();
    let part = Base64UrlUnpadded::encode_string;
    let signed = format!("{}.{}", part(head.as_bytes()), part(claims));
    let signature = server.sign(signed.as_bytes()).expect("a signature");
    format!("{signed}.{}", part(&signature))
}

/// The bytes of a part of a token.
///
/// # Panics
/// If it is none.
pub fn from_base64(part: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(part).expect("a part of a token")
}
