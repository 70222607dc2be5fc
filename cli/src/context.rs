//! Named shops: where each is and how to ask it; and what a command goes by in the end.
//!
//! # Layout
//! - [`book`]: the file of the contexts of this person
//! - [`nats`]: the contexts of the `nats` command, as far as they can be used
//! - [`settings`]: option, variable, context or neither: each value with where it came from

pub(crate) mod book;
pub(crate) mod nats;
pub(crate) mod settings;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, exit};
use crate::output::Format;

/// What a context says. Whatever it does not say is looked for elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    /// Address of the broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nats: Option<String>,
    /// Data folder of the shop on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<PathBuf>,
    /// Key to ask with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<PathBuf>,
    /// Authorities to believe about the broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nats_ca: Option<PathBuf>,
    /// How results are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<Format>,
}

/// Where contexts are kept: those of this program, and those of the `nats` command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    /// The file of the contexts of this program.
    pub(crate) book: PathBuf,
    /// The folder of the `nats` command.
    pub(crate) nats: PathBuf,
}

impl Places {
    /// The usual places; none if neither XDG_CONFIG_HOME nor HOME says where they are.
    pub(crate) fn usual() -> Option<Self> {
        let absolute =
            |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let config = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
        Some(Self { book: config.join("shop/contexts.toml"), nats: config.join("nats") })
    }

    /// The same for a command that cannot do without.
    ///
    /// # Errors
    /// 78 if nothing says where they are.
    pub(crate) fn needed() -> Result<Self, Failure> {
        Self::usual().ok_or_else(|| {
            Failure::new(
                exit::CONFIGURATION,
                "no_config_folder",
                "nothing says where contexts are to be kept",
            )
            .why("neither XDG_CONFIG_HOME nor HOME is set")
        })
    }
}
