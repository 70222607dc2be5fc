//! One step of the walk: a place in a service, what happens there, and when.

use kit::crash::POINTS;

/// Places that are reached only by a service that is told to stop.
pub const AT_THE_STOP: [&str; 2] = ["shutdown", "checkpoint"];

/// The place that every process comes to once.
const AT_THE_START: &str = "startup.after_open";

/// The kind of job that is housekeeping.
const CHORE: &str = "chore";

/// The place that is reached only if a reaction fails.
const LETTER: &str = "dead_letter.write";

/// How often a place that fires each time has to fire before it is disarmed.
const EVERY_ENOUGH: usize = 3;

/// How long a step holds a place up, in milliseconds.
const DELAY_MS: u64 = 30;

/// A crash point that a service reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The service.
    pub service: &'static str,
    /// The name of the point.
    pub point: &'static str,
    /// What stands behind its `/`.
    pub about: String,
}

/// What happens at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The process is gone.
    Kill,
    /// The place fails.
    Error,
    /// The place takes longer.
    Delay,
}

/// When it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// The first time.
    First,
    /// Each time, until it has happened often enough.
    Every,
}

/// Every kind of step there is at a place.
pub const KINDS: [(Outcome, When); 6] = [
    (Outcome::Kill, When::First),
    (Outcome::Kill, When::Every),
    (Outcome::Error, When::First),
    (Outcome::Error, When::Every),
    (Outcome::Delay, When::First),
    (Outcome::Delay, When::Every),
];

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Where.
    pub place: Place,
    /// What.
    pub outcome: Outcome,
    /// When.
    pub when: When,
}

impl Place {
    /// A place by the names that the log has.
    pub fn of(service: &'static str, point: &str, about: &str) -> Option<Self> {
        let known = POINTS.iter().find(|known| known.name == point)?;
        Some(Self { service, point: known.name, about: about.to_owned() })
    }

    /// The step of one kind at this place.
    pub fn step(&self, (outcome, when): (Outcome, When)) -> Step {
        Step { place: self.clone(), outcome, when }
    }

    /// Whether only a service that is told to stop comes here.
    pub fn is_at_the_stop(&self) -> bool {
        AT_THE_STOP.contains(&self.point)
    }

    /// Whether a failure here may end the process: what a service does before it is ready must succeed, and
    /// its first chores belong to that.
    pub fn is_at_the_start(&self) -> bool {
        self.point == AT_THE_START || self.about == CHORE
    }

    fn written(&self) -> String {
        match &*self.about {
            "" => self.point.to_owned(),
            about => format!("{}/{about}", self.point),
        }
    }
}

impl Step {
    /// How the step stands in the variable. A dead letter is written only if a reaction fails before.
    pub fn arm(&self) -> String {
        let outcome = match self.outcome {
            Outcome::Kill => "kill".to_owned(),
            Outcome::Error => "error".to_owned(),
            Outcome::Delay => format!("delay:{DELAY_MS}"),
        };
        let when = match self.when {
            When::First => "1",
            When::Every => "every",
        };
        let own = format!("{}={outcome}@{when}", self.place.written());
        if self.place.point != LETTER {
            return own;
        }
        let reaction = Place { point: "hear.reaction", ..self.place.clone() };
        format!("{}=error@{when},{own}", reaction.written())
    }

    /// How often it has to fire. Timers of a quiet shop are due once a start or once a round; and a letter that
    /// was written is tried again and not written again, while what it is about goes no further.
    pub fn wanted(&self) -> usize {
        let seldom = match self.outcome {
            Outcome::Kill => false,
            Outcome::Error => self.place.point.starts_with("timer."),
            Outcome::Delay => self.place.point.starts_with("timer.") || self.place.point == LETTER,
        };
        if self.when == When::Every && !seldom { EVERY_ENOUGH } else { 1 }
    }
}
