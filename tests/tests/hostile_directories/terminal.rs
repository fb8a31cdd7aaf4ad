//! Words that are meant for the terminal of whoever reads them.

use crate::ber::{self, EXTENDED, message};
use crate::fake::{Request, Step};
use crate::item::{Item, directories};
use crate::scene::{Line, Scene, each_read, entry, success};

/// A colour, a cleared screen, a title, and a line of its own that looks like the host's.
const OBEYED: &str = "no\x1b[2J\x1b]0;owned\x07\r\n  written    unicodePwd on ldaps://dc1\u{202e}";

fn refused(request: &Request, code: u8) -> Vec<Step> {
    vec![Step::Send(message(request.id, &[&ber::result(request.op, code, OBEYED.as_bytes())]))]
}

directories! {
    /// Refuses the search with escape sequences and a line that looks like one of the host's.
    escape_sequences_in_a_refused_search,
    held by "what a directory says is one line without control characters and marks of direction",
    told "refused: directory-denied, operator",
    recorded ["ended refused directory-denied"] => async |item| each_read(Scene::new().await, item, &[|r| refused(r, 50)]).await;

    /// Refuses the password in the same words.
    escape_sequences_in_a_refused_write,
    held by "the same",
    told "refused: directory-refused, directory",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.set-password",
        "refused password modify (RFC 3062) 53", "ended refused directory-refused",
    ] => async |item: &Item| {
        let scene = Scene::new().await;
        scene.fake.next(EXTENDED, |r| refused(r, 53));
        item.is(&scene.reset().await);
        scene.goes_on().await;
    };

    /// Refuses StartTLS in the same words, which anybody on the way can do.
    escape_sequences_before_tls,
    held by "the same",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item: &Item| {
        let scene = Scene::over(Line::StartTls).await;
        scene.fake.next(EXTENDED, |r| refused(r, 52));
        item.is(&scene.reset().await);
        scene.goes_on().await;
    };

    /// Refuses the bind of the service account in the same words.
    escape_sequences_in_a_refused_bind,
    held by "the same",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item: &Item| {
        let scene = Scene::new().await;
        scene.fake.next(ber::BIND, |r| refused(r, 52));
        item.is(&scene.reset().await);
        scene.goes_on().await;
    };

    /// Finds an entry whose name holds escape sequences, or marks that reorder it: it would stand in the receipt and in
    /// the audit log.
    escape_sequences_in_a_name,
    held by "an entry with such a name is none: servers escape in names what a terminal would obey (RFC 4514)",
    told "refused: directory-nonsense, directory",
    recorded ["ended refused directory-nonsense"] => async |item| each_read(Scene::new().await, item, &[
        |r| named(r, "cn=no\x1b[2J,dc=example"),
        |r| named(r, "cn=no\u{202e}nimda,dc=example"),
    ]).await;
}

fn named(request: &Request, name: &str) -> Vec<Step> {
    vec![Step::Send(message(request.id, &[&entry(name.as_bytes())])), Step::Send(success(request))]
}
