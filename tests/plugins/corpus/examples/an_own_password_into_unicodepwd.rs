//! Writes a password of its own into `unicodePwd`, as Active Directory wants it: quoted, in UTF-16LE.

use portcullis_connector::ldap::{Change, Value};
use portcullis_test_corpus::{Hands, attempt, change, let_pass};

attempt!(try_it);

fn try_it(_: Hands<'_>) -> Done {
    let own = "\"Chosen-By-The-Plugin-1\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
    change([Change::replace("unicodePwd", [Value::Bytes(own)])])?;
    let_pass()
}
