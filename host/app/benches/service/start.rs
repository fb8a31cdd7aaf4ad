//! From the start of the process `portcullis serve` with a hundred connectors to its first answer that it is ready.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::world::World;
use crate::Result;
use crate::figure::{Figure, Goal, Section};

const CONNECTORS: usize = 100;
/// In the directory of each.
const PEOPLE: usize = 64;

const METHOD: &str = "`portcullis serve` as a process of its own with 100 connectors, each with the plugin `mock`, a \
    directory in the host's memory of its own (64 people) and its own accounts; the plugin was compiled before. From the \
    start of the process until it tells its service manager that it is ready (`READY=1`, sd_notify(3)), and until the \
    first `GET /health/ready` that follows is answered with 200. With one connector in turns, to tell what the hundred \
    cost. The journal is empty.";

const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");

/// Measures.
pub(crate) fn measure(quick: bool) -> Result<Section> {
    let rounds = if quick { 3 } else { 20 };
    let many = Place::new(CONNECTORS)?;
    let one = Place::new(1)?;
    // Compiles the plugin, and makes the journal and the keys.
    many.start()?;
    one.start()?;
    let [mut told, mut answered, mut alone] = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        let (ready, health) = many.start()?;
        told.push(ready);
        answered.push(health);
        alone.push(one.start()?.1);
    }
    let alone = Figure::of("start to ready with one connector", "ms", &alone);
    let why = format!("With one connector it takes {:.0} ms.", alone.value.unwrap_or_default());
    let figures = vec![
        Figure::of("start to ready with 100 connectors", "ms", &answered).goal(Goal::AtMost(1_000.0), why),
        Figure::of("until the service manager is told", "ms", &told),
        alone,
    ];
    Ok(Section { title: "The service: its start", method: METHOD.to_owned(), figures })
}

/// The folders of one service, and where it listens.
struct Place {
    world: World,
    address: SocketAddr,
}

impl Place {
    fn new(connectors: usize) -> Result<Self> {
        // Free at this moment, which is enough on a machine that is left alone.
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let world = World::new(connectors, PEOPLE, &format!("[listen]\naddresses = [\"{address}\"]\n"))?;
        world.state()?;
        world.cache()?;
        Ok(Self { world, address })
    }

    /// Starts and stops the service; milliseconds until it says that it is ready, and until it answers so.
    fn start(&self) -> Result<(f64, f64)> {
        let socket = self.world.path("notify");
        drop(std::fs::remove_file(&socket));
        let manager = UnixDatagram::bind(&socket)?;
        manager.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut command = Command::new(PROGRAM);
        command.arg("--config").arg(self.world.config()).arg("--state").arg(self.world.path("state"));
        command.arg("--cache").arg(self.world.path("cache")).arg("serve").env("NOTIFY_SOCKET", &socket);
        let start = Instant::now();
        let service = Service(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?);
        let mut message = [0; 256];
        let length = manager.recv(&mut message)?;
        let told = start.elapsed();
        if !message[..length].starts_with(b"READY=1") {
            return Err("the service did not say that it is ready".into());
        }
        let mut answer = String::new();
        let mut connection = TcpStream::connect(self.address)?;
        connection.write_all(b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        connection.read_to_string(&mut answer)?;
        let answered = start.elapsed();
        if !answer.starts_with("HTTP/1.1 200") {
            return Err(format!("the service is not ready: {answer}").into());
        }
        service.stop()?;
        Ok((told.as_secs_f64() * 1e3, answered.as_secs_f64() * 1e3))
    }
}

/// The process; ended if a measurement breaks off.
struct Service(Child);

impl Service {
    /// As a service manager stops it.
    fn stop(mut self) -> Result {
        Command::new("kill").arg("-TERM").arg(self.0.id().to_string()).status()?;
        let status = self.0.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the service ended with {status}").into()) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It has ended already where all went well.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
