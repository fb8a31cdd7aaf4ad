//! Writing, and binding to see whether a password is right.
//!
//! From the moment that a write may have been sent there are two outcomes: the server's answer, or doubt. It is never
//! sent again.

use lber::guard::Answers;
use ldap3::exop::PasswordModify;
use ldap3::{Ldap, LdapError, LdapResult, RequestId};
use portcullis_model::Password;

use super::connect::{self, Deadline};
use super::connection::{Broken, Connection};
use super::failover::Tried;
use super::pool::{Lease, Server};
use super::{LdapDirectory, convert};
use crate::{Answer, Control, Failure, Modify, Performer, SetPassword, Value};

/// draft-behera-ldap-password-policy: the control that asks for the reason of a refusal.
const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// What is written.
#[derive(Clone, Copy)]
pub(super) enum Write<'a> {
    Modify(&'a Modify),
    SetPassword(&'a SetPassword),
}

impl Write<'_> {
    fn holds_password(self) -> bool {
        match self {
            Self::Modify(modify) => {
                modify.changes.iter().flat_map(|change| &change.values).any(|v| matches!(v, Value::Secret(..)))
            }
            Self::SetPassword(_) => true,
        }
    }

    fn answers(self) -> Answers {
        match self {
            Self::Modify(_) => Answers::MODIFY,
            Self::SetPassword(_) => Answers::EXTENDED,
        }
    }

    /// Whether a text of the server holds what was to be written in secret.
    fn occurs_in(self, text: &str) -> bool {
        match self {
            Self::Modify(modify) => modify.changes.iter().flat_map(|change| &change.values).any(|value| match value {
                Value::Secret(password, _) => password.occurs_in(text),
                Value::Plain(_) => false,
            }),
            Self::SetPassword(request) => request.new.occurs_in(text),
        }
    }

    /// The server's answer, and the number of the request.
    async fn send(self, mut ldap: Ldap) -> Result<(LdapResult, RequestId), LdapError> {
        let controls = match self {
            Self::Modify(modify) => &modify.controls,
            Self::SetPassword(request) => &request.controls,
        };
        if !controls.is_empty() {
            ldap.with_controls(convert::controls(controls));
        }
        let result = match self {
            Self::Modify(modify) => ldap.modify(&modify.dn, convert::changes(&modify.changes)).await?,
            Self::SetPassword(request) => {
                let new_pass = Some(request.new.expose_secret());
                let request = PasswordModify { user_id: Some(&request.dn), old_pass: None, new_pass };
                // The value of the answer would be a password that the server made: none was asked for.
                ldap.extended(request).await?.1
            }
        };
        Ok((result, ldap.last_id()))
    }
}

impl LdapDirectory {
    pub(super) async fn write(&self, performer: &Performer, write: Write<'_>) -> Result<Answer, Failure> {
        match performer {
            Performer::Service => self.write_as_service(write).await,
            Performer::Target { dn, password } => self.write_as_target(dn, password, write).await,
        }
    }

    async fn write_as_service(&self, write: Write<'_>) -> Result<Answer, Failure> {
        self.servers.service_account()?;
        let password = self.settings.bind.is_some() || write.holds_password();
        let (candidates, mut tried) = self.servers.candidates(password)?;
        for server in candidates {
            // A pooled connection may turn out to be closed; the second one is new.
            for _ in 0..2 {
                let mut lease = match server.lease().await {
                    Ok(lease) => lease,
                    Err(why) => {
                        self.servers.without(server, &why, &mut tried)?;
                        break;
                    }
                };
                match lease.exchange(self.settings.request_timeout, write.answers(), |ldap| write.send(ldap)).await {
                    Ok((result, request)) => {
                        self.give_back(lease, write, &result, request).await;
                        return Ok(convert::answer(result, server.url(), self.service_password()));
                    }
                    Err(Broken::Unsent(why)) => tried.note(server, why),
                    Err(broken) => return Err(in_doubt(server, &broken)),
                }
                server.forget_idle();
            }
        }
        Err(tried.into_failure())
    }

    /// A connection that carried a password is used again once the library has given up the buffer with the request. The
    /// buffer of answers it keeps: a server that repeats the password loses the connection.
    async fn give_back(&self, mut lease: Lease, write: Write<'_>, result: &LdapResult, request: RequestId) {
        if write.occurs_in(&result.text) {
            return;
        }
        if !write.holds_password() || lease.forget_request(self.settings.request_timeout, request).await.is_ok() {
            lease.give_back();
        }
    }

    async fn write_as_target(&self, dn: &str, password: &Password, write: Write<'_>) -> Result<Answer, Failure> {
        let policy = Control { oid: PASSWORD_POLICY.to_owned(), critical: false, value: None };
        let (server, mut connection, result) = match self.bound(dn, password, &[policy]).await? {
            Bound::Answered(server, connection, result) => (server, connection, result),
            Bound::Broken(server, broken) => {
                let text = format!("{}: the bind of the target failed: {broken}; the write was not sent", server.url());
                return Err(Failure::Unavailable(text));
            }
        };
        if result.rc != 0 {
            connection.close().await;
            return Err(Failure::BindRefused(convert::answer(result, server.url(), self.service_password())));
        }
        let request = write.send(connection.handle());
        match connection.exchange(self.settings.request_timeout, write.answers(), request).await {
            Ok((result, _)) => {
                connection.close().await;
                Ok(convert::answer(result, server.url(), self.service_password()))
            }
            Err(Broken::Unsent(why)) => {
                let mut tried = Tried::default();
                tried.note(server, why);
                Err(tried.into_failure())
            }
            Err(broken) => Err(in_doubt(server, &broken)),
        }
    }

    pub(super) async fn try_bind(
        &self,
        dn: &str,
        password: &Password,
        controls: &[Control],
    ) -> Result<Answer, Failure> {
        match self.bound(dn, password, controls).await? {
            Bound::Answered(server, connection, result) => {
                connection.close().await;
                Ok(convert::answer(result, server.url(), self.service_password()))
            }
            Bound::Broken(server, Broken::Unreadable(what)) => {
                Err(Failure::Nonsense(format!("{}: {what}", server.url())))
            }
            Bound::Broken(server, broken) => {
                Err(Failure::InDoubt(format!("{}: {broken} after the bind was sent", server.url())))
            }
        }
    }

    /// Binds on a connection of its own. A bind that was sent is not sent again, for each one may count toward a lockout.
    async fn bound(&self, dn: &str, password: &Password, controls: &[Control]) -> Result<Bound<'_>, Failure> {
        if dn.is_empty() {
            // RFC 4513 section 5.1: it would succeed as an anonymous bind and prove nothing.
            return Err(Failure::Unavailable("nothing was sent: the DN to bind as is empty".to_owned()));
        }
        let (candidates, mut tried) = self.servers.candidates(true)?;
        for server in candidates {
            let deadline = Deadline::after(self.settings.connect_timeout);
            let mut connection = match connect::open(&server.target, deadline).await {
                Ok(connection) => connection,
                Err(why) => {
                    server.hold_off(&why);
                    tried.note(server, why);
                    continue;
                }
            };
            match connect::bind(&mut connection, dn, password, controls, deadline).await {
                Ok(result) => return Ok(Bound::Answered(server, connection, result)),
                Err(Broken::Unsent(why)) => tried.note(server, why),
                Err(broken) => {
                    hold_off_if_slow(server, &broken);
                    return Ok(Bound::Broken(server, broken));
                }
            }
        }
        Err(tried.into_failure())
    }
}

/// What came of a bind on a connection of its own.
enum Bound<'a> {
    Answered(&'a Server, Connection, LdapResult),
    Broken(&'a Server, Broken),
}

fn in_doubt(server: &Server, broken: &Broken) -> Failure {
    hold_off_if_slow(server, broken);
    Failure::InDoubt(format!("{}: {broken} after the request was sent: it may have taken effect", server.url()))
}

fn hold_off_if_slow(server: &Server, broken: &Broken) {
    if let Broken::TimedOut(_) = broken {
        server.hold_off(&broken.to_string());
    }
}
