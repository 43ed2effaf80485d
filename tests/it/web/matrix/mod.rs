//! The event matrix, as forms and in a browser.

mod browser;
mod forms;
mod sheet;
