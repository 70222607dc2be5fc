//! Who asks.

use std::fmt;

/// Whoever a piece of work is done for.
///
/// The header that carries it is not proof of anything yet: until sign-in exists, everyone who can
/// reach the broker is trusted, and the broker listens on this machine only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Caller {
    /// Nobody in particular: a guest.
    #[default]
    Anonymous,
    /// A person at this machine's command line.
    LocalOperator,
    /// Another service, by name.
    Service(String),
}

impl Caller {
    /// Reads what [`fmt::Display`] wrote; anything else is a guest.
    pub fn parse(text: &str) -> Self {
        match text {
            "local_operator" => Self::LocalOperator,
            _ => match text.strip_prefix("service:") {
                Some(name) if crate::text::is_name(name) => Self::Service(name.into()),
                _ => Self::Anonymous,
            },
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::LocalOperator => f.write_str("local_operator"),
            Self::Service(name) => write!(f, "service:{name}"),
        }
    }
}
