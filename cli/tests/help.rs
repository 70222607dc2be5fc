//! What it says of itself.

use crate::Bench;

#[test]
fn without_arguments_it_explains_itself() {
    let ran = Bench::new().run("");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("Usage: shopctl"), "{}", ran.err);
    assert!(ran.err.contains("shopctl order place --item mug-blue:2 --wait"), "{}", ran.err);
}

#[test]
fn a_noun_alone_lists_its_verbs() {
    let ran = Bench::new().run("order");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("Usage: shopctl order") && ran.err.contains("place"), "{}", ran.err);
}

#[test]
fn help_that_was_asked_for_is_a_result() {
    for line in ["help", "--help", "help up", "up --help", "--version"] {
        let ran = Bench::new().run(line);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{line}");
        assert!(ran.out.contains("shopctl"), "{line}: {}", ran.out);
    }
}

#[test]
fn the_exit_codes_and_the_environment_are_listed() {
    let codes = Bench::new().run("help exit-codes").out;
    for code in ["0 ", "7 ", "11 ", "75 ", "130 "] {
        assert!(codes.lines().any(|line| line.trim_start().starts_with(code)), "{code}: {codes}");
    }
    let variables = Bench::new().run("help environment").out;
    for name in ["SHOP_NATS_URL", "SHOP_DATA_DIR", "NO_COLOR", "NATS_SERVER"] {
        assert!(variables.contains(name), "{name}: {variables}");
    }
}
