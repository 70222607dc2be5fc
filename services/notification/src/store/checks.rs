//! What the table of messages refuses: the same since its first version, at less cost.

use rusqlite::Connection;

const FIRST: &str = include_str!("../../migrations/0001_notifications.sql");
const CODES: &str = include_str!("../../migrations/0002_codes.sql");
const CHECKS: &str = include_str!("../../migrations/0003_checks.sql");

#[test]
fn a_message_has_one_of_the_three_states_as_before() {
    let sql = Connection::open_in_memory().unwrap();
    sql.execute_batch(FIRST).unwrap();
    let insert = |number: usize, channel: &str, state: &str| {
        sql.execute(
            "INSERT INTO notifications (id, about, happening, channel, recipient, subject, text, state, generation,
                                        created_at_ms, asked_at_ms)
             VALUES ('ntf_' || ?1, ?1, '', ?2, '', '', '', ?3, 1, 1, 1)",
            (number.to_string(), channel, state),
        )
    };
    insert(0, "mail", "sent").unwrap();
    sql.execute_batch(CODES).unwrap();
    sql.execute_batch(CHECKS).unwrap();
    for (number, state) in ["pending", "sent", "failed"].into_iter().enumerate() {
        insert(number + 1, "mail", state).unwrap();
    }
    assert!(insert(4, "mail", "lost").is_err());
    assert!(insert(4, "pigeon", "sent").is_err());
    let codes: i64 =
        sql.query_row("SELECT count(*) FROM notifications WHERE code_of = ''", [], |row| row.get(0)).unwrap();
    assert_eq!(codes, 4);
    let healthy: String = sql.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(healthy, "ok");
}

#[test]
fn writing_a_message_opens_no_table_for_its_check() {
    let sql = Connection::open_in_memory().unwrap();
    for script in [FIRST, CODES, CHECKS] {
        sql.execute_batch(script).unwrap();
    }
    let mut program = sql.prepare("EXPLAIN UPDATE notifications SET state = '' WHERE id = ''").unwrap();
    let steps = program.query_map([], |row| row.get::<_, String>("opcode")).unwrap();
    assert_eq!(steps.filter(|step| step.as_deref() == Ok("OpenEphemeral")).count(), 0);
}
