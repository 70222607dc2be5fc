//! The status on one screen: tables from 60 columns on, a list below.

use contracts::order::{OrderCounts, Stage};

use super::{ServiceState, State, Status, StreamLag, Trouble};
use crate::output::{Cell, Output, Table, Tone};
use crate::show;

/// The width from which tables are used.
const TABLE_COLUMNS_MIN: usize = 60;

/// One column of the table of services.
struct Column {
    header: &'static str,
    /// The first to be left out where there is no room has the lowest.
    rank: u8,
    cell: fn(&ServiceState) -> Cell,
}

const COLUMNS: &[Column] = &[
    Column { header: "service", rank: 9, cell: |service| Cell::from(&service.name) },
    Column { header: "state", rank: 9, cell: state },
    Column { header: "version", rank: 1, cell: |service| said(service, |health| health.version.clone()) },
    Column { header: "pid", rank: 4, cell: |service| said(service, |health| health.pid.to_string()) },
    Column { header: "up", rank: 5, cell: |service| Cell::from(up(service.process.up_seconds)) },
    Column { header: "memory", rank: 3, cell: |service| Cell::from(bytes(service.process.memory_bytes)) },
    Column { header: "queue", rank: 2, cell: |service| said(service, |health| health.queued.to_string()) },
    Column { header: "untold", rank: 8, cell: |service| counted(service, service.untold(), Tone::Warn) },
    Column { header: "dead", rank: 7, cell: |service| of_health(service, |health| health.dead_letters) },
    Column {
        header: "given up",
        rank: 6,
        cell: |service| of_health(service, |health| health.effects_given_up),
    },
];

/// A short text, and how it is coloured.
struct Fact {
    text: String,
    tone: Option<Tone>,
}

impl Fact {
    fn of(text: &str, tone: Option<Tone>) -> Self {
        Self { text: text.to_owned(), tone }
    }
}

/// Draws the status.
pub(crate) fn draw(status: &Status, out: &Output) -> String {
    let narrow = out.width().is_some_and(|width| width < TABLE_COLUMNS_MIN);
    let mut blocks = vec![broker(status, out)];
    if narrow {
        blocks.push(lines(status.services.iter().map(|service| service_line(service, out))));
        blocks.push(lines(status.streams.iter().map(|stream| stream_line(stream, out))));
    } else {
        blocks.push(out.draw(&services(status, out.width())));
        if !status.streams.is_empty() {
            blocks.push(out.draw(&streams(status)));
        }
    }
    blocks.push(status.orders.as_ref().map(|orders| order_line(orders, out)).unwrap_or_default());
    blocks.push(lines(status.troubles.iter().map(|trouble| trouble_lines(trouble, out))));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n").trim_end().to_owned()
}

fn broker(status: &Status, out: &Output) -> String {
    let broker = &status.broker;
    let version = kit::text::printable(&broker.version);
    let mut facts = vec![
        Fact::of(&kit::text::printable(&broker.name), Some(Tone::Strong)),
        Fact::of(&format!("nats-server {version}"), None),
        Fact::of(&broker.url, None),
        Fact::of(&format!("{} there and back", show::duration(broker.round_trip_us)), None),
    ];
    facts.extend(
        broker.process.up_seconds.map(|seconds| Fact::of(&format!("up {}", up(Some(seconds))), None)),
    );
    facts.extend(broker.process.memory_bytes.map(|used| Fact::of(&bytes(Some(used)), None)));
    side_by_side(&facts, out)
}

/// The table of services, without the columns for which there is no room.
fn services(status: &Status, width: Option<usize>) -> Table {
    let mut columns: Vec<&Column> = COLUMNS.iter().collect();
    loop {
        let headers: Vec<&str> = columns.iter().map(|column| column.header).collect();
        let numbers: Vec<usize> = (3..columns.len()).collect();
        let rows = status
            .services
            .iter()
            .map(|service| columns.iter().map(|column| (column.cell)(service)).collect());
        let table = Table::new(&headers).right(&numbers).rows(rows);
        let least = columns.iter().map(|column| column.rank).min().unwrap_or_default();
        if width.is_none_or(|width| table.natural_width() <= width) || columns.len() <= 2 {
            return table;
        }
        columns.retain(|column| column.rank != least);
    }
}

fn streams(status: &Status) -> Table {
    let rows = status.streams.iter().map(|lag| {
        let hearers = hearers(lag);
        let tone = if lag.behind.values().all(|behind| *behind == 0) { Tone::Faint } else { Tone::Warn };
        vec![
            Cell::from(&lag.stream.name),
            Cell::from(lag.stream.messages),
            Cell::from(lag.stream.last),
            Cell::from(bytes(Some(lag.stream.bytes))),
            Cell::toned(hearers, tone),
        ]
    });
    Table::new(&["stream", "events", "last", "size", "heard by"]).right(&[1, 2, 3]).rows(rows)
}

fn hearers(lag: &StreamLag) -> String {
    let each = lag.behind.iter().map(|(name, behind)| match behind {
        0 => name.clone(),
        behind => format!("{name} ({behind} behind)"),
    });
    let all = each.collect::<Vec<_>>().join(", ");
    if all.is_empty() { "nobody".to_owned() } else { all }
}

fn state(service: &ServiceState) -> Cell {
    let (text, tone) = state_word(service.state);
    Cell::toned(text, tone)
}

fn state_word(state: State) -> (&'static str, Tone) {
    match state {
        State::Ok => ("ok", Tone::Good),
        State::Trouble => ("trouble", Tone::Warn),
        State::Silent => ("no answer", Tone::Bad),
    }
}

fn said(service: &ServiceState, fact: fn(&kit::vitals::Health) -> String) -> Cell {
    service.health.as_ref().map_or_else(|| Cell::from("-"), |health| Cell::from(fact(health)))
}

fn of_health(service: &ServiceState, count: fn(&kit::vitals::Health) -> u64) -> Cell {
    counted(service, service.health.as_ref().map(count).unwrap_or_default(), Tone::Bad)
}

/// A number that should be 0.
fn counted(service: &ServiceState, count: u64, tone: Tone) -> Cell {
    match (&service.health, count) {
        (None, _) => Cell::from("-"),
        (Some(_), 0) => Cell::from(0),
        (Some(_), count) => Cell::toned(count, tone),
    }
}

fn service_line(service: &ServiceState, out: &Output) -> String {
    let (word, tone) = state_word(service.state);
    let mut line = format!("{}: {}", service.name, out.paint(tone, word));
    if service.untold() > 0 {
        line.push_str(&format!(", {} untold", service.untold()));
    }
    line
}

fn stream_line(lag: &StreamLag, out: &Output) -> String {
    let behind = lag.behind.iter().filter(|(_, behind)| **behind > 0);
    let behind: Vec<String> = behind.map(|(name, behind)| format!("{name} {behind} behind")).collect();
    let line = format!("{}: {} events", lag.stream.name, lag.stream.messages);
    if behind.is_empty() { line } else { format!("{line}, {}", out.paint(Tone::Warn, &behind.join(", "))) }
}

fn order_line(orders: &OrderCounts, out: &Output) -> String {
    let all: u64 = orders.stages.values().sum();
    let mut facts = vec![Fact::of(&format!("{all} orders"), Some(Tone::Strong))];
    for stage in Stage::ALL {
        let count = orders.stages.get(&stage).copied().unwrap_or_default();
        if count > 0 {
            let tone = (stage == Stage::NeedsAttention).then_some(Tone::Bad);
            facts.push(Fact::of(&format!("{count} {}", stage.word().replace('_', " ")), tone));
        }
    }
    side_by_side(&facts, out)
}

/// Facts beside each other, and on the next line where there is no room.
fn side_by_side(facts: &[Fact], out: &Output) -> String {
    let width = out.width().unwrap_or(usize::MAX);
    let (mut text, mut used) = (String::new(), 0);
    for fact in facts {
        let wide = fact.text.chars().count();
        if used > 0 {
            let fits = used + 2 + wide <= width;
            text.push_str(if fits { "  " } else { "\n  " });
            used = if fits { used + 2 } else { 2 };
        }
        text.push_str(&fact.tone.map_or_else(|| fact.text.clone(), |tone| out.paint(tone, &fact.text)));
        used += wide;
    }
    text + "\n"
}

fn trouble_lines(trouble: &Trouble, out: &Output) -> String {
    let (mark, tone) = if trouble.grave { ("✗", Tone::Bad) } else { ("!", Tone::Warn) };
    let message = kit::text::printable(&trouble.message);
    format!("{} {message}\n  {}  {}", out.paint(tone, mark), out.paint(Tone::Faint, "mend"), trouble.mend)
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| line + "\n").collect()
}

/// How long something runs, in its largest two units.
pub(crate) fn up(seconds: Option<i64>) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(seconds @ ..60) => format!("{seconds} s"),
        Some(seconds @ ..3_600) => format!("{} min", seconds / 60),
        Some(seconds @ ..86_400) => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        Some(seconds) => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// So many bytes, in the unit that suits them.
pub(crate) fn bytes(count: Option<u64>) -> String {
    match count {
        None => "-".to_owned(),
        Some(count @ ..1_000) => format!("{count} B"),
        Some(count @ ..1_000_000) => format!("{} kB", count / 1_000),
        Some(count @ ..1_000_000_000) => format!("{:.1} MB", count as f64 / 1e6),
        Some(count) => format!("{:.1} GB", count as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;
    use crate::status::{BrokerState, Local};
    use kit::Example;
    use kit::client::StreamState;
    use kit::vitals::Health;

    fn sample() -> Status {
        let local = Local { up_seconds: Some(200), memory_bytes: Some(9_400_000) };
        let well = Health { dead_letters: 0, ..Health::example() };
        let ill = Health {
            service: "payment".into(),
            outbox_newest: 9,
            outbox_published: 4,
            dead_letters: 2,
            ..Health::example()
        };
        let service = |name: &str, state, health| ServiceState {
            name: name.into(),
            state,
            health,
            process: local.clone(),
        };
        let stream = StreamState {
            name: "ORDER".into(),
            messages: 1204,
            bytes: 480_000,
            bytes_max: 1 << 28,
            first: 1,
            last: 1204,
            last_at: String::new(),
            first_at: String::new(),
            consumers: 2,
            deleted: 0,
            subjects: vec![],
            made_at: String::new(),
            origin: String::new(),
        };
        Status {
            well: false,
            at: kit::Timestamp::UNIX_EPOCH,
            broker: BrokerState {
                name: "shop".into(),
                version: "2.15.1".into(),
                url: "nats://127.0.0.1:4222".into(),
                round_trip_us: 180,
                process: local.clone(),
            },
            services: vec![
                service("order", State::Ok, Some(well)),
                service("payment", State::Trouble, Some(ill)),
                service("notification", State::Silent, None),
            ],
            streams: vec![StreamLag {
                stream,
                behind: [("inventory".into(), 0), ("payment".into(), 12)].into(),
            }],
            orders: Some(OrderCounts {
                stages: [(Stage::Confirmed, 31), (Stage::Cancelled, 4)].into(),
                overdue: 0,
            }),
            troubles: vec![Trouble {
                grave: true,
                message: "notification: nobody answers".into(),
                mend: "shopctl up".into(),
            }],
        }
    }

    fn at_width(width: Option<usize>) -> String {
        draw(&sample(), &Output::plain(Format::Table).with_width(width))
    }

    #[test]
    fn the_shop_on_one_screen() {
        let expected = "\
shop  nats-server 2.15.1  nats://127.0.0.1:4222  0.18 ms there and back  up 3 min  9.4 MB

SERVICE       STATE      VERSION   PID     UP  MEMORY  QUEUE  UNTOLD  DEAD  GIVEN UP
order         ok         0.1.0    4711  3 min  9.4 MB      0       0     0         0
payment       trouble    0.1.0    4711  3 min  9.4 MB      0       5     2         0
notification  no answer  -           -  3 min  9.4 MB      -       -     -         -

STREAM  EVENTS  LAST    SIZE  HEARD BY
ORDER     1204  1204  480 kB  inventory, payment (12 behind)

35 orders  31 confirmed  4 cancelled

✗ notification: nobody answers
  mend  shopctl up";
        assert_eq!(at_width(None), expected);
    }

    #[test]
    fn where_there_is_no_room_the_less_important_is_left_out() {
        let screen = at_width(Some(60));
        assert!(screen.lines().all(|line| line.chars().count() <= 60), "{screen}");
        let header = screen.lines().find(|line| line.starts_with("SERVICE")).unwrap();
        assert!(header.contains("UNTOLD") && !header.contains("VERSION"), "{screen}");
    }

    #[test]
    fn a_narrow_terminal_gets_a_list() {
        let list = at_width(Some(40));
        assert!(list.lines().all(|line| line.chars().count() <= 40), "{list}");
        assert!(list.contains("\npayment: trouble, 5 untold\nnotification: no answer\n"), "{list}");
        assert!(list.contains("\nORDER: 1204 events, payment 12 behind\n"), "{list}");
    }
}
