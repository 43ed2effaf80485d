//! An installation as an operator makes one: a home with a key, a database, tenants, running servers.

use super::client::{Client, Door};
use super::database::Database;
use super::server::Server;
use super::trial::Trial;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// What lets deliveries go to the receivers here, and no limit be in the way.
const OPEN: [&str; 8] = [
    "--allow-http",
    "--egress-allow",
    "127.0.0.1",
    "--egress-keep-responses",
    "--limit-api",
    "0",
    "--limit-ingest",
    "0",
];

/// The program with its home and its database.
pub struct Site {
    program: PathBuf,
    home: PathBuf,
    pub database: Database,
    /// Where the server that was started last is.
    pub door: Door,
    starts: Mutex<usize>,
}

impl Site {
    /// Makes the key and the tables, and a watch over ends that do not stay ends.
    pub fn new(trial: &Trial, home: &Path, database: Database) -> Self {
        let (program, home) = (trial.program.clone(), home.to_owned());
        let site = Self { program, home, database, door: Door::default(), starts: Mutex::new(0) };
        site.run(&["keys", "init"]);
        site.run(&["migrate"]);
        site.database.execute(watch(site.database.is_sqlite()));
        site
    }

    /// Runs a command to its end; gives what it printed.
    pub fn run(&self, args: &[&str]) -> String {
        let output = self.command(&[], args).output().expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "bellwire {args:?}: {} {said}", output.status);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A new business unit's token.
    pub fn tenant(&self, name: &str) -> String {
        let made = self.run(&["partner", "create", "--name", name, "--kind", "channel", "--json"]);
        let made: Value = serde_json::from_str(&made).expect("JSON");
        let number = made["id"].to_string();
        self.run(&["token", "create", "--name", "all", "--partner", &number, "--all-scopes"])
    }

    /// `serve`; back when it listens.
    pub fn serve(&self) -> Server {
        self.serve_with(&[], &[])
    }

    /// `serve` with words before the program and with variables.
    pub fn serve_with(&self, before: &[String], env: &[(&str, &str)]) -> Server {
        let server = self.try_serve(before, env);
        server.unwrap_or_else(|said| panic!("the server did not start: {said}"))
    }

    /// The same when it may end at once; then with what it said.
    pub fn try_serve(&self, before: &[String], env: &[(&str, &str)]) -> Result<Server, String> {
        let mut args = vec!["serve", "--listen", "127.0.0.1:0"];
        args.extend(OPEN);
        let mut command = self.command(before, &args);
        command.envs(env.iter().copied());
        let number = {
            let mut starts = self.starts.lock().unwrap();
            *starts += 1;
            *starts
        };
        let server = Server::start(command, &self.home.join(format!("server-{number}")))?;
        self.door.set(server.address());
        Ok(server)
    }

    /// The API of the server that was started last.
    pub fn api(&self, token: &str) -> Client {
        Client::new(&self.door, token)
    }

    /// Makes a webhook with endpoints that are tried every second, and no more than six times after the first.
    pub fn webhook(&self, token: &str, event: &str, urls: &[String], timeout_ms: u32) -> String {
        let endpoint =
            |url: &String| json!({"url": url, "retry": [1, 1, 1, 1, 1, 1], "timeout_ms": timeout_ms});
        let endpoints: Vec<Value> = urls.iter().map(endpoint).collect();
        self.own_webhook(token, &json!({"endpoints": endpoints, "events": [event]}))
    }

    /// Makes a webhook; gives its id.
    pub fn own_webhook(&self, token: &str, draft: &Value) -> String {
        let made = self.api(token).post("/webhooks", draft);
        assert_eq!(made.0, 201, "{:#}", made.1);
        made.1["data"]["id"].as_str().expect("an id").to_owned()
    }

    fn command(&self, before: &[String], args: &[&str]) -> Command {
        let program = &self.program;
        let mut command = match before.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.args(args).current_dir(&self.home).env_clear().env("HOME", &self.home);
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("BELLWIRE_DATABASE_URL", self.database.url());
        command
    }
}

/// Notes every delivery that leaves a state that is an end.
fn watch(is_sqlite: bool) -> &'static str {
    if is_sqlite {
        "CREATE TABLE torture_resurrections (what TEXT NOT NULL);
         CREATE TRIGGER torture_ends AFTER UPDATE OF state ON deliveries
         WHEN OLD.state NOT IN ('ready', 'leased') AND NEW.state <> OLD.state
         BEGIN INSERT INTO torture_resurrections VALUES (OLD.id || ': ' || OLD.state || ', ' || NEW.state); END;"
    } else {
        "CREATE TABLE torture_resurrections (what TEXT NOT NULL);
         CREATE FUNCTION torture_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO torture_resurrections VALUES (OLD.id || ': ' || OLD.state || ', ' || NEW.state);
         RETURN NULL; END $$;
         CREATE TRIGGER torture_ends AFTER UPDATE OF state ON deliveries FOR EACH ROW
         WHEN (OLD.state NOT IN ('ready', 'leased') AND NEW.state <> OLD.state)
         EXECUTE FUNCTION torture_note();"
    }
}
