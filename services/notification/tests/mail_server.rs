//! A mail server that does as the test says.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the server does when a mail comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It takes it.
    Takes,
    /// It answers the recipient like this.
    Answers(&'static str),
    /// It hears the whole mail and hangs up.
    HangsUp,
}

/// A mail server on this machine, for as long as the test runs.
pub(crate) struct MailServer {
    /// Where it listens.
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    /// A server that treats each further connection in the next manner, and takes everything after.
    pub(crate) fn start(manners: Vec<Manner>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&heard);
        let mut manners = manners.into_iter();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let manner = manners.next().unwrap_or(Manner::Takes);
                // A client that hangs up in the middle is no concern of the server.
                let _ = talk(connection.unwrap(), manner, &kept);
            }
        });
        Self { url, heard }
    }

    /// Every mail that was taken, and to whom it went.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn talk(stream: TcpStream, manner: Manner, heard: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let say = |line: &str| (&stream).write_all(format!("{line}\r\n").as_bytes());
    say("220 mail.example.org ready")?;
    let mut recipient = String::new();
    while let Some(line) = lines.next().transpose()? {
        let (verb, rest) = line.split_once([' ', ':']).unwrap_or((&line, ""));
        match (verb, manner) {
            ("EHLO", _) => say("250-mail.example.org\r\n250 8BITMIME")?,
            ("RCPT", Manner::Answers(answer)) => say(answer)?,
            ("RCPT", _) => {
                recipient = rest.to_owned();
                say("250 fine")?;
            }
            ("DATA", _) => {
                say("354 go on")?;
                let mut mail = format!("{recipient}\n");
                for line in lines.by_ref() {
                    match line?.as_str() {
                        "." => break,
                        line => mail += &format!("{line}\n"),
                    }
                }
                if manner == Manner::HangsUp {
                    return Ok(());
                }
                heard.lock().unwrap().push(mail);
                say("250 taken")?;
            }
            ("QUIT", _) => return say("221 bye"),
            _ => say("250 fine")?,
        }
    }
    Ok(())
}
