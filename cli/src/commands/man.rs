//! `shopctl man`: manual pages, printed from what the program itself knows.

mod page;

use std::path::PathBuf;

use crate::args::{When, tree};
use crate::failure::{Failure, exit};
use crate::near::nearest;
use crate::private::shown;
use crate::shop::Shop;

/// Write the manual pages: one to standard output, or all into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl man order place | man -l -                       read one
  shopctl man --out ~/.local/share/man/man1                all of them, where man finds them
  man shopctl-order-place")]
pub(crate) struct Args {
    /// Of which command, such as `order place` [default: of shopctl itself]
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    command: Vec<String>,

    /// Write the page of every command into this folder, which is made if it is missing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let mut root = tree(When::Never);
    root.build();
    match args.out {
        Some(folder) => write_all(shop, &root, &folder),
        None => {
            let text = page::of(&root, find(&root, &args.command)?);
            if shop.out.is_table() { shop.out.line(text.trim_end()) } else { shop.out.json(&text) }
        }
    }
}

fn find<'a>(root: &'a clap::Command, words: &[String]) -> Result<&'a clap::Command, Failure> {
    words.iter().try_fold(root, |command, word| {
        command.find_subcommand(word).ok_or_else(|| {
            let parent = command.get_bin_name().unwrap_or("shopctl");
            let what = format!("there is no page of {parent} {word}: there is no such command");
            let failure = Failure::new(exit::NOT_FOUND, "unknown_command", what);
            let names = command.get_subcommands().map(clap::Command::get_name);
            match nearest(word, names) {
                Some(near) => {
                    failure.mend(format!("shopctl man{} {near}", parent.trim_start_matches("shopctl")))
                }
                None => failure.mend(format!("{parent} --help")),
            }
        })
    })
}

fn write_all(shop: &Shop, root: &clap::Command, folder: &std::path::Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::io(format!("the folder {} was not made", shown(folder)), &error))?;
    let mut written = Vec::new();
    for command in page::all(root) {
        let path = folder.join(format!("{}.1", page::name(command)));
        std::fs::write(&path, page::of(root, command))
            .map_err(|error| Failure::io(format!("{} was not written", shown(&path)), &error))?;
        written.push(path);
    }
    if !shop.out.is_table() {
        return shop.out.json(&written);
    }
    shop.out.say(format!("{} pages were written to {}", written.len(), shown(folder)));
    shop.out.next("man shopctl      if that folder is among those where man looks");
    Ok(())
}
