//! Where deliveries never go: refused when saved, refused again when sent, and not one connection is opened.

use crate::support::databases::{TestDatabase, both_databases};
use crate::support::installation::{Installation, Tenant, list};
use crate::support::patience::PATIENCE;
use crate::support::program::{Program, Server};
use crate::support::receiver::Receiver;
use serde_json::json;

both_databases!(
    what_was_allowed_when_saved_is_judged_again_when_sent,
    a_proxy_in_the_environment_is_not_used,
);

/// A line is a reason code and the addresses it is given for, as SPEC section 9 and the list of ranges have it.
const REFUSED: &str = "
    scheme http://example.com/h ftp://example.com/ file:///etc/passwd javascript:alert(1)
    invalid //example.com /rel example.com/h https:// https:example.com https:///example.com
    invalid https://evil.com\\@example.com https://a%2eb.com/ https://example.com%00.evil/ https://xn--/
    invalid https://256.256.256.256/ https://1.2.3.4.5/
    userinfo https://user:secret@example.com/ https://user@127.0.0.1/
    fragment https://example.com/#x
    port https://example.com:0/ https://example.com:99999/ https://example.com:22/ https://example.com:25/
    port https://example.com:53/ https://example.com:110/ https://example.com:143/ https://example.com:445/
    private_address https://127.0.0.1/ https://127.8.9.1/ https://localhost/ https://LOCALHOST./ https://foo.localhost/
    private_address https://2130706433/ https://0x7f.1/ https://0177.0.0.1/ https://127.1/ https://127.0.0.1./
    private_address https://0/ https://0.0.0.0/ https://[::]/ https://①②⑦.⓪.⓪.①/ https://127。0。0。1/ https://ⓛocalhost/
    private_address https://10.0.0.1/ https://172.16.0.1/ https://172.31.255.255/ https://192.168.1.1/
    private_address https://169.254.169.254/latest/meta-data https://168.63.129.16/ https://100.64.0.1/
    private_address https://192.0.0.1/ https://192.0.2.1/ https://192.31.196.1/ https://192.52.193.1/
    private_address https://192.88.99.1/ https://192.175.48.1/ https://198.18.0.1/ https://198.51.100.1/
    private_address https://203.0.113.1/ https://224.0.0.1/ https://240.0.0.1/ https://255.255.255.255/
    private_address https://[::1]/ https://[::ffff:127.0.0.1]/ https://[::ffff:7f00:1]/ https://[::127.0.0.1]/
    private_address https://[::ffff:0:7f00:1]/ https://[::ffff:8.8.8.8]/ https://[64:ff9b::7f00:1]/
    private_address https://[64:ff9b::a9fe:a9fe]/ https://[64:ff9b:1::808:808]/ https://[2002:7f00:1::]/
    private_address https://[2001:0:4136:e378::]/ https://[fe80::1]/ https://[fec0::1]/ https://[fd00:ec2::254]/
    private_address https://[ff02::1]/ https://[100::1]/ https://[2001:db8::1]/ https://[3fff::1]/
    private_address https://[5f00::1]/ https://[2001:10::1]/ https://[2620:4f:8000::1]/
    ip_literal https://8.8.8.8/ https://172.15.255.255/ https://172.32.0.1/ https://9.255.255.255/ https://11.0.0.1/
    ip_literal https://[2606:4700::1111]/
    host https://intranet/ https://x.local/ https://x.internal/ https://metadata.google.internal/
    host https://kubernetes.default.svc/ https://x.home.arpa/ https://x.onion/ https://x.test/ https://a..b/
";

#[test]
fn every_class_of_address_is_refused_when_saved() {
    let database = TestDatabase::sqlite();
    let installation = Installation::new(&database);
    let tenant = installation.tenant("Acme");
    let server = installation.program.serve(["--limit-api", "0"]);
    let api = tenant.at(&server);
    let own = server.url("/").replace("http://", "https://");
    let more = [
        ("control_char", " https://example.com/".to_owned()),
        ("control_char", "https://example.com/ ".to_owned()),
        ("control_char", "https://example.com/\r\nX: y".to_owned()),
        ("control_char", "https://exa\tmple.com/".to_owned()),
        ("too_long", format!("https://example.com/{}", "x".repeat(2_048))),
        ("too_long", format!("https://{}.com/", "x".repeat(64))),
        ("too_long", format!("https://{}example.com/", "abcdefgh.".repeat(30))),
        ("self", own),
    ];
    let lines = REFUSED.lines().filter_map(|line| line.trim().split_once(' '));
    let table = lines.flat_map(|(code, urls)| urls.split(' ').map(move |url| (code, url.to_owned())));

    let mut wrong = Vec::new();
    for (code, url) in table.chain(more) {
        for draft in [json!({"url": url, "events": ["user.created"]}), whole(&url)] {
            let answer = api.post("/webhooks", &draft);
            let told = answer.json()["errors"][0]["code"].clone();
            if answer.status != 422 || told != code {
                wrong.push(format!("{url}: {} {told}, not {code}", answer.status));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let none = api.get("/webhooks").json();
    assert_eq!(none["meta"]["total"], 0, "nothing was saved: {none}");
    // The twin: what is public is taken, and written anew.
    for (url, saved) in [
        ("HTTPS://EXAMPLE.COM/h", "https://example.com/h"),
        ("https://пример.рф/", "https://xn--e1afmkfd.xn--p1ai/"),
        ("https://example.com:8443/h?x=1", "https://example.com:8443/h?x=1"),
    ] {
        assert_eq!(api.webhook(&json!({"url": url, "events": ["user.created"]}))["url"], saved);
    }
}

fn whole(url: &str) -> serde_json::Value {
    json!({"endpoints": [{"url": url}], "triggers": [{"event": "user.created"}]})
}

fn what_was_allowed_when_saved_is_judged_again_when_sent(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let receiver = Receiver::start();
    let server = installation.serve();
    let by_address = receiver.url("/in");
    let by_name = by_address.replace("127.0.0.1", "localhost");
    for url in [&by_address, &by_name] {
        tenant.at(&server).simple_webhook(url, "order.completed");
    }

    // The twin: while it is allowed, both ways lead to the receiver.
    assert_eq!(causes(&tenant, &server), ["none", "none"]);
    assert_eq!(receiver.requests().len(), 2);
    assert_eq!(server.stop().code(), Some(0));
    let before = receiver.connections();

    // Nothing is allowed; then another port is; then another address is.
    let elsewhere = format!("127.0.0.1:{}", if receiver.port() == 9_999 { 9_998 } else { 9_999 });
    for allowed in [vec![], vec!["--egress-allow", elsewhere.as_str()], vec!["--egress-allow", "127.0.0.2"]] {
        let server = installation.program.serve([vec!["--allow-http"], allowed].concat());
        assert_eq!(causes(&tenant, &server), ["blocked_address", "blocked_address"]);
        assert_eq!(server.stop().code(), Some(0));
    }
    // Without plain HTTP the address is none that may be sent to either.
    let server = installation.program.serve(["--egress-allow", "127.0.0.1"]);
    assert_eq!(causes(&tenant, &server), ["blocked_address", "blocked_address"]);

    assert_eq!(receiver.connections(), before, "not one connection was opened");
}

/// Publishes an event and tells the cause of each of its deliveries.
fn causes(tenant: &Tenant, server: &Server) -> Vec<String> {
    let api = tenant.at(server);
    let event = api.settled(&api.publish("order.completed", &json!({})));
    let cause = |delivery: &serde_json::Value| {
        let attempts = list(&delivery["attempts"]);
        assert_eq!(attempts.len(), 1, "an attempt that was blocked is recorded too: {delivery:#}");
        assert_eq!(attempts[0]["cause"], delivery["cause"]);
        delivery["cause"].as_str().unwrap_or("none").to_owned()
    };
    list(&event["deliveries"]).iter().map(cause).collect()
}

fn a_proxy_in_the_environment_is_not_used(database: &TestDatabase) {
    let (canary, receiver) = (Receiver::start(), Receiver::start());
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let program = names.iter().fold(Program::new().with_database(database), |program, name| {
        program.with_env(name, &canary.url(""))
    });
    let installation = Installation::of(program);
    let tenant = installation.tenant("Acme");
    let server = installation.serve();
    let api = tenant.at(&server);
    api.simple_webhook(&receiver.url("/in"), "order.completed");
    let secure = receiver.url("/tls").replace("http://", "https://");
    api.simple_webhook(&secure, "order.completed");

    let event = api.settled(&api.publish("order.completed", &json!({})));

    let states: Vec<_> = list(&event["deliveries"]).iter().map(|d| (&d["state"], &d["cause"])).collect();
    let expected = [(&json!("delivered"), &json!(null)), (&json!("exhausted"), &json!("tls_failed"))];
    assert_eq!(states, expected);
    assert_eq!(receiver.wait_for(1, PATIENCE).len(), 1);
    assert_eq!(canary.connections(), 0);
}
