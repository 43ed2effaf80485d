//! Somebody who fills in the wizard: what a page shows is what the next form holds.

use std::collections::BTreeMap;

use crate::support::http::Answer;
use crate::support::patience::{PATIENCE, until};
use crate::web::site::{Person, Site};

/// The form that a page shows, with what stands in its fields.
pub struct Form {
    pub answer: Answer,
    path: String,
    fields: BTreeMap<String, String>,
}

impl Form {
    /// The wizard's first step.
    pub fn open(person: &Person, site: &Site) -> Self {
        let path = format!("{}/new", site.webhooks());
        Self::of(person.get(&path), path)
    }

    /// The form of a page, whichever it is for.
    pub fn at(person: &Person, path: &str) -> Self {
        Self::of(person.get(path), path.to_owned())
    }

    /// The wizard's second step, for the webhook of this name.
    pub fn endpoints(person: &Person, site: &Site, name: &str) -> Self {
        Self::open(person, site).with("w-name", name).press(person, "next")
    }

    /// The third one, for a webhook that sends there.
    pub fn triggers(person: &Person, site: &Site, name: &str, url: &str) -> Self {
        Self::endpoints(person, site, name).with("ep0-url", url).press(person, "next")
    }

    fn of(answer: Answer, path: String) -> Self {
        // The form of a dialog comes last in a page.
        let dialog = answer.body.split_once("<dialog").map_or("", |(_, rest)| rest);
        let form = dialog.split_once("<form").or(answer.body.split_once("<form id=\"wizard\""));
        let form = form.map_or("", |(_, rest)| rest);
        let fields = fields(form.split_once("</form>").map_or("", |(form, _)| form));
        Self { answer, path, fields }
    }

    /// Types into a field that the page shows, or chooses in it.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        assert!(self.fields.contains_key(name), "{name} is not in {:?}", self.fields);
        self.fields.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same form with another text in a field.
    pub fn with_text(&self, name: &str, value: &str) -> Self {
        self.copy().with(name, value)
    }

    fn copy(&self) -> Self {
        let answer = Answer {
            status: self.answer.status,
            headers: self.answer.headers.clone(),
            body: self.answer.body.clone(),
        };
        Self { answer, path: self.path.clone(), fields: self.fields.clone() }
    }

    /// Whether the page shows this field.
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Takes the tick out of a box.
    pub fn without(mut self, name: &str) -> Self {
        assert!(self.fields.remove(name).is_some(), "{name} is not in {:?}", self.fields);
        self
    }

    /// What stands in a field.
    pub fn value(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_else(|| panic!("{name} is not in {:?}", self.fields))
    }

    /// Presses a button.
    pub fn press(&self, person: &Person, button: &str) -> Self {
        Self::of(self.send(person, button), self.path.clone())
    }

    /// The answer to a button, pressed as soon as the limit of forms allows.
    pub fn send(&self, person: &Person, button: &str) -> Answer {
        let mut fields: Vec<(&str, &str)> =
            self.fields.iter().filter(|(k, _)| *k != "csrf").map(|(k, v)| (k.as_str(), v.as_str())).collect();
        fields.push(("press", button));
        until(PATIENCE, || {
            let answer = person.send(&self.path, self.value("csrf"), &fields);
            if answer.status == 429 { Err(Box::new(answer)) } else { Ok(answer) }
        })
    }

    /// Whether the field is shown as wrong, with this text beside it.
    pub fn is_wrong(&self, name: &str, text: &str) -> bool {
        let beside = self.answer.body.split_once(&format!("id=\"{name}-err\">")).map_or("", |(_, rest)| rest);
        let beside = beside.split_once("</div>").map_or("", |(beside, _)| beside);
        self.answer.status == 422 && beside.contains(text)
    }
}

/// What stands in the last form of a page that is posted to this address, as a browser would send it.
pub fn filled_in(page: &str, action: &str) -> Vec<(String, String)> {
    let forms = page.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap_or_default());
    let ours = forms.filter(|form| {
        let tag = form.split('>').next().unwrap_or_default();
        attribute(tag, "action").as_deref() == Some(action) && tag.contains("method=\"post\"")
    });
    ours.last().map(each_field).unwrap_or_default()
}

/// The fields of a form as a browser would send them, each once.
fn fields(form: &str) -> BTreeMap<String, String> {
    each_field(form).into_iter().collect()
}

fn each_field(form: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (kind, rest) in ["<input", "<textarea", "<select"]
        .into_iter()
        .flat_map(|kind| form.split(kind).skip(1).map(move |rest| (kind, rest)).collect::<Vec<_>>())
    {
        let (tag, after) = rest.split_once('>').unwrap();
        let Some(name) = attribute(tag, "name") else { continue };
        let is_box = tag.contains("type=\"checkbox\"") || tag.contains("type=\"radio\"");
        let value = match kind {
            "<textarea" => after.split_once("</textarea>").unwrap().0.trim_start_matches('\n').to_owned(),
            "<select" => {
                let options = after.split_once("</select>").unwrap().0;
                let chosen = options.split("<option").find(|one| one.contains(" selected>"));
                attribute(chosen.or(options.split("<option").nth(1)).unwrap_or_default(), "value")
                    .unwrap_or_default()
            }
            _ if is_box && !tag.contains(" checked") => continue,
            _ => attribute(tag, "value").unwrap_or_default(),
        };
        found.push((name, plain(&value)));
    }
    found
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split_once(&format!(" {name}=\""))?.1;
    Some(rest.split_once('"')?.0.to_owned())
}

fn plain(text: &str) -> String {
    text.replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
}
