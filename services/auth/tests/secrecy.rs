//! No secret is where somebody could find it.

use contracts::auth::Register;
use kit::Caller;

use crate::door::{Door, OTHER, PASSWORD};

/// Every byte that the service has written to the disk.
fn files(door: &Door) -> Vec<u8> {
    let path: String =
        door.auth.sql(|sql| sql.get("PRAGMA database_list", [], |row| row.get("file"))).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend(std::fs::read(format!("{path}-wal")).unwrap_or_default());
    bytes
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn no_password_code_or_token_is_in_the_database_or_in_an_event() {
    let door = Door::open().await;
    door.register("ann@example.org", PASSWORD).await.unwrap();
    let confirming = door.code().await;
    door.confirm(&confirming).await.unwrap();
    let first = door.log_in("ann@example.org", PASSWORD).await.unwrap();
    let second = door.refresh(&first).await.unwrap();
    assert!(door.log_in("ann@example.org", "a wrong password").await.is_err());
    door.change(&door.caller(&second), PASSWORD, OTHER).await.unwrap();
    door.ask_reset("ann@example.org").await.unwrap();
    let resetting = door.code().await;
    door.reset(&resetting, "the third password").await.unwrap();
    // Also under a key, as if it were a change: nothing of an act is kept.
    let asked =
        Register { email: "bob@example.org".parse().unwrap(), password: contracts::auth::Secret::new(OTHER) };
    door.auth.ask_by(&Caller::Anonymous, &asked).await.unwrap();

    let bytes = files(&door);
    // What must be there is found in this way.
    assert!(holds(&bytes, "ann@example.org") && holds(&bytes, "$argon2id$v=19$"));
    let proof = |token: &str| token.rsplit_once('.').unwrap().1.to_owned();
    let mut secrets = vec![
        PASSWORD.to_owned(),
        OTHER.to_owned(),
        "a wrong password".to_owned(),
        "the third password".to_owned(),
        proof(&confirming),
        proof(&resetting),
    ];
    for pair in [&first, &second] {
        secrets.push(proof(pair.access_token.expose()));
        secrets.push(proof(pair.refresh_token.expose()));
    }
    for secret in &secrets {
        assert!(!holds(&bytes, secret), "{secret:?} is on the disk");
    }
}

#[tokio::test]
async fn what_is_told_of_somebody_names_no_secret_when_it_is_printed() {
    let door = Door::open().await;
    let pair = door.signed_in("ann@example.org").await;
    let printed = format!("{pair:?}");
    for secret in [pair.access_token.expose(), pair.refresh_token.expose()] {
        assert!(!printed.contains(secret));
    }
}
