//! The wizard as its page shows it: the fields of one step with what was typed and what is wrong.

use super::act::{Act, page_title};
use super::draft::{Draft, Step};
use super::endpoints::EndpointView;
use super::sentence::{Phrase, sentence};
use super::triggers::TriggerView;
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::endpoint::MOST_ENDPOINTS;
use crate::domain::webhooks::trigger::MOST_TRIGGERS;
use crate::ops::webhooks::catalogue::TypeView;
use crate::ops::webhooks::trial::Trial;
use crate::store::access::teams::TeamRow;
use crate::web::parts::{Choice, Notice};

/// What the steps offer to choose from.
pub struct Offer {
    /// Event types.
    pub types: Vec<TypeView>,
    /// Teams of the business unit.
    pub teams: Vec<TeamRow>,
}

/// What the last button did.
#[derive(Default)]
pub struct Turn {
    /// What is wrong.
    pub errors: FieldErrors,
    /// The id of what has the focus when nothing is wrong.
    pub focus: String,
    /// Why nothing could be done, for the whole form.
    pub notice: Option<Notice>,
    /// What came of trying the filters, by trigger.
    pub trials: Vec<Option<Trial>>,
}

impl Turn {
    /// Whether what was asked for was not done.
    pub fn is_refused(&self) -> bool {
        !self.errors.is_empty() || self.notice.is_some()
    }
}

/// The dialog.
#[derive(Debug)]
pub struct Wizard {
    /// What it is for.
    pub act: Act,
    /// What the window is called.
    pub page_title: String,
    /// Where the destination of the endpoint is changed, in the form of its other settings.
    pub destination: Option<String>,
    /// Where the endpoint is removed, if it may be.
    pub remove: Option<String>,
    /// Where its buttons post to: its own address.
    pub href: String,
    /// The list it came from.
    pub back: String,
    /// The session's token against forged requests.
    pub csrf: String,
    /// What was typed in other steps, sealed.
    pub draft: String,
    /// The step that is shown, from 1.
    pub step: u8,
    /// Why nothing could be done.
    pub notice: Option<Notice>,
    /// The id of the button that has the focus; empty when it is no button.
    pub focus: String,
    /// Its name.
    pub name: Input,
    /// What it is for.
    pub description: Input,
    /// The login it is for.
    pub for_login: Input,
    /// The team it is for.
    pub team: Pick,
    /// Where it sends, in the endpoint step.
    pub endpoints: Vec<EndpointView>,
    /// Whether one more may be added.
    pub more_endpoints: bool,
    /// What it wants, in the trigger step.
    pub triggers: Vec<TriggerView>,
    /// Whether one more may be added.
    pub more_triggers: bool,
    /// What is wrong with the triggers together.
    pub trigger_errors: Vec<String>,
    /// Whether it starts active.
    pub active: bool,
    /// The webhook read back.
    pub sentence: Vec<Phrase>,
}

/// A field that is typed into.
#[derive(Debug, Default)]
pub struct Input {
    /// Its id, and its name in the form.
    pub id: String,
    /// What was typed; empty for what is not shown again.
    pub value: String,
    /// Whether something is kept that is not shown again.
    pub kept: bool,
    /// What is wrong and what to do.
    pub errors: Vec<String>,
    /// Whether it has the focus.
    pub focus: bool,
}

/// A field that is chosen from.
#[derive(Debug, Default)]
pub struct Pick {
    /// Its id, and its name in the form.
    pub id: String,
    /// The choices.
    pub choices: Vec<Choice>,
    /// What is wrong and what to do.
    pub errors: Vec<String>,
    /// Whether it has the focus.
    pub focus: bool,
}

/// Makes fields, and gives the focus to the first that is wrong, else to the one that was asked for.
pub struct Drawing<'a> {
    errors: &'a FieldErrors,
    focus: &'a str,
    /// Whether a field has it.
    pub is_given: bool,
}

/// Where the form stands.
pub struct Frame {
    /// Its own address.
    pub href: String,
    /// The list it came from.
    pub back: String,
    /// The session's token against forged requests.
    pub csrf: String,
    /// The draft, sealed.
    pub draft: String,
    /// What the form is for.
    pub act: Act,
}

impl Wizard {
    /// The step that `draft` stands at.
    pub fn draw(frame: Frame, draft: &Draft, offer: &Offer, turn: Turn) -> Self {
        let Frame { href, back, csrf, draft: sealed, act } = frame;
        let page_title = page_title(act, draft.step, turn.is_refused());
        let mut drawing = Drawing { errors: &turn.errors, focus: &turn.focus, is_given: false };
        let mut wizard = Self {
            act,
            page_title,
            destination: None,
            remove: None,
            href,
            back,
            csrf,
            draft: sealed,
            step: 1,
            notice: turn.notice,
            focus: if turn.errors.is_empty() { turn.focus.clone() } else { String::new() },
            name: Input::default(),
            description: Input::default(),
            for_login: Input::default(),
            team: Pick::default(),
            endpoints: Vec::new(),
            more_endpoints: draft.endpoints.len() < MOST_ENDPOINTS,
            triggers: Vec::new(),
            more_triggers: draft.triggers.len() < MOST_TRIGGERS,
            trigger_errors: drawing.errors("events"),
            active: draft.active,
            sentence: Vec::new(),
        };
        match draft.step {
            Step::Name => wizard.draw_name(draft, offer, &mut drawing),
            Step::Endpoints => {
                wizard.step = 2;
                let endpoints = draft.endpoints.iter().enumerate();
                wizard.endpoints =
                    endpoints.map(|(i, one)| EndpointView::of(act, i, one, &mut drawing)).collect();
            }
            Step::Triggers => {
                wizard.step = 3;
                let trial = |i: usize| turn.trials.get(i).copied().flatten();
                let triggers = draft.triggers.iter().enumerate();
                wizard.triggers = triggers
                    .map(|(i, one)| TriggerView::of(i, one, &offer.types, trial(i), &mut drawing))
                    .collect();
                let team = offer.teams.iter().find(|team| team.id.as_str() == draft.team);
                wizard.sentence = sentence(draft, team.map(|team| team.name.as_str()), |name| {
                    offer.types.iter().find(|one| one.name == name).map_or(name, |one| &one.label).to_owned()
                });
            }
        }
        wizard
    }

    fn draw_name(&mut self, draft: &Draft, offer: &Offer, drawing: &mut Drawing<'_>) {
        let teams = offer.teams.iter().map(|team| (team.id.as_str(), team.name.as_str()));
        let teams = Choice::list([("", "No team")].into_iter().chain(teams), &draft.team);
        self.name = drawing.input("w-name", "name", &draft.name);
        self.description = drawing.input("w-desc", "description", &draft.description);
        self.for_login = drawing.input("w-for", "for_login", &draft.for_login);
        self.team = drawing.pick("w-team", "for_team", teams);
    }
}

impl Drawing<'_> {
    /// What is wrong with the field that errors call `path`.
    pub fn errors(&self, path: &str) -> Vec<String> {
        self.errors.of(path).map(|error| error.message.to_string()).collect()
    }

    /// Whether anything under `path` is wrong, besides its part `but`.
    pub fn any_under(&self, path: &str, but: &str) -> bool {
        let part = |field: &str| field.strip_prefix(path)?.strip_prefix('.').map(|part| part != but);
        self.errors.iter().any(|error| part(&error.field) == Some(true))
    }

    /// Whether the focus is asked for by an id that starts so and is no field's.
    pub fn asks_for(&self, start: &str) -> bool {
        !self.is_given && self.focus.starts_with(start)
    }

    /// A field that is typed into.
    pub fn input(&mut self, id: impl Into<String>, path: &str, value: &str) -> Input {
        let (id, errors) = (id.into(), self.errors(path));
        let focus = self.takes_focus(&id, &errors);
        Input { id, value: value.to_owned(), kept: false, errors, focus }
    }

    /// A field whose value is never shown again.
    pub fn hidden(&mut self, id: impl Into<String>, path: &str, value: &str) -> Input {
        let input = self.input(id, path, "");
        Input { kept: !value.is_empty() && input.errors.is_empty(), ..input }
    }

    /// A field whose stored value stays, unless another is typed.
    pub fn stored(&mut self, id: impl Into<String>, path: &str, kept: bool) -> Input {
        let input = self.input(id, path, "");
        Input { kept: kept && input.errors.is_empty(), ..input }
    }

    /// A field that is chosen from.
    pub fn pick(&mut self, id: impl Into<String>, path: &str, choices: Vec<Choice>) -> Pick {
        let (id, errors) = (id.into(), self.errors(path));
        let focus = self.takes_focus(&id, &errors);
        Pick { id, choices, errors, focus }
    }

    fn takes_focus(&mut self, id: &str, errors: &[String]) -> bool {
        let wants = if self.errors.is_empty() { id == self.focus } else { !errors.is_empty() };
        let takes = wants && !self.is_given;
        self.is_given |= takes;
        takes
    }
}
