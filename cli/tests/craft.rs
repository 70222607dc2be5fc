//! Completion and manual pages, as a shell and as `man` meet them.

use std::time::{Duration, Instant};

use crate::Bench;
use crate::shopping::stocked;

/// What is offered at the end of a line, as the script of bash asks for it.
fn offered(bench: &Bench, line: &str) -> Vec<String> {
    let (out, err) = asked(bench, line);
    assert_eq!(err, "", "{line}");
    out
}

fn asked(bench: &Bench, line: &str) -> (Vec<String>, String) {
    let words: Vec<&str> = line.split(' ').collect();
    let index = (words.len() - 1).to_string();
    let mut command = bench.command(&["--"]);
    command.args(&words).env("COMPLETE", "bash").env("_CLAP_IFS", "\n");
    command.env("_CLAP_COMPLETE_INDEX", index).env("_CLAP_COMPLETE_COMP_TYPE", "9");
    let output = command.output().expect("shopctl starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (text(output.stdout).lines().map(str::to_owned).collect(), text(output.stderr))
}

#[test]
fn each_shell_gets_a_script_that_asks_this_program() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = bench.run(&format!("completion {shell}"));
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{shell}");
        assert!(ran.out.contains("COMPLETE") && ran.out.contains("shopctl"), "{shell}: {}", ran.out);
        // The same that the engine writes by itself, letter for letter.
        let own = bench.run_with("", &[("COMPLETE", shell)]);
        assert_eq!(ran.out.trim(), own.out.trim(), "{shell}");
    }
    assert_eq!(bench.run("completion tcsh").code, 2);
}

#[test]
fn bash_itself_takes_the_script() {
    let bench = Bench::new();
    let script = bench.run("completion bash").out;
    let path = bench.data().join("completion.bash");
    std::fs::write(&path, script).expect("a file");
    let ask = format!(
        "source {}; COMP_WORDS=(shopctl order ge); COMP_CWORD=2; COMP_TYPE=9; _clap_complete_shopctl shopctl ge order; echo \"${{COMPREPLY[@]}}\"",
        path.display()
    );
    let Ok(output) = std::process::Command::new("bash").args(["-c", &ask]).output() else { return };
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("get"), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn commands_options_and_words_are_offered_without_a_shop() {
    let bench = Bench::new();
    let verbs = offered(&bench, "shopctl order ");
    assert!(verbs.contains(&"place".to_owned()) && verbs.contains(&"ls".to_owned()), "{verbs:?}");
    assert_eq!(offered(&bench, "shopctl compl"), ["completion"]);
    assert!(offered(&bench, "shopctl logs pay").contains(&"payment".to_owned()));
    assert_eq!(offered(&bench, "shopctl -o js"), ["json", "jsonl"]);
    bench.run("context add edge-berlin --nats nats://127.0.0.1:1");
    assert_eq!(offered(&bench, "shopctl context use edge"), ["edge-berlin"]);
    assert_eq!(offered(&bench, "shopctl order ls --context edge"), ["edge-berlin"]);
}

#[test]
fn nobody_waits_for_a_broker_that_is_not_there_and_nothing_is_said_of_it() {
    let bench = Bench::new();
    // One that takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    for url in ["nats://127.0.0.1:1".to_owned(), format!("nats://127.0.0.1:{port}"), "nonsense".to_owned()] {
        let began = Instant::now();
        let numbers = offered(&bench, &format!("shopctl order get --nats {url} ord_"));
        assert_eq!(numbers, Vec::<String>::new());
        assert!(began.elapsed() < Duration::from_secs(3), "{url}: {:?}", began.elapsed());
    }
}

#[test]
fn what_there_is_in_a_shop_is_offered() {
    let shop = stocked();
    let order = shop.run("order place --item mug-blue:1 --wait").out.trim().to_owned();
    let bench = &shop.bench;
    assert!(offered(bench, "shopctl order get ").contains(&order));
    assert_eq!(offered(bench, &format!("shopctl trace {}", &order[..8])), [order.as_str()]);
    assert_eq!(offered(bench, "shopctl product get mug-"), ["mug-blue", "mug-sand"]);
    assert!(offered(bench, "shopctl notification ls --order ord_").contains(&order));
}

#[test]
fn there_is_a_manual_page_of_every_command() {
    let bench = Bench::new();
    let folder = bench.data().join("man1");
    let ran = bench.run(&format!("man --out {}", folder.display()));
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    let place = std::fs::read_to_string(folder.join("shopctl-order-place.1")).expect("a page");
    assert!(place.contains(".SH \"EXAMPLES\"") && place.contains("mug\\-blue"), "{place}");
    assert!(place.contains(".SH \"EXIT STATUS\"") && place.contains("Ctrl\\-C"), "{place}");
    assert!(folder.join("shopctl.1").exists());
    let one = bench.run("man order place");
    assert_eq!((one.code, one.out.trim()), (0, place.trim()));

    let unknown = bench.run("man order plcae");
    assert_eq!(unknown.code, 3);
    assert!(unknown.err.contains("shopctl man order place"), "{}", unknown.err);
}
