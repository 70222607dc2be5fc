//! A line to the broker that can be bad: late, cut, silent, open in one direction only, or a trickle.
//!
//! It behaves as TCP does: what was taken is delivered in order or the connection ends. A line that
//! is silent holds everything back, and delivers it when it is mended, unless somebody hung up.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Bytes that are carried at once.
const CARRIED_MAX: usize = 64 * 1024;

/// Bytes that a trickle carries at once, and how long it rests after each.
const TRICKLE: (usize, Duration) = (512, Duration::from_millis(10));

/// How a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// As it should be.
    Open,
    /// Everything arrives, but so much later, and what follows waits for it.
    Late(Duration),
    /// Every connection is hung up, and every new one.
    Cut,
    /// Nothing arrives in either direction, and nobody is told.
    Silent,
    /// What is sent to the broker does not arrive.
    SilentUp,
    /// What the broker sends does not arrive: no answer, no acknowledgement.
    SilentDown,
    /// A few bytes at a time.
    Trickle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

impl Line {
    fn holds(self, way: Way) -> bool {
        match self {
            Self::Silent => true,
            Self::SilentUp => way == Way::Up,
            Self::SilentDown => way == Way::Down,
            Self::Open | Self::Late(_) | Self::Cut | Self::Trickle => false,
        }
    }
}

/// A proxy before a broker. It ends when this is dropped.
pub struct Proxy {
    port: u16,
    line: watch::Sender<Line>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// A proxy on a free port before a port of this machine.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn before(port: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let own = listener.local_addr()?.port();
        let (line, seen) = watch::channel(Line::Open);
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, port, seen.clone()));
            }
        });
        Ok(Self { port: own, line, accepting })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Makes the line so, for connections there are and for new ones.
    pub fn becomes(&self, line: Line) {
        self.line.send_replace(line);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection, until either side ends it or the line is cut.
async fn carry(near: TcpStream, port: u16, mut line: watch::Receiver<Line>) {
    // On a silent line not even the beginning arrives.
    let open = line.wait_for(|line| !line.holds(Way::Up)).await.map(|line| *line != Line::Cut);
    if !open.unwrap_or(false) {
        return;
    }
    let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    // Whoever calls a port where nobody listens may be given that port, and then talks to themselves.
    if far.local_addr().is_ok_and(|own| own.port() == port) {
        return;
    }
    let _ = near.set_nodelay(true).and(far.set_nodelay(true));
    let ((near_from, near_to), (far_from, far_to)) = (near.into_split(), far.into_split());
    tokio::select! {
        _ = pump(near_from, far_to, Way::Up, line.clone()) => {}
        _ = pump(far_from, near_to, Way::Down, line.clone()) => {}
        _ = line.wait_for(|line| *line == Line::Cut) => {}
    }
}

async fn pump(
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    way: Way,
    mut line: watch::Receiver<Line>,
) -> Result<()> {
    let mut carried = vec![0; CARRIED_MAX];
    loop {
        let now = *line.borrow_and_update();
        if now.holds(way) {
            line.changed().await.map_err(Error::other)?;
            continue;
        }
        tokio::select! {
            changed = line.changed() => {
                changed.map_err(Error::other)?;
                continue;
            }
            ready = from.readable() => ready?,
        }
        let limit = if now == Line::Trickle { TRICKLE.0 } else { CARRIED_MAX };
        let read = match from.try_read(&mut carried[..limit]) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        match now {
            Line::Late(by) => tokio::time::sleep(by).await,
            Line::Trickle => tokio::time::sleep(TRICKLE.1).await,
            _ => {}
        }
        write_all(&to, &carried[..read]).await?;
    }
}

async fn write_all(to: &OwnedWriteHalf, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        to.writable().await?;
        match to.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
