//! What happened and went out: publishing, the queue, settling, logs, test events.

pub mod bell;
pub mod deliveries;
pub mod feed;
pub mod gather;
pub mod handoff;
pub mod inspect;
pub mod log;
pub mod publish;
pub mod queue;
pub mod recover;
pub mod replay;
pub mod resend;
pub mod resting;
pub mod route;
pub mod settle;
pub mod test_send;
