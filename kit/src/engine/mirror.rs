//! An outbox and its stream: what is to be done when the two are compared. No I/O.
//!
//! The runtime on NATS and a simulator look at their streams each in its own way, and decide here.

use crate::engine::outbox::Extent;

/// What was seen of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Its name.
    pub name: String,
    /// The identity of the database it mirrors; empty if nobody wrote one.
    pub owner: String,
    /// The number of the first message it holds.
    pub first: u64,
    /// The last number it gave.
    pub last: u64,
    /// How many messages it holds.
    pub messages: u64,
    /// Numbers between the first and the last of which it holds no message.
    pub deleted: u64,
    /// The last message that its owner told; the number before the first if there is none.
    pub told: u64,
    /// The identifier of that message.
    pub told_id: Option<String>,
}

/// What was found when an outbox was compared with its stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// The stream holds every row before this one; publish from here.
    Continue(u64),
    /// The stream is not there, or holds nothing: make it from the outbox.
    Make(&'static str),
    /// The stream is not whole, but holds something: make it anew if the outbox is.
    Rebuild(&'static str),
    /// The stream knows more than the database. Nothing may be told.
    Refuse(String),
}

/// Compares an outbox with its stream, or with none. `ours` is the identifier of the row that has the
/// number of the last told message, if there is such a row.
pub fn compare(figures: Option<&Figures>, extent: Extent, origin: &str, ours: Option<&str>) -> Found {
    let Some(figures) = figures else { return Found::Make("it is missing") };
    let found = judge(figures, extent, origin);
    let Found::Continue(_) = found else { return found };
    let (told, name) = (figures.told, &figures.name);
    if let (Some(theirs), Some(ours)) = (figures.told_id.as_deref(), ours)
        && ours != theirs
    {
        return Found::Refuse(format!(
            "message {told} of {name} is another than row {told} of the database: the database was restored from before it"
        ));
    }
    // The broker sends what it answers wherever a request says, also into a stream.
    if told < figures.last { Found::Rebuild("it holds what nobody here told") } else { found }
}

/// Judges what is to be done with a stream by its figures.
fn judge(figures: &Figures, extent: Extent, origin: &str) -> Found {
    let Figures { name, owner, told, messages, .. } = figures;
    if *messages == 0 && (owner != origin || told + 1 < extent.oldest) {
        return Found::Make("it is empty, and begins elsewhere than the outbox");
    }
    if owner != origin {
        return Found::Refuse(format!(
            "the stream {name} belongs to another database (it has {told} messages)"
        ));
    }
    if *told > extent.newest {
        return Found::Refuse(format!(
            "the stream {name} ends with message {told}, the database with row {}: the database was restored from before that",
            extent.newest
        ));
    }
    if figures.deleted > 0 {
        return Found::Rebuild("it has holes");
    }
    if told + 1 < extent.oldest {
        return Found::Rebuild("it ends before the outbox begins");
    }
    let first = if *messages == 0 { told + 1 } else { figures.first };
    if first > extent.oldest && extent.oldest <= extent.newest {
        return Found::Rebuild("its beginning is gone");
    }
    Found::Continue(told + 1)
}

/// Whether a consumer can go on where a hearer stands: it has handed out nothing behind the position.
/// What it hands out again is skipped; what it passed over would be lost.
pub fn goes_on(handed_out: u64, position: u64) -> bool {
    handed_out <= position
}
