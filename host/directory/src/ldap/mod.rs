//! LDAP servers.
