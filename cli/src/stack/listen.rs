//! Where the broker of the local shop listens, and how those who connect know that it is it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::folder::Folder;
use crate::failure::{Failure, exit};

/// Where the broker listens when nobody says.
const ADDRESS_DEFAULT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Where the broker listens. It is recorded while the shop runs: a broker that has to be started
/// again is started where its services expect it, and commands find its authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listen {
    /// The address.
    pub(crate) address: IpAddr,
    /// The certificate and its key; none: connections are in clear text.
    pub(crate) certificate: Option<Certificate>,
    /// The authority to believe, beside those of the system.
    pub(crate) ca: Option<PathBuf>,
    /// The name or address in the certificate under which this machine asks.
    pub(crate) host: Option<String>,
}

/// What the broker proves with who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Certificate {
    pub(crate) file: PathBuf,
    pub(crate) key: PathBuf,
}

/// The options of `shopctl up` about it.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Beyond this machine")]
pub(crate) struct ListenArgs {
    /// Address at which the broker listens; any but loopback needs --tls-cert [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<IpAddr>,

    /// Certificate of the broker, PEM; connections are then encrypted
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Private key of the certificate, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Authority that signed the certificate, PEM, unless the system knows it
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_ca: Option<PathBuf>,

    /// Name or address in the certificate under which this machine asks [default: the address]
    #[arg(long, value_name = "NAME", requires = "tls_cert", value_parser = host)]
    tls_host: Option<String>,
}

impl Default for Listen {
    fn default() -> Self {
        Self { address: ADDRESS_DEFAULT, certificate: None, ca: None, host: None }
    }
}

impl ListenArgs {
    /// What was asked for; none if nothing was.
    ///
    /// # Errors
    /// 2 if connections from other machines would not be encrypted, 78 if a file cannot be read.
    pub(crate) fn wish(&self) -> Result<Option<Listen>, Failure> {
        if self.listen.is_none() && self.tls_cert.is_none() {
            return Ok(None);
        }
        let address = self.listen.unwrap_or(ADDRESS_DEFAULT);
        let certificate = match (&self.tls_cert, &self.tls_key) {
            (Some(file), Some(key)) => Some(Certificate { file: readable(file)?, key: readable(key)? }),
            _ => None,
        };
        if certificate.is_none() && !address.is_loopback() {
            let what = format!(
                "the broker was not started at {address}: other machines would reach it in clear text"
            );
            return Err(Failure::invalid("tls_needed", what)
                .why("a key is never sent, but the tokens and secrets in messages are")
                .mend(format!("shopctl up --listen {address} --tls-cert FILE --tls-key FILE      docs/tls.md says how to make them"))
                .mend("shopctl up      without --listen is for this machine only"));
        }
        let ca = self.tls_ca.as_deref().map(readable).transpose()?;
        Ok(Some(Listen { address, certificate, ca, host: self.tls_host.clone() }))
    }
}

impl Listen {
    /// As it was recorded when the broker of this folder was started, until it is stopped.
    pub(crate) fn recorded(folder: &Folder) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(folder.listen()).ok()?).ok()
    }

    /// Records it.
    ///
    /// # Errors
    /// 74 if it cannot be written.
    pub(crate) fn record(&self, folder: &Folder) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::new(exit::BUG, "bug", format!("no JSON: {error}")))?;
        folder.write(&folder.listen(), &(text + "\n"))
    }

    /// Where clients on this machine find the broker that listens at this port.
    pub(crate) fn url(&self, port: u16) -> String {
        let scheme = if self.certificate.is_some() { "tls" } else { "nats" };
        let here = match self.address {
            IpAddr::V4(address) if address.is_unspecified() => ADDRESS_DEFAULT.to_string(),
            IpAddr::V6(address) if address.is_unspecified() => "[::1]".to_owned(),
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        format!("{scheme}://{}:{port}", self.host.as_ref().unwrap_or(&here))
    }
}

fn readable(path: &Path) -> Result<PathBuf, Failure> {
    let wrong = |error: std::io::Error| {
        let what = format!("the broker was not started: {} cannot be read: {error}", path.display());
        Failure::new(exit::CONFIGURATION, "no_certificate", what).mend("docs/tls.md says how to make one")
    };
    std::fs::File::open(path).map_err(wrong)?;
    let path = std::path::absolute(path).map_err(wrong)?;
    // It is written into the broker's configuration, in quotation marks.
    if path.to_str().is_none_or(|path| path.contains(['"', '\\']) || path.chars().any(char::is_control)) {
        let what =
            format!("the broker was not started: {} is no path that can be written down", path.display());
        return Err(
            Failure::new(exit::CONFIGURATION, "no_certificate", what).mend("rename the file or its folder")
        );
    }
    Ok(path)
}

fn host(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if text.is_empty() || !text.bytes().all(plain) {
        return Err("a host is a name such as shop.example.org, or an address".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(listen: &str) -> ListenArgs {
        ListenArgs { listen: Some(listen.parse().unwrap()), ..ListenArgs::default() }
    }

    #[test]
    fn other_machines_are_not_served_in_clear_text() {
        for address in ["0.0.0.0", "192.0.2.1", "::", "2001:db8::1"] {
            let refused = args(address).wish().unwrap_err();
            assert_eq!((refused.exit(), refused.code()), (exit::USAGE, "tls_needed"), "{address}");
        }
        assert_eq!(args("127.0.0.1").wish().unwrap(), Some(Listen::default()));
        assert!(args("::1").wish().is_ok());
        assert_eq!(ListenArgs::default().wish().unwrap(), None);
    }

    #[test]
    fn this_machine_asks_at_an_address_that_leads_here() {
        let at = |address: &str, host: Option<&str>, encrypted: bool| {
            let pem = PathBuf::from("x.pem");
            let certificate = encrypted.then(|| Certificate { file: pem.clone(), key: pem });
            let host = host.map(str::to_owned);
            Listen { address: address.parse().unwrap(), certificate, ca: None, host }.url(4222)
        };
        assert_eq!(at("127.0.0.1", None, false), "nats://127.0.0.1:4222");
        assert_eq!(at("0.0.0.0", None, true), "tls://127.0.0.1:4222");
        assert_eq!(at("::", None, true), "tls://[::1]:4222");
        assert_eq!(at("192.0.2.1", None, true), "tls://192.0.2.1:4222");
        assert_eq!(at("0.0.0.0", Some("shop.example.org"), true), "tls://shop.example.org:4222");
    }
}
