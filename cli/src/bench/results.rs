//! Reading what `scripts/bench` has measured: reports of `shopctl bench`, what the bare pipeline said, and facts
//! about the machine, each a file of one folder.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::times::Spread;
use crate::failure::{Failure, exit};

/// What is read of a report.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Measured {
    #[serde(default)]
    pub(crate) what: String,
    #[serde(default)]
    pub(crate) rate: f64,
    #[serde(default)]
    pub(crate) done: u64,
    #[serde(default)]
    pub(crate) failed: BTreeMap<String, u64>,
    #[serde(default)]
    pub(crate) unsent: u64,
    #[serde(default)]
    pub(crate) times: BTreeMap<String, Spread>,
    #[serde(default)]
    pub(crate) caught_up_s: Option<f64>,
    #[serde(default)]
    pub(crate) machine: Machine,
    #[serde(default)]
    pub(crate) limited_by: Limited,
    #[serde(default)]
    pub(crate) points: Vec<Point>,
    #[serde(default)]
    pub(crate) audit: Option<Audited>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Machine {
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) disk_each_bytes: Option<u64>,
    #[serde(default)]
    pub(crate) processes: Vec<Process>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) cpu_each_us: f64,
    pub(crate) memory_bytes: u64,
    pub(crate) peak_bytes: u64,
    #[serde(default)]
    pub(crate) written_bytes: u64,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Limited {
    #[serde(default)]
    pub(crate) says: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Point {
    pub(crate) after_s: f64,
    pub(crate) rate: f64,
    pub(crate) done: u64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) disk_bytes: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Audited {
    pub(crate) sound: bool,
}

/// What the bare pipeline did with so many under way.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Bare {
    pub(crate) rate: f64,
    /// Of the last thing it times: the confirmation, or the answer.
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// By the name of the file: `orders-256`.
    pub(crate) reports: BTreeMap<String, Measured>,
    /// Complete orders of the bare pipeline, by how many were under way.
    pub(crate) pipeline: BTreeMap<u64, Bare>,
    /// Its plain requests.
    pub(crate) echo: BTreeMap<u64, Bare>,
    /// About the machine and the versions, in the order in which they were written.
    pub(crate) facts: Vec<(String, String)>,
    /// Single figures, by name.
    pub(crate) figures: BTreeMap<String, f64>,
}

impl Results {
    /// Reads a folder. A file that is missing was not measured.
    ///
    /// # Errors
    /// 74 if the folder cannot be read; 2 if a report in it is none.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let unread = |error| Failure::io(format!("{} cannot be read", folder.display()), &error);
        let mut results = Self::default();
        for entry in std::fs::read_dir(folder).map_err(unread)? {
            let path = entry.map_err(unread)?.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            match path.extension().and_then(|ending| ending.to_str()) {
                Some("json") => drop(results.reports.insert(name, report(&path)?)),
                Some("txt") => results.take_bare(&std::fs::read_to_string(&path).map_err(unread)?),
                Some("tsv") if name == "facts" => {
                    results.facts = pairs(&std::fs::read_to_string(&path).map_err(unread)?);
                }
                Some("tsv") => {
                    let pairs = pairs(&std::fs::read_to_string(&path).map_err(unread)?);
                    let figures =
                        pairs.into_iter().filter_map(|(name, text)| Some((name, text.parse().ok()?)));
                    results.figures.extend(figures);
                }
                _ => {}
            }
        }
        results.note_loaded();
        Ok(results)
    }

    /// The most memory at any time while orders were measured, unless a figure says it.
    fn note_loaded(&mut self) {
        let orders = self.reports.iter().filter(|(name, _)| name.starts_with("orders-"));
        let most = orders.flat_map(|(_, report)| &report.points).filter_map(|point| point.memory_bytes).max();
        if let Some(most) = most {
            self.figures.entry("loaded_bytes".to_owned()).or_insert(most as f64);
        }
    }

    /// Takes in what the bare pipeline wrote; if it ran more than once, its best counts.
    fn take_bare(&mut self, text: &str) {
        for line in text.lines() {
            let (to, rest) = if let Some(rest) = line.strip_prefix("pipeline inflight ") {
                (&mut self.pipeline, rest)
            } else if let Some(rest) = line.strip_prefix("rpc inflight ") {
                (&mut self.echo, rest)
            } else {
                continue;
            };
            if let Some((depth, bare)) = bare(rest) {
                let best = to.entry(depth).or_insert(bare);
                if bare.rate > best.rate {
                    *best = bare;
                }
            }
        }
    }
}

/// Reads a report of `shopctl bench -o json`.
///
/// # Errors
/// 74 if it cannot be read; 2 if it is none.
pub(crate) fn report(path: &Path) -> Result<Measured, Failure> {
    let text = std::fs::read(path)
        .map_err(|error| Failure::io(format!("{} cannot be read", path.display()), &error))?;
    let measured: Result<Measured, _> = serde_json::from_slice(&text);
    match measured {
        Ok(measured) if !measured.what.is_empty() => Ok(measured),
        _ => Err(Failure::new(
            exit::USAGE,
            "invalid_report",
            format!("{} is not what shopctl bench writes with -o json", path.display()),
        )
        .mend("shopctl bench orders --yes -o json > report.json")),
    }
}

/// `256: 2345 orders/s; placed p50 1 p99 2 us; confirmed p50 3 p99 4 us`, or `64: 900/s p50 1 us p99 2 us`.
fn bare(text: &str) -> Option<(u64, Bare)> {
    let (depth, rest) = text.split_once(':')?;
    let rate = rest.trim_start().split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    let after = |name: &str| -> Option<f64> {
        let (_, behind) = rest.rsplit_once(name)?;
        behind.split_whitespace().next()?.trim_end_matches(';').parse().ok()
    };
    Some((
        depth.trim().parse().ok()?,
        Bare { rate: rate.parse().ok()?, p50_us: after("p50 ")?, p99_us: after("p99 ")? },
    ))
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |line: &str| {
        line.split_once('\t').map(|(name, text)| (name.trim().to_owned(), text.trim().to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bare_pipeline_says_is_understood_and_its_best_counts() {
        let mut results = Results::default();
        results.take_bare(
            "sqlite FULL batch 1: 5 orders/s (5 commits/s)\n\
             pipeline inflight 256: 2000 orders/s; placed p50 100 p99 200 us; confirmed p50 300 p99 400 us\n\
             rpc inflight 64: 9000/s p50 7 us p99 21 us\n",
        );
        results.take_bare(
            "pipeline inflight 256: 2345 orders/s; placed p50 1 p99 2 us; confirmed p50 3 p99 4 us\n",
        );
        assert_eq!(results.pipeline[&256], Bare { rate: 2345.0, p50_us: 3.0, p99_us: 4.0 });
        assert_eq!(results.echo[&64], Bare { rate: 9000.0, p50_us: 7.0, p99_us: 21.0 });
        assert_eq!((results.pipeline.len(), results.echo.len(), bare("nonsense")), (1, 1, None));
    }

    #[test]
    fn a_folder_is_read_as_far_as_it_goes() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "orders-64.json",
            r#"{"what":"orders","rate":12.5,"times":{},"machine":{"memory_bytes":5,"disk_each_bytes":null}}"#,
        );
        write("facts.tsv", "cores\t2\nkernel\tLinux 6\n");
        write("figures.tsv", "idle_bytes\t1000\nnonsense\tx\n");
        write("other.md", "text");
        let results = Results::read(folder.path()).unwrap();
        assert_eq!((results.reports["orders-64"].rate, results.figures["idle_bytes"]), (12.5, 1000.0));
        assert_eq!(results.facts[1], ("kernel".to_owned(), "Linux 6".to_owned()));
        write("orders-1.json", "{}");
        assert_eq!(Results::read(folder.path()).unwrap_err().code(), "invalid_report");
        assert_eq!(Results::read(Path::new("/no/such/folder")).unwrap_err().exit(), exit::IO);
    }
}
