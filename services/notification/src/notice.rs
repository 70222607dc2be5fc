//! What is told about each happening.

mod alarms;

use contracts::TicketId;
use contracts::auth::{MailDue, MailPurpose};
use contracts::inventory::StockLow;
use contracts::order::{OrderCancelled, OrderConfirmed, OrderLine, OrderNeedsAttention, OrderRefunded};
use kit::text::printable;

use crate::code::{CODE, VALID_UNTIL};
use crate::template::{self, Template, Values};

/// The reason of an order that somebody asked to cancel; its message is what they typed.
const ASKED_TO_CANCEL: &str = "asked_to_cancel";

/// What is told about one happening, whoever is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about: an order, a product, or a ticket.
    pub about: String,
    /// What happened. The same happening has the same word, another one another.
    pub happening: String,
    /// How it is told.
    pub template: Template,
    /// With what.
    pub values: Values,
    /// The ticket whose code is filled in when it is sent.
    pub code_of: Option<TicketId>,
}

impl Notice {
    /// An order is paid.
    pub fn order_confirmed(event: &OrderConfirmed) -> Self {
        let lines: Vec<String> = event.lines.iter().map(line).collect();
        Self {
            about: event.order.to_string(),
            happening: "order_confirmed".to_owned(),
            template: template::ORDER_CONFIRMED,
            values: vec![
                ("order", event.order.to_string()),
                ("lines", lines.join("\n")),
                ("total", event.total.to_string()),
            ],
            code_of: None,
        }
    }

    /// An order ended without a sale. What somebody typed as the reason is not told: a guest may have
    /// named anybody's address, and could let the shop write to them whatever they like.
    pub fn order_cancelled(event: &OrderCancelled) -> Self {
        let said = if event.reason == ASKED_TO_CANCEL { "" } else { &event.message };
        Self {
            about: event.order.to_string(),
            happening: "order_cancelled".to_owned(),
            template: template::ORDER_CANCELLED,
            values: vec![("order", event.order.to_string()), ("message", message(said, &event.reason))],
            code_of: None,
        }
    }

    /// Money was given back; each refund is a happening of its own.
    pub fn order_refunded(event: &OrderRefunded) -> Self {
        let in_all = match event.in_full {
            true => "That is everything you paid, or all that was left of it.".to_owned(),
            false => format!("In all, {} has been given back.", event.refunded),
        };
        Self {
            about: event.order.to_string(),
            happening: format!("order_refunded:{}", event.refund),
            template: template::ORDER_REFUNDED,
            values: vec![
                ("order", event.order.to_string()),
                ("refund", event.refund.to_string()),
                ("amount", event.amount.to_string()),
                ("in_all", in_all),
            ],
            code_of: None,
        }
    }

    /// An order waits for a person; each reason is a happening of its own.
    pub fn order_needs_attention(event: &OrderNeedsAttention) -> Self {
        let reason = printable(&event.reason);
        Self {
            about: event.order.to_string(),
            happening: format!("order_needs_attention:{reason}"),
            template: template::ORDER_NEEDS_ATTENTION,
            values: vec![
                ("order", event.order.to_string()),
                ("reason", reason.replace('_', " ")),
                ("message", message(&event.message, &event.reason)),
            ],
            code_of: None,
        }
    }

    /// Stock ran low; each time is a happening of its own.
    pub fn stock_low(event: &StockLow, crossing: u32) -> Self {
        Self {
            about: event.sku.to_string(),
            happening: format!("stock_low:{crossing}"),
            template: template::STOCK_LOW,
            values: vec![
                ("sku", event.sku.to_string()),
                ("available", event.available.to_string()),
                ("low_mark", event.low_mark.to_string()),
            ],
            code_of: None,
        }
    }

    /// Something about an account. The code is not known here: its places stay.
    pub fn mail_due(event: &MailDue) -> Self {
        let kept = |place: &str| place.to_owned();
        let has_code = event.purpose.has_code();
        Self {
            about: event.ticket.to_string(),
            happening: event.purpose.word().to_owned(),
            template: match event.purpose {
                MailPurpose::ConfirmAddress => template::CONFIRM_ADDRESS,
                MailPurpose::AlreadyRegistered => template::ALREADY_REGISTERED,
                MailPurpose::ResetPassword => template::RESET_PASSWORD,
                MailPurpose::PasswordChanged => template::PASSWORD_CHANGED,
            },
            values: match has_code {
                true => vec![("code", kept(CODE)), ("valid_until", kept(VALID_UNTIL))],
                false => vec![],
            },
            code_of: has_code.then_some(event.ticket),
        }
    }
}

fn line(line: &OrderLine) -> String {
    format!("  {} x {}: {}", line.quantity, printable(&line.name), line.total)
}

/// What people are told as the cause; the word for programs if there is nothing else.
fn message(message: &str, reason: &str) -> String {
    match message.trim() {
        "" => printable(reason).replace('_', " "),
        message => printable(message).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kit::Example;

    use super::*;
    use crate::template::Written;
    use crate::template::tests::places;

    fn about_account(purpose: MailPurpose) -> Notice {
        Notice::mail_due(&MailDue { purpose, ..Example::example() })
    }

    fn every_notice() -> [Notice; 12] {
        [
            Notice::order_confirmed(&Example::example()),
            Notice::order_cancelled(&Example::example()),
            Notice::order_refunded(&Example::example()),
            Notice::order_needs_attention(&Example::example()),
            Notice::stock_low(&Example::example(), 3),
            Notice::alarm_raised(&Example::example(), 3),
            Notice::alarm_escalated(&Example::example(), 0),
            Notice::alarms_held_back(&Example::example(), 3, kit::Timestamp::UNIX_EPOCH),
            about_account(MailPurpose::ConfirmAddress),
            about_account(MailPurpose::AlreadyRegistered),
            about_account(MailPurpose::ResetPassword),
            about_account(MailPurpose::PasswordChanged),
        ]
    }

    fn written(notice: &Notice) -> Written {
        notice.template.fill(&notice.values).unwrap()
    }

    #[test]
    fn every_place_of_a_template_is_known_and_none_remains() {
        for notice in every_notice() {
            let named: BTreeSet<_> = notice.values.iter().map(|(name, _)| *name).collect();
            assert_eq!(places(&notice.template), named, "{}", notice.happening);
            let Written { subject, text } = written(&notice);
            let text = text.replace(CODE, "").replace(VALID_UNTIL, "");
            assert!(!format!("{subject}{text}").contains(['{', '}']), "{subject}\n{text}");
        }
    }

    #[test]
    fn a_code_has_its_places_in_the_text_of_those_that_carry_one_and_in_no_subject() {
        for notice in every_notice() {
            let Written { subject, text } = written(&notice);
            let carries = notice.code_of.is_some();
            for place in [CODE, VALID_UNTIL] {
                assert_eq!(text.matches(place).count(), usize::from(carries), "{text}");
            }
            assert!(!subject.contains(CODE), "{subject}");
        }
    }

    #[test]
    fn every_line_of_a_template_fits_a_screen() {
        for notice in every_notice() {
            let Written { subject, text } = written(&notice);
            assert!(subject.chars().count() <= 100, "{subject}");
            assert!(text.lines().all(|line| line.chars().count() <= 90), "{text}");
        }
    }

    #[test]
    fn a_customer_reads_what_was_bought() {
        let Written { subject, text } = written(&Notice::order_confirmed(&Example::example()));
        assert_eq!(subject, "Your order ord_01h2e8kqvbfwea724h75qc655w is confirmed");
        let wanted = "Thank you for your order. It is paid, and this is what you get:\n\n  \
                      2 x Mug, blue: 25.80 EUR\n\nTotal: 25.80 EUR\n\n\
                      The number of your order is ord_01h2e8kqvbfwea724h75qc655w.\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_cancelled_order_has_its_reason() {
        let event =
            OrderCancelled { message: String::new(), reason: "asked_to_cancel".into(), ..Example::example() };
        assert!(written(&Notice::order_cancelled(&event)).text.contains("\nReason: asked to cancel\n"));
    }

    #[test]
    fn what_somebody_typed_as_the_reason_is_in_no_mail() {
        let (message, reason) = ("You won! https://evil.example".into(), "asked_to_cancel".into());
        let text =
            written(&Notice::order_cancelled(&OrderCancelled { message, reason, ..Example::example() })).text;
        assert!(text.contains("\nReason: asked to cancel\n") && !text.contains("evil"), "{text}");
    }

    #[test]
    fn a_refund_says_whether_something_is_left() {
        let event = OrderRefunded::example();
        let text = written(&Notice::order_refunded(&event)).text;
        assert!(text.contains("\nIn all, 12.90 EUR has been given back.\n"), "{text}");
        let text = written(&Notice::order_refunded(&OrderRefunded { in_full: true, ..event })).text;
        assert!(text.contains("\nThat is everything you paid"), "{text}");
    }

    #[test]
    fn text_from_others_stays_on_its_line() {
        let mut event = OrderConfirmed::example();
        event.lines[0].name = "Mug\r\n\r\nYou won {total}! \u{202e}\u{1b}[2J".into();
        let text = written(&Notice::order_confirmed(&event)).text;
        assert!(
            text.contains("  2 x Mug\\r\\n\\r\\nYou won {total}! \\u{202e}\\u{1b}[2J: 25.80 EUR\n"),
            "{text}"
        );

        let event =
            OrderNeedsAttention { reason: "odd\r\nBcc: eve@example.org".into(), ..Example::example() };
        let notice = Notice::order_needs_attention(&event);
        assert!(!written(&notice).subject.contains(['\r', '\n']));
        assert!(!notice.happening.contains(['\r', '\n']));
    }
}
