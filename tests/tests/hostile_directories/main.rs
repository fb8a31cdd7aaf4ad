//! Directories that try to hurt, or whose way is not theirs alone: each is a scripted server behind real TLS on
//! loopback, met by the connector for OpenLDAP on the host's one path of an operation.
//!
//! Read the tables in the files of this folder: what a directory tries, what holds it, what the caller is told, and
//! every event of the operation after "located". The same tables are `docs/hostile-directories.md`. After each attempt
//! nothing that anybody reads holds a password, and an ordinary operation follows in the same process. What the
//! variations of an attempt come to is in `host/directory/tests/ldap`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod answers;
mod echo;
mod item;
mod malformed;
mod page;
mod protection;
mod scene;
mod terminal;
mod too_much;

// One scripted server for both: the client library by itself is tried with it, too.
#[allow(dead_code, reason = "it can do more than is tried here")]
#[path = "../../../host/directory/tests/ldap/ber.rs"]
mod ber;
#[allow(dead_code, reason = "shared with the tests of the client, which need more of it")]
#[path = "../../../host/directory/tests/ldap/certificates.rs"]
mod certificates;
#[allow(dead_code, reason = "it can do more than is tried here")]
#[path = "../../../host/directory/tests/ldap/fake.rs"]
mod fake;
#[allow(dead_code, reason = "no connector writes a log here")]
#[path = "../hostile/world/log.rs"]
mod log;
