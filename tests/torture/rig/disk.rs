//! A small disk that can be filled and freed.

use super::trial::NotRun;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system in memory of a fixed size; it goes with this value.
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Mounts it. Needs the right to mount.
    pub fn mount(folder: &Path, mib: u32) -> Result<Self, NotRun> {
        fs::create_dir_all(folder).expect("a folder");
        let options = format!("size={mib}m");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder).output();
        match done {
            Ok(output) if output.status.success() => Ok(Self { folder: folder.to_owned() }),
            _ => Err(NotRun("there is no right to mount a small disk here".into())),
        }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Fills it to the last block.
    pub fn fill(&self) {
        let mut ballast =
            fs::OpenOptions::new().append(true).create(true).open(self.ballast()).expect("a file");
        let block = [7_u8; 4096];
        while ballast.write_all(&block).is_ok() {}
    }

    pub fn free(&self) {
        fs::remove_file(self.ballast()).expect("the ballast goes");
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.folder).status();
    }
}
