//! A running server: signals, its end, its memory, what it said.

use super::patience::within;
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::Duration;

const START: Duration = Duration::from_mins(1);

/// A running server; it is killed with this value unless it has ended before.
pub struct Server {
    pid: u32,
    address: SocketAddr,
    child: Mutex<Child>,
    log: PathBuf,
}

impl Server {
    /// Starts it, with its output going to files of this name; back when it listens, or when it has ended, with
    /// what it said then.
    pub fn start(mut command: Command, name: &Path) -> Result<Self, String> {
        let (out, log) = (name.with_extension("out"), name.with_extension("log"));
        command.stdin(Stdio::null());
        command.stdout(File::create(&out).expect("a file")).stderr(File::create(&log).expect("a file"));
        let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let listening = within(START, || {
            let said = std::fs::read_to_string(&out).unwrap_or_default();
            let address = said.split_once("http://").and_then(|(_, rest)| rest.split([' ', '/']).next());
            let address = address.and_then(|text| text.parse::<SocketAddr>().ok());
            let ended = child.try_wait().expect("its state");
            match (address, ended) {
                (Some(address), None) => Ok(Ok(address)),
                (_, Some(_)) => Ok(Err(())),
                (None, None) => Err(()),
            }
        });
        let pid = child.id();
        if let Ok(Ok(address)) = listening {
            return Ok(Self { pid, address, child: Mutex::new(child), log });
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(std::fs::read_to_string(&log).unwrap_or_default())
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it as a power failure would (SIGKILL), and waits for its end.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().expect("SIGKILL");
        let status = child.wait().expect("its end");
        assert_eq!(status.signal(), Some(9), "it had ended before: {status}; {}", self.log());
    }

    /// Sends a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.pid.to_string()]).status().expect("kill runs");
        assert!(sent.success(), "{signal} did not reach the server: {}", self.log());
    }

    /// How it ended, if it did within `limit`.
    pub fn ended(&self, limit: Duration) -> Option<ExitStatus> {
        within(limit, || self.child.lock().unwrap().try_wait().expect("its state").ok_or(())).ok()
    }

    pub fn is_running(&self) -> bool {
        self.child.lock().unwrap().try_wait().expect("its state").is_none()
    }

    /// SIGTERM, and a good end within `limit`.
    pub fn stop(&self, limit: Duration) {
        self.signal("-TERM");
        let status = self.ended(limit);
        assert_eq!(
            status.and_then(|status| status.code()),
            Some(0),
            "after SIGTERM ({status:?}): {}",
            last(&self.log())
        );
    }

    /// The most memory it ever had, in MiB.
    pub fn peak_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Ok(None) = child.try_wait() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The last lines of a log.
pub fn last(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(6)..].join("\n")
}
