//! Where the broker of the local shop speaks MQTT, for devices.

use std::fmt::Write;
use std::net::{IpAddr, TcpListener};

use super::folder::Folder;
use super::listen::{Certificate, Listen};
use crate::failure::{Failure, exit};

/// The port for MQTT when nobody says: the one registered for it.
const PORT_DEFAULT: u16 = 1883;

/// The port for MQTT: the one that was asked for, 0 being any that is free; else the one that devices know from
/// before; else the usual one, or any if the broker itself may have any. If another program has the usual one, it is
/// any: a shop that had no devices comes up as before.
///
/// # Errors
/// 78 if the port that was asked for cannot be had.
pub(super) fn choose_port(
    folder: &Folder,
    wished: Option<u16>,
    any: bool,
    listen: &Listen,
) -> Result<u16, Failure> {
    let free = |port: u16| {
        let bound = TcpListener::bind((listen.address, port)).and_then(|bound| bound.local_addr());
        bound.map(|address| address.port())
    };
    if let Some(port) = wished {
        return free(port).map_err(|error| {
            let what = format!("the broker was not started: port {port} cannot be used for MQTT: {error}");
            Failure::new(exit::CONFIGURATION, "mqtt_port_taken", what)
                .mend("shopctl up --mqtt-port 0      takes any port that is free")
        });
    }
    let usual = recorded(folder).or(Some(PORT_DEFAULT).filter(|_| !any));
    let found = usual.and_then(|port| free(port).ok()).map_or_else(|| free(0), Ok);
    found.map_err(|error| {
        Failure::new(
            exit::CONFIGURATION,
            "mqtt_port_taken",
            format!("the broker was not started: no port can be had for MQTT: {error}"),
        )
    })
}

/// The port that is recorded, if there is one.
fn recorded(folder: &Folder) -> Option<u16> {
    std::fs::read_to_string(folder.mqtt()).ok()?.trim().rsplit_once(':')?.1.parse().ok()
}

/// Where devices find the broker, as it is recorded.
pub(crate) fn url(folder: &Folder) -> Option<String> {
    let url = std::fs::read_to_string(folder.mqtt()).ok()?;
    Some(url.trim().to_owned()).filter(|url| !url.is_empty())
}

/// Records where devices find the broker.
///
/// # Errors
/// 74 if it cannot be written.
pub(super) fn record(folder: &Folder, listen: &Listen, port: u16) -> Result<(), Failure> {
    let url = listen.url(port);
    let (scheme, rest) = url.split_once("://").unwrap_or(("nats", &url));
    let scheme = if scheme == "tls" { "mqtts" } else { "mqtt" };
    folder.write(&folder.mqtt(), &format!("{scheme}://{rest}\n"))
}

/// What the broker's configuration says of it. Beyond this machine it is encrypted with the broker's certificate.
pub(super) fn settings(listen: &Listen, port: u16) -> String {
    let address = match listen.address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    let mut text = format!("mqtt {{\n  listen: \"{address}:{port}\"\n");
    if let Some(Certificate { file, key }) = &listen.certificate {
        let (file, key) = (file.display(), key.display());
        let _ = writeln!(
            text,
            "  tls {{\n    cert_file: \"{file}\"\n    key_file: \"{key}\"\n    timeout: 5\n  }}"
        );
    }
    text.push_str("}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> (tempfile::TempDir, Folder) {
        let scratch = tempfile::tempdir().unwrap();
        let folder = Folder::find(Some(&scratch.path().join("shop"))).unwrap();
        folder.create().unwrap();
        (scratch, folder)
    }

    #[test]
    fn the_port_that_devices_know_is_taken_again_and_a_taken_one_only_if_nobody_asked_for_it() {
        let (_scratch, folder) = scratch();
        let listen = Listen::default();
        let first = choose_port(&folder, None, true, &listen).unwrap();
        record(&folder, &listen, first).unwrap();
        assert_eq!(url(&folder), Some(format!("mqtt://127.0.0.1:{first}")));
        assert_eq!(choose_port(&folder, None, true, &listen).unwrap(), first);
        let _held = TcpListener::bind(("127.0.0.1", first)).unwrap();
        assert_ne!(choose_port(&folder, None, true, &listen).unwrap(), first);
        let refused = choose_port(&folder, Some(first), true, &listen).unwrap_err();
        assert_eq!((refused.exit(), refused.code()), (exit::CONFIGURATION, "mqtt_port_taken"));
    }

    #[test]
    fn beyond_this_machine_devices_are_served_as_others_are() {
        let pem = std::path::PathBuf::from("x.pem");
        let certificate = Some(Certificate { file: pem.clone(), key: pem });
        let listen = Listen { address: "::".parse().unwrap(), certificate, ca: None, host: None };
        let text = settings(&listen, 8883);
        assert!(text.contains("listen: \"[::]:8883\"") && text.contains("cert_file: \"x.pem\""), "{text}");
        assert!(!settings(&Listen::default(), 1883).contains("tls"));
    }
}
