//! What the table of holds refuses: the same since its first version, at less cost.

use rusqlite::Connection;

const FIRST: &str = include_str!("../../migrations/0001_inventory.sql");
const CHECKS: &str = include_str!("../../migrations/0002_checks.sql");

#[test]
fn a_hold_has_one_of_the_five_states_as_before() {
    let sql = Connection::open_in_memory().unwrap();
    sql.execute_batch(FIRST).unwrap();
    sql.execute("INSERT INTO holds VALUES ('hold_0', 'ord_0', 'held', 0, 1, 1)", []).unwrap();
    sql.execute_batch(CHECKS).unwrap();
    for (number, state) in ["held", "released", "expired", "sold", "refused"].into_iter().enumerate() {
        let id = number + 1;
        sql.execute("INSERT INTO holds VALUES ('hold_' || ?1, 'ord_' || ?1, ?2, 0, 1, 1)", (id, state))
            .unwrap();
    }
    assert!(sql.execute("UPDATE holds SET state = 'lost'", []).is_err());
    assert!(sql.execute("UPDATE holds SET pinned = 2", []).is_err());
    assert!(sql.execute("UPDATE holds SET order_id = 'ord_1'", []).is_err());
    let live: i64 = sql
        .query_row("SELECT count(*) FROM holds WHERE state = 'held' AND id > ''", [], |row| row.get(0))
        .unwrap();
    assert_eq!(live, 2);
    let healthy: String = sql.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(healthy, "ok");
}

#[test]
fn moving_a_hold_opens_no_table_for_its_check() {
    let sql = Connection::open_in_memory().unwrap();
    sql.execute_batch(FIRST).unwrap();
    sql.execute_batch(CHECKS).unwrap();
    let mut program = sql.prepare("EXPLAIN UPDATE holds SET state = '' WHERE id = ''").unwrap();
    let steps = program.query_map([], |row| row.get::<_, String>("opcode")).unwrap();
    assert_eq!(steps.filter(|step| step.as_deref() == Ok("OpenEphemeral")).count(), 0);
}
