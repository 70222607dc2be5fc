//! The folder for temporary files is full: the shop needs none of it.

use contracts::order::Stage;
use tests::commands::{answer, command};
use tests::customer::order_of;
use tests::processes::ProcessShop;
use tests::small_disk::SmallDisk;

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_sells_is_checked_and_backed_up_while_the_temporary_folder_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::over(folder.path(), 1) else { return };
    disk.fill_at_once();
    let temporary = folder.path().to_str().unwrap();
    let variables = [("TMPDIR", temporary), ("SQLITE_TMPDIR", temporary)];
    let (processes, shop) = ProcessShop::open_with("shopd", &variables).await;
    shop.sells("tmp-mug", 1000, 100).await;
    let order = shop.places(&order_of(&[("tmp-mug", 1)])).await.unwrap().order;
    assert_eq!(shop.reaches(order, Stage::Confirmed).await.stage, Stage::Confirmed);
    shop.until_quiet().await;
    for words in [&["backup", "create"][..], &["db", "check"], &["stream", "verify"], &["audit"], &["doctor"]]
    {
        let mut asked = command(processes.lent_broker(), processes.data(), words);
        asked.envs(variables);
        let (code, said) = answer(asked).await;
        assert_eq!(code, 0, "{words:?}: {said:#}");
    }
}
