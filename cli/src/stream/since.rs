//! Where in a stream a time is: found in a few steps, however long the stream is.

use std::future::Future;

use jiff::Timestamp;

/// The number of the first message that is as old as a time or younger; one more than the last if
/// there is none. Messages may be missing.
///
/// `look` answers the first message with a number or a later one: its number and its time.
///
/// # Errors
/// As `look`.
pub(crate) async fn first_since<E, F>(
    first: u64,
    last: u64,
    since: Timestamp,
    mut look: impl FnMut(u64) -> F,
) -> Result<u64, E>
where
    F: Future<Output = Result<Option<(u64, Timestamp)>, E>>,
{
    let (mut low, mut high) = (first, last.saturating_add(1).max(first));
    while low < high {
        let middle = low + (high - low) / 2;
        match look(middle).await? {
            Some((number, at)) if at < since => low = number.saturating_add(1).min(high),
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(kept: &[u64], since: i64) -> u64 {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let time = |second: i64| Timestamp::from_second(second).unwrap();
        let (first, last) = (kept.first().copied().unwrap_or(1), kept.last().copied().unwrap_or(0));
        let mut looks = 0;
        let look = |from: u64| {
            looks += 1;
            let next = kept.iter().copied().find(|number| *number >= from);
            // Message n is n seconds old.
            async move { Ok::<_, ()>(next.map(|number| (number, time(number as i64)))) }
        };
        let number = runtime.block_on(first_since(first, last, time(since), look)).unwrap();
        assert!(looks <= 65, "{looks}");
        number
    }

    #[test]
    fn a_time_is_found_between_messages_before_them_and_behind_them() {
        let kept: Vec<u64> = (100..=200).collect();
        assert_eq!(found(&kept, 0), 100);
        assert_eq!(found(&kept, 150), 150);
        assert_eq!(found(&kept, 201), 201);
        assert_eq!(found(&[], 5), 1);
    }

    proptest! {
        #[test]
        fn messages_that_are_missing_do_not_matter(
            kept in prop::collection::btree_set(1..2000u64, 1..50),
            since in 0..2100i64,
        ) {
            let kept: Vec<u64> = kept.into_iter().collect();
            let number = found(&kept, since);
            let wanted = kept.iter().copied().find(|number| *number as i64 >= since);
            prop_assert_eq!(kept.iter().copied().find(|kept| *kept >= number), wanted);
        }
    }
}
