//! Causes: why an attempt failed, or why a delivery was held back or stopped.

use crate::domain::words::words;

words! {
    /// Why something was not delivered. A closed list: no address and no resolver's text reaches a tenant.
    Cause {
        /// The host name has no usable address.
        DnsFailure = "dns_failure",
        /// The address is private, special, or otherwise not allowed here.
        BlockedAddress = "blocked_address",
        /// No connection came about.
        ConnectFailed = "connect_failed",
        /// The connection could not be secured.
        TlsFailed = "tls_failed",
        /// No complete answer within the endpoint's time.
        Timeout = "timeout",
        /// An answer other than 2xx that has no cause of its own.
        HttpStatus = "http_status",
        /// A 3xx answer.
        RedirectNotFollowed = "redirect_not_followed",
        /// A 410 answer.
        Gone = "gone",
        /// The answer was not HTTP.
        ProtocolError = "protocol_error",
        /// A stored secret could not be decrypted.
        SecretUnreadable = "secret_unreadable",
        /// This installation could not use the network: no resolver, no route, no open files left.
        NetworkDown = "network_down",
        /// The node stopped during the attempt; its outcome is unknown.
        Interrupted = "interrupted",
        /// The delivery crashed its worker three times.
        WorkerCrash = "worker_crash",
        /// The webhook was inactive; its own reason stands beside it.
        WebhookInactive = "webhook_inactive",
        /// The webhook was deleted.
        WebhookDeleted = "webhook_deleted",
        /// The endpoint was taken out of its webhook.
        EndpointDeleted = "endpoint_deleted",
        /// A condition of the trigger's filter did not hold.
        Filter = "filter",
        /// The event's subject is not the login or in the team of the webhook's scope.
        Scope = "scope",
        /// The event's business unit or programme lies outside the webhook's reach.
        Reach = "reach",
        /// A person cancelled the delivery.
        CancelledByPerson = "cancelled_by_person",
        /// It waited for a retry, and the same event was sent again meanwhile and arrived.
        Resent = "resent",
        /// Retention removed the event first.
        Expired = "expired",
    }
}

impl Cause {
    /// What happened, and what to do where something can be done, for a person.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::DnsFailure => {
                "The host name could not be resolved. Check its spelling and its DNS records."
            }
            Self::BlockedAddress => "The address is not one that may be sent to. Use a public address.",
            Self::ConnectFailed => {
                "No connection could be made. Check that the server is running and reachable from outside."
            }
            Self::TlsFailed => {
                "The connection could not be secured. Check the server's certificate, its chain and its name."
            }
            Self::Timeout => "No complete answer came in time. Answer 2xx first and do the work afterwards.",
            Self::HttpStatus => "The receiver answered with a status other than 2xx.",
            Self::RedirectNotFollowed => {
                "The receiver answered with a redirect, which is not followed. Enter the final URL."
            }
            Self::Gone => "The receiver answered 410 Gone, so the webhook was switched off.",
            Self::ProtocolError => "The answer was not valid HTTP. Check what is listening at the URL.",
            Self::SecretUnreadable => {
                "A stored secret could not be read here. The delivery waits until the operator has put it right."
            }
            Self::NetworkDown => {
                "The sending server could not use the network. The delivery waits until the operator has put it right."
            }
            Self::Interrupted => {
                "The sending server stopped during the attempt, so its outcome is unknown. It is sent again."
            }
            Self::WorkerCrash => {
                "The delivery failed inside the sending server three times and was set aside."
            }
            Self::WebhookInactive => "The webhook was inactive when the event happened.",
            Self::WebhookDeleted => "The webhook was deleted.",
            Self::EndpointDeleted => "The endpoint was removed from the webhook.",
            Self::Filter => "The filter of the trigger did not match the event.",
            Self::Scope => "The event is about somebody outside the scope of the webhook.",
            Self::Reach => "The event happened outside the reach of the webhook.",
            Self::CancelledByPerson => "Somebody cancelled the delivery.",
            Self::Resent => "The event was sent again and arrived, so no further attempt is needed.",
            Self::Expired => "The event reached the end of its retention before it could be sent.",
        }
    }

    /// Whether the fault is this installation's: such an attempt never uses up the customer's attempts.
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::SecretUnreadable | Self::NetworkDown | Self::Interrupted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_reads_back_and_is_told_in_its_own_sentence() {
        let mut sentences = std::collections::BTreeSet::new();
        for cause in Cause::ALL {
            assert_eq!(cause.as_str().parse(), Ok(*cause));
            assert!(cause.sentence().ends_with('.') && sentences.insert(cause.sentence()), "{cause}");
        }
    }

    #[test]
    fn only_our_own_faults_spare_the_attempts() {
        let ours: Vec<_> = Cause::ALL.iter().copied().filter(|cause| cause.is_ours()).collect();
        assert_eq!(ours, [Cause::SecretUnreadable, Cause::NetworkDown, Cause::Interrupted]);
    }
}
