//! Whether somebody means it: a benchmark places real orders.

use std::io::{IsTerminal, stdin};

use crate::failure::Failure;
use crate::shop::Shop;

/// Asks a person whether they mean it; without one, somebody must have said so.
///
/// # Errors
/// 2 if nobody said so; 74 if the terminal cannot be read.
pub(crate) async fn sure(shop: &Shop, yes: bool, what: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let url = shop.address().url;
    let not_run = |why: &str| {
        Failure::invalid("needs_yes", format!("nothing was measured: {why}"))
            .why(format!("it {what} in the shop at {url}, and they stay there"))
            .mend("the same command with --yes")
            .mend("shopctl up --data ./scratch --port 0      starts a shop that is good for nothing else")
    };
    if !shop.may_ask() || !stdin().is_terminal() || !shop.out.is_table() {
        return Err(not_run("nobody can be asked whether this is meant"));
    }
    shop.out.warn(format!("this {what} in the shop at {url}, and they stay there; type yes to go on"));
    // On a thread of its own, so that Ctrl-C is heard meanwhile.
    let typed = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        stdin().read_line(&mut line).map(|_| line)
    });
    let unread = |error: std::io::Error| Failure::io("the answer was not read", &error);
    let answer = typed.await.map_err(|error| unread(error.into()))?.map_err(unread)?;
    if answer.trim() == "yes" { Ok(()) } else { Err(not_run("the answer was not yes")) }
}
