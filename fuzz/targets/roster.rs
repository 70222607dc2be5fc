//! The roster, and the users of the broker that are written from it.
#![no_main]

use kit::access::{Position, Roster};
use kit::bus::users_conf;
use kit::text::is_name;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(roster) = serde_json::from_slice::<Roster>(data) else { return };
    if let Err(why) = roster.check() {
        assert!(!why.chars().any(kit::text::is_unprintable), "{why:?}");
        return;
    }
    assert!(roster.members.iter().all(|member| is_name(&member.name)));
    let page = users_conf(&roster, &contracts::shop());
    for sign in ["{}", "[]"] {
        let [open, close] = [0, 1].map(|place| page.matches(&sign[place..=place]).count());
        assert_eq!(open, close, "{page}");
    }
    let keys: usize = roster
        .members
        .iter()
        .filter(|member| {
            member.position != Position::Service || contracts::services().any(|name| name == member.name)
        })
        .map(|member| member.keys.len())
        .sum();
    assert_eq!(page.matches("nkey: U").count(), keys, "{page}");
});
