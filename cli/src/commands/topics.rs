//! What `shopctl help` says beyond single commands.

use crate::failure::exit;

/// Every variable that is read.
pub(crate) const ENVIRONMENT: &str = "\
Environment variables. An option wins over its variable, a variable over a context, the context of
--context, SHOP_CONTEXT or NATS_CONTEXT over the one in use, and that over the data folder. Whoever
names a data folder means the shop in it, whatever context is in use. `shopctl context show` says
where each value came from.

  SHOP_CONTEXT    the context to go by, as --context
  NATS_CONTEXT    the context of the nats command to go by, if SHOP_CONTEXT is not set
  SHOP_NATS_URL   address of the broker, as --nats; NATS_URL is read too
  SHOP_DATA_DIR   data folder of the shop on this machine, as --data
  SHOP_GUEST_FILE the secret of a guest to ask as, as --guest
  SHOP_SEED_FILE  key to ask with, as --seed
  SHOP_NATS_CA    authorities to believe about the broker, as --nats-ca
  SHOP_OUTPUT     how results are written, as --output
  SHOP_TIMEOUT    how long an answer may take, as --timeout
  SHOP_COLOR      when to use colours, as --color
  NO_COLOR        no colours, if it is not empty
  TERM=dumb       no colours and no redrawn lines
  COLUMNS         width of the terminal, if it is said
  COMPLETE        set by the script of `shopctl completion`: the shell that asks what may come next
  NATS_SERVER     the nats-server that `shopctl up` starts
  SHOP_LOG        how much services log that `shopctl up` starts, such as debug; info if not said
  SHOPD           the shopd that `shopctl up` starts
  XDG_DATA_HOME   where the data folder is, if nothing names it
  XDG_CONFIG_HOME where contexts are kept, in shop/contexts.toml, and those of the nats command, in
                  nats/context; ~/.config if not said
  XDG_STATE_HOME  where the tokens of whoever is signed in are kept; ~/.local/state if not said

No variable holds a password or a token: other programs can read those";

/// The list of exit codes.
pub(crate) fn exit_codes() -> String {
    let codes = exit::ALL.iter().map(|(code, meaning)| format!("  {code:>3}  {meaning}"));
    format!("Exit codes.\n\n{}", codes.collect::<Vec<_>>().join("\n"))
}
