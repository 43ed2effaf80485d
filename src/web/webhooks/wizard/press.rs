//! The buttons of the form: which one was pressed, and what it changes.

use super::draft::{ConditionTyped, Draft, EndpointTyped, HeaderTyped, Step, TriggerTyped};
use super::view::Turn;
use crate::domain::webhooks::endpoint::MOST_ENDPOINTS;
use crate::domain::webhooks::filter::MOST_CONDITIONS;
use crate::domain::webhooks::header::MOST_HEADERS;
use crate::domain::webhooks::trigger::MOST_TRIGGERS;
use crate::web::form::Fields;

/// A button of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Goes on, or does what the form is for.
    Next,
    /// Goes back.
    Back,
    /// Shows what follows from what was typed.
    Look,
    /// One more endpoint.
    AddEndpoint,
    /// One more trigger.
    AddTrigger,
    /// One more header of an endpoint.
    AddHeader(usize),
    /// One more condition of a trigger.
    AddCondition(usize),
    /// Without this endpoint.
    RemoveEndpoint(usize),
    /// Without this trigger.
    RemoveTrigger(usize),
    /// Without this header of an endpoint.
    RemoveHeader(usize, usize),
    /// Without this condition of a trigger.
    RemoveCondition(usize, usize),
}

impl Press {
    /// Reads `remove-header-0-2`; anything unknown is Next, which checks everything.
    pub fn read(text: &str) -> Self {
        let (word, numbers) = match text.find(|c: char| c.is_ascii_digit()) {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let mut numbers = numbers.split('-').map(|number| number.parse().unwrap_or(usize::MAX));
        let (i, j) = (numbers.next().unwrap_or(usize::MAX), numbers.next().unwrap_or(usize::MAX));
        match word {
            "back" => Self::Back,
            "look" | "look-" => Self::Look,
            "add-endpoint" => Self::AddEndpoint,
            "add-trigger" => Self::AddTrigger,
            "add-header-" => Self::AddHeader(i),
            "add-condition-" => Self::AddCondition(i),
            "remove-endpoint-" => Self::RemoveEndpoint(i),
            "remove-trigger-" => Self::RemoveTrigger(i),
            "remove-header-" => Self::RemoveHeader(i, j),
            "remove-condition-" => Self::RemoveCondition(i, j),
            _ => Self::Next,
        }
    }
}

/// The id of the button that was pressed.
pub fn pressed_id(form: &Fields) -> String {
    format!("w-{}", form.text("press"))
}

/// The step with the focus on its first field.
pub fn focused(draft: &Draft) -> Turn {
    let focus = match draft.step {
        Step::Name => "w-name",
        Step::Endpoints => "ep0-url",
        Step::Triggers => "tr0-r",
    };
    Turn { focus: focus.to_owned(), ..Turn::default() }
}

/// Changes the form as the button says; gives the id of what has the focus then, unless it stays.
pub fn edit(draft: &mut Draft, press: Press) -> Option<String> {
    match press {
        Press::Back => {
            draft.step = if draft.step == Step::Triggers { Step::Endpoints } else { Step::Name };
            return Some(focused(draft).focus);
        }
        Press::AddEndpoint if draft.endpoints.len() < MOST_ENDPOINTS => {
            draft.endpoints.push(EndpointTyped::default());
            return Some(format!("ep{}-url", draft.endpoints.len() - 1));
        }
        Press::AddTrigger if draft.triggers.len() < MOST_TRIGGERS => {
            draft.triggers.push(TriggerTyped::default());
            return Some(format!("tr{}-r", draft.triggers.len() - 1));
        }
        Press::RemoveEndpoint(i) if i < draft.endpoints.len() && draft.endpoints.len() > 1 => {
            draft.endpoints.remove(i);
            return Some("w-add-endpoint".to_owned());
        }
        Press::RemoveTrigger(i) if i < draft.triggers.len() && draft.triggers.len() > 1 => {
            draft.triggers.remove(i);
            return Some("w-add-trigger".to_owned());
        }
        Press::AddHeader(i) => {
            let headers = &mut draft.endpoints.get_mut(i)?.headers;
            if headers.len() < MOST_HEADERS {
                headers.push(HeaderTyped::default());
                return Some(format!("ep{i}-hk{}", headers.len() - 1));
            }
        }
        Press::AddCondition(i) => {
            let conditions = &mut draft.triggers.get_mut(i)?.conditions;
            if conditions.len() < MOST_CONDITIONS {
                conditions.push(ConditionTyped::default());
                return Some(format!("tr{i}-cp{}", conditions.len() - 1));
            }
        }
        Press::RemoveHeader(i, j) => {
            let headers = &mut draft.endpoints.get_mut(i)?.headers;
            if j < headers.len() && headers.len() > 1 {
                headers.remove(j);
                return Some(format!("ep{i}-hk0"));
            }
        }
        Press::RemoveCondition(i, j) => {
            let conditions = &mut draft.triggers.get_mut(i)?.conditions;
            if j < conditions.len() && conditions.len() > 1 {
                conditions.remove(j);
                return Some(format!("tr{i}-cp0"));
            }
        }
        _ => {}
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_says_what_it_does_and_to_what() {
        assert_eq!(Press::read("remove-header-3-12"), Press::RemoveHeader(3, 12));
        assert_eq!(Press::read("add-condition-0"), Press::AddCondition(0));
        assert_eq!(Press::read("look-4"), Press::Look);
        for unknown in ["", "next", "add-header", "remove-x-1"] {
            assert_eq!(Press::read(unknown), Press::Next, "{unknown}");
        }
    }
}
