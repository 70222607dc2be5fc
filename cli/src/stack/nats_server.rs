//! Finding a nats-server that is new enough, in the same places as `scripts/ensure-nats-server`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, exit};

/// The version that `scripts/ensure-nats-server` fetches; a test compares the two.
const FETCHED: &str = "2.15.1";

/// The oldest version that is used, as that script has it.
const OLDEST: (u32, u32) = (2, 12);

/// A nats-server that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NatsServer {
    pub(crate) path: PathBuf,
    pub(crate) version: String,
}

impl NatsServer {
    /// The one that `NATS_SERVER` names, else the first that is new enough on the PATH, else the
    /// one that was fetched below this folder or beside the workspace of this program.
    ///
    /// # Errors
    /// 78 if there is none, saying how to get it.
    pub(crate) fn find() -> Result<Self, Failure> {
        if let Some(named) = std::env::var_os("NATS_SERVER").filter(|named| !named.is_empty()) {
            return Self::named(Path::new(&named));
        }
        let mut passed_over = Vec::new();
        for path in on_path("nats-server").into_iter().chain(fetched()) {
            match version_of(&path) {
                Some(version) if is_new_enough(&version) => return Ok(Self { path, version }),
                Some(version) => passed_over.push(format!("{} is {version}", path.display())),
                None => passed_over.push(format!("{} does not run here", path.display())),
            }
        }
        let (major, minor) = OLDEST;
        let missing = Failure::new(
            exit::CONFIGURATION,
            "no_nats_server",
            format!("there is no nats-server {major}.{minor} or newer to start"),
        )
        .mend("scripts/ensure-nats-server      fetches one, in a checkout of this project")
        .mend("or put one on the PATH, or set NATS_SERVER to its path");
        Err(if passed_over.is_empty() { missing } else { missing.why(passed_over.join("\n")) })
    }

    fn named(named: &Path) -> Result<Self, Failure> {
        let wrong = |what: String| {
            Failure::new(exit::CONFIGURATION, "no_nats_server", what)
                .mend("set NATS_SERVER to the path of a nats-server, or unset it to have one found")
        };
        let path = if named.components().count() > 1 {
            Some(named.to_path_buf()).filter(|path| is_program(path))
        } else {
            named.to_str().and_then(on_path)
        };
        let path = path.ok_or_else(|| wrong(format!("NATS_SERVER names no program: {}", named.display())))?;
        let version = version_of(&path).ok_or_else(|| {
            wrong(format!("NATS_SERVER names a program that is no nats-server: {}", path.display()))
        })?;
        if !is_new_enough(&version) {
            let (major, minor) = OLDEST;
            return Err(wrong(format!(
                "NATS_SERVER names nats-server {version}; the shop needs {major}.{minor} or newer"
            )));
        }
        // The broker runs in another folder than this command.
        let path = std::path::absolute(&path).unwrap_or(path);
        Ok(Self { path, version })
    }
}

/// The first program of this name on the PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| is_program(path))?;
    Some(std::path::absolute(&found).unwrap_or(found))
}

/// Whether this is a file that may be run.
pub(crate) fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

fn fetched() -> Vec<PathBuf> {
    let here = std::env::current_dir().ok();
    let program = std::env::current_exe().ok();
    let beside = program.iter().flat_map(|program| program.ancestors().skip(1));
    let folders = here.as_deref().into_iter().chain(beside);
    folders
        .map(|folder| folder.join("target/nats-server").join(FETCHED).join("nats-server"))
        .filter(|path| is_program(path))
        .collect()
}

/// What a program says its version is; none if it is no nats-server or does not run here.
fn version_of(path: &Path) -> Option<String> {
    let said =
        Command::new(path).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    parse_version(std::str::from_utf8(&said.stdout).ok()?)
}

fn parse_version(said: &str) -> Option<String> {
    let version = said.strip_prefix("nats-server: ")?.trim();
    let version = version.strip_prefix('v').unwrap_or(version);
    let plain = version.chars().all(|character| character.is_ascii_graphic());
    (plain && numbers(version).is_some()).then(|| version.to_owned())
}

fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn is_new_enough(version: &str) -> bool {
    numbers(version).is_some_and(|version| version >= OLDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_nats_server_that_is_new_enough_is_used() {
        assert_eq!(parse_version("nats-server: v2.15.1\n").as_deref(), Some("2.15.1"));
        assert_eq!(parse_version("nats-server: v2.12.0-RC.1\n").as_deref(), Some("2.12.0-RC.1"));
        for other in ["", "2.15.1", "nats-server: ", "nats-server: v\u{1b}[2J", "bash 5.2"] {
            assert_eq!(parse_version(other), None, "{other:?}");
        }
        assert!(is_new_enough("2.12.0") && is_new_enough("2.15.1") && is_new_enough("3.0.0"));
        assert!(!is_new_enough("2.11.9") && !is_new_enough("1.99.0"));
    }

    #[test]
    fn the_script_that_fetches_a_broker_means_the_same_versions() {
        let script = include_str!("../../../scripts/ensure-nats-server");
        let (major, minor) = OLDEST;
        assert!(script.contains(&format!("\nreadonly version={FETCHED}\n")));
        assert!(script.contains(&format!("\nreadonly oldest_major={major} oldest_minor={minor}\n")));
    }
}
