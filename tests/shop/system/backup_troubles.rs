//! Backups that come to nothing: stopped with Ctrl-C, a service that dies, a disk without room, a restore cut short.
//! Nothing that looks like a backup is left, and the shop goes on.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Stdio};

use contracts::order::Stage;
use kit::Call;
use kit::admin::{DropSnapshot, HoldWriter, SnapshotDropped, WriterHeld};
use kit::testing::eventually;
use serde_json::Value;
use tests::commands::{command, shopctl};
use tests::customer::order_of;
use tests::processes::{ProcessShop, signal};
use tests::small_disk::SmallDisk;
use tests::{Counter, NAMES};

/// Long enough that the test is faster than what is held up, in milliseconds.
const HELD_UP: u64 = 20_000;

/// A shop in whose services a place does something.
async fn armed(arms: &str) -> (ProcessShop, Counter) {
    let (processes, shop) =
        ProcessShop::open_with("shopd-with-crash-points", &[("SHOP_CRASH_POINTS", arms)]).await;
    shop.sells("saved-mug", 1000, 100).await;
    (processes, shop)
}

/// Begins a backup, and does not wait for it.
fn begins(processes: &ProcessShop) -> Child {
    let mut making = command(processes.lent_broker(), processes.data(), &["backup", "create"]);
    making.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// How that ended.
async fn ended(making: Child) -> (Option<i32>, Value) {
    let output = tokio::task::spawn_blocking(move || making.wait_with_output()).await.unwrap().unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

/// Waits until a place has done something in a service.
async fn fires(processes: &ProcessShop, service: &str, point: &str) {
    let what = format!("{service} comes to {point}");
    let fired = |line: &str| line.contains("A crash point fires") && line.contains(point);
    eventually(&what, || async { processes.log(service).lines().any(fired).then_some(()) }).await;
}

/// What stands in a folder, but for the lock of the backups.
fn left(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "create.lock").collect()
}

/// Orders are confirmed, and the next backup is whole at once.
async fn goes_on(processes: &ProcessShop, shop: &Counter) {
    let order = shop.places(&order_of(&[("saved-mug", 1)])).await.expect("an order").order;
    assert_eq!(shop.reaches(order, Stage::Confirmed).await.stage, Stage::Confirmed);
    let (code, made) = shopctl(processes.lent_broker(), processes.data(), &["backup", "create"]).await;
    assert_eq!(code, 0, "{made:#}");
    let folder = made["folder"].as_str().unwrap();
    let words = ["backup", "verify", folder];
    let (code, checked) = shopctl(processes.lent_broker(), processes.data(), &words).await;
    assert_eq!((code, &checked["sound"]), (0, &true.into()), "{checked:#}");
    assert_eq!(left(&processes.data().join("backups")).len(), 1);
}

async fn is_interrupted(processes: &ProcessShop, shop: &Counter, making: Child) {
    signal("INT", making.id());
    let (code, said) = ended(making).await;
    assert_eq!((code, &said["error"]["code"]), (Some(130), &"interrupted".into()), "{said:#}");
    assert_eq!(left(&processes.data().join("backups")), [""; 0]);
    goes_on(processes, shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_while_the_writers_stand_still_leaves_no_backup_and_lets_them_go_on() {
    let (processes, shop) = armed(&format!("backup.hold/analytics=delay:{HELD_UP}@1")).await;
    let making = begins(&processes);
    fires(&processes, "analytics", "backup.hold").await;
    is_interrupted(&processes, &shop, making).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_while_the_databases_are_copied_leaves_no_half_of_a_backup() {
    let (processes, shop) = armed(&format!("backup.copy=delay:{HELD_UP}@1")).await;
    let making = begins(&processes);
    for name in NAMES {
        fires(&processes, name, "backup.copy").await;
    }
    assert_eq!(left(&processes.data().join("backups")).len(), 1, "the half of one is there");
    is_interrupted(&processes, &shop, making).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_which_a_service_dies_is_none_and_leaves_nothing() {
    for (point, said_by) in
        [("backup.hold", "order did not stand still"), ("backup.copy", "order did not copy")]
    {
        let (mut processes, shop) = armed(&format!("{point}/order=kill@every")).await;
        let words = ["backup", "create", "--timeout", "1s"];
        let (code, refused) = shopctl(processes.lent_broker(), processes.data(), &words).await;
        assert_eq!(code, 10, "{refused:#}");
        let said = refused["error"]["message"].as_str().unwrap();
        assert!(said.starts_with("no backup was made") && said.contains(said_by), "{said}");
        assert_eq!(left(&processes.data().join("backups")), [""; 0]);
        processes.kill("order");
        processes.start("order");
        shop.until_open().await;
        goes_on(&processes, &shop).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_while_another_is_made_is_refused_and_says_when_it_is_not() {
    let (processes, shop) = ProcessShop::open().await;
    shop.sells("saved-mug", 1000, 100).await;
    // As one made elsewhere that was killed: it never asks again.
    let hold = HoldWriter { backup: "killed".into() };
    let held: WriterHeld = shop.client().call_as("order.hold_writer", &hold, Call::default()).await.unwrap();
    assert!(!held.origin.is_empty());
    let (code, refused) = shopctl(processes.lent_broker(), processes.data(), &["backup", "create"]).await;
    assert_eq!((code, &refused["error"]["code"]), (75, &"backup_busy".into()), "{refused:#}");
    let said = refused["error"]["message"].as_str().unwrap();
    assert!(said.starts_with("no backup was made: order did not stand still: the backup killed "), "{said}");
    let mend = refused["error"]["mend"][0].as_str().unwrap();
    assert!(mend.contains("run the same command again"), "{mend}");
    assert_eq!(left(&processes.data().join("backups")), [""; 0]);
    let drop = DropSnapshot { backup: "killed".into() };
    let _: SnapshotDropped =
        shop.client().call_as("order.drop_snapshot", &drop, Call::default()).await.unwrap();
    goes_on(&processes, &shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_for_which_there_is_no_room_is_refused_before_anybody_stands_still() {
    let mut disk = None;
    let (processes, shop) = ProcessShop::open_on(|data| disk = SmallDisk::over(data, 128)).await;
    if disk.is_none() {
        return;
    }
    shop.sells("saved-mug", 1000, 100).await;
    // What is left is enough for the shop, and not for a backup beside it.
    let large = processes.data().join("large");
    let mut file = std::fs::File::create(&large).unwrap();
    std::io::copy(&mut std::io::repeat(0x55).take(70 << 20), &mut file).unwrap();
    drop(file);
    let (code, refused) = shopctl(processes.lent_broker(), processes.data(), &["backup", "create"]).await;
    assert_eq!((code, &refused["error"]["code"]), (74, &"disk_full".into()), "{refused:#}");
    let said = refused["error"]["message"].as_str().unwrap();
    assert!(said.starts_with("no backup was made: it needs "), "{said}");
    assert_eq!(left(&processes.data().join("backups")), [""; 0]);
    std::fs::remove_file(&large).unwrap();
    goes_on(&processes, &shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_for_which_the_room_ends_while_it_is_made_is_none_and_leaves_nothing() {
    let mut disk = None;
    let variable = ("SHOP_CRASH_POINTS", "backup.copy/order=delay:5000@1");
    let (processes, shop) = ProcessShop::open_as("shopd-with-crash-points", &[variable], |data| {
        disk = SmallDisk::over(data, 128);
    })
    .await;
    let Some(disk) = disk else { return };
    shop.sells("saved-mug", 1000, 100).await;
    let making = begins(&processes);
    fires(&processes, "order", "backup.copy").await;
    disk.fill_at_once();
    let (code, refused) = ended(making).await;
    assert_eq!((code, &refused["error"]["code"]), (Some(74), &"disk_full".into()), "{refused:#}");
    let said = refused["error"]["message"].as_str().unwrap();
    assert!(said.starts_with("no backup was made: order did not copy its database: "), "{said}");
    assert_eq!(left(&processes.data().join("backups")), [""; 0]);
    disk.clear();
    eventually("there is room again", || async {
        (shop.health("order").await?.parts.get("room")? == "ok").then_some(())
    })
    .await;
    goes_on(&processes, &shop).await;
}

/// A folder on another file system than the data, for as long as the answer is kept.
fn elsewhere(data: &Path) -> Option<tempfile::TempDir> {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| std::fs::metadata(path).ok().map(|facts| facts.dev());
    let memory = Path::new("/dev/shm");
    if device(memory).is_none() || device(memory) == device(data) {
        return None;
    }
    tempfile::tempdir_in(memory).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_on_another_disk_is_whole_there_and_leaves_nothing_here() {
    let (processes, shop) = ProcessShop::open().await;
    shop.sells("saved-mug", 1000, 100).await;
    let data = processes.data();
    let (folder, disk);
    let apart = if let Some(other) = elsewhere(data) {
        folder = other;
        folder.path().to_path_buf()
    } else {
        let mounted = data.join("usb");
        std::fs::create_dir(&mounted).unwrap();
        disk = SmallDisk::over(&mounted, 64);
        if disk.is_none() {
            return;
        }
        mounted
    };
    let backup = apart.join("monday");
    let backup = backup.to_str().unwrap();
    let (code, made) = shopctl(processes.lent_broker(), data, &["backup", "create", "--to", backup]).await;
    assert_eq!((code, &made["folder"]), (0, &backup.into()), "{made:#}");
    let (code, checked) = shopctl(processes.lent_broker(), data, &["backup", "verify", backup]).await;
    assert_eq!((code, &checked["sound"]), (0, &true.into()), "{checked:#}");
    assert_eq!((left(&apart), left(&data.join("backups"))), (vec!["monday".to_owned()], vec![]));
    goes_on(&processes, &shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_does_not_fit_on_another_disk_leaves_nothing_on_either() {
    let (processes, shop) = ProcessShop::open().await;
    shop.sells("saved-mug", 1000, 100).await;
    let data = processes.data();
    let mounted = data.join("usb");
    std::fs::create_dir(&mounted).unwrap();
    let Some(_disk) = SmallDisk::over(&mounted, 1) else { return };
    let backup = mounted.join("monday");
    let words = ["backup", "create", "--to", backup.to_str().unwrap()];
    let (code, refused) = shopctl(processes.lent_broker(), data, &words).await;
    assert_eq!((code, &refused["error"]["code"]), (74, &"disk_full".into()), "{refused:#}");
    let said = refused["error"]["message"].as_str().unwrap();
    assert!(said.starts_with("no backup was made") && said.contains("monday"), "{said}");
    assert_eq!((left(&mounted), left(&data.join("backups"))), (vec![], vec![]));
    goes_on(&processes, &shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_restore_that_did_not_end_no_service_starts_until_it_is_done_again() {
    let (mut processes, shop) = ProcessShop::open().await;
    let data = processes.data().to_path_buf();
    shop.sells("saved-mug", 1000, 100).await;
    let order = shop.places(&order_of(&[("saved-mug", 1)])).await.unwrap().order;
    shop.reaches(order, Stage::Confirmed).await;
    let (code, made) = shopctl(processes.lent_broker(), &data, &["backup", "create"]).await;
    assert_eq!(code, 0, "{made:#}");
    for name in NAMES {
        assert!(processes.stop(name).success());
    }
    // As whoever restored was killed: what was there is aside, and what comes in its place is not there yet.
    std::fs::write(data.join(kit::backup::restore::UNFINISHED), "{}").unwrap();
    std::fs::rename(data.join("order.db"), data.join("order.db.aside")).unwrap();
    for name in NAMES {
        processes.start_after(name, ":");
        assert_eq!(processes.ends(name).await.code(), Some(78), "{name}");
        let said = processes.said(name);
        assert!(said.contains("nothing was started") && said.contains("shopctl backup restore"), "{said}");
    }
    assert!(!data.join("order.db").exists(), "nobody took the missing database for a new one");

    let words = ["backup", "restore", made["folder"].as_str().unwrap(), "--replace"];
    let (code, restored) = shopctl(processes.lent_broker(), &data, &words).await;
    assert_eq!(code, 0, "{restored:#}");
    for name in NAMES {
        processes.start(name);
    }
    shop.until_open().await;
    assert_eq!(shop.order(order).await.stage, Stage::Confirmed);
}
