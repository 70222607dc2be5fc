//! `shopctl context`: named shops, and which of them is in use.

mod show;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::context::book::{self, Book};
use crate::context::settings::{By, Origin, Setting};
use crate::context::{Context, Places, nats};
use crate::failure::{Failure, exit};
use crate::output::{Format, Table, Tone};
use crate::private::shown;
use crate::row;
use crate::shop::Shop;

/// Name shops, and say which one is meant when nothing else does
///
/// A context holds where the broker is, which data folder, which key, whom to believe, and how results
/// are written. An option wins over a variable, a variable over a context, the context of --context or
/// SHOP_CONTEXT over the one in use, and that over the data folder. Whoever names a data folder means
/// the shop in it, whatever context is in use. Those of the nats command are called nats:NAME.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Add(Add),
    Ls(Ls),
    Use(Use),
    Show(show::Args),
    Rm(Rm),
}

/// Add a context that says what --nats, --data, --seed and --nats-ca say here
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl context add edge --nats tls://192.0.2.7:4222 --seed ann.seed --nats-ca ca.pem
  shopctl context add try --data ./try --default-output jsonl --use
  shopctl context add edge --nats tls://192.0.2.8:4222 --replace      instead of what it said")]
pub(crate) struct Add {
    /// How it is called
    #[arg(value_name = "NAME", value_parser = book::name)]
    name: String,
    /// How results are written in it, unless --output says otherwise
    #[arg(long, value_name = "FORMAT")]
    default_output: Option<Format>,
    /// Put it in use
    #[arg(long = "use")]
    in_use: bool,
    /// Instead of the one of this name
    #[arg(long)]
    replace: bool,
}

/// List contexts, those of the nats command too
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl context ls
  shopctl context ls -o jsonl | jq -r .name")]
pub(crate) struct Ls {}

/// Say which context is meant when nothing else does
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl context use edge
  shopctl context use -             the one before
  shopctl context use nats:edge     one of the nats command
  shopctl context use --none        none any more")]
pub(crate) struct Use {
    /// Which one; `-` for the one before
    #[arg(value_name = "NAME", allow_hyphen_values = true, required_unless_present = "none")]
    name: Option<String>,
    /// None any more
    #[arg(long, conflicts_with = "name")]
    none: bool,
}

/// Forget a context; the shop and its data stay
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl context rm edge")]
pub(crate) struct Rm {
    /// Which one
    #[arg(value_name = "NAME")]
    name: String,
}

/// A context in the list.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    in_use: bool,
    /// `shop`, or `nats` for one of the nats command.
    of: &'static str,
    nats: Option<String>,
    data: Option<PathBuf>,
    seed: Option<PathBuf>,
    nats_ca: Option<PathBuf>,
    output: Option<Format>,
    /// Why nobody can be asked with it.
    problem: Option<String>,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add(shop, args),
        Command::Ls(_) => ls(shop),
        Command::Use(args) => put_in_use(shop, args),
        Command::Show(args) => show::run(shop, args),
        Command::Rm(args) => rm(shop, &args.name),
    }
}

fn add(shop: &Shop, args: Add) -> Result<(), Failure> {
    let settings = &shop.settings;
    let context = Context {
        nats: typed(&settings.nats).cloned(),
        data: typed(&settings.data).map(|path| absolute(path)).transpose()?,
        seed: typed(&settings.seed).map(|path| absolute(path)).transpose()?,
        nats_ca: typed(&settings.nats_ca).map(|path| absolute(path)).transpose()?,
        output: args.default_output,
    };
    if context == Context::default() {
        let what = format!("context {} was not added: it would say nothing", args.name);
        return Err(Failure::invalid("empty_context", what)
            .why("a context holds what the options say beside its name; variables are not kept")
            .mend(format!("shopctl context add {} --nats URL --seed FILE", args.name)));
    }
    let path = Places::needed()?.book;
    Book::change(&path, |book| {
        if book.contexts.contains_key(&args.name) && !args.replace {
            let what = format!("context {} was not added: there is one of this name", args.name);
            return Err(Failure::new(exit::CONFLICT, "context_exists", what)
                .mend("the same command with --replace")
                .mend(format!("shopctl context show {}", args.name)));
        }
        book.contexts.insert(args.name.clone(), context);
        if args.in_use {
            book.put_in_use(Some(args.name.clone()));
        }
        Ok(())
    })?;
    shop.out.say(format!("context {} is kept in {}", args.name, shown(&path)));
    if !args.in_use {
        shop.out.next(format!("shopctl context use {}", args.name));
    }
    told(shop, &args.name, args.in_use)
}

fn ls(shop: &Shop) -> Result<(), Failure> {
    let places = Places::needed()?;
    let book = Book::read(&places.book)?;
    let listed = |name: String, of, context: Context, problem| Listed {
        in_use: book.current.as_ref() == Some(&name),
        name,
        of,
        nats: context.nats,
        data: context.data,
        seed: context.seed,
        nats_ca: context.nats_ca,
        output: context.output,
        problem,
    };
    let own = book.contexts.iter().map(|(name, context)| listed(name.clone(), "shop", context.clone(), None));
    let foreign = nats::names(&places.nats).into_iter().map(|name| {
        let found = nats::load(&places.nats, &name);
        let problem = found.problem.map(|problem| problem.short());
        listed(format!("{}{name}", nats::PREFIX), "nats", found.context, problem)
    });
    let all: Vec<Listed> = own.chain(foreign).collect();
    if all.is_empty() && shop.out.is_table() {
        shop.out.say("there are none");
        shop.out.next("shopctl context add NAME --nats URL --seed FILE");
        return Ok(());
    }
    shop.out.list(&all, |all| {
        let path = |path: &Option<PathBuf>| path.as_deref().map(shown).unwrap_or_default();
        Table::new(&["", "context", "broker", "data", "key", ""]).whole(&[0, 1]).rows(all.iter().map(|one| {
            row![
                if one.in_use { "*" } else { "" },
                one.name.as_str(),
                one.nats.as_deref().unwrap_or_default(),
                path(&one.data),
                path(&one.seed),
                one.problem.as_ref().map(|why| format!("cannot be used: {why}")).unwrap_or_default(),
            ]
        }))
    })
}

fn put_in_use(shop: &Shop, args: Use) -> Result<(), Failure> {
    let places = Places::needed()?;
    let name = Book::change(&places.book, |book| {
        let name = match args.name.as_deref() {
            None => None,
            Some("-") => Some(book.previous.clone().ok_or_else(|| {
                Failure::new(exit::NOT_FOUND, "no_previous_context", "there is no context before this one")
                    .mend("shopctl context ls")
            })?),
            Some(name) => Some(name.to_owned()),
        };
        if let Some(name) = &name {
            known(book, &places, name, "use")?;
        }
        book.put_in_use(name.clone());
        Ok(name)
    })?;
    match &name {
        Some(name) => shop.out.say(format!("context {} is in use", shop.out.paint_note(Tone::Good, name))),
        None => shop.out.say("no context is in use"),
    }
    if let Some((by, name)) = named_otherwise(shop) {
        shop.out.warn(format!("{by} is set, so other commands still go by context {name}"));
    }
    if shop.out.is_table() { Ok(()) } else { shop.out.json(&serde_json::json!({ "in_use": name })) }
}

fn rm(shop: &Shop, name: &str) -> Result<(), Failure> {
    if let Some(bare) = name.strip_prefix(nats::PREFIX) {
        let what = format!("context {} was not removed: it is one of the nats command", book::brief(name));
        return Err(
            Failure::invalid("foreign_context", what).mend(format!("nats context rm {}", book::brief(bare)))
        );
    }
    let places = Places::needed()?;
    Book::change(&places.book, |book| {
        known(book, &places, name, "rm")?;
        book.remove(name);
        Ok(())
    })?;
    shop.out.say(format!("context {name} is forgotten"));
    told(shop, name, false)
}

fn told(shop: &Shop, name: &str, in_use: bool) -> Result<(), Failure> {
    if shop.out.is_table() {
        return Ok(());
    }
    shop.out.json(&serde_json::json!({ "name": name, "in_use": in_use }))
}

/// There is a context of this name.
///
/// # Errors
/// 3 with the name that was probably meant.
fn known(book: &Book, places: &Places, name: &str, verb: &str) -> Result<(), Failure> {
    let foreign: Vec<String> =
        nats::names(&places.nats).iter().map(|name| format!("{}{name}", nats::PREFIX)).collect();
    let names = book.contexts.keys().chain(&foreign);
    // `nats:` alone is whichever the nats command has selected.
    if names.clone().any(|known| known == name) || (verb == "use" && name == nats::PREFIX) {
        return Ok(());
    }
    let mend = |near: &str| format!("shopctl context {verb} {near}");
    Err(book::unknown(exit::NOT_FOUND, name, names.map(String::as_str), mend))
}

/// The variable that names a context, whatever is in use.
fn named_otherwise(shop: &Shop) -> Option<(By, &str)> {
    let chosen = shop.settings.chosen.as_ref()?;
    matches!(chosen.by, By::Variable(_)).then_some((chosen.by, chosen.name.as_str()))
}

/// A value that stands in the command line.
fn typed<T>(setting: &Setting<T>) -> Option<&T> {
    setting.as_ref().filter(|(_, origin)| matches!(origin, Origin::Option(_))).map(|(value, _)| value)
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::io(format!("{} is no path", shown(path)), &error))
}
