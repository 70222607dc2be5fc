//! A model of the mail server: it takes a letter, or says that it did not, or does not say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use contracts::NotificationId;
use kit::Trouble;
use kit::engine::port::Waiting;
use notification::channel::{Channel, Message};

use crate::chance::Dice;
use crate::port::lock;

/// All letters of a world.
#[derive(Clone)]
pub struct Letters(Arc<Mutex<Post>>);

struct Post {
    dice: Dice,
    trouble: u32,
    taken: BTreeMap<NotificationId, Taken>,
    letters: Vec<Message>,
}

/// What became of one letter, by the server's own count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// How often it was taken.
    pub times: u32,
    /// How often it was said that it was taken.
    pub said: u32,
    /// How often it was not said whether it was taken: then it may come again.
    pub doubts: u32,
}

impl Letters {
    /// No letters yet.
    pub fn new(dice: Dice) -> Self {
        Self(Arc::new(Mutex::new(Post { dice, trouble: 0, taken: BTreeMap::new(), letters: Vec::new() })))
    }

    /// From now on the server makes trouble, so many times in a thousand.
    pub fn trouble(&self, per_mille: u32) {
        lock(&self.0).trouble = per_mille;
    }

    /// The latest code that somebody was written: two long words with a dot between.
    pub fn code_of(&self, recipient: &str) -> Option<String> {
        let post = lock(&self.0);
        let is_code =
            |word: &&str| word.split_once('.').is_some_and(|(id, proof)| id.len() == 26 && proof.len() > 20);
        let mut letters = post.letters.iter().rev().filter(|letter| letter.recipient == recipient);
        letters.find_map(|letter| letter.text.split_whitespace().find(is_code).map(str::to_owned))
    }

    /// What became of each letter that was ever handed over, or tried to be.
    pub fn taken(&self) -> BTreeMap<NotificationId, Taken> {
        lock(&self.0).taken.clone()
    }

    /// Every letter that was taken, as often as it was, the first first.
    pub fn written(&self) -> Vec<Message> {
        lock(&self.0).letters.clone()
    }
}

impl Channel for Letters {
    fn deliver<'a>(&'a self, message: &'a Message) -> Waiting<'a, Result<(), Trouble>> {
        let mut post = lock(&self.0);
        let trouble = post.trouble;
        let (is_trouble, kind) = (post.dice.happens(trouble), post.dice.below(3));
        let taken = post.taken.entry(message.notification).or_default();
        let said = match (is_trouble, kind) {
            (true, 0) => Err(Trouble::Transient("the server is busy".into())),
            (true, 1) => {
                taken.doubts += 1;
                Err(Trouble::Unknown("the connection was lost".into()))
            }
            (true, _) => {
                (taken.doubts, taken.times) = (taken.doubts + 1, taken.times + 1);
                Err(Trouble::Unknown("the connection was lost after the last line".into()))
            }
            (false, _) => {
                (taken.said, taken.times) = (taken.said + 1, taken.times + 1);
                Ok(())
            }
        };
        if said.is_ok() || kind == 2 {
            post.letters.push(message.clone());
        }
        Box::pin(std::future::ready(said))
    }
}

/// For a broken shop: a letter is handed over once more after it was said that it is there.
pub struct Twice(pub Letters);

impl Channel for Twice {
    fn deliver<'a>(&'a self, message: &'a Message) -> Waiting<'a, Result<(), Trouble>> {
        Box::pin(async move {
            self.0.deliver(message).await?;
            self.0.deliver(message).await
        })
    }
}
