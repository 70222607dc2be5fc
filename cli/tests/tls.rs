//! The shop beyond this machine: connections are encrypted, and the broker proves who it is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::Bench;
use crate::stack::Shop;

type Authority = CertifiedIssuer<'static, KeyPair>;

/// Makes an authority of one's own, as docs/tls.md does.
fn authority(bench: &Bench) -> Authority {
    let mut own = CertificateParams::new(Vec::new()).expect("parameters");
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(own, key).expect("an authority");
    file(bench, "ca.pem", authority.pem());
    authority
}

/// Signs a certificate for the broker at loopback, and answers the options of `up`.
fn certificate(bench: &Bench, authority: &Authority) -> String {
    let key = KeyPair::generate().expect("a key");
    let names = vec!["shop.example.org".to_owned(), "127.0.0.1".to_owned()];
    let broker = CertificateParams::new(names).expect("parameters").signed_by(&key, authority);
    let broker = file(bench, "broker.pem", broker.expect("a certificate").pem());
    let key = file(bench, "broker.key", key.serialize_pem());
    format!("--tls-cert {broker} --tls-key {key} --tls-ca {}", bench.data().join("ca.pem").display())
}

fn file(bench: &Bench, name: &str, text: String) -> String {
    let path = bench.data().join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

#[test]
fn an_encrypted_shop_is_reached_with_its_authority_only() {
    let shop = Shop::closed();
    let authority = authority(&shop.bench);
    let tls = certificate(&shop.bench, &authority);
    let opened = shop.run(&format!("up --port 0 --listen 127.0.0.1 {tls}"));
    assert_eq!(opened.code, 0, "{}", opened.err);
    let address = std::fs::read_to_string(shop.bench.data().join("run/broker.url")).expect("an address");
    let address = address.trim();
    assert!(address.starts_with("tls://127.0.0.1:"), "{address}");

    // Here the authority is known; so are keys that are made and replaced later.
    shop.until_well();
    let reloads =
        || shop.run("logs broker --lines 1000").out.matches("Reloaded server configuration").count();
    assert_eq!((shop.run("up").code, reloads()), (0, 0));
    certificate(&shop.bench, &authority);
    assert_eq!(shop.run("up").code, 0);
    assert!(reloads() > 0, "a renewed certificate is read");
    shop.until_well();
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

    let misled = asked.replace("127.0.0.1", "localhost");
    let misled = elsewhere.run_with(&misled, &[("SHOP_NATS_CA", ca.to_str().expect("text"))]);
    assert_eq!(misled.code, 11, "{}", misled.err);
    assert!(misled.err.contains("not valid for name") && !misled.err.contains("--nats-ca"), "{}", misled.err);

    // A broker that ends on its own comes back encrypted, without anybody saying so again.
    shop.kill("broker");
    assert_eq!(shop.run("up").code, 0);
    shop.until_well();
}

#[test]
fn a_client_in_clear_text_is_turned_away() {
    let shop = Shop::closed();
    let opened =
        shop.run(&format!("up --port 0 --one-process {}", certificate(&shop.bench, &authority(&shop.bench))));
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
