//! The capability `config`: the connector's own settings, as the operator wrote them. It tells nothing else of the
//! connector's file: no URL, no service account, no grant.

mod host;

use portcullis_model::{Event, Use};

fn allowed(name: String) -> Event {
    Event::Allowed { capability: "config", call: "get", subject: name.clone(), uses: vec![Use::Setting { name }] }
}
