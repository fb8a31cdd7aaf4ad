//! A signature is of these bytes, of somebody who is trusted, in the form that is taken; or there is none.

use std::path::PathBuf;

use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::Signed;
use portcullis_tests::signer::Signer;
use proptest::prelude::*;

use super::super::Ceiling;
use super::{Folder, ceiling_of, folder};

const BYTES: &[u8] = b"the bytes of a plugin";

/// Minisign's own examples, over `test`: a key and the legacy form.
const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
const LEGACY: &str = "untrusted comment: signature from minisign secret key
RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
trusted comment: timestamp:1555779966\tfile:test
QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==";

/// And of the form that is taken.
const PREHASHED: &str = "untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1556193335\tfile:test
y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==";

struct Scene {
    folder: Folder,
    keys: Signer,
}

impl Scene {
    fn new() -> Self {
        Self { folder: folder(), keys: Signer::new(1) }
    }

    fn plugin(&self) -> PathBuf {
        self.folder.path().join("corp.wasm")
    }

    fn signature(&self, comment: &str) -> String {
        self.keys.sign(BYTES, comment)
    }

    /// What comes of a signature's text, or of none.
    fn admits(&self, ceiling: &Ceiling, signature: Option<&str>) -> Result<Option<Signed>, Fault> {
        let place = self.folder.path().join("corp.wasm.minisig");
        match signature {
            Some(text) => std::fs::write(&place, text).unwrap(),
            None => drop(std::fs::remove_file(&place)),
        }
        ceiling.admit(&self.plugin(), BYTES)
    }

    /// Everybody is refused with this code, unless the signature is optional: then it counts as none.
    fn refuses(&self, signature: Option<&str>, text: &str) {
        let ceiling = trusting(&[("vendor", &self.keys)], true);
        let fault = self.admits(&ceiling, signature).unwrap_err();
        assert_eq!(fault.code, FaultCode::PluginNotSigned, "{fault}");
        assert!(fault.detail.contains(text) && fault.detail.contains("corp.wasm.minisig"), "{fault}");
        let optional = trusting(&[("vendor", &self.keys)], false);
        assert_eq!(self.admits(&optional, signature), Ok(None));
    }
}

fn trusting(signers: &[(&str, &Signer)], required: bool) -> Ceiling {
    let lines: Vec<String> =
        signers.iter().map(|(name, keys)| format!("\"{name}\" = \"{}\"", keys.public_key())).collect();
    ceiling_of(&format!("[plugins]\nrequire-signature = {required}\n[signers]\n{}\n", lines.join("\n")))
}

#[test]
fn without_a_signature() {
    Scene::new().refuses(None, "there is no");
}

#[test]
fn a_signer_whom_the_ceiling_does_not_name() {
    let scene = Scene::new();
    scene.refuses(Some(&Signer::new(2).sign(BYTES, "")), "was made with another key");
}

#[test]
fn an_altered_byte() {
    let scene = Scene::new();
    let signature = scene.signature("1.0");
    for required in [true, false] {
        let ceiling = trusting(&[("vendor", &scene.keys)], required);
        assert!(scene.admits(&ceiling, Some(&signature)).unwrap().is_some());
        for at in 0..BYTES.len() {
            let mut altered = BYTES.to_vec();
            altered[at] ^= 1;
            let fault = ceiling.admit(&scene.plugin(), &altered).unwrap_err();
            assert_eq!(fault.code, FaultCode::SignatureBroken, "{fault}");
        }
        for cut in [&BYTES[..BYTES.len() - 1], &[], &[BYTES, b"\0"].concat()] {
            assert_eq!(ceiling.admit(&scene.plugin(), cut).unwrap_err().code, FaultCode::SignatureBroken);
        }
    }
}

#[test]
fn an_altered_comment() {
    let scene = Scene::new();
    let altered = scene.signature("version 1.0").replace("version 1.0", "version 2.0");
    let ceiling = trusting(&[("vendor", &scene.keys)], true);
    assert_eq!(scene.admits(&ceiling, Some(&altered)).unwrap_err().code, FaultCode::SignatureBroken);
}

#[test]
fn the_signature_of_another_plugin() {
    let scene = Scene::new();
    let other = scene.keys.sign(b"another plugin", "");
    let ceiling = trusting(&[("vendor", &scene.keys)], true);
    assert_eq!(scene.admits(&ceiling, Some(&other)).unwrap_err().code, FaultCode::SignatureBroken);
}

#[test]
fn the_legacy_form_is_refused_and_the_other_taken() {
    let folder = folder();
    let plugin = folder.write("test.wasm", b"test");
    let ceiling = ceiling_of(&format!("[signers]\nvendor = \"{KEY}\""));
    folder.write("test.wasm.minisig", LEGACY.as_bytes());
    let fault = ceiling.admit(&plugin, b"test").unwrap_err();
    assert!(fault.code == FaultCode::PluginNotSigned && fault.detail.contains("legacy"), "{fault}");
    folder.write("test.wasm.minisig", PREHASHED.as_bytes());
    let signed = ceiling.admit(&plugin, b"test").unwrap().unwrap();
    assert_eq!(signed.comment, "timestamp:1556193335 file:test");
    let scene = Scene::new();
    scene.refuses(Some(&scene.keys.sign_legacy(BYTES, "")), "legacy");
}

#[test]
fn what_is_cut_off_is_no_signature() {
    let scene = Scene::new();
    let whole = scene.signature("1.0");
    let end = whole.trim_end().len();
    for length in 0..end {
        let ceiling = trusting(&[("vendor", &scene.keys)], true);
        assert!(scene.admits(&ceiling, Some(&whole[..length])).is_err(), "{length} of {end}");
    }
    scene.refuses(Some(&whole[..end / 2]), "no minisign signature");
    scene.refuses(Some(""), "no minisign signature");
    scene.refuses(Some(&"x".repeat(1 << 20)), "no minisign signature");
}

#[test]
fn a_folder_or_a_pipe_is_no_signature() {
    let scene = Scene::new();
    std::fs::create_dir(scene.folder.path().join("corp.wasm.minisig")).unwrap();
    let ceiling = trusting(&[("vendor", &scene.keys)], true);
    assert_eq!(ceiling.admit(&scene.plugin(), BYTES).unwrap_err().code, FaultCode::PluginNotSigned);
}

#[test]
fn who_signed_is_kept_with_the_comment() {
    let (one, two) = (Scene::new(), Signer::new(2));
    let ceiling = trusting(&[("another", &two), ("vendor", &one.keys)], true);
    let signed = one.admits(&ceiling, Some(&one.signature("version 1.0\u{1b}[2J"))).unwrap().unwrap();
    assert_eq!((&*signed.signer, &*signed.comment), ("vendor", "version 1.0 [2J"));
    assert_eq!(signed.key, one.keys.public_key());
}

#[test]
fn without_a_ceiling_nothing_is_verified() {
    let scene = Scene::new();
    assert_eq!(scene.admits(&Ceiling::none(), Some(&scene.signature(""))), Ok(None));
    assert_eq!(scene.admits(&Ceiling::none(), None), Ok(None));
}

proptest! {
    #[test]
    fn any_text_is_no_signature(text in "\\PC{0,40}(\n[A-Za-z0-9+/=]{0,140}\n(trusted comment: )?\\PC{0,20}\n[A-Za-z0-9+/=]{0,100})?") {
        let scene = Scene::new();
        let ceiling = ceiling_of(&format!("[signers]\nvendor = \"{KEY}\""));
        prop_assert!(scene.admits(&ceiling, Some(&text)).is_err());
    }
}
