//! The real program: run to its end, or kept running as a server that can be stopped, killed and started again.

use super::databases::TestDatabase;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// How long a server that did not start is listened to.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long a command may take, a server may need to be ready, or to stop.
const LIMIT: Duration = Duration::from_mins(1);

/// The program with a home folder and an environment of its own; both stay over several runs.
pub struct Program {
    home: TempDir,
    env: Vec<(String, String)>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Output {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Its standard output, trimmed; fails the test unless the exit code is 0.
    pub fn success(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout.trim()
    }

    /// Its standard output as JSON; fails the test unless the exit code is 0.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.success()).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

impl Program {
    /// An empty home; nothing of this process's environment is handed on except `PATH`.
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a temporary folder"), env: Vec::new() }
    }

    /// Uses this database in every run.
    pub fn with_database(self, database: &TestDatabase) -> Self {
        self.with_env("BELLWIRE_DATABASE_URL", &database.url())
    }

    /// Sets a variable in every run.
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Its working and home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs to the end; fails the test when that takes longer than a minute.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        let process = Process::spawn(self.command(args));
        let status =
            process.wait(LIMIT).unwrap_or_else(|| panic!("no end within {LIMIT:?}: {}", process.said()));
        Output { code: status.code(), stdout: process.stdout.text(), stderr: process.stderr.text() }
    }

    /// `serve` on a free port of 127.0.0.1 with further arguments; back when it listens.
    pub fn serve<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Server {
        let mut command = self.command(["serve", "--listen", "127.0.0.1:0"]);
        command.args(args);
        Server::start(command)
    }

    /// Any command that prints `http://host:port` in the first line of its standard output; back when it did.
    pub fn start<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Server {
        Server::start(self.command(args))
    }

    /// Any command that stays and says so in the first line of its standard output; back when it did.
    pub fn stay<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Server {
        let process = Process::spawn(self.command(args));
        let line = process.stdout.first_line(LIMIT);
        assert!(line.is_some(), "the program did not say that it runs: {}", process.said());
        Server { base: String::new(), process }
    }

    /// `serve` as above, in place of a shell that has prepared the process: with limits, for example.
    pub fn serve_after<S: AsRef<OsStr>>(
        &self,
        preparation: &str,
        args: impl IntoIterator<Item = S>,
    ) -> Server {
        let script = format!("{preparation}; exec \"$0\" \"$@\"");
        let mut command = self.surrounded("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_bellwire"), "serve", "--listen", "127.0.0.1:0"]);
        command.args(args);
        Server::start(command)
    }

    fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.surrounded(env!("CARGO_BIN_EXE_bellwire"));
        command.args(args);
        command
    }

    /// Any program in this home and environment.
    fn surrounded(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.home()).env_clear().env("HOME", self.home());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A running server; it is killed with this value unless it has ended before.
pub struct Server {
    base: String,
    process: Process,
}

impl Server {
    fn start(command: Command) -> Self {
        let process = Process::spawn(command);
        let line = process.stdout.first_line(LIMIT).unwrap_or_default();
        let base =
            line.split_whitespace().find_map(|word| word.find("http://").and_then(|at| word.get(at..)));
        let base = base.map(|address| address.trim_end_matches(['/', '.', ',']).to_owned());
        let base = base.unwrap_or_else(|| {
            // One that ended has said why on its other stream, perhaps a moment later.
            process.wait(LAST_WORDS);
            panic!("the server did not say where it listens: {}", process.said())
        });
        Self { base, process }
    }

    /// `http://host:port` and the path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Everything it has written so far, both streams.
    pub fn said(&self) -> String {
        self.process.said()
    }

    /// Asks it to stop (SIGTERM); fails the test when that takes longer than a minute.
    pub fn stop(&self) -> ExitStatus {
        self.end("-TERM")
    }

    /// Asks it to stop (SIGTERM), and does not wait for that.
    pub fn ask_to_stop(&self) {
        self.process.signal("-TERM");
    }

    /// Ends it as a power failure would (SIGKILL).
    pub fn kill9(&self) {
        let status = self.end("-KILL");
        assert_eq!(status.signal(), Some(9), "{}", self.said());
    }

    /// Waits until it ends by itself; fails the test when that takes longer than `limit`.
    pub fn ended(&self, limit: Duration) -> ExitStatus {
        self.process.wait(limit).unwrap_or_else(|| panic!("no end within {limit:?}: {}", self.said()))
    }

    /// Lets it do nothing (SIGSTOP) until `resume`.
    pub fn pause(&self) {
        self.process.signal("-STOP");
    }

    /// Lets it go on after `pause`.
    pub fn resume(&self) {
        self.process.signal("-CONT");
    }

    fn end(&self, signal: &str) -> ExitStatus {
        self.process.signal(signal);
        self.process.wait(LIMIT).unwrap_or_else(|| panic!("no end within {LIMIT:?}: {}", self.said()))
    }
}

/// A child whose output is read as it comes and whose end is awaited by a thread of its own.
struct Process {
    pid: u32,
    stdout: Stream,
    stderr: Stream,
    ended: Receiver<ExitStatus>,
}

impl Process {
    fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stdout = Stream::read(child.stdout.take().expect("standard output is a pipe"));
        let stderr = Stream::read(child.stderr.take().expect("standard error is a pipe"));
        let pid = child.id();
        let (tell, ended) = channel();
        std::thread::spawn(move || child.wait().map(|status| tell.send(status)));
        Self { pid, stdout, stderr, ended }
    }

    /// None when it still runs after `limit`.
    fn wait(&self, limit: Duration) -> Option<ExitStatus> {
        let status = self.ended.recv_timeout(limit).ok()?;
        self.stdout.to_the_end(limit);
        self.stderr.to_the_end(limit);
        Some(status)
    }

    fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([signal, &self.pid.to_string()]).status().expect("kill runs");
        assert!(done.success(), "{signal} did not reach the server: {}", self.said());
    }

    fn said(&self) -> String {
        format!("standard output:\n{}\nstandard error:\n{}", self.stdout.text(), self.stderr.text())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The number may belong to somebody else once the child has been awaited; then nothing is sent.
        if matches!(self.ended.try_recv(), Err(std::sync::mpsc::TryRecvError::Empty)) {
            let _ =
                Command::new("kill").args(["-KILL", &self.pid.to_string()]).stderr(Stdio::null()).status();
        }
    }
}

/// One output of a child, gathered line by line.
struct Stream {
    text: Arc<Mutex<String>>,
    first: Receiver<String>,
    end: Receiver<()>,
}

impl Stream {
    fn read(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let (tell_first, first) = channel();
        let (tell_end, end) = channel();
        let theirs = Arc::clone(&text);
        std::thread::spawn(move || gather(pipe, &theirs, &tell_first, &tell_end));
        Self { text, first, end }
    }

    fn first_line(&self, limit: Duration) -> Option<String> {
        self.first.recv_timeout(limit).ok()
    }

    fn to_the_end(&self, limit: Duration) {
        let _ = self.end.recv_timeout(limit);
    }

    fn text(&self) -> String {
        self.text.lock().expect("the reader has not failed").clone()
    }
}

fn gather(pipe: impl Read, text: &Mutex<String>, first: &Sender<String>, end: &Sender<()>) {
    for (number, line) in BufReader::new(pipe).split(b'\n').map_while(Result::ok).enumerate() {
        let line = String::from_utf8_lossy(&line).into_owned() + "\n";
        if let Ok(mut text) = text.lock() {
            text.push_str(&line);
        }
        if number == 0 {
            let _ = first.send(line);
        }
    }
    let _ = end.send(());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_server_is_known_by_the_first_line_it_prints() {
        let server = Server::start(shell(
            "echo 'listening on http://127.0.0.1:81/.'; echo more >&2; exec cat /dev/zero >&2",
        ));
        assert_eq!(server.url("/login"), "http://127.0.0.1:81/login");
        server.kill9();
        assert!(server.said().contains("more"));
    }

    #[test]
    fn stopping_asks_and_tells_the_exit_code() {
        let server = Server::start(shell(
            "trap 'echo bye; exit 7' TERM; echo http://127.0.0.1:81; while :; do sleep 0.05; done",
        ));
        assert_eq!(server.stop().code(), Some(7));
        assert!(server.said().contains("bye"));
    }

    #[test]
    #[should_panic(expected = "no database here")]
    fn a_server_that_ends_early_is_quoted() {
        Server::start(shell("echo 'no database here' >&2; exit 2"));
    }
}
