//! Identifiers, one type each, so that two kinds cannot be mixed.

use kit::Example;
use kit::id::Id;

pub use kit::access::words::{KeyId, SessionId};

kit::id_type!(
    /// A cart.
    CartId,
    "cart"
);
kit::id_type!(
    /// A customer.
    CustomerId,
    "cus"
);
kit::id_type!(
    /// What a code in a mail is good for.
    TicketId,
    "tkt"
);
kit::id_type!(
    /// An order.
    OrderId,
    "ord"
);
kit::id_type!(
    /// Stock that is held for an order.
    HoldId,
    "hold"
);
kit::id_type!(
    /// A payment of an order.
    PaymentId,
    "pay"
);
kit::id_type!(
    /// A refund of a payment.
    RefundId,
    "rfd"
);
kit::id_type!(
    /// A message to a person.
    NotificationId,
    "ntf"
);
kit::id_type!(
    /// A device.
    DeviceId,
    "dev"
);
kit::id_type!(
    /// An alarm: that a rule holds for a device.
    AlarmId,
    "alm"
);

macro_rules! examples {
    ($($name:ident)*) => {$(
        impl Example for $name {
            fn example() -> Self {
                Self::from_bits(0x0188_9c89_df6b_7f1c_a388_9139_6ec3_14bc)
            }
        }
    )*};
}
examples!(CartId CustomerId TicketId OrderId HoldId PaymentId RefundId NotificationId DeviceId AlarmId);
