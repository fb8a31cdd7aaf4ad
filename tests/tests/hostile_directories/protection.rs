//! What stands between the host and the server, or says that it is the server.

use crate::ber::{self, BIND, EXTENDED, SEARCH, message};
use crate::certificates::Authority;
use crate::fake::{Request, Step};
use crate::item::{Item, directories};
use crate::scene::{Line, Scene, success};

/// Whatever is answered to StartTLS: nothing follows that only the server may see.
async fn stripped(item: &Item, answers: &[fn(&Request) -> Vec<Step>]) {
    let scene = Scene::over(Line::StartTls).await;
    for answer in answers {
        scene.fake.next(EXTENDED, *answer);
        item.is(&scene.reset().await);
        sent_nothing(&scene);
    }
    scene.goes_on().await;
}

async fn shows(item: &Item, line: Line, words: &str) {
    let scene = Scene::over(line).await;
    let report = scene.reset().await;
    item.is(&report);
    let detail = &report.outcome.fault().unwrap().detail;
    assert!(detail.contains(words), "{detail}");
    sent_nothing(&scene);
    Scene::others_go_on().await;
}

fn sent_nothing(scene: &Scene) {
    assert!(scene.fake.requests(BIND).is_empty() && scene.fake.requests(SEARCH).is_empty());
}

/// The answer to the bind that the host will make, before it makes it.
fn bind_answer(request: &Request) -> Vec<u8> {
    message(request.id + 1, &[&ber::result(BIND, 0, b"")])
}

directories! {
    /// Refuses StartTLS, closes the connection, or answers with something else: a way without protection is left.
    starttls_stripped,
    held by "without StartTLS there is no request: it is asked for and not tried",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item| stripped(item, &[
        |r| vec![Step::Send(message(r.id, &[&ber::result(EXTENDED, 2, b"unsupported extended operation")]))],
        |_| vec![Step::Close],
        |r| vec![Step::Send(bind_answer(r)), Step::Silence],
        |r| vec![Step::Send(message(r.id, &[&ber::result(BIND, 0, b"")])), Step::Silence],
        |_| vec![Step::Send(crate::scene::disconnection()), Step::Silence],
    ]).await;

    /// Agrees to StartTLS, and goes on in clear.
    starttls_that_goes_on_in_clear,
    held by "after the answer the next byte belongs to the handshake",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item| stripped(item, &[
        |r| vec![Step::Send(success(r)), Step::Pause, Step::Send(bind_answer(r)), Step::Silence],
    ]).await;

    /// Sends, in clear and together with its consent to StartTLS, the answers to what will be asked after the handshake.
    starttls_response_injection,
    held by "bytes after the consent end the connection; none is kept for later",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item: &Item| {
        let scene = Scene::over(Line::StartTls).await;
        for more in [bind_answer as fn(&Request) -> Vec<u8>, |_| vec![0x30]] {
            // And goes on with the handshake, as if nothing had been.
            scene.fake.next_and_tls(EXTENDED, move |r| vec![Step::Send([success(r), more(r)].concat())]);
            let report = scene.reset().await;
            item.is(&report);
            let detail = &report.outcome.fault().unwrap().detail;
            assert!(detail.contains("more was sent in plain text after the answer"), "{detail}");
            sent_nothing(&scene);
        }
        // In a packet of its own, if the host is not faster.
        stripped(item, &[|r| vec![Step::Send(success(r)), Step::Send(bind_answer(r)), Step::Silence]]).await;
    };

    /// Shows a certificate of another host, from the CA that is trusted.
    certificate_of_another_host,
    held by "the name in the URL is verified",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item| {
        shows(item, Line::Certificate(|ca| ca.server(&["dc1.corp.example"])), "is for another name").await;
    };

    /// Shows a certificate of another address, where the URL names the server by its address.
    certificate_of_another_address,
    held by "an address is verified like a name",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item| {
        shows(item, Line::Certificate(|ca| ca.server(&["127.0.0.2", "localhost"])), "is for another name").await;
    };

    /// Shows a certificate that has expired.
    certificate_expired,
    held by "the dates are verified; there is no way to switch that off",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item| {
        shows(item, Line::Certificate(|ca| ca.server_until(&["127.0.0.1"], 2001)), "has expired").await;
    };

    /// Shows a certificate of a CA that is not trusted.
    certificate_of_an_unknown_ca,
    held by "the CA file alone decides who is trusted",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item| {
        shows(item, Line::Certificate(|_| Authority::new("other").server(&["127.0.0.1"])), "not trusted here").await;
    };

    /// Shows a certificate of a CA that has the name of the one that is trusted, and another key.
    certificate_of_a_namesake,
    held by "the signature is verified, and not the name alone",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item| {
        shows(item, Line::Certificate(|_| Authority::new("people").server(&["127.0.0.1"])), "not trusted here").await;
    };

    /// Speaks no TLS where TLS is expected.
    no_tls_on_the_port,
    held by "there is no way back to clear text",
    told "refused: directory-unavailable, directory",
    recorded ["ended refused directory-unavailable"] => async |item| {
        shows(item, Line::Plain, "the TLS handshake failed").await;
    };
}
