//! The sign-in service on a scratch database.
