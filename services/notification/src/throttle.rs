//! How often the operator is written to about alarms: a few mails a rule and hour, then one about the others.

use std::time::Duration;

use contracts::alert::{AlarmEscalated, AlarmRaised, RuleName};
use kit::{Result, Timestamp, Tx};

use crate::notice::Notice;
use crate::reactions::write_to;
use crate::store::{self, alarms as rows};

/// Mails about the alarms of one rule within [`HOUR`]; what is beyond is held back and counted.
pub const MAILS_MAX: u32 = 5;

/// For how long mails of a rule are counted. At its end one mail says what was held back.
pub const HOUR: Duration = Duration::from_secs(60 * 60);

/// The timer of a rule of which something was held back; its key is the rule.
pub const DIGEST: &str = "alarm_digest";

/// What has been written about the alarms of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// When its hour began.
    pub began: Timestamp,
    /// Mails since then.
    pub mails: u32,
    /// Alarms that were held back and are in no mail yet.
    pub held_back: u32,
}

impl Written {
    /// Counts one more alarm. Answers whether it is written about, and how many held back ones it can speak for.
    #[must_use]
    pub fn and_one_more(self, now: Timestamp) -> (Self, Option<u32>) {
        let over = now >= self.began + HOUR || now < self.began;
        let current = if over { Self { began: now, mails: 0, ..self } } else { self };
        if current.mails >= MAILS_MAX {
            return (Self { held_back: current.held_back.saturating_add(1), ..current }, None);
        }
        (Self { mails: current.mails + 1, held_back: 0, ..current }, Some(current.held_back))
    }
}

/// Tells the operator of an alarm.
pub fn alarm_raised(tx: &mut Tx<'_>, event: &AlarmRaised, operator: &str) -> Result<()> {
    let notice = |held_back| Notice::alarm_raised(event, held_back);
    tell(tx, &event.rule, operator, notice)
}

/// Tells the operator that nobody looks after an alarm.
pub fn alarm_escalated(tx: &mut Tx<'_>, event: &AlarmEscalated, operator: &str) -> Result<()> {
    let notice = |held_back| Notice::alarm_escalated(event, held_back);
    tell(tx, &event.rule, operator, notice)
}

/// Tells the operator how many alarms were held back, if that is in no mail yet.
pub fn digest(tx: &mut Tx<'_>, rule: &str, operator: &str) -> Result<()> {
    let rule: RuleName = rule.parse()?;
    let Some(written) = rows::find_written(tx, &rule)?.filter(|written| written.held_back > 0) else {
        return Ok(());
    };
    rows::put_written(tx, &rule, &Written { held_back: 0, ..written })?;
    write_to(tx, operator, &Notice::alarms_held_back(&rule, written.held_back, tx.now()))
}

fn tell(tx: &mut Tx<'_>, rule: &RuleName, operator: &str, notice: impl Fn(u32) -> Notice) -> Result<()> {
    // An alarm that is heard of again is not counted again.
    let plain = notice(0);
    if store::was_written(tx, &plain, operator)? {
        return Ok(());
    }
    let now = tx.now();
    let before = rows::find_written(tx, rule)?.unwrap_or(Written { began: now, mails: 0, held_back: 0 });
    let (after, told) = before.and_one_more(now);
    rows::put_written(tx, rule, &after)?;
    match told {
        Some(held_back) => write_to(tx, operator, &notice(held_back)),
        None if after.held_back == 1 => tx.set_timer(DIGEST, rule.as_str(), after.began + HOUR),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_a_few_mails_an_hour_alarms_are_held_back_and_the_next_mail_speaks_for_them() {
        let now = Timestamp::UNIX_EPOCH;
        let mut written = Written { began: now, mails: 0, held_back: 0 };
        let mut told = Vec::new();
        for _ in 0..8 {
            let (after, said) = written.and_one_more(now);
            written = after;
            told.push(said);
        }
        assert_eq!(told, [Some(0), Some(0), Some(0), Some(0), Some(0), None, None, None]);
        let (after, said) = written.and_one_more(now + HOUR);
        assert_eq!((said, after), (Some(3), Written { began: now + HOUR, mails: 1, held_back: 0 }));
    }
}
