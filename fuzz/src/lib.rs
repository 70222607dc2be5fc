//! What the targets share. Each target is one decoder of bytes from outside, and what must hold for
//! whatever it makes of them; beyond that it must not panic, hang, or need much memory.

use kit::access::{Identity, Member, Position, Roster, Trust, roster};
use kit::id::Id;
use kit::{Caller, Kind, Timestamp};

/// The private key of the service `order` in this shop, which exists nowhere else.
pub const SEED: &str = "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y";

/// When all of it happens.
pub fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + std::time::Duration::from_secs(1_767_268_800)
}

/// Somebody whose key stands in the roster.
pub fn order() -> Identity {
    Identity::of_seed("order", SEED).expect("a seed")
}

/// A service's trust in a roster that names one other, `order`.
pub fn trust() -> Trust {
    let member =
        Member { name: "order".into(), position: Position::Service, keys: vec![order().public_key().into()] };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(roster::FILE);
    let text = serde_json::to_vec(&Roster { members: vec![member] }).expect("JSON");
    std::fs::write(&path, text).expect("a roster");
    let trust = Trust::default();
    trust.follow(path).expect("a roster");
    trust
}

/// Whoever nobody vouches for.
pub fn is_nobody(caller: &Caller) -> bool {
    matches!(caller, Caller::Anonymous | Caller::Guest(_))
}

/// An identifier is written as it was read.
pub fn reads_what_it_wrote<T: Id>(text: &str) {
    if let Ok(id) = text.parse::<T>() {
        assert_eq!(id.to_string(), text);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    }
}

/// A mistake of ours is a finding; anything else is an answer.
pub fn no_mistake<T>(answer: kit::Result<T>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(error) => {
            assert!(error.kind != Kind::Internal, "{}", error.chain());
            assert!(!error.message.chars().any(kit::text::is_unprintable), "{:?}", error.message);
            None
        }
    }
}
