//! What is done at the broker and told to devices: work on the outside world, tried again until it is done.

use std::time::Duration;

use contracts::DeviceId;
use contracts::device::{DeviceRevoked, wire};
use kit::{Attempt, Effect, EffectCtx, Policy, Result, Timestamp, Trouble, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::presence;
use crate::shadow::Object;
use crate::store::Device;
use crate::store::doors::{self, Connection};

/// Ending a connection of a device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kick {
    /// Whose.
    pub device: DeviceId,
    /// Which.
    pub connection: Connection,
}

impl Effect for Kick {
    const NAME: &'static str = "kick_device";
    const POLICY: Policy = Policy {
        time_limit: Duration::from_secs(2),
        tries_max: 50,
        wait: Duration::from_millis(200),
        wait_max: Duration::from_secs(60),
        at_once: 8,
    };
    type Outcome = ();

    fn key(&self) -> String {
        format!("{}:{}", self.connection.server, self.connection.number)
    }

    fn about(&self) -> String {
        self.device.to_string()
    }
}

/// Where and how the broker is told to end a connection.
pub fn command(connection: &Connection) -> (String, Vec<u8>) {
    let body = json!({ "cid": connection.number }).to_string();
    (wire::KICK.replacen('*', &connection.server, 1), body.into_bytes())
}

/// Tells the broker to end a connection. One that has ended is as good.
///
/// # Errors
/// If the broker does not answer.
pub async fn kick(ctx: EffectCtx, kick: Kick) -> Result<(), Trouble> {
    let (subject, body) = command(&kick.connection);
    let answer = ctx.command(subject, body.into()).await;
    // It answers that it has done so, or that there is no such connection.
    answer.map(drop).map_err(|error| Trouble::Unknown(error.message))
}

/// The connection is no more, whatever the broker tells of it.
///
/// # Errors
/// If the rows cannot be written.
pub fn kicked(tx: &mut Tx<'_>, kick: Kick, attempt: Attempt<()>) -> Result<()> {
    match attempt {
        Attempt::Answered(()) => {
            doors::remove_connection(tx, &kick.connection)?;
            presence::left(tx, kick.device)
        }
        Attempt::Retrying { .. } => Ok(()),
        Attempt::GaveUp { .. } => {
            tracing::warn!(device = %kick.device, "The broker did not end a connection; it ends within a day");
            Ok(())
        }
    }
}

/// Disconnects a device, and tells that it may not come again.
///
/// # Errors
/// If the rows cannot be written.
pub fn shut_out(tx: &mut Tx<'_>, device: &Device) -> Result<()> {
    disconnect(tx, device.id)?;
    tx.emit(&DeviceRevoked { device: device.id, site: device.site.clone() })?;
    presence::shut_out(tx, device.id)
}

/// The timer of a device one of whose secrets ends.
pub const OVERLAP: &str = "device_overlap";

/// A secret that was replaced has ended.
///
/// # Errors
/// If the rows cannot be written.
pub fn overlap_over(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    end_outlived(tx, key.parse()?)
}

/// Ends the connections that were let in by a secret that speaks no more; those by one that ends, when it does.
///
/// # Errors
/// If the rows cannot be written.
pub fn end_outlived(tx: &mut Tx<'_>, device: DeviceId) -> Result<()> {
    let now = tx.now();
    for connection in doors::connections_outlived(tx, device, now)? {
        tx.perform(&Kick { device, connection })?;
    }
    match doors::next_end(tx, device, now)? {
        Some(due) => tx.set_timer(OVERLAP, &device.to_string(), due),
        None => Ok(()),
    }
}

/// Disconnects a device.
///
/// # Errors
/// If the rows cannot be written.
pub fn disconnect(tx: &mut Tx<'_>, device: DeviceId) -> Result<()> {
    for connection in doors::connections_of(tx, device)? {
        tx.perform(&Kick { device, connection })?;
    }
    Ok(())
}

/// Telling a device what of its state is to become different. One that is not there asks when it comes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TellDelta {
    /// Whom.
    pub device: DeviceId,
    /// The version of the state.
    pub version: u64,
    /// What is desired and not reported.
    pub delta: Object,
    /// When it was found.
    pub at: Timestamp,
}

impl Effect for TellDelta {
    const NAME: &'static str = "tell_device";
    const POLICY: Policy = Policy {
        time_limit: Duration::from_secs(2),
        tries_max: 5,
        wait: Duration::from_millis(200),
        wait_max: Duration::from_secs(5),
        at_once: 16,
    };
    type Outcome = ();

    fn key(&self) -> String {
        format!("{}:{}", self.device, self.version)
    }

    fn about(&self) -> String {
        self.device.to_string()
    }
}

/// Tells a device.
///
/// # Errors
/// If there is no connection to the broker.
pub async fn tell(ctx: EffectCtx, tell: TellDelta) -> Result<(), Trouble> {
    let subject = wire::of(wire::STATE_DELTA, tell.device);
    let body = wire::Delta { version: tell.version, delta: tell.delta, at: tell.at };
    let body = serde_json::to_vec(&body).map_err(|error| Trouble::Hopeless(error.to_string()))?;
    ctx.tell(subject, body.into()).await.map_err(|error| Trouble::Transient(error.message))
}

/// Whether it arrived, nobody knows; the state says what is still missing.
///
/// # Errors
/// None.
pub fn told(_: &mut Tx<'_>, _: TellDelta, _: Attempt<()>) -> Result<()> {
    Ok(())
}
