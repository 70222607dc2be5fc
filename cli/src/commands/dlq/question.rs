//! A question that is answered with yes or no at the terminal.

use std::io::{IsTerminal, Write, stderr, stdin};

use crate::failure::Failure;
use crate::output::harmless;
use crate::shop::Shop;

/// Asks somebody at the terminal; none if nobody can be asked. Whatever is not yes is no.
///
/// # Errors
/// 74 if the terminal cannot be read.
pub(crate) async fn ask(shop: &Shop, question: &str) -> Result<Option<bool>, Failure> {
    if !shop.may_ask() || !shop.out.is_table() || !stdin().is_terminal() {
        return Ok(None);
    }
    let failed = |error: std::io::Error| Failure::io("the answer was not read", &error);
    write!(stderr(), "{} [y/N] ", harmless(question)).map_err(failed)?;
    let typed = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        stdin().read_line(&mut line).map(|_| line)
    });
    let line = typed.await.map_err(|error| failed(error.into()))?.map_err(failed)?;
    Ok(Some(is_yes(&line)))
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_yes_is_no() {
        assert!(is_yes("y\n") && is_yes(" YES "));
        assert!(!is_yes("") && !is_yes("\n") && !is_yes("n") && !is_yes("yesterday"));
    }
}
