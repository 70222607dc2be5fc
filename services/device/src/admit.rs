//! Whom the broker lets in as a device: it asks here, and lets nobody in who is not vouched for.

use std::sync::Arc;
use std::time::Duration;

use contracts::DeviceId;
use contracts::device::{HardwareId, wire};
use contracts::readings::Site;
use kit::access::Issuer;
use kit::bus::devices::ACCOUNT;
use kit::callout::{Asked, Grant};
use kit::listen::{Return, Said};
use kit::{Ctx, Error, Result, Timestamp};

use crate::lifecycle::{self, Step};
use crate::refusal::Refusal;
use crate::secret::digest;
use crate::store::doors::{self, Connection};
use crate::store::{self, profiles};

/// For how long a device is let in. Then the broker ends the connection and the device comes again; so nobody whose
/// disconnecting was missed stays longer.
const ADMITTED_FOR: Duration = Duration::from_secs(24 * 3600);

/// For how long somebody is let in who registers.
const REGISTERING_FOR: Duration = Duration::from_secs(120);

/// Connections of one device at a time; a further one is refused. One that ended and whose end was not told is found
/// by looking at the broker within a minute.
pub const CONNECTIONS_MAX: u32 = 16;

/// Subscriptions of one device; the broker refuses a further one.
const SUBSCRIPTIONS_MAX: u32 = 16;

/// Length of a message of a device in bytes; the broker disconnects whoever sends a longer one.
const PAYLOAD_MAX: u32 = 256 * 1024;

/// Answers the broker whether somebody may connect.
///
/// # Errors
/// If it is not the broker that asks. Nobody is let in then.
pub async fn admit(issuer: Arc<Issuer>, ctx: Ctx, said: Said) -> Result<Return> {
    let now = ctx.now();
    let asked = Asked::read(&said.body, now)?;
    let Some(reply) = said.reply else {
        return Err(Error::invalid("no_reply", "nobody waits for the answer who may connect"));
    };
    let answer = match decide(ctx, &asked, now).await {
        Ok(grant) => asked.let_in(&issuer, &grant, now)?,
        Err(error) => {
            tracing::debug!(reason = &*error.reason, "Somebody was not let in as a device");
            asked.refuse(&issuer, &error.reason, now)?
        }
    };
    Ok(vec![(reply, answer.into())])
}

/// Who somebody says they are, by the name of their user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// A device.
    Device(DeviceId),
    /// A device that wants to be registered.
    Registering {
        /// Its kind, which may be none of ours.
        profile: String,
        /// What is written on it.
        hardware: HardwareId,
    },
}

impl Name {
    /// Reads the name of a user.
    ///
    /// # Errors
    /// [`Refusal::NotAdmitted`] if nobody can have it.
    pub fn read(user: &str) -> Result<Self, Refusal> {
        let Some(names) = user.strip_prefix(wire::PROVISION_USER) else {
            return user.parse().map(Self::Device).map_err(|_| Refusal::NotAdmitted);
        };
        let (profile, hardware) = names.split_once(':').ok_or(Refusal::NotAdmitted)?;
        let hardware = hardware.parse().map_err(|_| Refusal::NotAdmitted)?;
        if !crate::handlers::profiles::is_profile(profile) {
            return Err(Refusal::NotAdmitted);
        }
        Ok(Self::Registering { profile: profile.to_owned(), hardware })
    }
}

async fn decide(ctx: Ctx, asked: &Asked, now: Timestamp) -> Result<Grant> {
    let device = match Name::read(&asked.user)? {
        Name::Device(device) => device,
        Name::Registering { profile, hardware } => {
            return registering(ctx, profile, hardware, asked, now).await;
        }
    };
    if is_of_another(&asked.client_id, Some(device)) {
        return Err(Refusal::NotAdmitted.into());
    }
    let digest = digest(&asked.password);
    // Who may not come in costs no write.
    if !ctx.look_up(move |sql| doors::speaks(sql, device, &digest, now)).await? {
        return Err(Refusal::NotAdmitted.into());
    }
    let connection = Connection { server: asked.server.clone(), number: asked.connection };
    let site: Site = ctx
        .write(move |tx| {
            tx.about(device);
            let found = store::get(tx, device)?;
            let state = lifecycle::after(found.state, Step::Connect).ok_or(Refusal::NotAdmitted)?;
            if !doors::speaks(tx, device, &digest, tx.now())? {
                return Err(Refusal::NotAdmitted.into());
            }
            if doors::connections_at(tx, device, &connection.server)? >= CONNECTIONS_MAX {
                return Err(Refusal::NotAdmitted.into());
            }
            doors::insert_connection(tx, &connection, device, &digest)?;
            let site = found.site.clone();
            if state != found.state {
                store::update(tx, &store::Device { state, ..found })?;
            }
            Ok(site)
        })
        .await?;
    Ok(grant_to_device(device, &site, asked.is_mqtt(), now + ADMITTED_FOR))
}

/// Whether a client id names another device. The broker knows a session over MQTT by this id alone: whoever takes
/// the id of another one would disconnect it, again and again.
fn is_of_another(client_id: &str, device: Option<DeviceId>) -> bool {
    let own = device.map(|device| device.to_string());
    client_id.starts_with(DEVICE_PREFIX) && !own.is_some_and(|own| client_id.starts_with(&own))
}

/// What the id of every device begins with.
const DEVICE_PREFIX: &str = "dev_";

/// What a device hears of its own.
const HEARD: [&str; 6] = [
    wire::STATE_DELTA,
    wire::STATE_ACCEPTED,
    wire::STATE_REJECTED,
    wire::CLAIM_ACCEPTED,
    wire::CLAIM_REJECTED,
    wire::INBOX,
];

/// What a device may do: speak for itself, at the place where it stands.
pub fn grant_to_device(device: DeviceId, site: &Site, mqtt: bool, until: Timestamp) -> Grant {
    let of = |pattern: &str| wire::of(pattern, device);
    let mut subscribe = HEARD.iter().map(|pattern| of(pattern)).collect::<Vec<_>>();
    if mqtt {
        subscribe.push(MQTT_DELIVERY.to_owned());
    }
    let mut publish = vec![of(wire::STATE_REPORTED), of(wire::STATE_GET), of(wire::CLAIM_OFFER)];
    // What is said over NATS can name any subject for its answer, also another device's or one that registers, and the
    // stream of readings would answer there. Over MQTT nothing can be named.
    if mqtt {
        publish.push(contracts::readings::subject(site, device));
    }
    Grant {
        name: device.to_string(),
        account: ACCOUNT.to_owned(),
        publish,
        subscribe,
        subscriptions_max: SUBSCRIPTIONS_MAX,
        payload_max: PAYLOAD_MAX,
        until,
    }
}

/// Without this the broker refuses every subscription over MQTT above QoS 0. It delivers to it by itself, and lets
/// nobody subscribe to it over MQTT.
const MQTT_DELIVERY: &str = "$MQTT.sub.>";

async fn registering(
    ctx: Ctx,
    profile: String,
    hardware: HardwareId,
    asked: &Asked,
    now: Timestamp,
) -> Result<Grant> {
    if is_of_another(&asked.client_id, None) {
        return Err(Refusal::NotAdmitted.into());
    }
    let (name, digest) = (profile.clone(), digest(&asked.password));
    let found = ctx.look_up(move |sql| profiles::find(sql, &name)).await?;
    found.filter(|profile| profile.secret == digest).ok_or(Refusal::NotAdmitted)?;
    Ok(grant_to_register(&profile, &hardware, asked.is_mqtt(), now + REGISTERING_FOR))
}

/// Somebody who wants to register may do nothing else.
pub fn grant_to_register(profile: &str, hardware: &HardwareId, mqtt: bool, until: Timestamp) -> Grant {
    let of = |pattern: &str| wire::provision(pattern, profile, hardware);
    Grant {
        name: format!("{}{profile}", wire::PROVISION_USER),
        account: ACCOUNT.to_owned(),
        publish: vec![of(wire::PROVISION)],
        subscribe: [of(wire::PROVISIONED)]
            .into_iter()
            .chain(mqtt.then(|| MQTT_DELIVERY.to_owned()))
            .collect(),
        subscriptions_max: SUBSCRIPTIONS_MAX,
        payload_max: PAYLOAD_MAX,
        until,
    }
}
