//! Mistakes in the command line.

use crate::Bench;

#[test]
fn an_unknown_command_is_told_what_may_have_been_meant() {
    let ran = Bench::new().run("stauts");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("'status'"), "{}", ran.err);
}

#[test]
fn a_program_gets_the_mistake_as_json() {
    let (code, said) = Bench::new().json("stauts");
    assert_eq!(code, 2);
    let error = &said["error"];
    assert_eq!((error["code"].as_str(), error["exit"].as_i64()), (Some("usage"), Some(2)));
    assert_eq!(error["message"], "unrecognized subcommand 'stauts'");
    assert!(
        error["mend"].as_array().unwrap().iter().any(|mend| mend.as_str().unwrap().contains("'status'")),
        "{error}"
    );
}

#[test]
fn a_wrong_value_is_a_mistake_in_the_command_line() {
    let lines = [
        "status --timeout 5",
        "status --timeout 0s",
        "status --timeout 2h",
        "status -o yaml",
        "status --color blue",
        "up --port 99999",
        "up --nosuch",
        "logs nosuch",
        "logs --lines -1",
        "logs -f -o json",
    ];
    for line in lines {
        let ran = Bench::new().run(line);
        assert_eq!(ran.code, 2, "{line}: {ran:?}");
        assert!(format!("{}{}", ran.out, ran.err).contains("error"), "{line}: {ran:?}");
    }
}

#[test]
fn what_was_typed_cannot_drive_the_terminal() {
    for words in [&["logs", "a\u{1b}[2Jb"][..], &["a\u{1b}[2Jb"], &["a\u{1b}[2Jb", "-o", "json"]] {
        let output = Bench::new().command(words).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(said.contains("error") && !said.contains('\u{1b}'), "{said:?}");
    }
}

#[test]
fn without_a_home_somebody_must_say_where_the_data_is() {
    let bench = Bench::new();
    let mut command = bench.command(&["logs"]);
    let output =
        command.env_remove("SHOP_DATA_DIR").env_remove("HOME").env_remove("XDG_DATA_HOME").output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--data DIR"));
}
