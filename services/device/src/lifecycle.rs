//! What may become of a device: one table.

use contracts::device::DeviceState;

/// What is done with a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It connects.
    Connect,
    /// A customer claims it.
    Claim,
    /// An operator takes it into use.
    Activate,
    /// An operator disconnects it for a while.
    Suspend,
    /// An operator disconnects it for good.
    Retire,
}

impl Step {
    /// What it would be then, for people.
    pub fn wanted(self) -> &'static str {
        match self {
            Self::Connect => "connected",
            Self::Claim => "claimed",
            Self::Activate => "activated",
            Self::Suspend => "suspended",
            Self::Retire => "retired",
        }
    }
}

/// The state after a step; none if it is not allowed.
pub fn after(state: DeviceState, step: Step) -> Option<DeviceState> {
    use DeviceState::{Active, Claimed, New, Retired, Suspended};
    match (state, step) {
        (New | Claimed | Active, Step::Connect) => Some(Active),
        (New, Step::Claim) => Some(Claimed),
        // It belongs to somebody from then on, and goes on working.
        (Claimed | Active, Step::Claim) => Some(state),
        (New | Claimed | Active | Suspended, Step::Activate) => Some(Active),
        (New | Claimed | Active | Suspended, Step::Suspend) => Some(Suspended),
        (_, Step::Retire) => Some(Retired),
        (Suspended, Step::Connect | Step::Claim) | (Retired, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_suspended_comes_back_only_by_hand_and_who_is_retired_never() {
        use DeviceState::{Active, Claimed, New, Retired, Suspended};
        let steps = [Step::Connect, Step::Claim, Step::Activate, Step::Suspend, Step::Retire];
        for (state, expected) in [
            (New, [Some(Active), Some(Claimed), Some(Active), Some(Suspended), Some(Retired)]),
            (Claimed, [Some(Active), Some(Claimed), Some(Active), Some(Suspended), Some(Retired)]),
            (Active, [Some(Active), Some(Active), Some(Active), Some(Suspended), Some(Retired)]),
            (Suspended, [None, None, Some(Active), Some(Suspended), Some(Retired)]),
            (Retired, [None, None, None, None, Some(Retired)]),
        ] {
            assert_eq!(steps.map(|step| after(state, step)), expected, "{state}");
        }
    }
}
