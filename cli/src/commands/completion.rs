//! `shopctl completion`: the script with which a shell asks this program for what may come next.

use clap_complete::env::Shells;

use crate::complete::VARIABLE;
use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// Write the script that lets a shell complete commands and live numbers
///
/// The script asks shopctl itself at every Tab, so what it offers is what there is: the newest orders,
/// products, dead letters, contexts. Nothing is waited for longer than a third of a second, and where
/// no shop answers, only commands and options are offered.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  source <(shopctl completion bash)                                    now; in ~/.bashrc for always
  source <(shopctl completion zsh)                                     in ~/.zshrc, after compinit
  shopctl completion fish > ~/.config/fish/completions/shopctl.fish
  eval (shopctl completion elvish | slurp)                             in ~/.config/elvish/rc.elv
  shopctl completion powershell | Out-String | Invoke-Expression       in $PROFILE")]
pub(crate) struct Args {
    /// For which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// A shell that can ask.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Elvish => "elvish",
            Self::Powershell => "powershell",
        }
    }
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let bug = |why: &str| Failure::new(exit::BUG, "bug", format!("no script was written: {why}"));
    let shells = Shells::builtins();
    let shell = shells.completer(args.shell.name()).ok_or_else(|| bug("this shell is not known"))?;
    let mut script = Vec::new();
    shell
        .write_registration(VARIABLE, "shopctl", "shopctl", &program(), &mut script)
        .map_err(|error| bug(&error.to_string()))?;
    shop.out.line(String::from_utf8_lossy(&script).trim())
}

/// What the script runs: this very program, unless it was found where the shell finds programs.
fn program() -> String {
    let typed = std::env::args_os().next().map(std::path::PathBuf::from).unwrap_or_default();
    match std::env::current_exe() {
        Ok(path) if typed.components().count() > 1 => path.display().to_string(),
        _ => "shopctl".to_owned(),
    }
}
