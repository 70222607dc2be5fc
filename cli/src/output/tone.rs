//! Colours, named for what they stand for.

/// What a colour stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warn,
    Bad,
    Faint,
    Strong,
    /// One of a set of colours that differ for everybody, such as one for each service.
    Hue(u8),
}

/// The set of Okabe and Ito, in the nearest of the 256 colours of a terminal.
const HUES: [(u8, &str); 7] = [
    (74, "\u{1b}[38;5;74m"),
    (214, "\u{1b}[38;5;214m"),
    (36, "\u{1b}[38;5;36m"),
    (175, "\u{1b}[38;5;175m"),
    (227, "\u{1b}[38;5;227m"),
    (33, "\u{1b}[38;5;33m"),
    (166, "\u{1b}[38;5;166m"),
];
const TONES: [&str; 5] = ["\u{1b}[38;5;2m", "\u{1b}[38;5;3m", "\u{1b}[38;5;1m", "\u{1b}[2m", "\u{1b}[1m"];
/// How a colour ends; the table library uses the second.
const ENDS: [&str; 2] = ["\u{1b}[0m", "\u{1b}[39m"];

impl Tone {
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Good => TONES[0],
            Self::Warn => TONES[1],
            Self::Bad => TONES[2],
            Self::Faint => TONES[3],
            Self::Strong => TONES[4],
            Self::Hue(n) => hue(n).1,
        }
    }
}

/// One of the set, by its number among the 256 and as it begins.
pub(super) fn hue(n: u8) -> (u8, &'static str) {
    HUES[usize::from(n) % HUES.len()]
}

/// Text in a colour, if colours are wanted.
pub(crate) fn paint(wanted: bool, tone: Tone, text: &str) -> String {
    if wanted && !text.is_empty() { format!("{}{text}{}", tone.begin(), ENDS[0]) } else { text.to_owned() }
}

/// Everything that colours here are made of.
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    TONES.into_iter().chain(ENDS).chain(HUES.map(|(_, colour)| colour))
}
