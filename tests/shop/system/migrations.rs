//! Killed, failed or started with an older program in the middle of an upgrade of the tables.

use std::path::Path;
use std::process::Command;

use kit::crash::VARIABLE;
use kit::engine::schema::open_writer;
use kit::testing::Broker;
use std::os::unix::process::ExitStatusExt;
use tests::processes::program;

/// The tables of the order service as its first version made them, and what came since.
const FIRST: &str = include_str!("../../../services/order/migrations/0001_order.sql");

/// Makes the database of a first version with something in it; answers its identity.
fn first_version(path: &Path) -> String {
    let mut chance = kit::clock::SystemChance;
    let opened = open_writer(path, "order", &[FIRST], kit::Timestamp::UNIX_EPOCH, &mut chance).unwrap();
    opened.1
}

/// Which version a database has, and whose it is; opening it with no scripts at all is refused, and says so.
fn version(path: &Path) -> String {
    let mut chance = kit::clock::SystemChance;
    open_writer(path, "order", &[], kit::Timestamp::UNIX_EPOCH, &mut chance).unwrap_err().to_string()
}

/// Runs the order service until it ends by itself: no broker answers it, so it must not come that far.
fn order(program_name: &str, broker: &Broker, data: &Path, armed: &str) -> std::process::ExitStatus {
    let mut command = Command::new(program(program_name));
    command.arg("order").arg("--data").arg(data).arg("--keys").arg(broker.options(data).keys());
    command.env(VARIABLE, armed).output().unwrap().status
}

#[test]
fn a_service_killed_in_an_upgrade_finds_the_old_tables_and_upgrades_them_at_the_next_start() {
    let broker = Broker::start(contracts::shop());
    let data = broker.folder().join("data");
    std::fs::create_dir(&data).unwrap();
    let path = data.join("order.db");
    let origin = first_version(&path);
    let with_points = "shopd-with-crash-points";
    for (armed, killed) in [
        ("migrate.step/order=kill@1", true),
        ("migrate.step/order=error@1", false),
        ("migrate.step/order=kill@every", true),
    ] {
        let status = order(with_points, &broker, &data, armed);
        assert_eq!(status.signal(), killed.then_some(9), "{armed}: {status}");
        assert_eq!(status.code(), (!killed).then_some(74), "{armed}: {status}");
        assert!(version(&path).contains("version 1 of the tables of order"), "{armed}: {}", version(&path));
    }
    // Nothing is half done: the upgrade goes through, and it is the same database.
    let status = order(with_points, &broker, &data, "startup.after_open=kill@1");
    assert_eq!(status.signal(), Some(9));
    assert!(version(&path).contains("version 3 of the tables of order"), "{}", version(&path));
    let scripts = [
        FIRST,
        include_str!("../../../services/order/migrations/0002_owner.sql"),
        include_str!("../../../services/order/migrations/0003_checks.sql"),
    ];
    let mut chance = kit::clock::SystemChance;
    let (_, same) = open_writer(&path, "order", &scripts, kit::Timestamp::UNIX_EPOCH, &mut chance).unwrap();
    assert_eq!(same, origin);
}

#[test]
fn a_new_database_is_made_whole_or_not_at_all() {
    let broker = Broker::start(contracts::shop());
    let data = broker.folder().join("data");
    for armed in ["migrate.step/kit=kill@1", "migrate.step/kit=kill@3", "migrate.step/order=kill@2"] {
        let status = order("shopd-with-crash-points", &broker, &data, armed);
        assert_eq!(status.signal(), Some(9), "{armed}: {status}");
    }
    let status = order("shopd-with-crash-points", &broker, &data, "startup.after_open=kill@1");
    assert_eq!(status.signal(), Some(9), "{status}");
    assert!(version(&data.join("order.db")).contains("version 3 of the tables of order"));
}

#[test]
fn what_is_deployed_has_no_crash_points_and_refuses_to_start_where_some_are_expected() {
    let broker = Broker::start(contracts::shop());
    let data = broker.folder().join("data");
    for (name, armed, says) in [
        ("shopd", "startup.after_open=kill@1", "arms no crash points"),
        ("shopd", "", "arms no crash points"),
        ("shopd-with-crash-points", "startup.nowhere=kill@1", "relay.before_publish"),
        ("shopd-with-crash-points", "startup.after_open=kill", "which does not say when"),
    ] {
        let mut command = Command::new(program(name));
        command.arg("order").arg("--data").arg(&data).arg("--keys").arg(broker.options(&data).keys());
        let output = command.env(VARIABLE, armed).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(78), "{name} with {armed:?}: {said}");
        assert!(said.contains("nothing was started") && said.contains(says), "{name} with {armed:?}: {said}");
    }
    assert!(!data.exists(), "nothing was touched");
}
