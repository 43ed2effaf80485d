//! The browser's face: pages, their addresses and the files they load.

pub mod assets;
