//! People sign in: what they see is theirs, and what proves who they are is kept from everybody else.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Ran;
use crate::shopping::stocked;
use crate::stack::{Shop, until};

const PASSWORD: &str = "correct horse battery";
const OTHER_PASSWORD: &str = "staple that battery";

/// Somebody with a home of their own, at a shop.
struct Person<'a> {
    shop: &'a Shop,
    email: &'static str,
}

impl<'a> Person<'a> {
    fn new(shop: &'a Shop, email: &'static str) -> Self {
        Self { shop, email }
    }

    /// Somebody with a confirmed account, and its number.
    fn registered(shop: &'a Shop, email: &'static str) -> (Self, String) {
        let person = Self::new(shop, email);
        let registered = person.run(&format!("register {email} --password-file {}", person.file(PASSWORD)));
        assert_eq!((registered.code, registered.out.as_str()), (0, ""), "{registered:?}");
        let confirmed = person.run(&format!("confirm {}", person.code("shopctl confirm ")));
        assert!(confirmed.code == 0 && confirmed.out.starts_with("cus_"), "{confirmed:?}");
        (person, confirmed.out.trim_end().to_owned())
    }

    /// Somebody who is signed in.
    fn signed_in(shop: &'a Shop, email: &'static str) -> (Self, String) {
        let (person, number) = Self::registered(shop, email);
        person.log_in(PASSWORD);
        (person, number)
    }

    fn log_in(&self, password: &str) {
        let ran = self.try_log_in(password);
        assert!(ran.code == 0 && ran.out.starts_with("cus_"), "{ran:?}");
    }

    fn try_log_in(&self, password: &str) -> Ran {
        self.run(&format!("login {} --password-file {}", self.email, self.file(password)))
    }

    fn home(&self) -> PathBuf {
        self.shop.bench.data().join(self.email)
    }

    /// A file with a password.
    fn file(&self, password: &str) -> String {
        let path = self.shop.bench.data().join(format!("{}.password", self.email));
        std::fs::write(&path, format!("{password}\n")).expect("a file");
        path.to_str().expect("text").to_owned()
    }

    fn run(&self, line: &str) -> Ran {
        self.begin(line).wait_with_output().expect("an end").into()
    }

    fn begin(&self, line: &str) -> Child {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = self.shop.bench.command(&words);
        command.env("XDG_STATE_HOME", self.home()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("shopctl starts")
    }

    fn json(&self, line: &str) -> (i32, Value) {
        let ran = self.run(&format!("{line} -o json"));
        (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{line}: {error}: {ran:?}")))
    }

    /// The file with their tokens, if they are signed in.
    fn session(&self) -> Option<PathBuf> {
        let folder = self.home().join("shop/sessions");
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let mut paths = entries.map(|entry| entry.expect("a file").path());
        paths.find(|path| path.extension().is_some_and(|ending| ending == "json"))
    }

    /// The code behind these words in the newest mail to them that has them.
    fn code(&self, words: &str) -> String {
        let folder = self.shop.bench.data().join("mail/new");
        let limit = Instant::now() + Duration::from_secs(20);
        loop {
            let entries = std::fs::read_dir(&folder).into_iter().flatten();
            let mails = entries.map(|entry| std::fs::read_to_string(entry.expect("a file").path()));
            let mut mails = mails.map(|mail| mail.expect("a mail"));
            let found = mails.find_map(|mail| {
                let rest = mail.split_once(words).filter(|_| mail.contains(self.email))?.1;
                rest.split_whitespace().find(|word| *word != "\\").map(str::to_owned)
            });
            if let Some(code) = found {
                return code;
            }
            assert!(Instant::now() < limit, "no mail to {} with {words:?}", self.email);
            std::thread::yield_now();
        }
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// Changes what stands in a file of tokens, and keeps it to its owner.
fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut kept = read(path);
    change(&mut kept);
    std::fs::write(path, kept.to_string()).expect("a file");
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON")
}

#[test]
fn what_a_customer_orders_is_seen_by_them_and_by_those_who_run_the_shop() {
    let shop = stocked();
    let ann = Person::new(&shop, "ann@example.org");
    assert_eq!(ann.run(&format!("register {} --password-file {}", ann.email, ann.file(PASSWORD))).code, 0);
    let early = ann.try_log_in(PASSWORD);
    assert_eq!(early.code, 9, "{early:?}");
    assert!(early.err.contains("not_confirmed") && early.err.contains("shopctl confirm"), "{}", early.err);
    let code = ann.code("shopctl confirm ");
    let confirmed = ann.run(&format!("confirm {code}"));
    assert_eq!(confirmed.code, 0, "{confirmed:?}");
    let wrong = ann.try_log_in(OTHER_PASSWORD);
    assert_eq!((wrong.code, wrong.out.as_str()), (4, ""), "{wrong:?}");
    assert!(wrong.err.contains("wrong_credentials") && !wrong.err.contains(OTHER_PASSWORD), "{}", wrong.err);
    assert_eq!(ann.session(), None);

    let (_, before) = ann.json("whoami");
    assert_eq!((&before["by"], &before["role"]), (&"key".into(), &"admin".into()), "{before}");
    ann.log_in(PASSWORD);
    let file = ann.session().expect("a file");
    assert_eq!((mode(&file), mode(file.parent().expect("a folder"))), (0o600, 0o700));
    let (code, me) = ann.json("whoami");
    assert_eq!((code, &me["by"], &me["role"]), (0, &"session".into(), &"customer".into()), "{me}");
    assert_eq!((&me["email"], &me["id"]), (&ann.email.into(), &confirmed.out.trim_end().into()), "{me}");
    let shown = ann.run("whoami").out;
    assert!(shown.contains(ann.email) && shown.contains("the shop in "), "{shown}");

    let placed = ann.run("order place --item mug-blue:2 --wait");
    assert!(placed.code == 0 && placed.out.starts_with("ord_"), "{placed:?}");
    let order = placed.out.trim_end();
    assert_eq!(ann.run(&format!("order get {order}")).code, 0);
    assert_eq!(ann.run("order ls -o jsonl").out.lines().count(), 1);

    let (bob, _) = Person::signed_in(&shop, "bob@example.org");
    for line in ["order get", "order cancel", "order watch"] {
        let ran = bob.run(&format!("{line} {order}"));
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{line}: {ran:?}");
    }
    assert_eq!(bob.run("order ls -o jsonl").out, "");

    for line in
        ["status", "events tail -n 1", "trace x", "customer ls", "stock adjust mug-blue +5 --reason x"]
    {
        let ran = ann.run(line);
        assert_eq!((ran.code, ran.out.as_str()), (5, ""), "{line}: {ran:?}");
        assert!(ran.err.contains("mend  shopctl whoami"), "{line}: {}", ran.err);
        assert!(ran.err.contains("ann@example.org is signed in here, as customer"), "{line}: {}", ran.err);
        assert!(ran.err.contains("operators"), "{line}: {}", ran.err);
    }
    assert_eq!(ann.run(&format!("--as-key trace {order}")).code, 0);
    assert_eq!(shop.run(&format!("order get {order}")).code, 0);

    assert_eq!(ann.run("logout").code, 0);
    assert_eq!(ann.session(), None);
    assert_eq!(ann.json("whoami").1["by"], "key");
    assert_eq!(ann.run("logout").code, 0, "that nobody is signed in is what was asked for");
}

#[test]
fn tokens_are_renewed_by_themselves_until_the_session_ends() {
    let shop = Shop::open("");
    let (ann, _) = Person::signed_in(&shop, "ann@example.org");
    let file = ann.session().expect("a file");
    let first = read(&file);

    // One whose time is over by the clock of this machine is exchanged before it is used.
    edit(&file, |kept| kept["tokens"]["access_expires_at"] = "2026-01-01T00:00:00Z".into());
    assert_eq!(ann.json("whoami").1["by"], "session");
    let second = read(&file);
    assert_ne!(first["tokens"]["refresh_token"], second["tokens"]["refresh_token"]);
    assert_eq!(first["since"], second["since"]);
    assert_eq!(mode(&file), 0o600);

    // One that a service does not take is exchanged after that.
    edit(&file, |kept| kept["tokens"]["access_token"] = "not.a.token".into());
    assert_eq!(ann.run("session ls").code, 0);
    assert_ne!(read(&file)["tokens"]["access_token"], "not.a.token");

    // However many commands need it at the same moment, it is exchanged once.
    edit(&file, |kept| kept["tokens"]["access_expires_at"] = "2026-01-01T00:00:00Z".into());
    let many: Vec<Child> = (0..6).map(|_| ann.begin("whoami -v")).collect();
    let many: Vec<Ran> = many.into_iter().map(|one| one.wait_with_output().expect("an end").into()).collect();
    assert!(many.iter().all(|ran| ran.code == 0), "{many:?}");
    let exchanges = many.iter().filter(|ran| ran.err.contains("auth.refresh")).count();
    assert_eq!(exchanges, 1, "{many:?}");

    // A file that others can read, or that is damaged, is not used.
    let good = std::fs::read_to_string(&file).expect("a file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("a file");
    assert_eq!(ann.run("whoami").code, 78);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a file");
    std::fs::write(&file, &good[..good.len() / 2]).expect("a file");
    let damaged = ann.run("order ls");
    assert_eq!((damaged.code, damaged.out.as_str()), (78, ""), "{damaged:?}");
    assert!(
        damaged.err.contains("malformed_session") && damaged.err.contains("mend  rm "),
        "{}",
        damaged.err
    );
    std::fs::write(&file, &good).expect("a file");

    // Ended from elsewhere.
    let session = ann.json("whoami").1["session"].as_str().expect("a number").to_owned();
    assert_eq!(shop.run(&format!("session end {session}")).code, 0);
    until("the session is over", || ann.run("session ls").code == 4);
    assert_eq!(ann.session(), None);
    std::fs::write(&file, &good).expect("a file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a file");
    let over = ann.run("session ls");
    assert_eq!((over.code, over.out.as_str()), (4, ""), "{over:?}");
    assert!(over.err.contains("mend  shopctl login ann@example.org"), "{}", over.err);
    assert_eq!(ann.session(), None);
}

#[test]
fn a_password_is_changed_by_whoever_knows_it_and_set_anew_by_whoever_reads_the_mail() {
    let shop = Shop::open("");
    let (ann, number) = Person::signed_in(&shop, "ann@example.org");
    let new = shop.bench.data().join("new.password");
    std::fs::write(&new, format!("{OTHER_PASSWORD}\n")).expect("a file");
    let new = new.to_str().expect("text");
    let change = |old: &str| {
        ann.run(&format!("password change --password-file {} --new-password-file {new}", ann.file(old)))
    };
    let wrong = change("something else that is long");
    assert!([4, 9].contains(&wrong.code), "{wrong:?}");
    let changed = change(PASSWORD);
    assert_eq!(changed.code, 0, "{changed:?}");
    assert_eq!(ann.run("whoami").code, 0, "the session in which it was changed goes on");
    assert_eq!(ann.try_log_in(PASSWORD).code, 4);
    ann.log_in(OTHER_PASSWORD);
    let (_, sessions) = ann.json("session ls");
    let own: Vec<&Value> =
        sessions.as_array().expect("a list").iter().filter(|one| one["own"] == true).collect();
    assert_eq!(own.len(), 1, "{sessions}");

    let forgot = ann.run("password forgot ann@example.org");
    assert_eq!(forgot.code, 0, "{forgot:?}");
    assert_eq!(ann.run("password forgot nobody@example.org").code, 0);
    let code = ann.code("shopctl password reset --code ");
    let reset = ann.run(&format!("password reset --code {code} --password-file {}", ann.file(PASSWORD)));
    assert_eq!(reset.code, 0, "{reset:?}");
    assert_eq!(ann.session(), None, "all sessions have ended");
    ann.log_in(PASSWORD);
    assert_eq!(ann.json("whoami").1["id"], number.as_str());
}

#[test]
fn an_admin_says_who_may_do_what() {
    let shop = Shop::open("");
    let (ann, number) = Person::signed_in(&shop, "ann@example.org");
    assert_eq!(ann.run("status").code, 5);
    let refused = ann.run("customer role ann@example.org admin");
    assert_eq!(refused.code, 5, "{refused:?}");
    let made = shop.run("customer role ann@example.org operator");
    assert_eq!((made.code, made.out.trim_end()), (0, number.as_str()), "{made:?}");
    until("the old session is over", || ann.run("session ls").code == 4);
    ann.log_in(PASSWORD);
    until("all is well", || ann.run("status").code == 0);
    let (_, list) = ann.json("customer ls --role operator");
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(ann.run("customer disable ann@example.org").code, 5, "only an admin may");

    assert_eq!(shop.run(&format!("customer disable {number}")).code, 0);
    let shut = ann.try_log_in(PASSWORD);
    assert!(shut.code == 9 && shut.err.contains("account_disabled"), "{shut:?}");
    assert_eq!(shop.run("customer enable ann@example.org").code, 0);
    ann.log_in(PASSWORD);
    assert_eq!(shop.run("customer get nobody@example.org").code, 3);
    assert_eq!(shop.bench.json("customer get ann@example.org").1["role"], "operator");
}

#[test]
fn what_a_guest_orders_is_seen_by_whoever_has_the_secret() {
    let shop = stocked();
    let file = shop.bench.data().join("guest");
    let guest = format!("--guest {}", file.display());
    let placed = shop.run(&format!("{guest} order place --item mug-blue --email gil@example.org --wait"));
    assert!(placed.code == 0 && placed.out.starts_with("ord_"), "{placed:?}");
    let order = placed.out.trim_end();
    assert_eq!(mode(&file), 0o600);
    let secret = std::fs::read_to_string(&file).expect("a secret");
    assert!(!placed.err.contains(secret.trim()), "{}", placed.err);
    assert_eq!(shop.run(&format!("{guest} order get {order}")).code, 0);
    let other = shop.run(&format!("--guest {}.other order get {order}", file.display()));
    assert_eq!((other.code, other.out.as_str()), (3, ""), "{other:?}");
    let (ann, _) = Person::signed_in(&shop, "ann@example.org");
    assert_eq!(ann.run(&format!("order get {order}")).code, 3);
    assert_eq!(ann.run(&format!("{guest} order get {order}")).code, 0, "the guest, though ann is signed in");
    assert_eq!(shop.run(&format!("{guest} status")).code, 5);
    let (_, me) = shop.bench.json(&format!("{guest} whoami"));
    assert_eq!((&me["by"], &me["role"]), (&"guest".into(), &Value::Null), "{me}");
}

#[test]
fn nothing_that_is_said_holds_a_secret_also_when_the_broker_is_gone() {
    let shop = Shop::open("");
    let (ann, _) = Person::registered(&shop, "ann@example.org");
    let mut said = Vec::new();
    let lines = [
        format!("login {} -v --password-file {}", ann.email, ann.file(PASSWORD)),
        format!("login {} -o json --password-file {}", ann.email, ann.file(PASSWORD)),
        "whoami -v".to_owned(),
        "whoami -o json".to_owned(),
        "session ls -v".to_owned(),
        "session ls -o json".to_owned(),
        "status -v".to_owned(),
    ];
    let mut secrets = vec![PASSWORD.to_owned()];
    for line in &lines {
        said.push(ann.run(line));
        let kept = read(&ann.session().expect("a file"));
        for name in ["access_token", "refresh_token"] {
            secrets.push(kept["tokens"][name].as_str().expect("a token").to_owned());
        }
    }
    // What listens to a pipe for its password shows none to whoever lists processes.
    let mut command = shop.bench.command(&["login", ann.email, "--password-file", "-"]);
    let mut waiting = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("shopctl starts");
    let listed =
        std::process::Command::new("ps").args(["-o", "args=", "-p", &waiting.id().to_string()]).output();
    said.push(listed.expect("ps").into());
    drop(waiting.stdin.take());
    waiting.wait().expect("an end");

    shop.kill("broker");
    let away = ann.run("whoami --timeout 1s");
    assert_eq!(away.code, 11, "{away:?}");
    assert!(away.out.contains(ann.email) && away.out.contains("session ses_"), "{away:?}");
    let (code, told) = ann.json("whoami --timeout 1s");
    assert_eq!((code, &told["error"]["details"]["email"]), (11, &ann.email.into()), "{told}");
    let stays = ann.run("logout --timeout 1s -v");
    assert!(stays.code == 11 && stays.err.contains("nobody was signed out"), "{stays:?}");
    assert!(ann.session().is_some());
    said.extend([away, stays]);
    for ran in &said {
        for secret in &secrets {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{ran:?}");
        }
    }
}
