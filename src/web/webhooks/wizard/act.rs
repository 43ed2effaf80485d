//! What the form of the wizard is for: it adds a webhook, or changes a part of one.

use super::draft::Step;
use super::view::Wizard;

/// What the form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Adds a webhook, in three steps.
    Add,
    /// Changes name, description, status and scope.
    Edit,
    /// Changes the triggers.
    Triggers,
    /// Adds an endpoint.
    NewEndpoint,
    /// Changes how an endpoint is called and sent to.
    Manner,
    /// Changes where an endpoint sends.
    Destination,
}

impl Act {
    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Add => "Add Webhook",
            Self::Edit => "Edit webhook",
            Self::Triggers => "Edit triggers",
            Self::NewEndpoint => "Add endpoint",
            Self::Manner => "Edit endpoint",
            Self::Destination => "Change destination",
        }
    }

    /// What the button says that does it.
    pub const fn submit(self) -> &'static str {
        match self {
            Self::Add => "Add",
            Self::Edit | Self::Manner => "Save",
            Self::Triggers => "Apply Changes",
            Self::NewEndpoint => "Add endpoint",
            Self::Destination => "Change destination",
        }
    }
}

impl Wizard {
    /// Whether it adds a webhook.
    pub fn adds(&self) -> bool {
        self.act == Act::Add
    }

    /// Whether it edits name, description, status and scope.
    pub fn edits(&self) -> bool {
        self.act == Act::Edit
    }

    /// Whether it changes where an endpoint sends.
    pub fn redirects(&self) -> bool {
        self.act == Act::Destination
    }

    /// Whether it changes how an endpoint is called and sent to.
    pub fn configures(&self) -> bool {
        self.act == Act::Manner
    }

    /// Whether endpoints and triggers are counted.
    pub fn counts(&self) -> bool {
        matches!(self.act, Act::Add | Act::Triggers)
    }

    /// What stands under the heading.
    pub const fn lead(&self) -> &'static str {
        match self.act {
            Act::Add => {}
            Act::Edit => return "What it is called, whose events it gets, and whether it takes part.",
            Act::Triggers => return "What it is told about. Nothing changes until you apply it.",
            Act::NewEndpoint => return "It gets every event of this webhook from now on.",
            Act::Manner => return "How it is called and sent to. Where it sends is changed by itself.",
            Act::Destination => {
                return "What waits goes there too. Credentials that are sent are dropped when the host changes, \
                        unless you type them again.";
            }
        }
        match self.step {
            1 => "Step 1 of 3. Name your webhook.",
            2 => "Step 2 of 3. Attach the endpoints that will receive it.",
            _ => "Step 3 of 3. Set what should trigger it.",
        }
    }
}

/// What the window is called.
pub fn page_title(act: Act, step: Step, is_refused: bool) -> String {
    let error = if is_refused { "Error: " } else { "" };
    match (act, step) {
        (Act::Add, Step::Name) => format!("{error}Add Webhook, step 1"),
        (Act::Add, Step::Endpoints) => format!("{error}Add Webhook, step 2"),
        (Act::Add, Step::Triggers) => format!("{error}Add Webhook, step 3"),
        (act, _) => format!("{error}{}", act.title()),
    }
}
