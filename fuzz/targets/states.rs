//! What devices say of their state: it stays within its bounds, and who does what is desired is left in peace.
#![no_main]

use contracts::device::{STATE_BYTES_MAX, wire};
use device::shadow::{Side, State};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = serde_json::from_slice::<wire::Ask>(data);
    let mut state = State::default();
    let mut lines = data.split(|byte| *byte == b'\n');
    if let Some(Ok(desired)) = lines.next().map(serde_json::from_slice) {
        let _ = state.desired.change(&desired, 1);
    }
    for line in lines {
        let Ok(report) = serde_json::from_slice::<wire::Report>(line) else { continue };
        let before = state.reported.clone();
        // A refused change is not kept.
        if state.reported.change(&report.reported, 2).is_err() {
            state.reported = before;
        }
    }
    is_bounded(&state.reported);
    let delta = state.delta();
    if state.reported.change(&delta, 3).is_ok() {
        assert!(state.delta().is_empty(), "{delta:?} was done and is still desired");
        is_bounded(&state.reported);
    }
});

fn is_bounded(side: &Side) {
    let text = serde_json::to_string(&side.fields).expect("JSON");
    assert!(text.len() <= STATE_BYTES_MAX, "{} bytes", text.len());
    let read: serde_json::Map<_, _> = serde_json::from_str(&text).expect("what was kept can be read");
    assert_eq!(read.len(), side.fields.len());
}
