//! The code in a mail about an account: asked for when the mail is sent, filled in, and forgotten.
//!
//! What is kept of such a mail has places where the code belongs. The code itself is in no table,
//! event, log or error of this service.

use std::time::Duration;

use contracts::TicketId;
use contracts::auth::{RevealCode, Revealed, Secret, reason};
use kit::{EffectCtx, Timestamp, Trouble};

/// Where the code belongs.
pub const CODE: &str = "{code}";

/// Where it belongs until when the code is good.
pub const VALID_UNTIL: &str = "{valid_until}";

/// How long sign-in may take to answer. It leaves most of a try to the mail server.
pub const REVEAL_TIME: Duration = Duration::from_secs(5);

/// Parts of a code that are shorter than this occur in other words by chance.
const PART_CHARS_MIN: usize = 6;

/// Asks sign-in for the code of a ticket.
///
/// # Errors
/// Hopeless if the code was used or its time is over; otherwise it may work later.
pub async fn reveal(ctx: &EffectCtx, ticket: TicketId) -> Result<Revealed, Trouble> {
    let mut brief = ctx.clone();
    brief.time_limit = REVEAL_TIME;
    brief.call(&RevealCode { ticket }).await.map_err(|error| match &*error.reason {
        reason::UNKNOWN_TICKET => Trouble::Hopeless(
            "no mail was sent: its code was used or its time is over; a new one must be asked for".to_owned(),
        ),
        // What else sign-in says is in its own log.
        other => Trouble::Transient(format!("no mail was sent: sign-in did not tell the code ({other})")),
    })
}

/// A text of ours with the code in its places.
pub fn filled(text: &str, revealed: &Revealed) -> String {
    text.replace(VALID_UNTIL, &shown(revealed.valid_until)).replace(CODE, revealed.code.expose())
}

/// What somebody said of a mail, without the code, which a mail server may repeat.
pub fn without(said: &str, code: &Secret) -> String {
    let code = code.expose().to_ascii_lowercase();
    let parts: Vec<&str> = code
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|part| part.len() >= PART_CHARS_MIN)
        .collect();
    let tells = |word: &str| {
        let word = word.to_ascii_lowercase();
        word.contains(&code) || parts.iter().any(|part| word.contains(part))
    };
    let words = said.split_whitespace().map(|word| if tells(word) { "(code)" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn shown(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use kit::Example;

    use super::*;

    #[test]
    fn the_code_and_its_time_are_filled_in() {
        let revealed = Revealed {
            code: Secret::new("abcdefgh.{valid_until}"),
            valid_until: Timestamp::from_second(1_767_268_800).unwrap(),
        };
        let text = filled("confirm {code}\nuntil {valid_until} {other}\n", &revealed);
        assert_eq!(text, "confirm abcdefgh.{valid_until}\nuntil 2026-01-01 12:00 UTC {other}\n");
    }

    #[test]
    fn what_a_server_repeats_of_a_code_is_left_out() {
        let code = Revealed::example().code;
        for part in code.expose().split('.') {
            for said in [
                part.to_owned(),
                part.to_uppercase(),
                format!("<{part}>,"),
                format!("line 7: shopctl confirm {}", code.expose()),
            ] {
                let kept = without(&format!("550 rejected: {said} is spam"), &code);
                assert!(kept.starts_with("550 rejected: ") && kept.ends_with("(code) is spam"), "{kept}");
                assert!(!kept.to_lowercase().contains(part), "{kept}");
            }
        }
        assert_eq!(without("451 try again\r\nlater", &code), "451 try again later");
    }
}
