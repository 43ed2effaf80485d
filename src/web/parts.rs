//! Small parts of pages, as data with ready words.

use crate::web::format::Moment;
use crate::web::json_view::Piece;

/// How well something went; decides colour and shape, beside a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Ok,
    /// Failed.
    Bad,
    /// Not over yet; mind this.
    Wait,
    /// Switched off, or did not take part.
    Off,
}

impl Tone {
    /// The class of the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Bad => "bad",
            Self::Wait => "wait",
            Self::Off => "off",
        }
    }

    /// The icon of a node on the wire.
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Ok => "circle-check",
            Self::Bad => "circle-x",
            Self::Wait => "clock",
            Self::Off => "pause",
        }
    }
}

/// A word with its tone: `Delivered`, `503`.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Colour and shape.
    pub tone: Tone,
    /// The word beside it.
    pub word: String,
}

impl Mark {
    /// A word with its tone.
    pub fn new(tone: Tone, word: impl Into<String>) -> Self {
        Self { tone, word: word.into() }
    }
}

/// One choice of a select.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Whether it is the chosen one.
    pub chosen: bool,
}

impl Choice {
    /// The choices `(value, label)`, with the one chosen whose value is `chosen`.
    pub fn list<'a>(choices: impl IntoIterator<Item = (&'a str, &'a str)>, chosen: &str) -> Vec<Self> {
        let choice = |(value, label): (&str, &str)| Self {
            value: value.into(),
            label: label.into(),
            chosen: value == chosen,
        };
        choices.into_iter().map(choice).collect()
    }
}

/// One input of a form: what was typed, and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// What stands in it.
    pub value: String,
    /// What is wrong with it and what to do, one sentence each.
    pub errors: Vec<String>,
}

/// What a pager leads to; a missing address is shown as a control that does nothing.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// What is on this page: `7 webhooks · 6 active`.
    pub summary: String,
    /// The page before.
    pub newer: Option<String>,
    /// The page after.
    pub older: Option<String>,
}

/// A text in a frame with a button that copies it.
#[derive(Debug, Clone)]
pub struct CodeBlock {
    /// Unique in the page, without spaces: `payload`.
    pub id: String,
    /// What it is: `Payload`.
    pub label: String,
    /// Beside the label, such as the status of an answer.
    pub mark: Option<Mark>,
    /// The text, in colours.
    pub pieces: Vec<Piece>,
    /// What to know about it: that it was cut.
    pub note: Option<String>,
}

/// The result of the last action.
#[derive(Debug, Clone)]
pub struct Toast {
    /// Whether it failed; it then stays until it is dismissed.
    pub bad: bool,
    /// What happened: `Webhook deleted`.
    pub title: String,
    /// What that means; may be empty.
    pub text: String,
}

/// Something about this page that stays: a failure, a warning, a word of help.
#[derive(Debug, Clone)]
pub struct Notice {
    /// `Bad` is announced at once; `Wait` is a warning; others are quiet.
    pub tone: Tone,
    /// What happened.
    pub title: String,
    /// What to do.
    pub text: String,
}

impl Notice {
    /// The class of the style sheet.
    pub const fn class(&self) -> &'static str {
        match self.tone {
            Tone::Bad => "bad",
            Tone::Wait => "warn",
            Tone::Ok | Tone::Off => "",
        }
    }

    /// The icon in front.
    pub const fn icon(&self) -> &'static str {
        match self.tone {
            Tone::Bad => "circle-alert",
            Tone::Wait => "triangle-alert",
            Tone::Ok => "circle-check",
            Tone::Off => "info",
        }
    }
}

/// Something that happened at a moment, or will.
#[derive(Debug, Clone)]
pub struct Step {
    /// Colour and shape of its node on the wire.
    pub tone: Tone,
    /// What it is: `Attempt 4`.
    pub title: String,
    /// What is to be said of it: `scheduled`.
    pub note: String,
    /// When.
    pub at: Moment,
}
