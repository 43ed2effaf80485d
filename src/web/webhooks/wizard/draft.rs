//! What was typed into the wizard so far. It travels in the form itself, sealed for one session, so that steps
//! lose nothing, the server remembers nothing, and a secret is in no page, address or log.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::domain::id::WebhookId;
use crate::domain::webhooks::filter::Operator;
use crate::domain::webhooks::header;
use crate::keys::KeyRing;
use crate::web::form::Fields;

/// A step of the wizard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Step {
    /// Name, description and whose events.
    Name,
    /// Where it sends.
    Endpoints,
    /// What it wants.
    Triggers,
}

/// Everything that was typed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Draft {
    /// The id of the webhook that this form makes, once.
    pub id: WebhookId,
    /// The step that is shown.
    pub step: Step,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The number of the one login whose events it gets; empty for any.
    pub for_login: String,
    /// The id of the team whose events it gets; empty for none.
    pub team: String,
    /// Where it sends, at least one.
    pub endpoints: Vec<EndpointTyped>,
    /// What it wants, at least one.
    pub triggers: Vec<TriggerTyped>,
    /// Whether it starts active.
    pub active: bool,
    /// The version of the webhook that is changed; 0 when one is added.
    pub seen: i64,
}

/// An endpoint as it was typed.
#[derive(Clone, Serialize, Deserialize)]
pub struct EndpointTyped {
    /// Its address.
    pub url: String,
    /// What to know about it.
    pub info: String,
    /// Whether it signs with a secret of its own.
    pub own_secret: bool,
    /// That secret. Never shown again.
    pub secret: String,
    /// The longest time of an attempt, in seconds.
    pub timeout: String,
    /// `published`, `none` or `own`.
    pub retry: String,
    /// The waits of a schedule of one's own.
    pub waits: String,
    /// Deliveries a second at the most; empty for no limit.
    pub rate: String,
    /// The name of the static secret header.
    pub static_name: String,
    /// Its value. Never shown again.
    pub static_value: String,
    /// Custom headers; the last one may be blank.
    pub headers: Vec<HeaderTyped>,
    /// Whether it goes on signing with the secret of its own that is stored.
    pub keeps_secret: bool,
    /// What is stored of it and never shown here.
    pub stored: StoredSecrets,
}

/// The secrets that are stored of an endpoint which is changed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StoredSecrets {
    /// Names of custom headers that have a value.
    pub headers: Vec<String>,
    /// Whether the static header has a value.
    pub static_value: bool,
    /// Whether it signs with a secret of its own.
    pub secret: bool,
}

/// A custom header as it was typed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct HeaderTyped {
    /// Its name.
    pub name: String,
    /// Its value; never shown again when the name is that of a credential.
    pub value: String,
}

/// A trigger as it was typed.
#[derive(Clone, Serialize, Deserialize)]
pub struct TriggerTyped {
    /// The resource; empty before one is chosen.
    pub resource: String,
    /// The whole name of the event type; empty before one is chosen.
    pub event: String,
    /// A note for people.
    pub note: String,
    /// The conditions of its filter, at least one; blank ones do not count.
    pub conditions: Vec<ConditionTyped>,
}

/// A condition of a filter as it was typed.
#[derive(Clone, Serialize, Deserialize)]
pub struct ConditionTyped {
    /// Where it looks.
    pub path: String,
    /// The operator's word.
    pub op: String,
    /// What it compares with.
    pub value: String,
}

impl Default for EndpointTyped {
    fn default() -> Self {
        Self {
            url: String::new(),
            info: String::new(),
            own_secret: false,
            secret: String::new(),
            timeout: "15".to_owned(),
            retry: "published".to_owned(),
            waits: String::new(),
            rate: String::new(),
            static_name: header::STATIC_HEADER.to_owned(),
            static_value: String::new(),
            headers: vec![HeaderTyped::default()],
            keeps_secret: false,
            stored: StoredSecrets::default(),
        }
    }
}

impl Default for TriggerTyped {
    fn default() -> Self {
        Self {
            resource: String::new(),
            event: String::new(),
            note: String::new(),
            conditions: vec![ConditionTyped::default()],
        }
    }
}

impl Default for ConditionTyped {
    fn default() -> Self {
        Self { path: String::new(), op: Operator::Eq.as_str().to_owned(), value: String::new() }
    }
}

impl HeaderTyped {
    /// Whether its value is kept but not shown.
    pub fn is_hidden(&self) -> bool {
        header::is_credential(&self.name)
    }

    /// Whether nothing was typed.
    pub fn is_blank(&self) -> bool {
        self.name.trim().is_empty() && self.value.is_empty()
    }
}

impl Draft {
    /// A wizard that makes the webhook `id`.
    pub fn new(id: WebhookId) -> Self {
        Self {
            id,
            step: Step::Name,
            name: String::new(),
            description: String::new(),
            for_login: String::new(),
            team: String::new(),
            endpoints: vec![EndpointTyped::default()],
            triggers: vec![TriggerTyped::default()],
            active: true,
            seen: 0,
        }
    }

    /// The draft as the form carries it, good at `place` only. What the form shows in the clear is left out.
    pub fn seal(&self, keys: &KeyRing, place: &str) -> String {
        let hidden = self.without_shown();
        // Texts, lists and flags always are JSON.
        let json = Zeroizing::new(serde_json::to_vec(&hidden).unwrap_or_default());
        URL_SAFE_NO_PAD.encode(keys.seal(place, &json))
    }

    /// Reads what [`Draft::seal`] wrote at the same place.
    pub fn open(text: &str, keys: &KeyRing, place: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        serde_json::from_slice(&keys.open(place, &sealed).ok()?).ok()
    }

    /// Takes over what the form shows. A secret that was left empty stays as it was typed before.
    pub fn read(&mut self, form: &Fields) {
        let text = |id: &str| form.text(id).to_owned();
        match self.step {
            Step::Name => {
                self.name = text("w-name");
                self.description = text("w-desc").replace("\r\n", "\n");
                self.for_login = text("w-for");
                self.team = text("w-team");
                if self.seen != 0 {
                    self.active = !form.text("w-active").is_empty();
                }
            }
            Step::Endpoints => {
                for (i, endpoint) in self.endpoints.iter_mut().enumerate() {
                    endpoint.read(form, i);
                }
            }
            Step::Triggers => {
                for (i, trigger) in self.triggers.iter_mut().enumerate() {
                    trigger.read(form, i);
                }
                if self.seen == 0 {
                    self.active = !form.text("w-active").is_empty();
                }
            }
        }
    }

    /// Drops blank lines, so that errors name the lines that are shown.
    pub fn tidy(&mut self) {
        for endpoint in &mut self.endpoints {
            endpoint.headers.retain(|header| !header.is_blank());
            if endpoint.headers.is_empty() {
                endpoint.headers.push(HeaderTyped::default());
            }
        }
        for trigger in &mut self.triggers {
            trigger.conditions.retain(|condition| !condition.is_blank());
            if trigger.conditions.is_empty() {
                trigger.conditions.push(ConditionTyped::default());
            }
        }
    }

    fn without_shown(&self) -> Self {
        let mut hidden = self.clone();
        match hidden.step {
            Step::Name => {
                for text in
                    [&mut hidden.name, &mut hidden.description, &mut hidden.for_login, &mut hidden.team]
                {
                    text.clear();
                }
            }
            Step::Endpoints => hidden.endpoints.iter_mut().for_each(EndpointTyped::clear_shown),
            Step::Triggers => {
                for trigger in &mut hidden.triggers {
                    let conditions = vec![ConditionTyped::default(); trigger.conditions.len()];
                    *trigger = TriggerTyped { conditions, ..TriggerTyped::default() };
                }
            }
        }
        hidden
    }
}

impl EndpointTyped {
    fn read(&mut self, form: &Fields, i: usize) {
        let text = |part: &str| form.text(&format!("ep{i}-{part}")).to_owned();
        self.url = text("url");
        self.info = text("info");
        self.own_secret = text("sec") == "own";
        self.keeps_secret = text("sec") == "keep";
        replace(&mut self.secret, text("own"));
        self.timeout = text("to");
        self.retry = text("retry");
        self.waits = text("waits");
        self.rate = text("rate");
        self.static_name = text("sn");
        replace(&mut self.static_value, text("sv"));
        if self.static_name.trim().is_empty() {
            self.static_value = text("sv");
        }
        for (j, header) in self.headers.iter_mut().enumerate() {
            header.name = text(&format!("hk{j}"));
            let value = text(&format!("hv{j}"));
            if !value.is_empty() || !header.is_hidden() {
                header.value = value;
            }
        }
    }

    fn clear_shown(&mut self) {
        let headers = self.headers.iter().map(|header| HeaderTyped {
            name: String::new(),
            value: if header.is_hidden() { header.value.clone() } else { String::new() },
        });
        *self = Self {
            headers: headers.collect(),
            secret: std::mem::take(&mut self.secret),
            static_value: std::mem::take(&mut self.static_value),
            stored: std::mem::take(&mut self.stored),
            ..Self::default()
        };
    }
}

impl TriggerTyped {
    fn read(&mut self, form: &Fields, i: usize) {
        let text = |part: &str| form.text(&format!("tr{i}-{part}")).to_owned();
        self.resource = text("r");
        self.event = text("e");
        self.note = text("i");
        for (j, condition) in self.conditions.iter_mut().enumerate() {
            let text = |part: &str| text(&format!("{part}{j}"));
            *condition = ConditionTyped { path: text("cp"), op: text("co"), value: text("cv") };
        }
    }
}

/// A field that shows nothing keeps what it holds until something else is typed.
fn replace(kept: &mut String, typed: String) {
    if !typed.is_empty() {
        *kept = typed;
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn draft() -> Draft {
        let mut draft = Draft::new(WebhookId::from_uuid(Uuid::from_u128(7)));
        draft.step = Step::Endpoints;
        let form = "ep0-url=https://a.example&ep0-sec=own&ep0-own=partner-chosen-secret&ep0-sn=qn-secret&\
            ep0-sv=static-value&ep0-hk0=Authorization&ep0-hv0=Bearer+x&ep0-to=30";
        draft.read(&Fields::parse(form.as_bytes()));
        draft
    }

    #[test]
    fn a_secret_that_is_not_typed_again_is_kept_sealed() {
        let keys = KeyRing::fresh();
        let sealed = draft().seal(&keys, "here");
        let mut again = Draft::open(&sealed, &keys, "here").unwrap();
        assert_eq!((again.endpoints[0].url.as_str(), again.endpoints[0].timeout.as_str()), ("", "15"));
        again.read(&Fields::parse(
            b"ep0-url=https://b.example&ep0-sec=own&ep0-sn=qn-secret&ep0-hk0=Authorization",
        ));
        let endpoint = &again.endpoints[0];
        assert_eq!(
            (endpoint.url.as_str(), endpoint.secret.as_str()),
            ("https://b.example", "partner-chosen-secret")
        );
        assert_eq!(
            (endpoint.static_value.as_str(), endpoint.headers[0].value.as_str()),
            ("static-value", "Bearer x")
        );
    }

    #[test]
    fn a_draft_opens_only_where_it_was_sealed() {
        let keys = KeyRing::fresh();
        let sealed = draft().seal(&keys, "here");
        assert!(Draft::open(&sealed, &keys, "elsewhere").is_none());
        assert!(Draft::open(&sealed, &KeyRing::fresh(), "here").is_none());
        for bad in ["", "x", "!", &sealed[1..]] {
            assert!(Draft::open(bad, &keys, "here").is_none(), "{bad}");
        }
    }
}
