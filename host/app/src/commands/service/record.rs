//! `portcullis record`: recordings of what the running service does next, written where the operator says.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use http_body_util::BodyExt as _;
use portcullis_model::{Fault, FaultCode};
use serde_json::{Value, json};

use super::control::{self, Stream};
use crate::audit::report::counted;
use crate::commands::duration::duration;
use crate::commands::recorded::Recorded;
use crate::commands::setup::{Setup, complain};
use crate::recording::MAX_LINE;
use crate::show::{self, ExitCode};

#[derive(Debug, Args)]
pub(in crate::commands) struct Record {
    /// The connector whose operations are recorded.
    #[arg(long, value_name = "NAME")]
    connector: String,

    /// Ends after so many operations.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    operations: Option<u64>,

    /// Ends after this time, for example 10m.
    #[arg(long = "for", value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    time: Option<Duration>,

    /// The file, which must not exist yet. Only its owner may read it.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// How much was written and how much was not.
#[derive(Debug, Default)]
struct Written {
    recorded: u64,
    lost: u64,
}

impl Record {
    pub(in crate::commands) async fn run(self, setup: &Setup) -> ExitCode {
        let written = match self.record(setup).await {
            Ok(written) => written,
            Err(fault) => return setup.fault(&fault),
        };
        if setup.json {
            let object = json!({ "recorded": written.recorded, "lost": written.lost, "to": self.to });
            setup.print(&show::to_text(&object));
        } else {
            let lost = match written.lost {
                0 => String::new(),
                1 => "; 1 was lost: it came faster than it could be written, or held too much".to_owned(),
                lost => format!("; {lost} were lost: they came faster than they could be written, or held too much"),
            };
            let are = if written.recorded == 1 { "is" } else { "are" };
            let recorded = counted(written.recorded, "operation");
            setup.print(&format!("{recorded} {are} in {}{lost}\n", self.to.display()));
        }
        ExitCode::Done
    }

    async fn record(&self, setup: &Setup) -> Result<Written, Fault> {
        let mut file = Recorded::create(&self.to)?;
        match self.open(setup).await {
            Ok(stream) => self.receive(stream, &mut file).await,
            Err(fault) => {
                // Nothing is recorded: what was made for it goes away again.
                drop(std::fs::remove_file(&self.to));
                Err(fault)
            }
        }
    }

    async fn open(&self, setup: &Setup) -> Result<Stream, Fault> {
        control::open(&setup.state, &self.path()).await?.ok_or_else(|| {
            let text = format!(
                "no service runs on {}; what is typed is recorded with its own option --record FILE",
                setup.state.display()
            );
            Fault::new(FaultCode::ServiceNotRunning, text)
        })
    }

    /// What the service is asked.
    fn path(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("connector", &self.connector);
        if let Some(operations) = self.operations {
            query.append_pair("operations", &operations.to_string());
        }
        if let Some(time) = self.time {
            query.append_pair("seconds", &time.as_secs().max(1).to_string());
        }
        format!("/v1/recordings?{}", query.finish())
    }

    async fn receive(&self, mut stream: Stream, file: &mut Recorded) -> Result<Written, Fault> {
        let (mut written, mut rest) = (Written::default(), Vec::new());
        loop {
            let frame = tokio::select! {
                frame = stream.body.frame() => frame,
                _ = tokio::signal::ctrl_c() => None,
            };
            let Some(frame) = frame else { return Ok(written) };
            let frame = frame.map_err(|error| broken(&error.to_string()))?;
            let Ok(data) = frame.into_data() else { continue };
            rest.extend_from_slice(&data);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                let line = str::from_utf8(&line).map_err(|_| broken("a line is not UTF-8"))?;
                self.line(line, file, &mut written)?;
            }
            if rest.len() > MAX_LINE {
                return Err(broken("a line is longer than 1 MiB"));
            }
        }
    }

    fn line(&self, line: &str, file: &mut Recorded, written: &mut Written) -> Result<(), Fault> {
        if line.trim().is_empty() {
            return Ok(());
        }
        let value: Value = serde_json::from_str(line).map_err(|_| broken("a line is not JSON"))?;
        if value["recording"] == true {
            if std::io::stderr().is_terminal() {
                complain(&format!("recording {}; Ctrl-C ends it\n", self.connector));
            }
        } else if let Some(lost) = value["lost"].as_u64() {
            written.lost += lost;
        } else {
            file.line(line)?;
            written.recorded += 1;
        }
        Ok(())
    }
}

fn broken(why: &str) -> Fault {
    Fault::new(FaultCode::HostInternal, format!("the service's recordings cannot be read: {why}"))
}
