//! Requests that no library would send so, on a connection that stays open.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use super::{Scene, canary, left};
use crate::tls;
use crate::world::{ALICE, DESK, reset};

impl Scene {
    /// A request in parts of so many bytes with a pause after each; `more` stands behind the body's last member.
    fn sends(&self, part: usize, more: &str, expected: &str) {
        let secret = canary(&format!("in parts of {part} with {more}"));
        let body = reset(ALICE, &secret).to_string();
        let body = format!("{}{more}}}", body.strip_suffix('}').unwrap());
        let headers = format!("host: x\r\nauthorization: Bearer {DESK}\r\ncontent-type: application/json\r\n");
        let length = body.len();
        let request = format!("POST /v1/operations HTTP/1.1\r\n{headers}content-length: {length}\r\n\r\n{body}");
        let mut stream = tls::connect(&self.serve, &self.tls);
        for part in request.as_bytes().chunks(part) {
            stream.write_all(part).unwrap();
            stream.flush().unwrap();
            // So that they are read one by one. Should they not be, this is the case of the other tests.
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(String::from_utf8_lossy(&status), format!("HTTP/1.1 {expected}"));
        let Some(found) = left(&self.serve, &secret) else { return };
        assert!(found.is_empty(), "{found:#?}");
    }
}

/// What is not whole yet makes HTTP ask for a larger buffer.
#[test]
fn a_password_that_came_in_parts_is_gone_after_its_operation() {
    let Some(scene) = Scene::new() else { return };
    scene.sends(64, "", "201");
}

/// The answer is there before HTTP looks for more, in the buffer that the password is in.
#[test]
fn a_password_in_a_request_that_is_refused_at_once_is_gone() {
    let Some(scene) = Scene::new() else { return };
    scene.sends(4096, ",\"nonsense\":1", "400");
    scene.sends(64, ",\"nonsense\":1", "400");
}
