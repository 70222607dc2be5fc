//! The proxy that stands for a bad line: what is held back arrives later, and what is cut ends.

use kit::testing::eventually;
use tests::proxy::{Line, Proxy};
use tokio::net::{TcpListener, TcpStream};

/// Somebody who sends back whatever they get.
async fn echo() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = [0; 1024];
                while stream.readable().await.is_ok() {
                    match stream.try_read(&mut bytes) {
                        Ok(0) => return,
                        Ok(read) => assert_eq!(stream.try_write(&bytes[..read]).unwrap(), read),
                        Err(_) => {}
                    }
                }
            });
        }
    });
    port
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.url().trim_start_matches("nats://")).await.unwrap()
}

/// What arrives, up to so many bytes.
async fn gets(stream: &TcpStream, wanted: usize) -> Vec<u8> {
    let mut got = Vec::new();
    while got.len() < wanted {
        stream.readable().await.unwrap();
        let mut bytes = [0; 1024];
        match stream.try_read(&mut bytes) {
            Ok(0) => panic!("the connection ended"),
            Ok(read) => got.extend(&bytes[..read]),
            Err(_) => {}
        }
    }
    got
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_in_order_whatever_the_line_was_meanwhile() {
    let proxy = Proxy::before(echo().await).await.unwrap();
    let stream = connect(&proxy).await;
    let late = Line::Late(std::time::Duration::from_millis(1));
    let mut sent = Vec::new();
    for line in [Line::Open, late, Line::Silent, Line::SilentUp, Line::SilentDown, Line::Trickle] {
        proxy.becomes(line);
        let bytes = format!("on a line that is {line:?}\n").repeat(20);
        assert_eq!(stream.try_write(bytes.as_bytes()).unwrap(), bytes.len());
        sent.extend(bytes.into_bytes());
    }
    proxy.becomes(Line::Open);
    assert_eq!(gets(&stream, sent.len()).await, sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_cut_hangs_up_and_lets_nobody_in_until_it_is_mended() {
    let proxy = Proxy::before(echo().await).await.unwrap();
    let stream = connect(&proxy).await;
    stream.try_write(b"before").unwrap();
    assert_eq!(gets(&stream, 6).await, b"before");
    proxy.becomes(Line::Cut);
    for ended in [stream, connect(&proxy).await] {
        eventually("it is hung up", || async {
            ended.readable().await.ok();
            (!matches!(ended.try_read(&mut [0; 8]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock))
                .then_some(())
        })
        .await;
    }
    proxy.becomes(Line::Open);
    let stream = connect(&proxy).await;
    stream.try_write(b"again").unwrap();
    assert_eq!(gets(&stream, 5).await, b"again");
}
