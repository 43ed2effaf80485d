//! Whether it is this installation's own network that is down, so that no receiver is blamed for it.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::delivery::guard::Refusal;

/// For how long an answer or a found name proves that the network and the resolver work.
const PROOF: Duration = Duration::from_mins(1);
/// What only this machine can be short of, as Linux numbers it: memory, open files, local ports, buffers, and
/// an interface that is up.
const SHORTAGES: [i32; 6] = [12, 23, 24, 99, 100, 105];
/// How the resolver says that it could not ask, in glibc's and musl's words: it has no number for it here.
const NOT_ASKED: [&str; 2] = ["Temporary failure in name resolution", "Try again"];

/// What proves that the network works. A fault that could be either side's is ours while nothing does.
#[derive(Debug, Default)]
pub struct Network {
    answered: Mutex<Option<Instant>>,
    found: Mutex<Option<Instant>>,
}

impl Network {
    /// A receiver has answered.
    pub fn answered(&self) {
        note(&self.answered);
    }

    /// A name was found.
    pub fn found(&self) {
        note(&self.found);
    }

    /// Whether this error, or one that it stems from, is the fault of this installation.
    pub fn is_at_fault(&self, error: &(dyn StdError + 'static)) -> bool {
        std::iter::successors(Some(error), |e| (*e).source()).any(|error| {
            let refusal =
                error.downcast_ref::<Refusal>().is_some_and(|refusal| self.is_resolver_down(refusal));
            refusal || error.downcast_ref::<io::Error>().is_some_and(|error| self.is_cut_off(error))
        })
    }

    /// The same of a lookup that did not come to an end.
    pub fn is_slow_lookup_ours(&self) -> bool {
        !is_lately(&self.found)
    }

    fn is_resolver_down(&self, refusal: &Refusal) -> bool {
        let is_open = match refusal {
            Refusal::Failed(_, error) => {
                let told = error.to_string();
                NOT_ASKED.iter().any(|words| told.contains(words))
            }
            Refusal::Slow(_) => true,
            Refusal::Blocked(..) | Refusal::NoAddress(_) => false,
        };
        is_open && self.is_slow_lookup_ours()
    }

    fn is_cut_off(&self, error: &io::Error) -> bool {
        error.raw_os_error().is_some_and(|number| SHORTAGES.contains(&number))
            || (error.kind() == ErrorKind::NetworkUnreachable && !is_lately(&self.answered))
    }
}

fn note(mark: &Mutex<Option<Instant>>) {
    *mark.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}

fn is_lately(mark: &Mutex<Option<Instant>>) -> bool {
    mark.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| at.elapsed() < PROOF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(told: &'static str) -> Refusal {
        let told = format!("failed to lookup address information: {told}");
        Refusal::Failed("a.example.com".to_owned(), io::Error::other(told))
    }

    #[test]
    fn a_resolver_that_cannot_ask_is_ours_until_it_finds_another_name() {
        let network = Network::default();
        assert!(network.is_at_fault(&refused("Temporary failure in name resolution")));
        assert!(network.is_at_fault(&Refusal::Slow("a.example.com".to_owned())));
        network.answered();
        assert!(network.is_at_fault(&refused("Try again")), "connections that are kept prove nothing of it");
        network.found();
        assert!(!network.is_at_fault(&refused("Temporary failure in name resolution")));
        assert!(!network.is_at_fault(&Refusal::Slow("a.example.com".to_owned())));
    }

    #[test]
    fn a_name_that_does_not_exist_is_never_ours() {
        let network = Network::default();
        assert!(!network.is_at_fault(&refused("Name or service not known")));
        assert!(!network.is_at_fault(&Refusal::NoAddress("a.example.com".to_owned())));
        assert!(!network.is_at_fault(&Refusal::Blocked("a.example.com".to_owned(), "10.0.0.1".to_owned())));
    }

    #[test]
    fn no_route_is_ours_while_nobody_answers_and_no_files_always() {
        let network = Network::default();
        let (no_route, no_files) = (io::Error::from_raw_os_error(101), io::Error::from_raw_os_error(24));
        let refused = io::Error::from_raw_os_error(111);
        assert!(network.is_at_fault(&no_route) && network.is_at_fault(&no_files));
        assert!(!network.is_at_fault(&refused));
        network.answered();
        assert!(!network.is_at_fault(&no_route) && network.is_at_fault(&no_files));
    }
}
