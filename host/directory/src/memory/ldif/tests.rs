use proptest::prelude::*;

use super::*;

fn line(name: &str, value: &[u8]) -> LdifLine {
    LdifLine { line: 0, name: name.to_owned(), value: Zeroizing::new(value.to_vec()) }
}

fn without_positions(mut entries: Vec<LdifEntry>) -> Vec<LdifEntry> {
    for entry in &mut entries {
        entry.line = 0;
        entry.lines.iter_mut().for_each(|line| line.line = 0);
    }
    entries
}

#[test]
fn refuses_what_is_no_entry_and_says_where() {
    for (text, at, remedy) in [
        ("dn: cn=a\nhunter2", 2, "`attribute: value`"),
        ("dn: cn=a\nhunter 2: x", 2, "`attribute: value`"),
        ("cn: a", 1, "`dn: ...` first"),
        ("dn: cn=a\ncn: a\n\nsn: b", 4, "no empty line within"),
        (" dn: cn=a", 1, "remove the space"),
        ("dn: cn=a\n\n cn: a", 3, "the empty line above"),
        ("dn: cn=a\nchangetype: modify", 2, "the entry itself"),
        ("dn: cn=a\ncn: a\ndn: cn=b", 3, "an empty line before"),
        ("dn: cn=a\ncn:: ???", 2, "base64"),
        ("dn: cn=a\ncn:: YQ", 2, "padding"),
        ("dn: cn=a\nphoto:< file:///etc/passwd", 2, "as base64"),
        ("dn:: /w==", 1, "UTF-8"),
        ("version: 2\ndn: cn=a", 1, "`version: 1`"),
        ("# a\n#b\ndn: cn=a\ncn: a\u{7}", 4, "base64"),
    ] {
        let error = read(text).expect_err(text);
        assert_eq!(error.line, at, "{text:?}: {error}");
        assert!(error.remedy.contains(remedy), "{text:?}: {error}");
        assert!(!error.to_string().contains("hunter"), "{error}");
    }
    let error = read("x").unwrap_err().in_file(Path::new("seed.ldif"));
    assert!(error.to_string().starts_with("seed.ldif:1: the line has no colon; write"), "{error}");
}

#[test]
fn reads_comments_folds_and_base64() {
    let text = "\u{feff}# people\r\n#  folded\r\n  comment\r\nversion: 1\r\n\r\n\r\ndn:: Y249w6k=\r\ncn: long\r\n  name\r\n# in between\r\n\
                sn::  w6k= \r\ndescription:\r\nmail;lang-en:a@b:c\r\n\r\ndn: dc=x\r\ndc: x";
    let entries = read(text).unwrap();
    assert_eq!(entries[0].line, 7);
    assert_eq!(entries[0].lines[1].line, 11);
    assert_eq!(
        without_positions(entries),
        [
            LdifEntry {
                line: 0,
                dn: "cn=é".into(),
                lines: vec![
                    line("cn", b"long name"),
                    line("sn", "é".as_bytes()),
                    line("description", b""),
                    line("mail;lang-en", b"a@b:c")
                ],
            },
            LdifEntry { line: 0, dn: "dc=x".into(), lines: vec![line("dc", b"x")] },
        ]
    );
}

#[test]
fn a_value_is_never_shown() {
    assert!(!format!("{:?}", line("userPassword", b"hunter2")).contains("hunter2"));
}

fn entry() -> impl Strategy<Value = LdifEntry> {
    let value = prop_oneof![any::<Vec<u8>>(), "[ -~]{0,200}".prop_map(String::into_bytes)];
    let lines = proptest::collection::vec(("[a-zA-Z][a-zA-Z0-9-]{3,9}(;[a-z]{1,3})?", value), 0..6);
    (any::<String>(), lines).prop_map(|(dn, lines)| LdifEntry {
        line: 0,
        dn,
        lines: lines.into_iter().map(|(name, value)| line(&format!("x{name}"), &value)).collect(),
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(entries in proptest::collection::vec(entry(), 0..5)) {
        let text = write(&entries);
        prop_assert!(text.lines().all(|line| line.len() <= 76 && line.is_ascii()), "{}", text);
        prop_assert_eq!(without_positions(read(&text).unwrap()), entries);
    }

    #[test]
    fn never_panics(text in "(dn|cn|[a-z]|[ :<#\\n\\r]|é|\\x00){0,60}") {
        let _ = read(&text);
    }
}
