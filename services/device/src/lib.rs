//! Devices: who they are, what they connect with, whether they are there, and what they are to be like.
//!
//! # Layout
//! - [`handlers`]: what operators and customers may ask
//! - [`admit`]: whom the broker lets in, which it asks here; [`provision`]: devices that register themselves
//! - [`talk`]: what devices say of their state; [`offer`]: devices that offer themselves to customers
//! - [`pace`]: how often devices may speak
//! - [`kick`]: what is done at the broker, and told to devices
//! - [`presence`]: whether a device is there; [`look`]: comparing that with the broker
//! - [`lifecycle`], [`shadow`], [`secret`], [`refusal`]: the rules; no I/O
//! - [`store`]: the SQL

pub mod admit;
pub mod handlers;
pub mod kick;
pub mod lifecycle;
pub mod look;
pub mod offer;
pub mod pace;
pub mod presence;
pub mod provision;
pub mod refusal;
pub mod secret;
pub mod shadow;
pub mod store;
pub mod talk;

use std::sync::Arc;

use contracts::device::{TELLS, wire};
use kit::access::Issuer;
use kit::runtime::{Ended, Options};
use kit::{Ctx, Service};

use crate::pace::{Pace, paced};

/// The key with which devices are let in, from the folder of the keys.
///
/// # Errors
/// [`Ended::Configuration`] if it is not there, or others can read it.
pub fn issuer(options: &Options) -> Result<Issuer, Ended> {
    Issuer::read(&Issuer::path(&options.keys(), kit::bus::devices::ISSUER))
        .map_err(|error| Ended::Configuration(format!("{error}; `shopctl keys make` makes what is missing")))
}

/// The service of devices.
pub fn service(issuer: Issuer) -> Service {
    let issuer = Arc::new(issuer);
    let pace = Arc::new(Pace::default());
    let [reports, asks, offers] = std::array::from_fn(|_| Arc::clone(&pace));
    Service::new("device", env!("CARGO_PKG_VERSION"))
        .about("Knows every device, lets it in, and keeps what it is to be like.")
        .hearing_at_leisure()
        .migrations_from(&[
            include_str!("../migrations/0001_devices.sql"),
            include_str!("../migrations/0002_offers.sql"),
        ])
        .answers(handlers::get_device)
        .answers(handlers::list_devices)
        .answers(handlers::describe_device)
        .answers(handlers::profiles::list)
        .answers(handlers::profiles::put)
        .answers(handlers::profiles::open)
        .answers(handlers::profiles::close)
        .answers(handlers::credentials::register)
        .answers(handlers::credentials::rotate)
        .answers(handlers::credentials::revoke)
        .answers(handlers::moves::activate)
        .answers(handlers::moves::suspend)
        .answers(handlers::moves::retire)
        .answers(handlers::moves::offer_claim)
        .answers(handlers::moves::claim)
        .answers(handlers::states::get)
        .answers(handlers::states::set_desired)
        .listens(kit::callout::SUBJECT, move |ctx: Ctx, said| admit::admit(Arc::clone(&issuer), ctx, said))
        .listens(wire::CONNECTED, presence::connected)
        .listens(wire::DISCONNECTED, presence::disconnected)
        .listens(wire::PROVISION, provision::provision)
        .listens(wire::STATE_REPORTED, move |ctx: Ctx, said| {
            paced(Arc::clone(&reports), (ctx, said), wire::STATE_REJECTED, talk::reported)
        })
        .listens(wire::STATE_GET, move |ctx: Ctx, said| {
            paced(Arc::clone(&asks), (ctx, said), wire::STATE_REJECTED, talk::asked)
        })
        .listens(wire::CLAIM_OFFER, move |ctx: Ctx, said| {
            paced(Arc::clone(&offers), (ctx, said), wire::CLAIM_REJECTED, offer::offered)
        })
        .tells(TELLS)
        .hears(presence::readings_recorded)
        .on_timer(presence::LEFT, presence::left_for_good)
        .on_timer(presence::SILENT, presence::silent)
        .on_timer(presence::WATCH, presence::watch_kind)
        .on_timer(kick::OVERLAP, kick::overlap_over)
        .on_timer(look::AGAIN, look::once_more)
        .every_from_start("look_at_broker", look::EVERY, look::due)
        .performs(kick::kick, kick::kicked)
        .performs(kick::tell, kick::told)
        .performs(look::look, look::looked)
}
