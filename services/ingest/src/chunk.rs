//! Chunks: readings of a series that lie together by time, as bytes of one row. No I/O.
//!
//! A reading is three numbers of as few bytes as they need: how much later than the one before it was measured, what
//! was measured, and how much later it was received. What a sensor says has few digits, so a value is kept as a whole
//! number and how many of its digits are decimals; one that is not exactly that is kept as its eight bytes.

use crate::gather::Taken;

/// Readings of a chunk. Their bytes fit into a page of the database at their longest.
pub const READINGS_MAX: usize = 128;

/// How much time a chunk covers: it is forgotten as a whole, once its newest reading is old.
pub const SPAN_MAX_MS: i64 = 24 * 60 * 60 * 1000;

/// What a value is multiplied with to be kept as a whole number, by how many of its digits are decimals.
const POWERS: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/// Says in place of the decimals that eight bytes of a value follow.
const AS_IT_IS: u64 = 7;

/// The largest whole number, and with its sign the least, that a value is kept as: far below where they have gaps.
const WHOLE_MAX: f64 = 1e15;

/// Bytes that are no chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a chunk of readings is damaged")]
pub struct Damaged;

/// Adds readings to the bytes of a chunk whose newest so far is of the time `before`; of a new one, of the time of the
/// first of them. They are by their time, and not before that.
pub fn append(data: &mut Vec<u8>, mut before: i64, readings: &[Taken]) {
    for reading in readings {
        put(data, reading.time.wrapping_sub(before) as u64);
        put_value(data, reading.value);
        put(data, zigzag(reading.received.wrapping_sub(reading.time)));
        before = reading.time;
    }
}

/// The readings of a chunk that begins with a time.
///
/// # Errors
/// If it is none.
pub fn read(first: i64, mut data: &[u8]) -> Result<Vec<Taken>, Damaged> {
    let (mut readings, mut time) = (Vec::with_capacity(READINGS_MAX), first);
    while !data.is_empty() {
        time = time.wrapping_add(take(&mut data)? as i64);
        let value = take_value(&mut data)?;
        let received = time.wrapping_add(unzigzag(take(&mut data)?));
        readings.push(Taken { time, value, received });
    }
    Ok(readings)
}

/// Cuts readings into pieces that a chunk can hold, as few and as alike as can be.
pub fn cut(mut readings: &[Taken]) -> Vec<&[Taken]> {
    let mut pieces = Vec::new();
    while let Some(first) = readings.first() {
        let near = within_span(first.time, readings);
        let count = near.div_ceil(READINGS_MAX);
        let (mut now, later) = readings.split_at(near);
        for left in (1..=count).rev() {
            let (piece, rest) = now.split_at(now.len().div_ceil(left));
            pieces.push(piece);
            now = rest;
        }
        readings = later;
    }
    pieces
}

/// How many of the readings can be in a chunk that begins with a time.
pub fn within_span(first: i64, readings: &[Taken]) -> usize {
    readings.partition_point(|reading| reading.time.saturating_sub(first) <= SPAN_MAX_MS)
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put(data: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        data.push(number as u8 | 0x80);
        number >>= 7;
    }
    data.push(number as u8);
}

fn take(data: &mut &[u8]) -> Result<u64, Damaged> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = data.split_first().ok_or(Damaged)?;
        *data = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Damaged)
}

fn put_value(data: &mut Vec<u8>, value: f64) {
    for (decimals, power) in POWERS.iter().enumerate() {
        let whole = (value * power).round();
        if whole.abs() > WHOLE_MAX {
            break;
        }
        let whole = whole as i64;
        if (whole as f64 / power).to_bits() == value.to_bits() {
            return put(data, zigzag(whole) << 3 | decimals as u64);
        }
    }
    put(data, AS_IT_IS);
    data.extend_from_slice(&value.to_le_bytes());
}

fn take_value(data: &mut &[u8]) -> Result<f64, Damaged> {
    let number = take(data)?;
    if let Some(power) = POWERS.get((number & 7) as usize) {
        return Ok(unzigzag(number >> 3) as f64 / power);
    }
    let (bytes, rest) = data.split_first_chunk().ok_or(Damaged)?;
    *data = rest;
    Ok(f64::from_le_bytes(*bytes))
}

/// Numbers near zero become small ones, whatever their sign.
fn zigzag(number: i64) -> u64 {
    (number.wrapping_shl(1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(rows: &[(i64, f64, i64)]) -> Vec<Taken> {
        rows.iter().map(|&(time, value, received)| Taken { time, value, received }).collect()
    }

    fn again(readings: &[Taken]) -> Vec<Taken> {
        let (first, mut data) = (readings[0].time, Vec::new());
        append(&mut data, first, readings);
        read(first, &data).unwrap()
    }

    #[test]
    fn a_usual_reading_takes_seven_bytes() {
        let readings: Vec<Taken> = (0..100)
            .map(|at| Taken { time: at * 1000, value: 21.5 + at as f64 / 100.0, received: at * 1000 + 60 })
            .collect();
        let mut data = Vec::new();
        append(&mut data, 0, &readings);
        assert_eq!(again(&readings), readings);
        assert!(data.len() <= 700, "{} bytes", data.len());
    }

    #[test]
    fn a_chunk_at_its_longest_fits_into_a_page() {
        let value = -1.797_693_134_862_315_7e-308;
        let readings: Vec<Taken> = (0..READINGS_MAX as i64)
            .map(|at| Taken { time: at * SPAN_MAX_MS, value, received: i64::MIN })
            .collect();
        let mut data = Vec::new();
        append(&mut data, 0, &readings);
        // What SQLite has room for in a row of a page of 4096 bytes, without what the other columns take.
        assert!(data.len() < 4061 - 40, "{} bytes", data.len());
    }

    #[test]
    fn no_value_is_changed_by_being_kept() {
        for value in
            [0.0, -0.0, 0.1, -0.3, 1e15, 1e15 + 2.0, 1e-7, 1.0 / 3.0, f64::MAX, f64::MIN_POSITIVE, 5e-324]
        {
            let kept = again(&of(&[(7, value, 7)]));
            assert_eq!(kept[0].value.to_bits(), value.to_bits(), "{value}");
        }
    }

    #[test]
    fn what_is_no_chunk_is_an_error_and_not_a_reading() {
        for data in [&[0x80][..], &[0], &[0, 7, 1, 2], &[0, 0], &[0xff; 11]] {
            assert_eq!(read(0, data), Err(Damaged), "{data:?}");
        }
    }

    #[test]
    fn pieces_hold_no_more_than_a_chunk_may_and_no_more_than_a_day() {
        let second = |at: i64| (at * 1000, 1.0, 0);
        let readings = of(&(0..300).map(second).chain((200_000..200_002).map(second)).collect::<Vec<_>>());
        let lengths: Vec<usize> = cut(&readings).into_iter().map(<[Taken]>::len).collect();
        assert_eq!(lengths, [100, 100, 100, 2]);
        assert!(cut(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_was_kept_is_read_again(
            mut rows in prop::collection::vec((any::<i64>(), any::<f64>(), any::<i64>()), 1..50),
        ) {
            rows.sort_by_key(|(time, _, _)| *time);
            let readings = of(&rows);
            for (kept, said) in again(&readings).iter().zip(&readings) {
                prop_assert_eq!((kept.time, kept.received), (said.time, said.received));
                prop_assert_eq!(kept.value.to_bits(), said.value.to_bits());
            }
        }

        #[test]
        fn bytes_of_others_are_refused_or_read(data in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(0, &data);
        }
    }
}
