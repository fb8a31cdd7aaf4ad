//! No password in anything that is written: what every run of these tests looks for, and everything at once, with every
//! line of the log.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::folder::{ALICE, ALICES, BOB, Folder, with};

/// In which forms a text holds a password; none for one so short that it is in every text.
pub(crate) fn find(secret: &str, text: &[u8]) -> Vec<&'static str> {
    let secret = secret.trim();
    if secret.chars().count() < 6 {
        return Vec::new();
    }
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut forms = vec![("UTF-8", secret.as_bytes().to_vec()), ("UTF-16LE", utf16.clone())];
    for (name, bytes) in [("of UTF-8", secret.as_bytes()), ("of UTF-16LE", &utf16)] {
        for shift in 0..3 {
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                forms.push((
                    if name == "of UTF-8" { "base64" } else { "base64 of UTF-16LE" },
                    base64(engine, bytes, shift),
                ));
            }
        }
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let list: Vec<String> = bytes.iter().map(ToString::to_string).collect();
        forms.extend([("hexadecimal", hex.into_bytes()), ("a list of bytes", list.join(", ").into_bytes())]);
    }
    let escaped = secret.escape_debug().to_string().into_bytes();
    forms.push(("an escaped text", escaped));
    let holds = |form: &[u8]| text.windows(form.len()).any(|window| window.eq_ignore_ascii_case(form));
    forms.into_iter().filter(|(_, form)| holds(form)).map(|(name, _)| name).collect()
}

/// The part of the base64 that is the same whatever stands before and after, with `shift` bytes before.
fn base64(engine: &impl base64::Engine, secret: &[u8], shift: usize) -> Vec<u8> {
    let encoded = engine.encode([&vec![0; shift], secret].concat());
    let begin = (shift * 8).div_ceil(6);
    let end = (shift + secret.len()) * 8 / 6;
    encoded.as_bytes()[begin..end].to_vec()
}

#[test]
fn what_looks_for_passwords_finds_them() {
    let secret = "hunter2 \"é";
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let within = |bytes: &[u8]| [b"before ", bytes, b" after"].concat();
    let encoded = |bytes: &[u8]| STANDARD_NO_PAD.encode(within(bytes)).into_bytes();
    for text in [
        within(secret.as_bytes()),
        within(&utf16),
        encoded(secret.as_bytes()),
        encoded(&utf16),
        STANDARD_NO_PAD.encode([b"x", secret.as_bytes()].concat()).into_bytes(),
        URL_SAFE_NO_PAD.encode(secret).into_bytes(),
        format!("{:?}", secret.as_bytes()).into_bytes(),
        format!("{secret:?}").into_bytes(),
        secret.bytes().map(|byte| format!("{byte:02X}")).collect::<String>().into_bytes(),
    ] {
        assert!(!find(secret, &text).is_empty(), "{}", String::from_utf8_lossy(&text));
    }
    assert_eq!(find(secret, &within(b"hunter3 and others")), Vec::<&str>::new());
}

#[test]
fn no_line_of_the_log_holds_a_password() {
    let folder = Folder::new();
    let (new, newer) = ("Gr\u{fc}ne-Tinte \"42\" \u{1f600}", "Blaue Tinte\\43");
    for json in [&[][..], &["--json"]] {
        // `run` looks for every line of the input; the log is on standard error.
        let run = |arguments: &[&str], input: &str| {
            let arguments = [arguments, &["--trace", "--password-stdin", "--log", "trace"], json].concat();
            folder.command(&arguments).env("RUST_BACKTRACE", "1").run(input)
        };
        assert_eq!(run(&["reset", ALICE, "--unlock"], new).code, 0);
        assert_eq!(run(&["verify", ALICE], new).code, 0);
        assert_eq!(run(&["change", ALICE], &format!("{new}\n{newer}\n")).code, 0);
        assert_eq!(run(&["change", ALICE], &format!("{new}\n{newer}\n")).code, 16, "wrong old password");
        assert_eq!(run(&["change", ALICE], &format!("{newer}\n{newer}\n")).code, 10, "in history");
        assert_eq!(run(&["reset", ALICE], "T1nte!").code, 10, "too short");
        assert_eq!(run(&["verify", ALICE], new).code, 20);
        assert_eq!(run(&["reset", "root@people.example"], new).code, 11);
        let broken = format!("{new}\0tail");
        assert_eq!(run(&["reset", ALICE], &broken).code, 10);
        folder.write("connectors/people.state.ldif", folder.read("connectors/people.ldif"));
    }
}

#[test]
fn a_password_that_was_made_is_told_once_and_only_where_it_was_set() {
    let folder = Folder::new();
    let run = folder.command(&["reset", BOB, "--generate", "--trace"]).env("PORTCULLIS_LOG", "debug").run("");
    let password = run.generated();
    assert_eq!((run.stdout.matches(&password).count(), run.stderr.matches(&password).count()), (1, 0), "{run}");
    assert_eq!((folder.verify(BOB, &password), folder.verify(BOB, "another one")), (0, 20));
    let refused = folder.with(&[("operations = [", "operations = [\"account-status\"] # [")]);
    let run = refused.run(&["reset", ALICE, "--generate"]);
    assert!(run.code == 12 && !format!("{run}").contains("password  "), "{run}");
}

#[test]
fn neither_the_state_nor_a_mistake_in_the_seed_tells_a_password() {
    let folder = Folder::new();
    assert!(find(ALICES, folder.read("connectors/people.state.ldif").as_bytes()).is_empty());
    folder.edit(crate::folder::MOCK, &[("state =", "# state =")]);
    let seed = folder.read("connectors/people.ldif");
    let password = format!("userPassword: {ALICES}\n");
    for line in
        ["userPassword", "userPassword:< file:///etc/passwd", "userPassword:: %%%", "changetype: modify", "\u{7}"]
    {
        folder.write("connectors/people.ldif", with(&seed, &[(&password, &format!("{password}{line}\n"))]));
        let run = folder.run(&["check", "--log", "debug"]);
        assert_eq!(run.code, 17, "{run}");
        assert!(find(ALICES, run.to_string().as_bytes()).is_empty(), "{run}");
    }
}
