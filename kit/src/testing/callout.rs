//! What a broker asks about somebody who wants to connect, for tests without one.

use base64ct::{Base64UrlUnpadded, Encoding};
use jiff::Timestamp;
use serde_json::json;

/// The question of a new server about a connection.
pub fn question(user: &str, password: &str, connection: u64, now: Timestamp) -> String {
    let server = nkeys::KeyPair::new_server();
    let claims = json!({
        "iss": server.public_key(),
        "aud": "nats-authorization-request",
        "iat": now.as_second(),
        "exp": now.as_second() + 2,
        "nats": {
            "server_id": { "name": "shop", "host": "127.0.0.1", "id": server.public_key() },
            "user_nkey": nkeys::KeyPair::new_user().public_key(),
            "client_info": { "host": "127.0.0.1", "id": connection, "kind": "Client", "type": "mqtt" },
            "connect_opts": { "user": user, "pass": password, "protocol": 0 },
            "type": "authorization_request",
            "version": 2,
        },
    });
    signed_by(&server, claims.to_string().as_bytes())
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
