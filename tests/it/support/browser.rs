//! A real browser, headless, driven through `WebDriver`; what it complains about on its console is kept.

use std::future::poll_fn;
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::task::Poll;
use std::time::Duration;

use serde_json::json;
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, LoggingPrefsLogLevel};

/// Width and height in CSS pixels of the screens that every page must fit: a desk's, a tablet's and a phone's.
pub const SCREENS: [(u32, u32); 3] = [(1280, 800), (768, 1024), (360, 740)];
/// How long an element may take to be there.
const LIMIT: Duration = Duration::from_secs(20);

/// One window with a profile of its own.
pub struct Browser {
    pub window: WebDriver,
}

/// Runs `work` in a window of a new browser, and ends the browser however it went.
pub fn browse<F: Future<Output = WebDriverResult<()>>>(work: impl FnOnce(Browser) -> F) {
    run(capabilities(), work);
}

/// The same in a browser in which pages run no script.
pub fn browse_without_scripts<F: Future<Output = WebDriverResult<()>>>(work: impl FnOnce(Browser) -> F) {
    let mut wanted = capabilities();
    let off = json!({"profile.managed_default_content_settings.javascript": 2});
    wanted.add_experimental_option("prefs", off).expect("a preference");
    run(wanted, work);
}

fn run<F: Future<Output = WebDriverResult<()>>>(wanted: ChromeCapabilities, work: impl FnOnce(Browser) -> F) {
    // Only plain HTTP is spoken to the driver, but its client wants to know its TLS all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let driver = Driver::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let window = WebDriver::new(format!("http://127.0.0.1:{}", driver.port), wanted).await;
        let window = window.expect("a browser window");
        let mut work = pin!(work(Browser { window: window.clone() }));
        // A failed claim must not leave a browser behind, nor wait for one.
        let done = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Err(failed) => Poll::Ready(Err(failed)),
        });
        let done = done.await;
        let closed = window.quit().await;
        done.unwrap_or_else(|failed| resume_unwind(failed)).expect("the browser did what was asked");
        closed.expect("the browser closed");
    });
}

impl Browser {
    /// The element of this selector, once it is there.
    pub async fn find(&self, css: &str) -> WebDriverResult<WebElement> {
        self.window.query(By::Css(css)).wait(LIMIT, Duration::from_millis(50)).first().await
    }

    /// Whether there is no element of this selector any more, in the page that is there or the one that comes.
    pub async fn gone(&self, css: &str) -> WebDriverResult<bool> {
        self.window.query(By::Css(css)).wait(LIMIT, Duration::from_millis(50)).not_exists().await
    }

    /// Shows pages as a screen of this size would, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) -> WebDriverResult<()> {
        let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.window.cdp().send_raw("Emulation.setDeviceMetricsOverride", screen).await.map(drop)
    }

    /// The same page in the dark theme, or in the light one again.
    pub async fn darken(&self, dark: bool) -> WebDriverResult<()> {
        let scheme = json!([{"name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" }}]);
        let wanted = json!({"media": "", "features": scheme});
        self.window.cdp().send_raw("Emulation.setEmulatedMedia", wanted).await.map(drop)
    }

    /// How far the page can be scrolled sideways, in CSS pixels; 0 when it fits.
    pub async fn overflow(&self) -> WebDriverResult<i64> {
        let script = "const root = document.documentElement; return root.scrollWidth - root.clientWidth";
        self.window.execute(script, Vec::new()).await?.convert()
    }

    /// The id of the element that has the focus.
    pub async fn focused(&self) -> WebDriverResult<String> {
        self.window.execute("return document.activeElement.id", Vec::new()).await?.convert()
    }

    /// What a script in the page may read: the document, and everything the browser stores for it.
    pub async fn readable(&self) -> WebDriverResult<String> {
        let script = "return document.documentElement.outerHTML + JSON.stringify({...localStorage}) \
            + JSON.stringify({...sessionStorage}) + document.cookie + location.href + JSON.stringify(history.state)";
        self.window.execute(script, Vec::new()).await?.convert()
    }

    /// Fails the test when the console holds a complaint, such as of the content policy. That a form was
    /// refused is none, nor that a slow machine showed the next page without the transition to it.
    pub async fn assert_quiet(&self) -> WebDriverResult<()> {
        let mut log = self.window.browser_log().await?;
        let expected = ["responded with a status of 422", "Transition was aborted", "Transition was skipped"];
        log.retain(|entry| !expected.iter().any(|words| entry.message.contains(words)));
        assert!(log.is_empty(), "the console says {log:?}");
        Ok(())
    }
}

fn capabilities() -> ChromeCapabilities {
    let mut wanted = DesiredCapabilities::chrome();
    if let Ok(path) = std::env::var("BELLWIRE_TEST_CHROMIUM") {
        wanted.set_binary(&path).expect("a path");
    }
    // Containers that tests run in have neither the rights for its sandbox nor much shared memory. What still
    // fades in counts as hidden to the driver, so that on a slow machine it would read no text: nothing moves here.
    let always = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,900"];
    for arg in always.into_iter().chain(["--force-prefers-reduced-motion"]) {
        wanted.add_arg(arg).expect("an argument");
    }
    wanted.set_browser_log_level(LoggingPrefsLogLevel::Warning).expect("a level");
    wanted
}

/// The program that drives browsers; it is killed with this value.
struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    fn start() -> Self {
        let path = std::env::var("BELLWIRE_TEST_CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let mut command = Command::new(&path);
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{path} does not start: {error}"));
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let port = lines
            .find_map(|line| line.rsplit_once("successfully on port ")?.1.trim_end_matches('.').parse().ok())
            .expect("the driver says its port");
        // Nobody reads on, but a full pipe would hold the driver up.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
