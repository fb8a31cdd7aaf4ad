//! The page "Run it as a service" is typed as it is written.

use std::fs;

use portcullis_tests::plugins::root;

use crate::typed::Typed;

#[test]
fn every_command_of_the_page_works_as_written() {
    let page = fs::read_to_string(root().join("docs/run-as-a-service.md")).unwrap();
    // The second part is for a server of one's own.
    let (first, _) = page.split_once("\n## On a server").unwrap();
    let typed = Typed::as_written(first, Some("8440"), ("portcullis ", 13));
    // The one that does not wait may have ended by then, too.
    let done = typed.out.matches("\"state\":\"done\"").count();
    assert!(done >= 2, "a reset and a sealed one were done:\n{}", typed.out);
    typed.says(&["\"status\":\"ready\"", "HTTP/1.1 20", "current", " back; "]);
    let log = typed.log();
    for secret in ["staple of the horse", "another fine password", "pct_"] {
        assert!(!log.contains(secret) && !typed.out.contains(secret), "{secret} was told:\n{}\n{log}", typed.out);
    }
}
