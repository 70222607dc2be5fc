//! Why something is refused.

use contracts::DeviceId;
use contracts::device::{
    CODE_CHARS_MAX, CODE_CHARS_MIN, DeviceState, LABEL_CHARS_MAX, LABELS_MAX, PROFILE_CHARS_MAX, SAID_MAX,
    reason,
};
use kit::{Error, Kind};

/// What is refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such device.
    #[error("there is no device {0}")]
    UnknownDevice(DeviceId),
    /// No such profile.
    #[error("there is no profile {0}; nothing was done, shopctl device profiles lists them")]
    UnknownProfile(String),
    /// Not the name of a profile.
    #[error("the name of a profile must be 1 to {PROFILE_CHARS_MAX} lower case letters, digits and _")]
    InvalidProfile,
    /// Labels that are none.
    #[error("a device has at most {LABELS_MAX} labels, of 1 to {LABEL_CHARS_MAX} printable characters each")]
    InvalidLabels,
    /// A time out of its bounds.
    #[error("{what} must be {least} to {most} seconds; nothing was done")]
    InvalidTime {
        /// Of what.
        what: &'static str,
        /// At least.
        least: u32,
        /// At most.
        most: u32,
    },
    /// A device with this hardware id connects already.
    #[error(
        "{0} has this hardware id and is in use; it keeps its secret, shopctl device rotate gives it another"
    )]
    AlreadyProvisioned(DeviceId),
    /// It does not fit the state of the device.
    #[error("{device} is {state}, so it cannot be {wanted}; nothing was done")]
    WrongState {
        /// The device.
        device: DeviceId,
        /// The state it is in.
        state: DeviceState,
        /// What was wanted of it.
        wanted: &'static str,
    },
    /// A code that does not open.
    #[error("the code is wrong, was used, or its time is over; nothing was done, ask for another code")]
    ClaimRefused,
    /// A device that may not offer itself.
    #[error(
        "the device may not offer itself: it belongs to somebody, is out of use, or its profile does not let it; \
         nothing was done, shopctl device claim makes a code"
    )]
    MayNotOffer,
    /// A code that cannot be one.
    #[error(
        "a code must be {CODE_CHARS_MIN} to {CODE_CHARS_MAX} printable characters without blanks; nothing was done"
    )]
    InvalidCode,
    /// What is no offer.
    #[error("the offer {0}; nothing was done")]
    InvalidOffer(&'static str),
    /// Too many at once.
    #[error(
        "too many devices of this profile register themselves at once; nothing was done, try again in a minute"
    )]
    TooFast,
    /// More than a device may say.
    #[error(
        "a device may say {SAID_MAX} things in a second; this and what follows in this second was not heard"
    )]
    SaysTooMuch,
    /// The state is at another version.
    #[error("the state is at version {is}, not {expected}; nothing was done, read it and decide again")]
    VersionDiffers {
        /// The version it is at.
        is: u64,
        /// The one that was expected.
        expected: u64,
    },
    /// What is no state.
    #[error("the state {0}; nothing was done")]
    InvalidState(&'static str),
    /// As many profiles as there can be.
    #[error("there are {0} profiles, as many as there can be; nothing was done")]
    TooManyProfiles(usize),
    /// Somebody who may not connect. Why is not said to them.
    #[error("not admitted")]
    NotAdmitted,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.to_string();
        match refusal {
            Refusal::UnknownDevice(_) => Self::not_found(reason::UNKNOWN_DEVICE, text),
            Refusal::UnknownProfile(_) => Self::not_found(reason::UNKNOWN_PROFILE, text),
            Refusal::InvalidProfile => Self::invalid(reason::INVALID_PROFILE, text),
            Refusal::InvalidLabels => Self::invalid(reason::INVALID_LABELS, text),
            Refusal::InvalidTime { .. } => Self::invalid(reason::INVALID_TIME, text),
            Refusal::AlreadyProvisioned(_) => Self::conflict(reason::ALREADY_PROVISIONED, text),
            Refusal::WrongState { .. } => Self::conflict(reason::WRONG_STATE, text),
            Refusal::ClaimRefused => Self::refused(reason::CLAIM_REFUSED, text),
            Refusal::MayNotOffer => Self::refused(reason::OFFER_REFUSED, text),
            Refusal::InvalidCode | Refusal::InvalidOffer(_) => Self::invalid(reason::INVALID_OFFER, text),
            Refusal::TooFast => Self::new(Kind::Overloaded, reason::TOO_FAST, text),
            Refusal::SaysTooMuch => Self::new(Kind::Overloaded, reason::SAYS_TOO_MUCH, text),
            Refusal::VersionDiffers { .. } => Self::conflict(reason::VERSION_DIFFERS, text),
            Refusal::InvalidState(_) => Self::invalid(reason::INVALID_STATE, text),
            Refusal::TooManyProfiles(_) => Self::refused(reason::TOO_MANY, text),
            Refusal::NotAdmitted => Self::new(Kind::Forbidden, kit::error::reason::NOT_ADMITTED, text),
        }
    }
}
