//! Somebody makes an account, confirms the address with the code of a letter, and signs in.

use contracts::Email;
use contracts::auth::{Confirm, LogIn, Register, Secret};

use crate::letters::Letters;
use crate::people::Person;

/// A password that nobody would guess.
const PASSWORD: &str = "a simulation knows this one";
/// How often somebody looks for the letter before they ask for another, and how often they do that.
const LOOKS: (u32, u32) = (20, 12);

impl Person {
    /// Makes an account, however long it takes.
    pub async fn signs_up(&self, letters: &Letters) {
        let Ok(email) = "newcomer@example.org".parse::<Email>() else { return };
        for _ in 0..LOOKS.1 {
            let register = Register { email: email.clone(), password: Secret::new(PASSWORD) };
            if let Err(error) = self.insists(&register, None).await {
                // Whoever asks too often is told so.
                self.wonders(&["too_many_attempts", "too_many_mails"], "register", &error);
                self.rests(60_000, 600_000).await;
                continue;
            }
            let Some(code) = self.finds_code(letters, &email).await else { continue };
            let confirmed = self.confirms(code).await;
            if self.signs_in(&email, confirmed).await {
                return;
            }
        }
    }

    async fn finds_code(&self, letters: &Letters, email: &Email) -> Option<String> {
        for _ in 0..LOOKS.0 {
            self.rests(1000, 60_000).await;
            if let Some(code) = letters.code_of(email.as_str()) {
                return Some(code);
            }
        }
        None
    }

    async fn confirms(&self, code: String) -> bool {
        match self.insists(&Confirm { code: Secret::new(code) }, None).await {
            Ok(_) => true,
            // It was used, by a try whose answer was lost for long, or a newer one was written.
            Err(error) => {
                self.wonders(&["invalid_code"], "confirm", &error);
                false
            }
        }
    }

    /// Whoever was told that the address is confirmed is let in.
    async fn signs_in(&self, email: &Email, confirmed: bool) -> bool {
        let log_in = LogIn {
            email: email.clone(),
            password: Secret::new(PASSWORD),
            device: "a simulation".into(),
            source: String::new(),
        };
        match self.insists(&log_in, None).await {
            Ok(_) => true,
            Err(error) => {
                let others = ["too_many_attempts", "not_confirmed", "wrong_credentials"];
                self.wonders(if confirmed { &others[..1] } else { &others }, "log_in", &error);
                false
            }
        }
    }
}
