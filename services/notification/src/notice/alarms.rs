//! What is told about alarms.

use contracts::alert::{Action, AlarmEscalated, AlarmRaised, RuleName};
use kit::Timestamp;
use kit::text::printable;

use super::Notice;
use crate::template;

impl Notice {
    /// A rule holds for a device.
    pub fn alarm_raised(event: &AlarmRaised, held_back: u32) -> Self {
        let action = match &event.action {
            Some(Action::HoldLot { sku }) => {
                format!(
                    "The stock of {sku} cannot be sold until you release it: shopctl stock release {sku}\n"
                )
            }
            Some(Action::CountStock { .. }) | None => String::new(),
        };
        Self {
            about: event.alarm.to_string(),
            happening: "alarm_raised".to_owned(),
            template: template::ALARM_RAISED,
            values: vec![
                ("alarm", event.alarm.to_string()),
                ("severity", event.severity.word().to_owned()),
                ("why", printable(&event.why).into_owned()),
                ("device", event.device.to_string()),
                ("site", event.site.as_ref().map_or("not known".to_owned(), ToString::to_string)),
                ("rule", event.rule.to_string()),
                ("since", shown(event.since)),
                ("action", action),
                ("held_back", others(held_back)),
            ],
            code_of: None,
        }
    }

    /// Nobody looks after an alarm; each time is a happening of its own.
    pub fn alarm_escalated(event: &AlarmEscalated, held_back: u32) -> Self {
        let times = match event.escalation + 1 {
            2 => "2nd".to_owned(),
            3 => "3rd".to_owned(),
            times => format!("{times}th"),
        };
        Self {
            about: event.alarm.to_string(),
            happening: format!("alarm_escalated:{}", event.escalation),
            template: template::ALARM_ESCALATED,
            values: vec![
                ("alarm", event.alarm.to_string()),
                ("severity", event.severity.word().to_owned()),
                ("why", printable(&event.why).into_owned()),
                ("device", event.device.to_string()),
                ("rule", event.rule.to_string()),
                ("times", times),
                ("held_back", others(held_back)),
            ],
            code_of: None,
        }
    }

    /// Alarms of a rule were held back; each time is a happening of its own.
    pub fn alarms_held_back(rule: &RuleName, count: u32, at: Timestamp) -> Self {
        Self {
            about: rule.to_string(),
            happening: format!("alarms_held_back:{}", at.as_millisecond()),
            template: template::ALARMS_HELD_BACK,
            values: vec![("rule", rule.to_string()), ("count", count.to_string())],
            code_of: None,
        }
    }
}

/// What a mail says of those that were held back before it.
fn others(held_back: u32) -> String {
    match held_back {
        0 => String::new(),
        count => format!("{count} more of this rule were held back before this one.\n"),
    }
}

fn shown(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
