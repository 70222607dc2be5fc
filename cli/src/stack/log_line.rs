//! One line of a log: of a service, which writes JSON, or of the broker.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::services;
use crate::output::{Output, Tone};

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// A line that was understood as far as possible.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LogLine {
    /// When it was written; none if the line does not say, such as the second of a longer text.
    pub(crate) at: Option<Timestamp>,
    /// Who wrote it.
    pub(crate) service: String,
    pub(crate) level: Level,
    pub(crate) message: String,
    /// What it says beyond the message.
    pub(crate) fields: Map<String, Value>,
}

/// What stands in every line and is shown in another way.
const SHOWN_OTHERWISE: [&str; 6] = ["timestamp", "level", "message", "service", "target", "fields"];

impl Level {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "TRACE" | "TRC" => Self::Trace,
            "DEBUG" | "DBG" => Self::Debug,
            "INFO" | "INF" => Self::Info,
            "WARN" | "WRN" => Self::Warn,
            "ERROR" | "ERR" | "FTL" => Self::Error,
            _ => return None,
        })
    }

    /// Its name, in capitals.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Trace | Self::Debug => Tone::Faint,
            Self::Info => Tone::Good,
            Self::Warn => Tone::Warn,
            Self::Error => Tone::Bad,
        }
    }
}

impl LogLine {
    /// Reads a line from the log of a part. Nothing is refused: what is not understood is a message.
    pub(crate) fn read(part: &str, line: &str) -> Self {
        let read = match serde_json::from_str::<Map<String, Value>>(line) {
            Ok(object) => Some(of_service(part, object)),
            Err(_) => of_broker(part, line),
        };
        read.unwrap_or_else(|| Self {
            at: None,
            service: part.to_owned(),
            level: Level::Info,
            message: line.to_owned(),
            fields: Map::new(),
        })
    }

    /// As people read it. `wide` is the length of the longest name of a service.
    pub(crate) fn text(&self, out: &Output, zone: &TimeZone, wide: usize) -> String {
        let time = match (self.at, out.width()) {
            // A screen shows what just happened; a file is read later and elsewhere.
            (Some(at), Some(_)) => at.to_zoned_datetime(zone.clone()).strftime("%H:%M:%S%.3f").to_string(),
            (Some(at), None) => format!("{at:.3}"),
            (None, Some(_)) => " ".repeat(12),
            (None, None) => " ".repeat(24),
        };
        let mut text = format!(
            "{} {} {} {}",
            out.paint(Tone::Faint, &time),
            out.paint(self.level.tone(), &format!("{:<5}", self.level.word())),
            out.paint(
                services::tone(&self.service),
                &format!("{:<wide$}", kit::text::printable(&self.service))
            ),
            kit::text::printable(&self.message),
        );
        for (name, value) in &self.fields {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // Most messages name the thing already.
            if !self.message.contains(&value) {
                text.push_str(&out.paint(Tone::Faint, &kit::text::printable(&format!("  {name}={value}"))));
            }
        }
        text
    }

    /// As programs read it: what the service wrote, with its name.
    pub(crate) fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("timestamp".to_owned(), self.at.map_or(Value::Null, |at| at.to_string().into()));
        object.insert("level".to_owned(), self.level.word().into());
        object.insert("service".to_owned(), self.service.as_str().into());
        object.insert("message".to_owned(), self.message.as_str().into());
        object.extend(self.fields.clone());
        object.into()
    }
}

/// `{"timestamp": .., "level": .., "message": .., ...}`, with the fields beside or below `fields`.
fn of_service(part: &str, mut object: Map<String, Value>) -> LogLine {
    if let Some(Value::Object(fields)) = object.remove("fields") {
        object.extend(fields);
    }
    // The span in which a line was written names its service, also where one process holds them all.
    if let Some(service) = object.remove("span").and_then(|mut span| Some(span.get_mut("service")?.take())) {
        object.entry("service").or_insert(service);
    }
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let (at, level) = (text("timestamp").parse().ok(), Level::of(text("level")).unwrap_or(Level::Info));
    let (message, service) = (text("message").to_owned(), text("service").to_owned());
    let service = if service.is_empty() { part.to_owned() } else { service };
    object.retain(|name, _| !SHOWN_OTHERWISE.contains(&name.as_str()));
    LogLine { at, service, level, message, fields: object }
}

/// `[14032] 2026/11/23 22:11:55.898643 [INF] Server is ready`
fn of_broker(part: &str, line: &str) -> Option<LogLine> {
    let (pid, rest) = line.strip_prefix('[')?.split_once("] ")?;
    pid.parse::<u32>().ok()?;
    let (time, rest) = rest.split_once(" [")?;
    let (level, message) = rest.split_once(']')?;
    let at = DateTime::strptime("%Y/%m/%d %H:%M:%S%.f", time)
        .ok()?
        .to_zoned_datetime(TimeZone::UTC)
        .ok()?
        .timestamp();
    let (level, message) = (Level::of(level)?, message.trim().to_owned());
    Some(LogLine { at: Some(at), service: part.to_owned(), level, message, fields: Map::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;

    fn shown(part: &str, line: &str) -> String {
        LogLine::read(part, line).text(&Output::plain(Format::Table), &TimeZone::UTC, 9)
    }

    #[test]
    fn a_line_of_a_service_is_shown_with_what_its_message_leaves_out() {
        let line = r#"{"timestamp":"2026-02-01T09:30:00.123456Z","level":"INFO","message":"Order ord_1 was cancelled","order.id":"ord_1","attempt":2}"#;
        assert_eq!(
            shown("order", line),
            "2026-02-01T09:30:00.123Z INFO  order     Order ord_1 was cancelled  attempt=2"
        );
        let nested = r#"{"timestamp":"2026-02-01T09:30:00Z","level":"WARN","fields":{"message":"late","service":"cart"},"target":"x"}"#;
        assert_eq!(shown("shopd", nested), "2026-02-01T09:30:00.000Z WARN  cart      late");
    }

    #[test]
    fn a_line_of_the_broker_is_understood() {
        let line = "[14032] 2026/11/23 22:11:55.898643 [INF] Server is ready";
        assert_eq!(shown("broker", line), "2026-11-23T22:11:55.898Z INFO  broker    Server is ready");
    }

    #[test]
    fn a_line_that_is_neither_is_shown_as_it_is() {
        let none = " ".repeat(24);
        assert_eq!(
            shown("order", "thread 'main' panicked"),
            format!("{none} INFO  order     thread 'main' panicked")
        );
        assert_eq!(shown("order", "[1] \u{1b}[2J"), format!("{none} INFO  order     [1] \\u{{1b}}[2J"));
    }

    #[test]
    fn programs_get_what_was_written_and_who_wrote_it() {
        let line = r#"{"timestamp":"2026-02-01T09:30:00Z","level":"INFO","message":"m","order.id":"ord_1"}"#;
        let expected = serde_json::json!({
            "timestamp": "2026-02-01T09:30:00Z", "level": "INFO", "service": "order", "message": "m", "order.id": "ord_1",
        });
        assert_eq!(LogLine::read("order", line).json(), expected);
    }
}
