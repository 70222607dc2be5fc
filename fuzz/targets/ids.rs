//! Identifiers, guests' secrets, and the one for whom a service asks.
#![no_main]

use contracts::{CartId, CustomerId, HoldId, NotificationId, OrderId, PaymentId, RefundId, TicketId};
use fuzz::reads_what_it_wrote;
use kit::Caller;
use kit::access::words::{KeyId, SessionId};
use kit::caller::{GuestId, is_user_id};
use kit::id::EventId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    reads_what_it_wrote::<CartId>(text);
    reads_what_it_wrote::<CustomerId>(text);
    reads_what_it_wrote::<EventId>(text);
    reads_what_it_wrote::<HoldId>(text);
    reads_what_it_wrote::<KeyId>(text);
    reads_what_it_wrote::<NotificationId>(text);
    reads_what_it_wrote::<OrderId>(text);
    reads_what_it_wrote::<PaymentId>(text);
    reads_what_it_wrote::<RefundId>(text);
    reads_what_it_wrote::<SessionId>(text);
    reads_what_it_wrote::<TicketId>(text);

    if let Ok(guest) = text.parse::<GuestId>() {
        assert_eq!(guest.to_string(), text);
    }
    if let Ok(guest) = GuestId::of_secret(text) {
        assert!(!guest.to_string().contains(text));
    }
    if let Ok(caller) = Caller::parse(text) {
        assert_eq!(caller.to_string(), text, "a caller reads as it was written");
        assert!(!text.contains(|c: char| c.is_whitespace() || c.is_control() || ".*>".contains(c)));
    }
    assert!(!is_user_id(text) || text.is_ascii());
});
