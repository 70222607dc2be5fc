//! Every command that writes JSON, with the version of its shape.
//!
//! To add one: a line here, an empty file in `cli/shapes`, and in `cli/tests/shapes.rs` how to run it;
//! then `UPDATE_EXPECT=1 cargo test -p cli shapes` fills the file. When a field must go or become
//! something else, raise the version in the same commit, and say so in the subject line.

/// A command that writes JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// The command, such as `order get`.
    pub(crate) command: &'static str,
    /// The version of its shape, from 1 up.
    pub(crate) version: u32,
    /// What stands in its file.
    pub(crate) text: &'static str,
}

macro_rules! shapes {
    ($($command:literal $version:literal $file:literal),* $(,)?) => {
        /// Every one of them.
        pub(crate) const LIST: &[Entry] = &[$(Entry {
            command: $command,
            version: $version,
            text: include_str!(concat!("../../shapes/", $file, ".json")),
        }),*];
    };
}

shapes! {
    "alert ls" 1 "alert-ls",
    "alert rule get" 1 "alert-rule-get",
    "alert rule put" 1 "alert-rule-put",
    "alert rule rm" 1 "alert-rule-rm",
    "alert rules" 1 "alert-rules",
    "analytics rebuild" 1 "analytics-rebuild",
    "analytics show" 1 "analytics-show",
    "audit" 1 "audit",
    "backup create" 1 "backup-create",
    "backup verify" 1 "backup-verify",
    "bench events" 1 "bench-events",
    "bench mix" 1 "bench-mix",
    "bench orders" 1 "bench-orders",
    "bench requests" 1 "bench-requests",
    "cart add" 1 "cart-add",
    "cart clear" 1 "cart-clear",
    "cart rm" 1 "cart-rm",
    "cart set" 1 "cart-set",
    "cart show" 1 "cart-show",
    "consumer info" 1 "consumer-info",
    "consumer ls" 1 "consumer-ls",
    "context add" 1 "context-add",
    "context ls" 1 "context-ls",
    "context rm" 1 "context-rm",
    "context show" 1 "context-show",
    "context use" 1 "context-use",
    "customer ls" 1 "customer-ls",
    "db check" 1 "db-check",
    "db recover" 1 "db-recover",
    "db stats" 1 "db-stats",
    "device get" 1 "device-get",
    "device ls" 1 "device-ls",
    "device profile" 1 "device-profile",
    "device profiles" 1 "device-profiles",
    "device register" 1 "device-register",
    "device revoke" 1 "device-revoke",
    "device rotate" 1 "device-rotate",
    "device state" 1 "device-state",
    "dlq ls" 1 "dlq-ls",
    "dlq retry" 1 "dlq-retry",
    "doctor" 1 "doctor",
    "down" 1 "down",
    "flows" 1 "flows",
    "keys ls" 1 "keys-ls",
    "keys make" 1 "keys-make",
    "logs" 1 "logs",
    "notification ls" 1 "notification-ls",
    "notification resend" 1 "notification-resend",
    "notification show" 1 "notification-show",
    "order get" 1 "order-get",
    "order ls" 1 "order-ls",
    "order place" 1 "order-place",
    "order refund" 1 "order-refund",
    "order watch" 1 "order-watch",
    "product categories" 1 "product-categories",
    "product get" 1 "product-get",
    "product import" 1 "product-import",
    "product ls" 1 "product-ls",
    "product put" 1 "product-put",
    "product retire" 1 "product-retire",
    "product search" 1 "product-search",
    "register" 1 "register",
    "report funnel" 1 "report-funnel",
    "report products" 1 "report-products",
    "report sales" 1 "report-sales",
    "schema ls" 1 "schema-ls",
    "schema show" 1 "schema-show",
    "service info" 1 "service-info",
    "service ls" 1 "service-ls",
    "service stats" 1 "service-stats",
    "status" 1 "status",
    "stock adjust" 1 "stock-adjust",
    "stock get" 1 "stock-get",
    "stock holds" 1 "stock-holds",
    "stock ledger" 1 "stock-ledger",
    "stock ls" 1 "stock-ls",
    "stock marks" 1 "stock-marks",
    "stock receive" 1 "stock-receive",
    "stream get" 1 "stream-get",
    "stream info" 1 "stream-info",
    "stream ls" 1 "stream-ls",
    "stream rebuild" 1 "stream-rebuild",
    "stream tail" 1 "stream-tail",
    "stream verify" 1 "stream-verify",
    "stream view" 1 "stream-view",
    "top" 1 "top",
    "trace" 1 "trace",
    "trace find" 1 "trace-find",
    "up" 1 "up",
    "user add" 1 "user-add",
    "user ls" 1 "user-ls",
    "whoami" 1 "whoami",
}
