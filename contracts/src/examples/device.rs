//! Examples of what device says.

use jiff::Timestamp;
use kit::Example;

use crate::DeviceId;
use crate::device::{DeviceMoved, DeviceOffline, DeviceOnline, DeviceRegistered, DeviceRevoked, Gone};
use crate::readings::Site;

impl Example for DeviceRegistered {
    fn example() -> Self {
        Self { device: DeviceId::example(), site: Site::example(), profile: "cold_store".to_owned() }
    }
}

impl Example for DeviceRevoked {
    fn example() -> Self {
        Self { device: DeviceId::example(), site: Site::example() }
    }
}

impl Example for DeviceMoved {
    fn example() -> Self {
        Self { device: DeviceId::example(), site: Site::example(), before: Site::example() }
    }
}

impl Example for DeviceOnline {
    fn example() -> Self {
        Self { device: DeviceId::example(), site: Site::example(), since: Timestamp::UNIX_EPOCH }
    }
}

impl Example for DeviceOffline {
    fn example() -> Self {
        Self {
            device: DeviceId::example(),
            site: Site::example(),
            since: Timestamp::UNIX_EPOCH,
            why: Gone::Silent,
        }
    }
}
