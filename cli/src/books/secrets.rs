//! Card numbers and planted secrets in bytes of any kind: files of a database, logs, streams.
//!
//! Bytes are looked at as they come, in pieces of any size. A card is 13 to 19 digits, alone or in groups
//! as cards are printed, that pass Luhn's check and begin as cards do. Identifiers, checksums and times are
//! digits, too: what stands in a row of hexadecimal digits as long as those of a trace is none, nor what is
//! a part of a longer number. The limits: a number that touches another digit in the bytes of a database
//! page is not seen, and a span (16 hexadecimal digits) that is all digits may look like a card once in a
//! hundred thousand.

mod card;

use super::{Fault, Rule};

/// Bytes kept of what came before: a card with its spaces and what stands around it, or the longest secret.
const KEPT: usize = 256;
/// Places that are noted; beyond, they are only counted.
const NOTED_MAX: usize = 20;

/// Something that should not stand where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// Where it begins, in bytes from the first that was looked at.
    pub at: u64,
    /// What it is, without saying it: `a card's number ****4242`, `the secret of ann`.
    pub what: String,
}

/// Looks for cards and for secrets in bytes that come in pieces.
#[derive(Debug)]
pub struct Scanner {
    secrets: Vec<(String, Vec<u8>)>,
    /// What was not looked at to its end.
    kept: Vec<u8>,
    /// Where `kept` begins.
    begins: u64,
    /// Up to where was looked for what begins there.
    done: u64,
    found: Vec<Leak>,
    count: u64,
}

impl Scanner {
    /// A scanner that looks for cards, and for these secrets beside: a name for each, and the bytes. An empty
    /// secret is found nowhere; of one longer than 256 bytes only the first 256 are compared.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let secrets = secrets.into_iter().filter(|(_, bytes)| !bytes.is_empty());
        let secrets = secrets.map(|(name, bytes)| (name.to_owned(), bytes[..bytes.len().min(KEPT)].to_vec()));
        Self { secrets: secrets.collect(), kept: Vec::new(), begins: 0, done: 0, found: Vec::new(), count: 0 }
    }

    /// Looks at the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
        self.look(KEPT);
        let old = self.kept.len().saturating_sub(2 * KEPT);
        self.kept.drain(..old);
        self.begins += old as u64;
    }

    /// What was found, in order, at most 20 places, and how many there are. What comes next is another file.
    pub fn finish(&mut self) -> (Vec<Leak>, u64) {
        self.look(0);
        (self.begins, self.done) = (0, 0);
        self.kept.clear();
        (std::mem::take(&mut self.found), std::mem::take(&mut self.count))
    }

    /// Looks for what begins in what is kept, but for the last so many bytes, which may go on.
    fn look(&mut self, spared: usize) {
        let end = self.kept.len().saturating_sub(spared);
        let from = usize::try_from(self.done - self.begins).unwrap_or(usize::MAX);
        for at in from..end.max(from) {
            let here = &self.kept[at..];
            let secret = self.secrets.iter().find(|(_, bytes)| here.starts_with(bytes));
            let what = match secret {
                Some((name, _)) => Some(format!("the secret of {name}")),
                None => card::at(&self.kept, at).map(|last| format!("a card's number ****{last}")),
            };
            if let Some(what) = what {
                self.count += 1;
                if self.found.len() < NOTED_MAX {
                    self.found.push(Leak { at: self.begins + at as u64, what });
                }
            }
        }
        self.done = self.begins + end.max(from) as u64;
    }
}

/// What is wrong with a file in which that was found.
pub fn faults(file: &str, (leaks, count): &(Vec<Leak>, u64)) -> Vec<Fault> {
    let look = || "shopctl audit".to_owned();
    let named = leaks.iter().map(|leak| {
        let says = format!("holds {} at byte {}", leak.what, leak.at);
        Fault { rule: Rule::Secrets, about: file.to_owned(), says, look: look() }
    });
    let more = count.saturating_sub(leaks.len() as u64);
    let more = (more > 0).then(|| Fault {
        rule: Rule::Secrets,
        about: file.to_owned(),
        says: format!("holds {more} more of what should stand nowhere"),
        look: look(),
    });
    named.chain(more).collect()
}

#[cfg(test)]
mod tests;
