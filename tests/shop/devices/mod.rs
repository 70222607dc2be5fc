//! Devices: real MQTT clients and a real broker, in a shop with the services of devices.

mod alarms;
mod callout;
mod claims;
mod doors;
pub(crate) mod mqtt;
mod provisioning;
mod states;
