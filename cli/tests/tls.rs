//! The shop beyond this machine: connections are encrypted, and the broker proves who it is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::Bench;
use crate::stack::Shop;

/// Makes an authority of one's own and a certificate for the broker at loopback, as docs/tls.md does.
fn certificates(bench: &Bench) -> String {
    let mut own = CertificateParams::new(Vec::new()).expect("parameters");
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(own, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let broker = CertificateParams::new(names).expect("parameters").signed_by(&key, &authority);
    let file = |name: &str, text: String| {
        let path = bench.data().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    format!(
        "--tls-cert {} --tls-key {} --tls-ca {}",
        file("broker.pem", broker.expect("a certificate").pem()),
        file("broker.key", key.serialize_pem()),
        file("ca.pem", authority.pem()),
    )
}

#[test]
fn an_encrypted_shop_is_reached_with_its_authority_only() {
    let shop = Shop::closed();
    let tls = certificates(&shop.bench);
    let opened = shop.run(&format!("up --port 0 --listen 127.0.0.1 {tls}"));
    assert_eq!(opened.code, 0, "{}", opened.err);
    let address = std::fs::read_to_string(shop.bench.data().join("run/broker.url")).expect("an address");
    let address = address.trim();
    assert!(address.starts_with("tls://127.0.0.1:"), "{address}");

    // Here the authority is known; so are keys that are made and replaced later.
    shop.until_well();
    let again = shop.run("up");
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(shop.run("keys rotate cart").code, 0);
    shop.until_well();

    // From elsewhere it has to be named.
    let elsewhere = Bench::new();
    let seed = shop.bench.data().join("keys/operator.seed");
    let asked = format!("status --nats {address} --seed {}", seed.display());
    let refused = elsewhere.run(&asked);
    assert_eq!((refused.code, refused.out.as_str()), (11, ""), "{}", refused.err);
    assert!(refused.err.contains("certificate") && refused.err.contains("--nats-ca FILE"), "{}", refused.err);
    let ca = shop.bench.data().join("ca.pem");
    let believed = elsewhere.run_with(&asked, &[("SHOP_NATS_CA", ca.to_str().expect("text"))]);
    assert_eq!(believed.code, 0, "{}", believed.err);

    // A broker that ends on its own comes back encrypted, without anybody saying so again.
    shop.kill("broker");
    assert_eq!(shop.run("up").code, 0);
    shop.until_well();
}

#[test]
fn a_client_in_clear_text_is_turned_away() {
    let shop = Shop::closed();
    let opened = shop.run(&format!("up --port 0 --one-process {}", certificates(&shop.bench)));
    assert_eq!(opened.code, 0, "{}", opened.err);
    let address = std::fs::read_to_string(shop.bench.data().join("run/broker.url")).expect("an address");
    let mut plain = TcpStream::connect(address.trim().trim_start_matches("tls://")).expect("a connection");
    plain.set_read_timeout(Some(Duration::from_secs(10))).expect("a time limit");
    plain.write_all(b"CONNECT {\"verbose\":true}\r\nPING\r\n").expect("some bytes are sent");
    let mut said = Vec::new();
    // The broker closes; that it does so rudely is just as well.
    let _ = plain.read_to_end(&mut said);
    let said = String::from_utf8_lossy(&said);
    assert!(
        said.contains("\"tls_required\":true") && !said.contains("PONG") && !said.contains("+OK"),
        "{said}"
    );
}

#[test]
fn other_machines_are_not_served_in_clear_text() {
    let shop = Shop::closed();
    let refused = shop.run("up --port 0 --listen 0.0.0.0");
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("clear text") && refused.err.contains("--tls-cert FILE"), "{}", refused.err);
    assert_eq!(shop.run("up --port 0 --listen 0.0.0.0 --tls-cert a.pem").code, 2);
    assert_eq!(shop.run("up --port 0 --tls-cert a.pem --tls-key a.key").code, 78);
    assert!(!shop.bench.data().join("run/broker.pid").exists());
}
