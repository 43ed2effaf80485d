//! What the program asked the system for, as strace wrote it down: writes, flushes and answers in their order.

use super::patience::within;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A page of the database, and a frame of its journal.
const PAGE: u64 = 4096;
const FRAME: u64 = PAGE + 24;
const JOURNAL_HEAD: u64 = 32;

/// One of the two files that matter. The third, `-shm`, means nothing after a crash: SQLite makes it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum File {
    Main,
    Journal,
}

/// One thing that happened.
#[derive(Debug)]
pub enum Step {
    Write {
        file: File,
        at: u64,
        data: Vec<u8>,
    },
    Truncate {
        file: File,
        length: u64,
    },
    /// A flush has ended well; it covers what was written before step `began`.
    Synced {
        file: File,
        began: usize,
    },
    SyncFailed,
    /// An event was acknowledged: the first byte of its 202 goes to the socket.
    Acknowledged {
        event: String,
    },
}

/// The words that start a program under strace, recording into `log`; more words come before the program.
pub fn recorded(log: &Path, more: &[&str]) -> Vec<String> {
    let words =
        ["strace", "-D", "-f", "-y", "--seccomp-bpf", "-s", "70000", "-o", &log.display().to_string()];
    let calls = ["-e", "trace=pwrite64,fdatasync,fsync,ftruncate,write,writev,sendto,sendmsg"];
    words.iter().chain(calls.iter()).chain(more.iter()).map(|word| (*word).to_owned()).collect()
}

/// Reads a recording, once the program in it has ended.
pub fn read(log: &Path) -> Vec<Step> {
    let ended = within(Duration::from_secs(30), || {
        let text = fs::read(log).unwrap_or_default();
        let tail = String::from_utf8_lossy(&text[text.len().saturating_sub(500)..]).into_owned();
        let is_over = tail.lines().last().is_some_and(|line| line.ends_with("+++"));
        if is_over { Ok(text) } else { Err(text.len()) }
    });
    let text = ended.unwrap_or_else(|length| panic!("the recording of {length} bytes has no end"));
    let mut steps = Vec::new();
    // By thread: what it waits for, and since which step.
    let mut pending: HashMap<&[u8], (File, usize)> = HashMap::new();
    for line in text.split(|byte| *byte == b'\n') {
        step(line, &mut steps, &mut pending);
    }
    steps
}

fn step<'a>(line: &'a [u8], steps: &mut Vec<Step>, pending: &mut HashMap<&'a [u8], (File, usize)>) {
    let Some(space) = line.iter().position(|byte| *byte == b' ') else { return };
    let (thread, call) = (&line[..space], line[space..].trim_ascii_start());
    let is_sync = call.starts_with(b"fdatasync(") || call.starts_with(b"fsync(");
    if call.starts_with(b"<... fdatasync resumed>") || call.starts_with(b"<... fsync resumed>") {
        if let Some((file, began)) = pending.remove(thread) {
            steps.extend(synced(call, file, began));
        }
    } else if is_sync && let Some(file) = file(call) {
        if call.ends_with(b"<unfinished ...>") {
            pending.insert(thread, (file, steps.len()));
        } else {
            let began = steps.len();
            steps.extend(synced(call, file, began));
        }
    } else if call.starts_with(b"pwrite64(")
        && let Some(file) = file(call)
    {
        let (data, rest) = quoted(call);
        // `, length, offset) = …`
        let rest = String::from_utf8_lossy(rest);
        let mut numbers =
            rest.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<u64>().ok());
        let (length, at) = (numbers.next().expect("a length"), numbers.next().expect("an offset"));
        assert_eq!(length, data.len() as u64, "writes are recorded whole");
        steps.push(Step::Write { file, at, data });
    } else if call.starts_with(b"ftruncate(")
        && let Some(file) = file(call)
    {
        let text = String::from_utf8_lossy(call);
        let length = text.split(", ").nth(1).and_then(|rest| rest.split(')').next()?.parse().ok());
        steps.push(Step::Truncate { file, length: length.expect("a length") });
    } else if let Some(at) = find(call, b"\"HTTP/1.1 202") {
        let text = String::from_utf8_lossy(&call[at..]);
        let event = text.split_once("evt_").map(|(_, rest)| format!("evt_{}", &rest[..26]));
        steps.push(Step::Acknowledged { event: event.expect("the event's id stands in the answer") });
    }
}

/// How a flush ended; nothing when the process was gone before it did.
fn synced(call: &[u8], file: File, began: usize) -> Option<Step> {
    if call.ends_with(b"= 0") {
        return Some(Step::Synced { file, began });
    }
    find(call, b"= -1").map(|_| Step::SyncFailed)
}

/// The file that a call's first argument names.
fn file(call: &[u8]) -> Option<File> {
    let (from, to) = (call.iter().position(|b| *b == b'<')?, call.iter().position(|b| *b == b'>')?);
    let path = call.get(from..to)?;
    if path.ends_with(b"bellwire.db-wal") {
        Some(File::Journal)
    } else {
        path.ends_with(b"bellwire.db").then_some(File::Main)
    }
}

/// The bytes of the first quoted text, and what stands behind it.
fn quoted(call: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut at = call.iter().position(|byte| *byte == b'"').expect("a quoted text") + 1;
    let mut data = Vec::with_capacity(4096);
    while call[at] != b'"' {
        if call[at] != b'\\' {
            data.push(call[at]);
            at += 1;
            continue;
        }
        at += 2;
        data.push(match call[at - 1] {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'v' => 11,
            b'f' => 12,
            first @ b'0'..=b'7' => {
                let mut value = u32::from(first - b'0');
                let mut digits = 1;
                while digits < 3 && (b'0'..=b'7').contains(&call[at]) {
                    value = value * 8 + u32::from(call[at] - b'0');
                    at += 1;
                    digits += 1;
                }
                u8::try_from(value).expect("a byte")
            }
            other => other,
        });
    }
    (data, &call[at + 1..])
}

pub fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// What the flushes of a recording say about its acknowledgements.
#[derive(Debug, Default)]
pub struct Flushes {
    pub acknowledged: usize,
    pub transactions: usize,
    /// Events that were acknowledged before their transaction was flushed.
    pub early: Vec<String>,
}

/// Holds each acknowledgement against the flush of the transaction that stored its event. After a flush that
/// failed, none counts any more: what it covered may be lost however often it is repeated.
pub fn flushes(steps: &[Step]) -> Flushes {
    let mut told = Flushes::default();
    // The transaction in which an event stands first, and where each transaction's last write is.
    let mut stored_in: HashMap<String, usize> = HashMap::new();
    let mut ends: Vec<usize> = Vec::new();
    let mut is_commit = false;
    let (mut flushed, mut has_failed) = (0, false);
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Write { file: File::Journal, at, data }
                if data.len() == 24 && at.saturating_sub(JOURNAL_HEAD).is_multiple_of(FRAME) =>
            {
                is_commit = data[4..8] != [0; 4];
            }
            Step::Write { file: File::Journal, data, .. } if data.len() as u64 == PAGE => {
                for event in events(data) {
                    stored_in.entry(event).or_insert(ends.len());
                }
                if is_commit {
                    ends.push(number);
                }
            }
            Step::Synced { file: File::Journal, began } if !has_failed => {
                flushed = ends.iter().filter(|end| *end < began).count();
            }
            Step::SyncFailed => has_failed = true,
            Step::Acknowledged { event } => {
                told.acknowledged += 1;
                if stored_in.get(event).is_none_or(|transaction| *transaction >= flushed) {
                    told.early.push(event.clone());
                }
            }
            _ => {}
        }
    }
    told.transactions = ends.len();
    told
}

fn events(page: &[u8]) -> HashSet<String> {
    let starts = (0..page.len().saturating_sub(30)).filter(|at| page[*at..].starts_with(b"evt_"));
    starts.map(|at| String::from_utf8_lossy(&page[at..at + 30]).into_owned()).collect()
}

/// The two files as they would be found after the power went.
#[derive(Default, Clone)]
pub struct Remains {
    main: Platter,
    journal: Platter,
}

/// One file: what is safe, and what was written since.
#[derive(Default, Clone)]
struct Platter {
    safe: Vec<u8>,
    loose: Vec<(usize, Loose)>,
}

#[derive(Clone)]
enum Loose {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

impl Remains {
    /// The database file as it was before the recording; there was no journal.
    pub fn of(main: Vec<u8>) -> Self {
        Self { main: Platter { safe: main, loose: Vec::new() }, journal: Platter::default() }
    }

    /// Takes in the next step. With `flushing` off, no flush counts.
    pub fn heed(&mut self, number: usize, step: &Step, flushing: bool) {
        match step {
            Step::Write { file, at, data } => {
                self.platter(*file).loose.push((number, Loose::Write(*at, data.clone())));
            }
            Step::Truncate { file, length } => {
                self.platter(*file).loose.push((number, Loose::Truncate(*length)));
            }
            Step::Synced { file, began } if flushing => self.platter(*file).flush(*began),
            _ => {}
        }
    }

    fn platter(&mut self, file: File) -> &mut Platter {
        match file {
            File::Main => &mut self.main,
            File::Journal => &mut self.journal,
        }
    }

    /// Writes both files into `folder`, with some of what was not flushed, whole or torn, as `keep` decides for
    /// each sector. Gives the database file.
    pub fn lay_out(&self, folder: &Path, mut keep: impl FnMut() -> Kept) -> PathBuf {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).expect("a folder");
        let main = folder.join("bellwire.db");
        fs::write(&main, self.main.after_the_cut(&mut keep)).expect("the database is laid out");
        let journal = folder.join("bellwire.db-wal");
        fs::write(journal, self.journal.after_the_cut(&mut keep)).expect("the journal is laid out");
        main
    }
}

/// What is left of a write that was not flushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    All,
    Nothing,
    /// Of its sectors, those whose bit is set (counted from the start, again and again).
    Some(u64),
}

impl Platter {
    fn flush(&mut self, began: usize) {
        let loose = std::mem::take(&mut self.loose);
        for (number, write) in loose {
            if number < began {
                apply(&mut self.safe, &write, Kept::All);
            } else {
                self.loose.push((number, write));
            }
        }
    }

    fn after_the_cut(&self, keep: &mut impl FnMut() -> Kept) -> Vec<u8> {
        let mut bytes = self.safe.clone();
        for (_, write) in &self.loose {
            apply(&mut bytes, write, keep());
        }
        bytes
    }
}

fn apply(bytes: &mut Vec<u8>, write: &Loose, kept: Kept) {
    const SECTOR: usize = 512;
    match write {
        Loose::Truncate(length) if kept == Kept::All => bytes.resize(usize::try_from(*length).unwrap(), 0),
        Loose::Truncate(_) => {}
        Loose::Write(at, data) => {
            for (number, sector) in data.chunks(SECTOR).enumerate() {
                let is_kept = match kept {
                    Kept::All => true,
                    Kept::Nothing => false,
                    Kept::Some(bits) => bits >> (number % 64) & 1 == 1,
                };
                if is_kept {
                    let from = usize::try_from(*at).unwrap() + number * SECTOR;
                    if bytes.len() < from + sector.len() {
                        bytes.resize(from + sector.len(), 0);
                    }
                    bytes[from..from + sector.len()].copy_from_slice(sector);
                }
            }
        }
    }
}
