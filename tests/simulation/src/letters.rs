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
    taken: BTreeMap<(NotificationId, u32), Taken>,
    texts: Vec<(String, String)>,
}

#[derive(Default)]
struct Taken {
    times: u32,
    /// Once it was not said whether it was taken, it may come again.
    in_doubt: bool,
}

impl Letters {
    /// No letters yet.
    pub fn new(dice: Dice) -> Self {
        Self(Arc::new(Mutex::new(Post { dice, trouble: 0, taken: BTreeMap::new(), texts: Vec::new() })))
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
        let mut texts = post.texts.iter().rev().filter(|(to, _)| to == recipient);
        texts.find_map(|(_, text)| text.split_whitespace().find(is_code).map(str::to_owned))
    }

    /// Letters that came twice although it was said that they were taken.
    pub fn complaints(&self) -> Vec<String> {
        let post = lock(&self.0);
        let twice = post.taken.iter().filter(|(_, taken)| taken.times > 1 && !taken.in_doubt);
        twice.map(|((id, generation), _)| format!("letter {id} ({generation}) came twice")).collect()
    }
}

impl Channel for Letters {
    fn deliver<'a>(&'a self, message: &'a Message) -> Waiting<'a, Result<(), Trouble>> {
        let mut post = lock(&self.0);
        let trouble = post.trouble;
        let (is_trouble, kind) = (post.dice.happens(trouble), post.dice.below(3));
        let taken = post.taken.entry((message.notification, message.generation)).or_default();
        let said = match (is_trouble, kind) {
            (true, 0) => Err(Trouble::Transient("the server is busy".into())),
            (true, 1) => {
                taken.in_doubt = true;
                Err(Trouble::Unknown("the connection was lost".into()))
            }
            (true, _) => {
                (taken.in_doubt, taken.times) = (true, taken.times + 1);
                Err(Trouble::Unknown("the connection was lost after the last line".into()))
            }
            (false, _) => {
                taken.times += 1;
                Ok(())
            }
        };
        if said.is_ok() || kind == 2 {
            post.texts.push((message.recipient.clone(), message.text.clone()));
        }
        Box::pin(std::future::ready(said))
    }
}
