//! Every route of the dashboard, a line each: from it the tests of foreign things, of roles and of forged forms are made.

use bellwire::web::mount::table;
use std::collections::BTreeSet;

/// Address; the least role that opens it; the least role that sends its form; how a good form is answered; and
/// what that form holds beside what its page has filled in. In braces stands which of the
/// [`super::things::Things`] is named. The forms are in an order in which each of them is still good after
/// those before it: a token without idle scopes, a replay that is over and a programme with webhooks are 409.
///
/// Roles are those of a business unit, or `person` for who is signed in, `operator` for who operates the
/// installation, `half` for who still owes the second factor, `open` for everybody.
const LINES: &str = "
/                                           person    -         -
/login                                      open      open      -
/login/code                                 half      half      -
/logout                                     -         person    -
/confirm                                    person    person    -
/setup                                      open      open      -
/account                                    person    -         -
/account/password                           person    person    -
/account/second-factor                      person    person    -
/account/second-factor/off                  person    person    -
/account/recovery-codes                     person    person    -
/account/recovery-codes/file                -         person    -
/account/looks                              -         person    -
/account/sessions/end-others                -         person    -
/account/sessions/{ses}/end                 -         person    -
/partners                                   person    -         -
/docs/api                                   open      -         -
/operator/partners                          operator  -         -
/operator/partners/new                      operator  operator  -
/operator/partners/{number}                 operator  -         -
/operator/partners/{number}/name            -         operator  -
/operator/partners/{number}/plan            operator  operator  -
/operator/partners/{number}/grants          -         operator  -
/operator/partners/{number}/grants/all      -         operator  -
/operator/partners/{number}/grants/{of}/withdraw - operator     -
/operator/partners/{number}/owners          -         operator  -
/operator/partners/{number}/owners/{usr}/link - operator        -
/operator/partners/{number}/second-factor   -         operator  -
/bu/{bu}                                    viewer    -         -
/bu/{bu}/search                             viewer    -         -
/bu/{bu}/connect/{login}                    viewer    -         -
/bu/{bu}/admin/api                          viewer    -         -
/bu/{bu}/admin/api/tokens/new               developer developer 200 name=More&scopes=events:read
/bu/{bu}/admin/api/tokens/{tok}/narrow      -         developer 409
/bu/{bu}/admin/api/tokens/{tok}/rotate      developer developer 200 overlap=24
/bu/{bu}/admin/api/tokens/{tok}/delete      developer developer 303
/bu/{bu}/admin/webhooks                     viewer    -         -
/bu/{bu}/admin/webhooks/new                 developer developer 200 press=next&w-name=Desk
/bu/{bu}/admin/webhooks/{wh}                viewer    -         -
/bu/{bu}/admin/webhooks/{wh}/tail           viewer    -         -
/bu/{bu}/admin/webhooks/{wh}/edit           developer developer 303 press=next
/bu/{bu}/admin/webhooks/{wh}/triggers       developer developer 303 press=next
/bu/{bu}/admin/webhooks/{wh}/endpoints/new  developer developer 303 press=next&ep0-url=https://example.com/b
/bu/{bu}/admin/webhooks/{wh}/endpoints/{ep} developer developer 303 press=next
/bu/{bu}/admin/webhooks/{wh}/endpoints/{ep}/destination developer developer 303 press=next
/bu/{bu}/admin/webhooks/{wh}/secret         developer developer 200
/bu/{bu}/admin/webhooks/{wh}/rotate         developer developer 200 overlap=24
/bu/{bu}/admin/webhooks/{wh}/rotate/switch  -         developer 303
/bu/{bu}/admin/webhooks/{wh}/rotate/end     -         developer 303
/bu/{bu}/admin/webhooks/{wh}/test           developer developer 303 press=send&endpoint={ep}
/bu/{bu}/admin/webhooks/{wh}/pause          -         developer 303
/bu/{bu}/admin/webhooks/{wh}/resume         -         developer 303
/bu/{bu}/webhooks                           viewer    -         -
/bu/{bu}/webhooks/new                       developer developer 303 url=https://example.com/c&events=order.completed
/bu/{bu}/webhooks/{wh}/events               developer developer 303 events=order.completed
/bu/{bu}/matrix                             viewer    developer 200 press=apply&url=https://example.com/d&row=order.completed&new=0&col=&on=
/bu/{bu}/catalogue                          viewer    -         -
/bu/{bu}/catalogue/new                      developer developer 303 name=boat.sailed
/bu/{bu}/catalogue/{type}                   viewer    -         -
/bu/{bu}/catalogue/{type}/edit              developer developer 303 label=Other
/bu/{bu}/catalogue/{type}/delete            developer developer 303
/bu/{bu}/logs                               viewer    -         -
/bu/{bu}/logs/tail                          viewer    -         -
/bu/{bu}/logs/{evt}                         viewer    -         -
/bu/{bu}/logs/{evt}/deliveries/{dlv}/resend -         developer 303
/bu/{bu}/replays                            viewer    -         -
/bu/{bu}/replays/new                        developer developer 200 press=count&webhook={wh}&outcome=delivered
/bu/{bu}/replays/{rpl}                      viewer    -         -
/bu/{bu}/replays/{rpl}/cancel               -         developer 409
/bu/{bu}/admin/webhooks/{wh}/endpoints/{ep}/remove developer developer 303
/bu/{bu}/admin/webhooks/{wh}/delete         developer developer 303
/bu/{bu}/admin/users                        viewer    -         -
/bu/{bu}/admin/users/new                    admin     admin     200 email=more@example.com&name=More&role=viewer
/bu/{bu}/admin/users/second-factor          -         owner     303 required=on
/bu/{bu}/admin/users/{usr}/edit             admin     admin     303 name=Other&role=viewer
/bu/{bu}/admin/users/{usr}/link             -         admin     200
/bu/{bu}/admin/users/{usr}/sign-out         -         admin     303
/bu/{bu}/admin/users/{usr}/disable          admin     admin     303
/bu/{bu}/admin/users/{usr}/enable           -         admin     303
/bu/{bu}/admin/teams                        viewer    -         -
/bu/{bu}/admin/teams/new                    admin     admin     303 name=More
/bu/{bu}/admin/teams/{team}                 viewer    -         -
/bu/{bu}/admin/teams/{team}/edit            admin     admin     303 name=Other
/bu/{bu}/admin/teams/{team}/members/{usr}/remove - admin        303
/bu/{bu}/admin/teams/{team}/members         -         admin     303 login={login}
/bu/{bu}/admin/teams/{team}/delete          admin     admin     303
/bu/{bu}/admin/users/{usr}/remove           admin     admin     303
/bu/{bu}/programmes                         viewer    -         -
/bu/{bu}/programmes/new                     admin     admin     303 name=More
/bu/{bu}/programmes/{prg}                   viewer    -         -
/bu/{bu}/programmes/{prg}/edit              admin     admin     303 name=Other
/bu/{bu}/programmes/{prg}/webhooks/new      developer developer 303 url=https://example.com/e&events=order.completed
/bu/{bu}/programmes/{prg}/delete            admin     admin     409
/bu/{bu}/admin/audit                        admin     -         -
/bu/{bu}/admin/audit/export                 -         admin     200
";

/// One line.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub path: &'static str,
    /// The least role that opens it; none where there is no page.
    pub opens: Option<&'static str>,
    /// The least role that sends its form; none where there is none.
    pub sends: Option<&'static str>,
    /// How a good form is answered, inside a business unit.
    pub good: Option<u16>,
    /// What it holds beside what the page has filled in, as a query.
    pub form: &'static str,
}

impl Row {
    /// What the path names, in its order: `bu`, `wh`.
    pub fn names(&self) -> Vec<&'static str> {
        self.path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect()
    }

    /// Whether an answer ends only when somebody goes away.
    pub fn is_stream(&self) -> bool {
        self.path.ends_with("/tail")
    }
}

/// Every line, in its order.
pub fn rows() -> Vec<Row> {
    LINES.lines().filter(|line| !line.is_empty()).map(read).collect()
}

/// Every line inside a business unit.
pub fn in_units() -> Vec<Row> {
    rows().into_iter().filter(|row| row.path.starts_with("/bu/")).collect()
}

fn read(line: &'static str) -> Row {
    let mut words = line.split_whitespace();
    let mut next = || words.next().unwrap_or_else(|| panic!("four words at least: {line}"));
    let (path, opens, sends, good) = (next(), next(), next(), next());
    let role = |word: &'static str| (word != "-").then_some(word);
    Row {
        path,
        opens: role(opens),
        sends: role(sends),
        good: role(good).map(|status| status.parse().unwrap()),
        form: words.next().unwrap_or_default(),
    }
}

#[test]
fn every_route_of_the_dashboard_has_its_line() {
    let live: BTreeSet<String> =
        table().into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    let here: BTreeSet<String> = rows()
        .into_iter()
        .flat_map(|row| {
            let page = row.opens.map(|_| ["GET", "HEAD"]).into_iter().flatten();
            page.chain(row.sends.map(|_| "POST")).map(move |method| format!("{method} {}", row.path))
        })
        .collect();
    let new: Vec<&String> = live.difference(&here).collect();
    let gone: Vec<&String> = here.difference(&live).collect();
    assert!(new.is_empty() && gone.is_empty(), "add to LINES: {new:?}, take from LINES: {gone:?}");
    for row in in_units() {
        assert_eq!(row.sends.is_some(), row.good.is_some(), "{}: how a good form is answered", row.path);
    }
}
