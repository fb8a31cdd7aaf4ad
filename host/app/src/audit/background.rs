//! A thread that follows the audit log beside the service, until it is told to stop.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use portcullis_model::{Fault, FaultCode};

/// Ends when it is dropped, or with [`Background::stop`].
#[derive(Debug)]
pub(super) struct Background {
    name: &'static str,
    stop: Mutex<Option<Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Background {
    /// Begins. Whoever runs ends when the other side of what it is given is gone.
    ///
    /// # Errors
    /// The host's fault: there is no thread for it.
    pub(super) fn start(name: &'static str, run: impl FnOnce(&Receiver<()>) + Send + 'static) -> Result<Self, Fault> {
        let (stop, stopped) = channel();
        // The thread's lines belong to the same log as those of who starts it.
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let run = move || tracing::dispatcher::with_default(&dispatch, || run(&stopped));
        let thread = std::thread::Builder::new().name(name.into()).spawn(run);
        let thread = thread.map_err(|error| Fault::new(FaultCode::HostInternal, error.to_string()))?;
        Ok(Self { name, stop: Mutex::new(Some(stop)), thread: Mutex::new(Some(thread)) })
    }

    /// Tells it to stop.
    pub(super) fn begin_to_stop(&self) {
        drop(self.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Tells it to stop, and waits until it has ended.
    pub(super) fn stop(&self) {
        self.begin_to_stop();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread `{}` of the audit log broke down", self.name);
        }
    }
}
