//! What the table of orders refuses: the same since its first version, at less cost.

use rusqlite::{Connection, params};

const FIRST: &[&str] =
    &[include_str!("../../migrations/0001_order.sql"), include_str!("../../migrations/0002_owner.sql")];
const CHECKS: &str = include_str!("../../migrations/0003_checks.sql");

fn database(scripts: &[&str]) -> Connection {
    let sql = Connection::open_in_memory().unwrap();
    for script in scripts {
        sql.execute_batch(script).unwrap();
    }
    sql
}

fn columns(sql: &Connection) -> Vec<String> {
    let mut told = sql.prepare("SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || coalesce(dflt_value, '') || ' ' || pk FROM pragma_table_info('orders') ORDER BY cid").unwrap();
    told.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_order_is_taken_or_refused_as_by_the_first_checks() {
    let (before, after) = (database(FIRST), database(&[FIRST[0], FIRST[1], CHECKS]));
    let standings = [
        "placed",
        "awaiting_payment",
        "awaiting_outcome",
        "outcome_lost",
        "confirmed",
        "confirmed_open",
        "refund_lost",
        "sold_out",
        "refunded",
        "cancelled",
        "cancelled_open",
        "elsewhere",
    ];
    let insert = "INSERT INTO orders
                  SELECT 'ord_1', 1, ?1, ?2, '', '', '', 0, 'pm', 'EUR', 2, '', ?3, ?4, ?5, ?6, ?7, '', ?8, '',
                         '00000000000000000000000000000000', 1, 1, ''";
    let (mut old, mut new) = (before.prepare(insert).unwrap(), after.prepare(insert).unwrap());
    let mut taken = 0;
    for standing in standings {
        for outcome in ["open", "captured", "declined", "lost"] {
            for number in 0..3 * 3 * 3 * 8 {
                let (pending, unknown, refunded) = (number % 3, number / 3 % 3, number / 9 % 3);
                let (deadline, ended, attention) = (number / 27 % 2, number / 54 % 2, number / 108 % 2);
                let word = |there: i64| if there == 1 { "for a reason" } else { "" };
                let order = params![
                    standing,
                    deadline,
                    outcome,
                    pending,
                    unknown,
                    refunded,
                    word(ended),
                    word(attention)
                ];
                let (was, is) = (old.execute(order).is_ok(), new.execute(order).is_ok());
                assert_eq!(
                    was, is,
                    "{standing} {outcome} {pending} {unknown} {refunded} {deadline} {ended} {attention}"
                );
                if is {
                    taken += 1;
                    for sql in [&before, &after] {
                        sql.execute("DELETE FROM orders", []).unwrap();
                    }
                }
            }
        }
    }
    assert!(taken > standings.len(), "{taken} were taken");
}

#[test]
fn orders_from_before_the_new_checks_are_there_and_their_lines_belong_to_them() {
    let sql = database(FIRST);
    sql.execute_batch(
        "INSERT INTO orders
         VALUES ('ord_1', 1, 'placed', 1, '', '', '', 0, 'pm', 'EUR', 2, '', 'open', 0, 0, 0, '', '', '', '',
                 '00000000000000000000000000000000', 1, 1, 'user:ann');
         INSERT INTO order_lines VALUES ('ord_1', 'mug', 1, 'Mug', 1, 2);",
    )
    .unwrap();
    let before = columns(&sql);
    sql.execute_batch(CHECKS).unwrap();
    assert_eq!(columns(&sql), before);
    let owner: String =
        sql.query_row("SELECT owner FROM orders WHERE standing = 'placed'", [], |row| row.get(0)).unwrap();
    assert_eq!(owner, "user:ann");
    assert!(sql.execute("DELETE FROM orders", []).is_err(), "it has a line");
    let healthy: String = sql.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(healthy, "ok");
}

#[test]
fn writing_an_order_opens_no_table_for_its_checks() {
    let sql = database(&[FIRST[0], FIRST[1], CHECKS]);
    let mut program = sql
        .prepare("EXPLAIN UPDATE orders SET standing = '', outcome = '', version = 2 WHERE id = ''")
        .unwrap();
    let steps = program.query_map([], |row| row.get::<_, String>("opcode")).unwrap();
    assert_eq!(steps.filter(|step| step.as_deref() == Ok("OpenEphemeral")).count(), 0);
}
