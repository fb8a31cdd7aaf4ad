//! The capability `config`: the connector's own settings, as the operator wrote them. It tells nothing else of the
//! connector's file: no URL, no service account, no grant.

mod host;
