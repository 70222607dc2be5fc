//! Which value wins, and what is said of a context that is not there.

use proptest::prelude::*;

use super::*;

fn edge() -> Context {
    Context {
        nats: Some("nats://edge:4222".to_owned()),
        data: Some("/edge".into()),
        seed: Some("/edge.seed".into()),
        nats_ca: Some("/edge.pem".into()),
        output: Some(Format::Json),
    }
}

fn chosen(by: By) -> Chosen {
    Chosen { name: "edge".to_owned(), by, context: edge(), holder: None, problem: None }
}

fn from_edge(by: By) -> Origin {
    Origin::Context("edge".to_owned(), by)
}

#[test]
fn a_context_says_what_neither_option_nor_variable_does() {
    let by = By::Variable("SHOP_CONTEXT");
    let said = Said {
        nats: Some(("nats://a:1".to_owned(), Origin::Variable("NATS_URL"))),
        seed: Some(("/ann.seed".into(), Origin::Option("--seed"))),
        ..Said::default()
    };
    let settings = Settings::join(said, Some(chosen(by)));
    assert_eq!(settings.nats, Some(("nats://a:1".to_owned(), Origin::Variable("NATS_URL"))));
    assert_eq!(settings.seed, Some(("/ann.seed".into(), Origin::Option("--seed"))));
    assert_eq!(settings.data, Some(("/edge".into(), from_edge(by))));
    assert_eq!(settings.nats_ca, Some(("/edge.pem".into(), from_edge(by))));
    assert_eq!(settings.output, Some((Format::Json, from_edge(by))));
}

#[test]
fn whoever_names_a_data_folder_means_the_shop_in_it_unless_they_name_a_context_too() {
    let said = || Said { data: Some(("/try".into(), Origin::Option("--data"))), ..Said::default() };
    let in_use = Settings::join(said(), Some(chosen(By::Use)));
    assert_eq!((&in_use.nats, &in_use.seed, &in_use.nats_ca), (&None, &None, &None));
    assert_eq!(in_use.data, Some(("/try".into(), Origin::Option("--data"))));
    assert_eq!(in_use.output, Some((Format::Json, from_edge(By::Use))));
    let named = Settings::join(said(), Some(chosen(By::Option)));
    assert_eq!(named.nats, Some(("nats://edge:4222".to_owned(), from_edge(By::Option))));
}

#[test]
fn a_variable_that_wins_over_a_context_named_in_the_command_line_is_told() {
    let said =
        || Said { nats: Some(("nats://a:1".to_owned(), Origin::Variable("NATS_URL"))), ..Said::default() };
    let told = Settings::join(said(), Some(chosen(By::Option))).outvoted();
    assert_eq!(told, ["NATS_URL is set, and wins over what context edge says"]);
    assert!(Settings::join(said(), Some(chosen(By::Use))).outvoted().is_empty());
}

#[test]
fn the_named_context_wins_over_the_one_in_use() {
    let scratch = tempfile::tempdir().unwrap();
    let places =
        Places { book: scratch.path().join("shop/contexts.toml"), nats: scratch.path().join("nats") };
    let choose = |named: Option<(&str, By)>| {
        choose(named.map(|(name, by)| (name.to_owned(), by)).as_ref(), Some(&places))
    };
    assert_eq!(choose(None).unwrap(), None);
    Book::change(&places.book, |book| {
        book.contexts.insert("edge".to_owned(), edge());
        book.contexts.insert("local".to_owned(), Context::default());
        book.put_in_use(Some("local".to_owned()));
        Ok(())
    })
    .unwrap();
    let name = |chosen: Result<Option<Chosen>, Failure>| chosen.unwrap().map(|chosen| chosen.name);
    assert_eq!(name(choose(None)).as_deref(), Some("local"));
    assert_eq!(name(choose(Some(("edge", By::Option)))).as_deref(), Some("edge"));

    let unknown = choose(Some(("egde", By::Option))).unwrap_err();
    assert_eq!((unknown.exit(), unknown.code()), (exit::CONFIGURATION, "unknown_context"));
    assert_eq!(unknown.to_json()["error"]["mend"][0], "--context edge      if that was meant");

    // One of the nats command is missed only by whoever asks.
    let foreign = choose(Some(("nats:old", By::Variable("NATS_CONTEXT")))).unwrap().unwrap();
    assert_eq!(foreign.problem, Some(Problem::Missing));
    let settings = Settings::join(Said::default(), Some(foreign));
    assert_eq!(settings.check().unwrap_err().exit(), exit::CONFIGURATION);
}

#[test]
fn a_context_of_nats_that_cannot_be_used_is_no_hindrance_if_it_is_not_needed() {
    let broken = Chosen {
        name: "nats:old".to_owned(),
        context: Context::default(),
        problem: Some(Problem::Fields(vec!["creds"])),
        ..chosen(By::Variable("NATS_CONTEXT"))
    };
    let said = Said { nats: Some(("nats://a:1".to_owned(), Origin::Option("--nats"))), ..Said::default() };
    assert!(Settings::join(said, Some(broken.clone())).check().is_ok());
    let refused = Settings::join(Said::default(), Some(broken)).check().unwrap_err();
    assert!(refused.message().contains("the nats context old has creds"), "{}", refused.message());
}

proptest! {
    #[test]
    fn what_an_option_or_a_variable_says_always_wins(
        nats in proptest::option::of("[a-z]{1,5}"),
        data in proptest::option::of("[a-z]{1,5}"),
        seed in proptest::option::of("[a-z]{1,5}"),
        in_use in any::<bool>(),
    ) {
        let option = || Origin::Option("--x");
        let said = Said {
            nats: nats.map(|nats| (nats, option())),
            data: data.map(|data| (data.into(), option())),
            seed: seed.map(|seed| (seed.into(), option())),
            ..Said::default()
        };
        let by = if in_use { By::Use } else { By::Option };
        let settings = Settings::join(said.clone(), Some(chosen(by)));
        let alone = Settings::join(said.clone(), None);
        if said.nats.is_some() { prop_assert_eq!(&settings.nats, &alone.nats); }
        if said.data.is_some() { prop_assert_eq!(&settings.data, &alone.data); }
        if said.seed.is_some() { prop_assert_eq!(&settings.seed, &alone.seed); }
        prop_assert!(settings.data.is_some() && settings.output.is_some());
        prop_assert_eq!(settings.nats.is_some(), said.nats.is_some() || !(in_use && said.data.is_some()));
    }
}
