//! Examples of what alert says.

use jiff::Timestamp;
use kit::Example;

use crate::alert::{
    AcknowledgeAlarm, Action, AlarmAcknowledged, AlarmCleared, AlarmEscalated, AlarmPage, AlarmRaised,
    AlarmState, AlarmView, Beyond, ClearAlarm, Condition, GetAlarm, GetRule, ListAlarms, ListRules, PutRule,
    RemoveRule, Rule, RuleName, RulePage, RuleView, Schedule, Scope, Severity, StockCounted,
};
use crate::readings::{Metric, Site};
use crate::{AlarmId, DeviceId, Sku};

const WHY: &str = "temperature is 9.3, above 8 for 10 minutes";

impl Example for Rule {
    fn example() -> Self {
        Self {
            name: RuleName::example(),
            of: Scope::Site(Site::example()),
            when: Condition::Threshold {
                metric: Metric::example(),
                beyond: Beyond::Above,
                limit: 8.0,
                clear: Some(6.0),
                seconds: 600,
                clear_seconds: 60,
            },
            severity: Severity::Major,
            schedule: Some(Schedule {
                days: vec![],
                from: "00:00".into(),
                to: "00:00".into(),
                zone: "UTC".into(),
            }),
            escalate_after: 900,
            action: Some(Action::HoldLot { sku: Sku::example() }),
            enabled: true,
        }
    }
}

impl Example for PutRule {
    fn example() -> Self {
        Self { rule: Rule::example() }
    }
}

impl Example for RuleView {
    fn example() -> Self {
        Self { rule: Rule::example(), changed_at: Timestamp::UNIX_EPOCH }
    }
}

impl Example for GetRule {
    fn example() -> Self {
        Self { name: RuleName::example() }
    }
}

impl Example for RemoveRule {
    fn example() -> Self {
        Self { name: RuleName::example() }
    }
}

impl Example for ListRules {
    fn example() -> Self {
        Self { limit: Some(50), ..Self::default() }
    }
}

impl Example for RulePage {
    fn example() -> Self {
        Self { items: vec![RuleView::example()], next: None }
    }
}

impl Example for ListAlarms {
    fn example() -> Self {
        Self { device: Some(DeviceId::example()), ..Self::default() }
    }
}

impl Example for AlarmView {
    fn example() -> Self {
        Self {
            alarm: AlarmId::example(),
            rule: RuleName::example(),
            device: DeviceId::example(),
            site: Some(Site::example()),
            severity: Severity::Major,
            state: AlarmState::Active,
            why: WHY.into(),
            since: Timestamp::UNIX_EPOCH,
            raised_at: Timestamp::UNIX_EPOCH,
            count: 11,
            last_value: Some(9.3),
            last_at: Timestamp::UNIX_EPOCH,
            escalations: 0,
            acknowledged_at: None,
            cleared_at: None,
            cleared_by: String::new(),
            note: String::new(),
        }
    }
}

impl Example for AlarmPage {
    fn example() -> Self {
        Self { items: vec![AlarmView::example()], next: None }
    }
}

impl Example for GetAlarm {
    fn example() -> Self {
        Self { alarm: AlarmId::example() }
    }
}

impl Example for AcknowledgeAlarm {
    fn example() -> Self {
        Self { alarm: AlarmId::example(), note: "the door was open".into() }
    }
}

impl Example for ClearAlarm {
    fn example() -> Self {
        Self { alarm: AlarmId::example(), note: "the sensor was in the sun".into() }
    }
}

impl Example for AlarmRaised {
    fn example() -> Self {
        Self {
            alarm: AlarmId::example(),
            rule: RuleName::example(),
            device: DeviceId::example(),
            site: Some(Site::example()),
            severity: Severity::Major,
            metric: Some(Metric::example()),
            value: Some(9.3),
            since: Timestamp::UNIX_EPOCH,
            why: WHY.into(),
            action: Some(Action::HoldLot { sku: Sku::example() }),
        }
    }
}

impl Example for AlarmCleared {
    fn example() -> Self {
        Self {
            alarm: AlarmId::example(),
            rule: RuleName::example(),
            device: DeviceId::example(),
            by: "calm".into(),
            count: 11,
        }
    }
}

impl Example for AlarmAcknowledged {
    fn example() -> Self {
        Self { alarm: AlarmId::example(), rule: RuleName::example(), device: DeviceId::example() }
    }
}

impl Example for AlarmEscalated {
    fn example() -> Self {
        Self {
            alarm: AlarmId::example(),
            rule: RuleName::example(),
            device: DeviceId::example(),
            severity: Severity::Critical,
            escalation: 1,
            why: WHY.into(),
        }
    }
}

impl Example for StockCounted {
    fn example() -> Self {
        Self {
            rule: "shelf-3".parse().unwrap_or_else(|_| RuleName::example()),
            device: DeviceId::example(),
            sku: Sku::example(),
            pieces: 42,
            at: Timestamp::UNIX_EPOCH,
        }
    }
}
