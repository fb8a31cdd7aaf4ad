//! A server that repeats a password in what it says.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::ber::{self, BIND, EXTENDED, SEARCH, message, octets, tlv};
use crate::fake::{Request, Step};
use crate::item::{Item, directories};
use crate::scene::{NEW, OLD, SERVICE, Scene};

/// The refusal of a write, with a text and the name of an entry.
fn refusal(request: &Request, code: u8, name: &str, text: &str) -> Vec<u8> {
    let tag = ber::answer_tag(request.op);
    message(request.id, &[&tlv(tag, &[&[0x0a, 1, code], &octets(name.as_bytes()), &octets(text.as_bytes())])])
}

/// The reset is refused with each of these texts: nobody reads one of them.
async fn each(item: &Item, texts: Vec<String>) {
    let scene = Scene::new().await;
    for text in texts {
        let sent = text.clone();
        scene.fake.next(EXTENDED, move |r| vec![Step::Send(refusal(r, 53, "", &sent))]);
        let report = scene.reset().await;
        item.is(&report);
        scene.nobody_reads(&report, &text.replace("value ", ""));
    }
    scene.goes_on().await;
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn hexadecimal(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
}

fn spelled(between: &str) -> String {
    NEW.chars().map(|c| format!("{c}{between}")).collect()
}

const REFUSED: [&str; 5] = [
    "allowed ldap.root-dse",
    "allowed ldap.target",
    "allowed ldap.set-password",
    "refused password modify (RFC 3062) 53",
    "ended refused directory-refused",
];

directories! {
    /// Refuses the password and repeats it: as it is, in quotes, in another case.
    password_echoed,
    held by "a text that holds a password of the operation is withheld as a whole, in every form that is looked for",
    told "refused: directory-refused, directory",
    recorded REFUSED => async |item| each(item, vec![
        format!("value {NEW}"),
        format!("value \"{NEW}\""),
        format!("value '{}'", NEW.to_uppercase()),
        NEW.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect(),
    ]).await;

    /// Repeats it in Base64: of its bytes, of UTF-16, with something before it, in the alphabet of URLs.
    password_echoed_in_base64,
    held by "the same",
    told "refused: directory-refused, directory",
    recorded REFUSED => async |item| each(item, vec![
        format!("value {}", STANDARD.encode(NEW)),
        STANDARD.encode(format!("{{CLEARTEXT}}{NEW}")),
        STANDARD.encode(format!("x{NEW}")),
        STANDARD.encode(wide(&format!("\"{NEW}\""))),
        URL_SAFE_NO_PAD.encode(wide(NEW)),
    ]).await;

    /// Repeats it in hexadecimal digits, in a row, with colons, as escapes of a filter or a URL.
    password_echoed_in_hexadecimal,
    held by "the same",
    told "refused: directory-refused, directory",
    recorded REFUSED => async |item| each(item, vec![
        format!("value {}", hexadecimal(NEW.as_bytes(), "")),
        hexadecimal(NEW.as_bytes(), ":").to_uppercase(),
        hexadecimal(&wide(&format!("\"{NEW}\"")), " "),
        format!("\\{}", hexadecimal(NEW.as_bytes(), "\\")),
        format!("%{}", hexadecimal(NEW.as_bytes(), "%")),
        format!("0x{}", hexadecimal(NEW.as_bytes(), ", 0x")),
    ]).await;

    /// Repeats it in UTF-16, as it was sent to Active Directory: each letter with a NUL after it.
    password_echoed_in_utf_16,
    held by "the same",
    told "refused: directory-refused, directory",
    recorded REFUSED => async |item| each(item, vec![spelled("\0"), format!("\"\0{}\"\0", spelled("\0"))]).await;

    /// Spells it out, with spaces or commas, or backwards.
    password_echoed_letter_by_letter,
    held by "the same",
    told "refused: directory-refused, directory",
    recorded REFUSED => async |item| each(item, vec![
        spelled(" "), spelled(", "), spelled("\u{200b}"), NEW.chars().rev().collect(),
    ]).await;

    /// Repeats one half of it in the text and the other one in the name of the entry that it stopped at.
    password_echoed_in_two_fields,
    held by "six characters in a row are too many, if they are no mere words; the name is not kept",
    told "refused: directory-refused, directory",
    recorded REFUSED => async |item: &Item| {
        let scene = Scene::new().await;
        for (first, second) in [NEW.split_at(8), NEW.split_at(7), ("", NEW)] {
            for (name, text) in [(first, second), (second, first)] {
                scene.fake.next(EXTENDED, move |r| vec![Step::Send(refusal(r, 53, name, text))]);
                item.is(&scene.reset().await);
            }
        }
        scene.goes_on().await;
    };

    /// Repeats it in a control of the answer, and where the password is taken.
    password_echoed_in_a_control,
    held by "the value of a control that holds a password is not passed on",
    told "done",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.set-password",
        "written password modify (RFC 3062)", "confirmed", "ended done",
    ] => async |item: &Item| {
        let scene = Scene::new().await;
        for value in [NEW.as_bytes().to_vec(), wide(NEW), STANDARD.encode(NEW).into_bytes()] {
            scene.fake.next(EXTENDED, move |r| {
                let control = tlv(0x30, &[&octets(b"1.3.6.1.4.1.42.2.27.8.5.1"), &octets(&value)]);
                let result = ber::result(EXTENDED, 0, NEW.as_bytes());
                vec![Step::Send(message(r.id, &[&result, &tlv(0xa0, &[&control])]))]
            });
            item.is(&scene.reset().await);
        }
        scene.goes_on().await;
    };

    /// Repeats it between bytes that are no text, so that reading the answer panics with the bytes in its words.
    password_echoed_between_bytes_that_are_no_text,
    held by "the panic is caught, and its words go nowhere (`portcullis::panics`)",
    told "unknown: outcome-unknown, directory",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.set-password",
        "in-doubt password modify (RFC 3062)", "confirmed not seen", "ended unknown outcome-unknown",
    ] => async |item: &Item| {
        let scene = Scene::new().await;
        scene.fake.next(EXTENDED, |r| {
            let text = [&[0xff], NEW.as_bytes(), &[0xfe]].concat();
            vec![Step::Send(message(r.id, &[&ber::result(EXTENDED, 0, &text)])), Step::Silence]
        });
        scene.does_not_take_the_password();
        item.is(&scene.reset().await);
        scene.goes_on().await;
    };

    /// Refuses the bind with the old password, and repeats that.
    old_password_echoed_by_a_bind,
    held by "the same as for the new one",
    told "refused: wrong-password, caller",
    recorded [
        "allowed ldap.root-dse", "allowed ldap.target", "allowed ldap.set-password",
        "refused bind as the target 49", "ended refused wrong-password",
    ] => async |item: &Item| {
        let scene = Scene::new().await;
        scene.fake.next(SEARCH, crate::fake::good);
        scene.fake.next(SEARCH, crate::fake::good);
        for text in [OLD.to_owned(), STANDARD.encode(OLD)] {
            let sent = text.clone();
            scene.fake.next(BIND, move |r| vec![Step::Send(refusal(r, 49, "", &sent))]);
            let report = scene.change().await;
            item.is(&report);
            scene.nobody_reads(&report, &text);
        }
        scene.goes_on().await;
    };

    /// Refuses the search for the account, and repeats the service account's password.
    service_password_echoed_by_a_search,
    held by "the directory's own layer withholds it from every answer: nobody above knows it",
    told "refused: directory-denied, operator",
    recorded ["ended refused directory-denied"] => async |item: &Item| {
        let scene = Scene::new().await;
        for text in [SERVICE.to_owned(), STANDARD.encode(SERVICE), hexadecimal(SERVICE.as_bytes(), "")] {
            let sent = text.clone();
            scene.fake.next(SEARCH, move |r| vec![Step::Send(refusal(r, 50, "", &sent))]);
            let report = scene.reset().await;
            item.is(&report);
            scene.nobody_reads(&report, &text);
        }
        scene.goes_on().await;
    };

    /// Refuses the write, and repeats the service account's password.
    service_password_echoed_by_a_write,
    held by "the same",
    told "refused: directory-refused, directory",
    recorded REFUSED => async |item| each(item, vec![SERVICE.to_owned(), STANDARD.encode(SERVICE)]).await;

    /// Refuses the bind of the service account, and repeats its password.
    service_password_echoed_by_its_bind,
    held by "the same; no server is asked again for 30 seconds",
    told "refused: service-account-refused, operator",
    recorded ["ended refused service-account-refused"] => async |item: &Item| {
        for text in [SERVICE.to_owned(), STANDARD.encode(SERVICE), SERVICE.chars().rev().collect()] {
            let scene = Scene::new().await;
            let sent = text.clone();
            scene.fake.next(BIND, move |r| vec![Step::Send(refusal(r, 49, "", &sent))]);
            let report = scene.reset().await;
            item.is(&report);
            scene.nobody_reads(&report, &text);
        }
        Scene::others_go_on().await;
    };
}
