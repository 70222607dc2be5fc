//! The newest rows of the outbox, handed from the writer to the relay without a way over the file.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::engine::outbox::Row;
use crate::limits::{UNTOLD_BYTES_MAX, UNTOLD_ROWS_MAX};

/// Rows that are committed, the newest of them. What does not fit, and what was there before the process
/// began, the relay reads from the outbox.
#[derive(Debug, Default)]
pub(super) struct Untold(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    rows: VecDeque<Row>,
    bytes: usize,
}

impl Kept {
    fn drop_oldest(&mut self) {
        if let Some(row) = self.rows.pop_front() {
            self.bytes -= row.body.len();
        }
    }
}

impl Untold {
    /// Takes in what a commit has added. The oldest rows make room for it.
    pub(super) fn put(&self, rows: Vec<Row>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            kept.bytes += row.body.len();
            kept.rows.push_back(row);
        }
        while kept.rows.len() > UNTOLD_ROWS_MAX || kept.bytes > UNTOLD_BYTES_MAX {
            kept.drop_oldest();
        }
    }

    /// Hands out rows from a number on, without a gap, so many at most; none if that row is not here.
    pub(super) fn take(&self, from: u64, rows_max: usize) -> Vec<Row> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while kept.rows.front().is_some_and(|row| row.seq < from) {
            kept.drop_oldest();
        }
        let mut taken = Vec::new();
        while taken.len() < rows_max
            && let Some(row) = kept.rows.pop_front_if(|row| row.seq == from + taken.len() as u64)
        {
            kept.bytes -= row.body.len();
            taken.push(row);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::clock::SystemChance;
    use crate::trace::Trace;

    fn row(seq: u64, bytes: usize) -> Row {
        Row {
            seq,
            id: format!("evt_{seq}"),
            subject: "events.teller.told".into(),
            key: "word".into(),
            body: Bytes::from(vec![b'x'; bytes]),
            trace: Trace::begin(Timestamp::UNIX_EPOCH, &mut SystemChance),
            at: Timestamp::UNIX_EPOCH,
            told_before: None,
        }
    }

    fn numbers(rows: &[Row]) -> Vec<u64> {
        rows.iter().map(|row| row.seq).collect()
    }

    #[test]
    fn rows_are_handed_on_in_order_and_once() {
        let untold = Untold::default();
        untold.put(vec![row(1, 1), row(2, 1)]);
        untold.put(vec![row(3, 1)]);
        assert_eq!(numbers(&untold.take(1, 2)), [1, 2]);
        assert_eq!(numbers(&untold.take(3, 2)), [3]);
        assert_eq!(untold.take(4, 2), []);
    }

    #[test]
    fn a_row_that_is_not_here_is_left_to_the_outbox_with_what_comes_before_the_next() {
        let untold = Untold::default();
        untold.put(vec![row(5, 1), row(6, 1), row(9, 1)]);
        assert_eq!(untold.take(3, 9), [], "3 and 4 stand in the outbox only");
        assert_eq!(numbers(&untold.take(5, 9)), [5, 6], "up to the gap");
        assert_eq!(numbers(&untold.take(9, 9)), [9]);
    }

    #[test]
    fn what_nobody_takes_is_bounded_in_rows_and_in_bytes() {
        let untold = Untold::default();
        untold.put((1..=UNTOLD_ROWS_MAX as u64 + 10).map(|seq| row(seq, 1)).collect());
        assert_eq!(numbers(&untold.take(11, 1)), [11]);
        assert_eq!(untold.take(1, 1), [], "the oldest made room");
        untold.put(vec![row(90_000, UNTOLD_BYTES_MAX), row(90_001, 1)]);
        assert_eq!(numbers(&untold.take(90_001, 1)), [90_001]);
        assert_eq!(untold.0.lock().unwrap().bytes, 0);
    }
}
