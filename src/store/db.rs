//! The database as the rest of Bellwire holds it: readers from a pool, one writer at a time on SQLite.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use diesel::RunQueryDsl;

use crate::keys::random;
use crate::store::dialect::{
    Ear, is_broken, is_in_transaction, plan_once, read_transaction, write_transaction,
};
use crate::store::migrate;
use crate::store::pool::{Address, Conn, OpenError, Pool, pool};
use crate::store::storage::{Storage, Tells, Trouble};
use crate::store::system::settings;

/// The setting that is written and removed to see whether there is room.
const PROBE: &str = "storage_probe";
/// How many bytes count as room: several commits' worth. Chance, so that no database makes them smaller.
const ROOM: usize = 512 * 1024;

/// A handle to the database. Clones share it.
#[derive(Clone)]
pub struct Db {
    shared: Arc<Shared>,
}

struct Shared {
    address: Address,
    pool: Pool,
    /// SQLite has one writer; PostgreSQL needs no turns.
    writer: Option<Writer>,
    storage: Storage,
    /// Held for as long as this process serves the file.
    _owner: Option<File>,
}

impl Db {
    /// Opens and migrates the database at `address`, with at most `size` pooled connections.
    /// `serving` takes the whole SQLite file for this process and refuses when another has it.
    pub fn open(address: &Address, size: u32, serving: bool) -> Result<Self, OpenError> {
        let owner = match address {
            Address::Sqlite(path) if serving => Some(own(path)?),
            _ => None,
        };
        let mut first = address.open()?;
        migrate::run(&mut first)?;
        let writer = address.is_sqlite().then(|| Writer::new(first));
        let pool = pool(address, size)?;
        let shared =
            Shared { address: address.clone(), pool, writer, storage: Storage::default(), _owner: owner };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Whether one process owns this database, so that what it holds in memory is the truth.
    pub fn is_sqlite(&self) -> bool {
        self.shared.address.is_sqlite()
    }

    /// Runs queries that read, each of which sees what is stored when it runs. Blocks: never call it from an
    /// asynchronous task.
    pub fn read<T, E: From<OpenError>>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        work(&mut *self.connection()?)
    }

    /// Runs queries that read and together tell of one moment. Blocks.
    pub fn view<T, E>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<OpenError> + From<diesel::result::Error>,
    {
        read_transaction(&mut *self.connection()?, work)
    }

    /// Runs `work` in one write transaction, committed and flushed before this returns. Blocks. After a write
    /// or a flush has failed it refuses: nothing is tried a second time on a disk that failed once.
    pub fn write<T, E>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<OpenError> + From<diesel::result::Error> + Tells,
    {
        match &self.shared.writer {
            Some(writer) => writer.turn(&self.shared.address, |conn| {
                // Asked in its turn: the one before may have been the one that failed.
                if self.trouble() == Some(Trouble::Broken) {
                    return Err(OpenError::Broken.into());
                }
                self.watched(write_transaction(conn, work))
            }),
            None => self.watched(write_transaction(&mut *self.connection()?, work)),
        }
    }

    /// A way to write for a thread that does little else.
    pub fn pen(&self) -> Pen {
        Pen { db: self.clone(), conn: None }
    }

    fn watched<T, E: Tells>(&self, done: Result<T, E>) -> Result<T, E> {
        done.inspect_err(|error| {
            if let Some(trouble) = error.trouble() {
                self.shared.storage.note(trouble);
            }
        })
    }

    /// What is wrong with the storage, as the last writes told.
    pub fn trouble(&self) -> Option<Trouble> {
        self.shared.storage.trouble()
    }

    /// Looks whether a full disk has room again, by writing as much as a few commits would. Blocks.
    pub fn probe(&self) -> Result<(), OpenError> {
        let mut bytes = vec![0; ROOM];
        random(&mut bytes);
        let text = hex::encode(bytes);
        // Committed, because only then it reaches the disk.
        self.write(|conn| Ok::<_, OpenError>(settings::set(conn, PROBE, &text)?))?;
        self.write(|conn| Ok::<_, OpenError>(settings::remove(conn, PROBE)?))?;
        self.shared.storage.has_room();
        Ok(())
    }

    /// Hears other processes that share this database; `None` where there can be none. Blocks.
    pub fn ear(&self) -> Result<Option<Ear>, OpenError> {
        Ear::open(&self.shared.address)
    }

    /// Whether the database answers. Blocks.
    pub fn ping(&self) -> Result<(), OpenError> {
        self.read(|conn| Ok(diesel::sql_query("SELECT 1").execute(conn).map(drop)?))
    }

    fn connect_to_write(&self) -> Result<Conn, OpenError> {
        let mut conn = self.shared.address.open()?;
        plan_once(&mut conn)?;
        Ok(conn)
    }

    fn connection(&self) -> Result<r2d2::PooledConnection<crate::store::pool::Manager>, OpenError> {
        self.shared.pool.get().map_err(OpenError::NoConnection)
    }
}

/// Writes on a connection of its own where there can be many (PostgreSQL): it is not looked for, not tried out
/// and not shared, and its statements are planned once.
pub struct Pen {
    db: Db,
    conn: Option<Conn>,
}

impl Pen {
    /// The same as [`Db::write`]. A connection that was lost since the last time is opened anew.
    pub fn write<T, E>(&mut self, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<OpenError> + From<diesel::result::Error> + Tells,
    {
        if self.db.shared.writer.is_some() {
            return self.db.write(work);
        }
        let mut work = Some(work);
        loop {
            let kept = self.conn.take();
            let is_new = kept.is_none();
            let mut conn = kept.map_or_else(|| self.db.connect_to_write(), Ok)?;
            let result = write_transaction(&mut conn, |conn| match work.take() {
                Some(work) => work(conn).map(Some),
                None => Ok(None),
            });
            if !is_broken(&mut conn) {
                self.conn = Some(conn);
            }
            match result {
                Ok(Some(done)) => return Ok(done),
                // The work was not begun: nothing happened, and a new connection may do it.
                Err(_) if work.is_some() && !is_new => {}
                Ok(None) => return Err(diesel::result::Error::AlreadyInTransaction.into()),
                Err(error) => return self.db.watched(Err(error)),
            }
        }
    }
}

/// Takes the file beside `path` that says which process serves it.
fn own(path: &std::path::Path) -> Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let beside = PathBuf::from(name);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&beside)
        .map_err(|e| OpenError::File(beside.clone(), e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::Locked(path.to_owned())),
        Err(std::fs::TryLockError::Error(e)) => Err(OpenError::File(beside, e)),
    }
}

/// One connection, taken in the order of asking.
struct Writer {
    conn: Mutex<Option<Conn>>,
    turns: Mutex<Turns>,
    next: Condvar,
}

#[derive(Default)]
struct Turns {
    given: u64,
    serving: u64,
}

impl Writer {
    fn new(conn: Conn) -> Self {
        Self { conn: Mutex::new(Some(conn)), turns: Mutex::default(), next: Condvar::new() }
    }

    /// Waits for its turn, then runs `work`. A connection on which `work` panicked, or whose transaction
    /// could not be ended, is opened anew.
    fn turn<T, E: From<OpenError>>(
        &self,
        address: &Address,
        work: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let _turn = self.wait();
        let mut slot = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut conn = match slot.take() {
            Some(conn) => conn,
            None => address.open()?,
        };
        let result = work(&mut conn);
        // One whose transaction could not be ended would refuse every later one.
        *slot = (!is_in_transaction(&mut conn)).then_some(conn);
        result
    }

    fn wait(&self) -> Turn<'_> {
        let mut turns = self.turns();
        let mine = turns.given;
        turns.given += 1;
        let _served = self
            .next
            .wait_while(turns, |turns| turns.serving != mine)
            .unwrap_or_else(PoisonError::into_inner);
        Turn { writer: self }
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a turn, also when the work in it panicked.
struct Turn<'a> {
    writer: &'a Writer,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.writer.turns().serving += 1;
        self.writer.next.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_refused_and_the_tools_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Sqlite(folder.path().join("a.db"));
        let serving = Db::open(&address, 2, true).unwrap();
        assert!(matches!(Db::open(&address, 2, true), Err(OpenError::Locked(_))));
        Db::open(&address, 2, false).unwrap();
        drop(serving);
        Db::open(&address, 2, true).unwrap();
    }

    #[test]
    fn a_panic_in_a_transaction_leaves_the_writer_usable() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Address::Sqlite(folder.path().join("a.db")), 1, true).unwrap();
        let other = db.clone();
        let panicked =
            std::thread::spawn(move || other.write(|_| -> Result<(), OpenError> { panic!("in the middle") }));
        assert!(panicked.join().is_err());
        db.write(|_| Ok::<_, OpenError>(())).unwrap();
    }

    #[test]
    fn a_transaction_that_could_not_be_ended_leaves_the_writer_usable() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Address::Sqlite(folder.path().join("a.db")), 1, true).unwrap();
        // As SQLite itself does when the disk fails in the middle of a statement.
        let broken = db.write(|conn| -> Result<(), OpenError> {
            diesel::sql_query("ROLLBACK").execute(conn)?;
            Err(OpenError::Migration("the disk failed".into()))
        });
        assert!(broken.is_err());
        db.write(|_| Ok::<_, OpenError>(())).unwrap();
    }
}
