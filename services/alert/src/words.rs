//! What the matter is, for people.

use contracts::alert::{Action, Beyond, Condition};
use contracts::readings::Reading;

/// A weight further than this from a whole number of pieces counts nothing: something else lies on the scale.
pub const PIECE_TOLERANCE: f64 = 0.25;

/// Why an alarm is raised, by the measure that was beyond.
pub fn why(when: &Condition, measure: f64) -> String {
    match when {
        Condition::Threshold { metric, beyond, limit, seconds, .. } => {
            format!(
                "{metric} is {}, {} {}{}",
                short(measure),
                side(*beyond),
                short(*limit),
                lasting(*seconds)
            )
        }
        Condition::Count { metric, beyond, limit, times, of, .. } => {
            format!("{metric} was {} {} in {times} of {of} readings", side(*beyond), short(*limit))
        }
        Condition::Rate { metric, beyond, limit, .. } => {
            let (verb, more) = match beyond {
                Beyond::Above => ("rises", measure),
                Beyond::Below => ("falls", -measure),
            };
            format!("{metric} {verb} by {} a minute, faster than {}", short(more), short(limit.abs()))
        }
        Condition::Silent { metric: Some(metric), seconds } => {
            format!("nothing is heard of {metric}{}", lasting(*seconds))
        }
        Condition::Silent { metric: None, seconds } => format!("nothing is heard{}", lasting(*seconds)),
        Condition::Offline { seconds } => format!("the device is offline{}", lasting(*seconds)),
        Condition::Settled { metric, .. } => format!("{metric} came to rest"),
    }
}

/// How many pieces lie on a scale; none if it is no count of pieces.
pub fn pieces(action: Option<&Action>, weighed: Reading) -> Option<u64> {
    let Some(Action::CountStock { piece_weight, tare, .. }) = action else { return None };
    let pieces = (weighed.value - tare) / piece_weight;
    let whole = pieces.round();
    let fits = (pieces - whole).abs() <= PIECE_TOLERANCE
        && (0.0..=contracts::inventory::STOCK_MAX as f64).contains(&whole);
    fits.then_some(whole as u64)
}

fn side(beyond: Beyond) -> &'static str {
    match beyond {
        Beyond::Above => "above",
        Beyond::Below => "below",
    }
}

fn lasting(seconds: u32) -> String {
    let (number, unit) = match seconds {
        0 => return String::new(),
        s if s % 3600 == 0 => (s / 3600, "hour"),
        s if s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    format!(" for {number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// A value with at most three digits behind the point.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use contracts::Sku;
    use contracts::alert::Rule;
    use kit::Example;

    use super::*;

    #[test]
    fn an_alarm_says_in_a_line_what_the_matter_is() {
        assert_eq!(why(&Rule::example().when, 9.3), "temperature is 9.3, above 8 for 10 minutes");
        let silent = Condition::Silent { metric: None, seconds: 3600 };
        assert_eq!(why(&silent, 0.0), "nothing is heard for 1 hour");
        assert_eq!(why(&Condition::Offline { seconds: 0 }, 0.0), "the device is offline");
        let metric = kit::Example::example();
        let fall = Condition::Rate { metric, beyond: Beyond::Below, limit: -2.0, over_seconds: 60 };
        assert_eq!(why(&fall, -2.5), "temperature falls by 2.5 a minute, faster than 2");
    }

    #[test]
    fn a_scale_counts_whole_pieces_and_nothing_else() {
        let action = Action::CountStock { sku: Sku::example(), piece_weight: 0.4, tare: 1.0 };
        let count = |value| pieces(Some(&action), Reading { time: 0, value });
        assert_eq!((count(1.0), count(1.41), count(5.0)), (Some(0), Some(1), Some(10)));
        assert_eq!((count(1.2), count(0.0), count(f64::MAX)), (None, None, None));
        assert_eq!(pieces(None, Reading { time: 0, value: 1.0 }), None);
    }
}
