//! A server on a local socket that answers whatever it is asked with the bytes that it is given.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::scratch;

/// RFC 4511: the tags of BindRequest, ModifyRequest and ExtendedRequest.
const BIND: u8 = 0x60;
const WRITES: [u8; 2] = [0x66, 0x77];

pub(super) struct Server {
    listener: Arc<UnixListener>,
    path: PathBuf,
    playing: Mutex<Option<JoinHandle<()>>>,
}

/// How many requests were read.
#[derive(Clone, Default)]
pub(super) struct Served(Arc<[AtomicUsize; 2]>);

impl Served {
    pub(super) fn binds(&self) -> usize {
        self.0[0].load(Ordering::SeqCst)
    }

    pub(super) fn writes(&self) -> usize {
        self.0[1].load(Ordering::SeqCst)
    }

    fn count(&self, request: &[u8]) {
        match operation(request) {
            Some(BIND) => self.0[0].fetch_add(1, Ordering::SeqCst),
            Some(tag) if WRITES.contains(&tag) => self.0[1].fetch_add(1, Ordering::SeqCst),
            _ => 0,
        };
    }
}

impl Server {
    pub(super) fn listen() -> Self {
        let path = scratch::folder("answer").join("ldapi");
        let listener = Arc::new(UnixListener::bind(&path).expect("a socket"));
        Self { listener, path, playing: Mutex::new(None) }
    }

    pub(super) fn url(&self) -> String {
        format!("ldapi://{}", self.path.display().to_string().replace('/', "%2F"))
    }

    /// Answers the first request of each connection with the bytes before `split`, the second one with the others, and
    /// then sends nothing more. Without a whole answer to the first one everything is sent at once: no second will come.
    pub(super) fn play(&self, answers: &[u8], split: usize) -> Served {
        let served = Served::default();
        let (listener, counted, answers) = (Arc::clone(&self.listener), served.clone(), answers.to_vec());
        let playing = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = converse(stream, &answers, split, &counted).await;
            }
        });
        self.stop(Some(playing));
        served
    }

    /// Stops answering.
    pub(super) fn rest(&self) {
        self.stop(None);
    }

    fn stop(&self, next: Option<JoinHandle<()>>) {
        let former = std::mem::replace(&mut *self.playing.lock().expect("one thread"), next);
        if let Some(former) = former {
            former.abort();
        }
    }
}

async fn converse(mut stream: UnixStream, answers: &[u8], split: usize, served: &Served) -> std::io::Result<()> {
    let (first, second) = answers.split_at(split);
    let whole = matches!(first, [0x30, length @ 0..0x80, rest @ ..] if rest.len() >= usize::from(*length));
    let parts = if whole { vec![first, second] } else { vec![answers] };
    let mut request = vec![0; 4096];
    for part in parts {
        let length = stream.read(&mut request).await?;
        if length == 0 {
            return Ok(());
        }
        served.count(&request[..length]);
        stream.write_all(part).await?;
    }
    stream.shutdown().await?;
    // The client closes when it has understood, or has given up; a request that is still to come is read and counted.
    loop {
        let length = stream.read(&mut request).await?;
        if length == 0 {
            return Ok(());
        }
        served.count(&request[..length]);
    }
}

/// The tag of the operation in a request: what follows the length of the message and its id (RFC 4511 section 4.1.1).
fn operation(request: &[u8]) -> Option<u8> {
    let length = *request.get(1)?;
    let id = if length < 0x80 { 2 } else { 2 + usize::from(length & 0x7f) };
    let digits = usize::from(*request.get(id + 1)?);
    request.get(id + 2 + digits).copied()
}
