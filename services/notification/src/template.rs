//! The texts of messages, and filling them in.
//!
//! A template is a file: the subject line, an empty line, the text. What stands in braces is
//! replaced; a value is put in as it is, braces and all.

/// A text with places to fill in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template(&'static str);

/// To a customer: the order is paid.
pub const ORDER_CONFIRMED: Template = Template(include_str!("../templates/order_confirmed.txt"));
/// To a customer: the order ended without a sale.
pub const ORDER_CANCELLED: Template = Template(include_str!("../templates/order_cancelled.txt"));
/// To a customer: money was given back.
pub const ORDER_REFUNDED: Template = Template(include_str!("../templates/order_refunded.txt"));
/// To the operator: an order waits for a person.
pub const ORDER_NEEDS_ATTENTION: Template = Template(include_str!("../templates/order_needs_attention.txt"));
/// To the operator: stock ran low.
pub const STOCK_LOW: Template = Template(include_str!("../templates/stock_low.txt"));
/// To the operator: a rule holds for a device.
pub const ALARM_RAISED: Template = Template(include_str!("../templates/alarm_raised.txt"));
/// To the operator: nobody looks after an alarm.
pub const ALARM_ESCALATED: Template = Template(include_str!("../templates/alarm_escalated.txt"));
/// To the operator: more alarms of a rule than are written about one by one.
pub const ALARMS_HELD_BACK: Template = Template(include_str!("../templates/alarms_held_back.txt"));
/// To whoever registered: the code that confirms the address.
pub const CONFIRM_ADDRESS: Template = Template(include_str!("../templates/confirm_address.txt"));
/// To the owner of an account: somebody wanted to register with its address.
pub const ALREADY_REGISTERED: Template = Template(include_str!("../templates/already_registered.txt"));
/// To the owner of an account: the code with which the password is set anew.
pub const RESET_PASSWORD: Template = Template(include_str!("../templates/reset_password.txt"));
/// To the owner of an account: the password is another one now.
pub const PASSWORD_CHANGED: Template = Template(include_str!("../templates/password_changed.txt"));

/// What is filled in: the name of each place, and what goes there.
pub type Values = Vec<(&'static str, String)>;

/// A template that was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The subject line.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It does not begin with a subject line and an empty line.
    #[error("a template does not begin with a subject line and an empty line")]
    NoSubject,
    /// It has a place for which there is no value.
    #[error("a template has the place {{{0}}}, for which there is no value")]
    UnknownPlace(String),
    /// A brace without its other half.
    #[error("a template has a brace that is not closed")]
    Unclosed,
}

impl From<TemplateError> for kit::Error {
    fn from(error: TemplateError) -> Self {
        Self::internal(error.to_string())
    }
}

impl Template {
    /// Fills in the values.
    ///
    /// # Errors
    /// [`TemplateError`], which no template of ours gives: a test sees to that.
    pub fn fill(&self, values: &Values) -> Result<Written, TemplateError> {
        let (subject, text) = self.parts()?;
        Ok(Written { subject: filled(subject, values)?, text: filled(text, values)? })
    }

    fn parts(&self) -> Result<(&'static str, &'static str), TemplateError> {
        let rest = self.0.strip_prefix("Subject: ").ok_or(TemplateError::NoSubject)?;
        rest.split_once("\n\n").filter(|(subject, _)| !subject.contains('\n')).ok_or(TemplateError::NoSubject)
    }
}

fn filled(text: &str, values: &Values) -> Result<String, TemplateError> {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (place, after) = after.split_once('}').ok_or(TemplateError::Unclosed)?;
        let value = values.iter().find(|(name, _)| *name == place);
        let (_, value) = value.ok_or_else(|| TemplateError::UnknownPlace(place.to_owned()))?;
        written.push_str(before);
        written.push_str(value);
        rest = after;
    }
    written.push_str(rest);
    Ok(written)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The places of a template, each once.
    pub(crate) fn places(template: &Template) -> BTreeSet<&'static str> {
        template.0.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    #[test]
    fn a_template_is_filled_in() {
        let template = Template("Subject: Hello {name}\n\nDear {name},\n{what}\n");
        let values = vec![("name", "Ann".to_owned()), ("what", "{name} {unknown}".to_owned())];
        let written = template.fill(&values).unwrap();
        assert_eq!(written.subject, "Hello Ann");
        assert_eq!(written.text, "Dear Ann,\n{name} {unknown}\n");
    }

    #[test]
    fn a_template_with_a_mistake_is_noticed() {
        let fill = |text| Template(text).fill(&vec![("name", "Ann".to_owned())]).unwrap_err();
        assert_eq!(fill("Subject: a\n\n{nmae}"), TemplateError::UnknownPlace("nmae".into()));
        assert_eq!(fill("Subject: {name}\n\n{name"), TemplateError::Unclosed);
        assert_eq!(fill("Hello\n\n{name}"), TemplateError::NoSubject);
        assert_eq!(fill("Subject: a\nTo: b\n\nc"), TemplateError::NoSubject);
    }
}
