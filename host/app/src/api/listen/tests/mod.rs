//! The doors against strangers: each limit, alone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod tls;

use std::time::Instant;

use axum::Extension;
use axum::routing::get;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::oneshot;

use super::*;

/// A server with one page that says who asked, and one that never ends.
struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: tokio::task::JoinHandle<()>,
}

fn router() -> axum::Router {
    let who = |Extension(peer): Extension<Peer>| async move {
        let certificate = peer.certificate.map_or(0, |bytes| bytes.len());
        format!("address={:?} uid={:?} control={} certificate={certificate}", peer.address, peer.uid, peer.control)
    };
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "finished"
    };
    let forever = || async { std::future::pending::<()>().await };
    axum::Router::new().route("/", get(who)).route("/slow", get(slow)).route("/forever", get(forever))
}

fn short() -> Limits {
    let moment = Duration::from_millis(200);
    Limits { handshake: moment, head: moment, idle: moment, finishing: Duration::from_secs(5), ..Limits::default() }
}

fn start(listener: Listener, limits: Limits) -> Server {
    let address = listener.address().unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
    let (stop, stopped) = oneshot::channel::<()>();
    let (phases, _) = watch::channel(Phase::Serving);
    let ended = tokio::spawn(async move {
        serve(vec![listener], router(), limits, phases, async { drop(stopped.await) }).await;
    });
    Server { address, stop: Some(stop), ended }
}

async fn server(limits: Limits) -> Server {
    start(Listener::tcp(([127, 0, 0, 1], 0).into(), None).await.unwrap(), limits)
}

/// Everything that comes until the end of the connection; fails if that takes longer than any limit here.
async fn rest(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut text)).await;
    drop(read.expect("the connection is still open"));
    String::from_utf8_lossy(&text).into_owned()
}

async fn ask(stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin), path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(stream).await
}

#[tokio::test]
async fn a_request_is_answered_and_says_where_it_came_from() {
    let server = server(Limits::default()).await;
    let answer = ask(&mut TcpStream::connect(server.address).await.unwrap(), "/").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("address=Some(127.0.0.1) uid=None control=false certificate=0"), "{answer}");
}

#[tokio::test]
async fn http_2_is_spoken_without_tls_too() {
    let server = server(Limits::default()).await;
    let io = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let request = hyper::Request::get("http://x/").body(Empty::<axum::body::Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!((answer.version(), answer.status()), (hyper::Version::HTTP_2, hyper::StatusCode::OK));
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(b"address=Some(127.0.0.1)"));
}

#[tokio::test]
async fn one_who_says_nothing_is_closed() {
    let server = server(short()).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(rest(&mut silent).await, "");
}

#[tokio::test]
async fn one_who_drips_the_head_is_closed() {
    let server = server(short()).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let started = Instant::now();
    let (mut read, mut write) = slow.split();
    let dripping = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if write.write_all(b"X-A: b\r\n").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! { text = rest(&mut read) => assert!(!text.starts_with("HTTP/1.1 200"), "{text}"), () = dripping => {} }
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn an_http_2_connection_without_a_request_is_closed() {
    let server = server(short()).await;
    let io = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = hyper::Request::get("http://x/").body(Empty::<axum::body::Bytes>::new()).unwrap();
    assert!(sender.send_request(request).await.unwrap().status().is_success());
    tokio::time::timeout(Duration::from_secs(5), connection).await.expect("still open").unwrap().ok();
}

#[tokio::test]
async fn a_request_that_runs_long_is_not_taken_for_silence() {
    let server = server(short()).await;
    let answer = ask(&mut TcpStream::connect(server.address).await.unwrap(), "/slow").await;
    assert!(answer.ends_with("finished"), "{answer}");
}

#[tokio::test]
async fn an_overlong_head_is_refused() {
    let server = server(Limits::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(64 * 1024));
    drop(stream.write_all(request.as_bytes()).await);
    let answer = rest(&mut stream).await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_connection_too_many_is_closed_and_a_place_is_given_back() {
    let server = server(Limits { connections: 2, ..Limits::default() }).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    first.read_exact(&mut [0; 12]).await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    second.read_exact(&mut [0; 12]).await.unwrap();
    assert_eq!(rest(&mut TcpStream::connect(server.address).await.unwrap()).await, "");
    drop(first);
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let mut again = TcpStream::connect(server.address).await.unwrap();
        let asked = again.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        if asked.is_ok() && rest(&mut again).await.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(Instant::now() < deadline, "the place was never given back");
    }
}

#[tokio::test]
async fn what_runs_is_finished_and_nothing_new_is_taken() {
    let mut server = server(Limits { finishing: Duration::from_secs(5), ..Limits::default() }).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    // A second connection is answered only after the first was taken.
    ask(&mut TcpStream::connect(server.address).await.unwrap(), "/").await;
    drop(server.stop.take());
    let answer = rest(&mut stream).await;
    assert!(answer.ends_with("finished"), "{answer}");
    server.ended.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn what_never_finishes_is_cut_off() {
    let mut server = server(Limits { finishing: Duration::from_millis(200), ..Limits::default() }).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /forever HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    ask(&mut TcpStream::connect(server.address).await.unwrap(), "/").await;
    drop(server.stop.take());
    assert_eq!(rest(&mut stream).await, "");
    server.ended.await.unwrap();
}

#[tokio::test]
async fn a_unix_socket_says_the_uid_and_which_door_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let own = rustix::process::geteuid().as_raw();
    for control in [false, true] {
        let listener = if control { Listener::control(&path) } else { Listener::unix(&path) };
        let mut server = start(listener.unwrap(), Limits::default());
        let answer = ask(&mut UnixStream::connect(&path).await.unwrap(), "/").await;
        assert!(answer.ends_with(&format!("address=None uid=Some({own}) control={control} certificate=0")), "{answer}");
        drop(server.stop.take());
        server.ended.await.unwrap();
        assert!(!path.exists());
    }
}
