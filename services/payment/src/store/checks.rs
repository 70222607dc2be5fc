//! What the tables of payments refuse: the same since their first version, at less cost.

use rusqlite::Connection;

const FIRST: &str = include_str!("../../migrations/0001_payment.sql");
const CHECKS: &str = include_str!("../../migrations/0003_checks.sql");

fn database(scripts: &[&str]) -> Connection {
    let sql = Connection::open_in_memory().unwrap();
    for script in scripts {
        sql.execute_batch(script).unwrap();
    }
    sql
}

#[test]
fn every_payment_refund_and_attempt_is_taken_or_refused_as_by_the_first_checks() {
    let (before, after) = (database(&[FIRST]), database(&[FIRST, CHECKS]));
    let mut taken = 0;
    let mut same = |insert: &str| {
        let done = [&before, &after].map(|sql| sql.execute(insert, []).is_ok());
        assert_eq!(done[0], done[1], "{insert}");
        taken += usize::from(done[0]);
    };
    for state in ["pending", "unknown", "captured", "declined", "cancelled", "done", "failed", "lost"] {
        for (captured, promised) in [(0, 0), (0, 1), (1, 0), (2, 0), (2, 2), (2, 3)] {
            let id = format!("{state} {captured} {promised}");
            same(&format!(
                "INSERT INTO payments
                 VALUES ('{id}', '{id}', 2, 'EUR', 'pm', '{state}', {captured}, {promised}, '', '', '', '', 1, 1)"
            ));
        }
        same(&format!("INSERT INTO refunds VALUES ('{state}', '', '', 1, 'EUR', '{state}', '', 1, 1)"));
    }
    for outcome in [
        "captured",
        "declined",
        "refunded",
        "refund_failed",
        "outcome_unknown",
        "not_done",
        "impossible",
        "lost",
    ] {
        for payment in ["pending 0 0", "nobody's"] {
            same(&format!("INSERT INTO attempts VALUES (NULL, '{payment}', '', '{outcome}', '', 1)"));
        }
    }
    assert_eq!(taken, 4 + 2 + 4 + 7);
}

#[test]
fn payments_from_before_the_new_checks_are_there_and_end_once() {
    let sql = database(&[FIRST]);
    sql.execute_batch(
        "INSERT INTO payments VALUES ('pay_1', 'ord_1', 2, 'EUR', 'pm', 'captured', 2, 0, '', '', '', '', 1, 1);
         INSERT INTO attempts VALUES (1, 'pay_1', '', 'captured', '', 1);",
    )
    .unwrap();
    sql.execute_batch(CHECKS).unwrap();
    let said =
        sql.execute("UPDATE payments SET state = 'pending', captured = 0", []).unwrap_err().to_string();
    assert_eq!(said, "a payment that was captured or declined stays so");
    assert!(sql.execute("DELETE FROM payments", []).is_err(), "it has an attempt");
    let healthy: String = sql.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(healthy, "ok");
}

#[test]
fn writing_a_payment_or_an_attempt_opens_no_table_for_its_checks() {
    let sql = database(&[FIRST, CHECKS]);
    for statement in [
        "UPDATE payments SET state = '', captured = 0 WHERE id = ''",
        "UPDATE refunds SET state = '' WHERE id = ''",
        "INSERT INTO attempts VALUES (NULL, '', '', '', '', 1)",
    ] {
        let mut program = sql.prepare(&format!("EXPLAIN {statement}")).unwrap();
        let steps = program.query_map([], |row| row.get::<_, String>("opcode")).unwrap();
        assert_eq!(steps.filter(|step| step.as_deref() == Ok("OpenEphemeral")).count(), 0, "{statement}");
    }
}
