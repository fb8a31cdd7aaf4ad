use proptest::prelude::*;

use super::*;

fn login(text: &str) -> Login {
    Login::new(text).unwrap()
}

fn wide(patterns: &[&str]) -> Wide {
    Wide::new(&patterns.iter().map(|pattern| Pattern::new(pattern).unwrap()).collect::<Vec<_>>())
}

fn meant(pattern: &str, account: &str) -> bool {
    wide(&[pattern]).meant(&login(account)).is_some()
}

#[test]
fn other_spellings_of_a_name_are_the_name() {
    for spelling in [
        "kiss-adm@corp.example",
        "KISS-ADM@CORP.EXAMPLE",
        " kiss-adm@corp.example",
        "kiss-adm@corp.example  ",
        "kiss-adm @ corp.example",
        "kiss-adm\u{a0}@corp.example",
        "\u{212a}iss-adm@corp.example",
        "ki\u{17f}\u{17f}-adm@corp.example",
        "ki\u{df}-adm@corp.example",
        "ki\u{1e9e}-adm@corp.example",
        "k\u{131}ss-adm@corp.example",
        "K\u{130}SS-adm@corp.example",
        "k\u{ed}ss-adm@corp.example",
        "ki\u{301}ss-adm@corp.example",
        "ｋｉｓｓ－ａｄｍ＠ｃｏｒｐ．ｅｘａｍｐｌｅ",
        "ⓚⓘⓢⓢ-adm@corp.example",
        "𝓀𝓲𝘀𝙨-adm@corp.example",
        "kiss\u{200b}-adm@corp.example",
        "kiss\u{ad}-adm@corp.example",
        "kiss\u{feff}-adm@corp\u{2060}.example",
        "ki\u{3164}ss-adm@corp.example",
        "kiss\u{20dd}-adm@corp.example",
        "kiss\u{e000}-adm@corp.example",
        "kiss\u{10ffff}-adm@corp.example",
        "ki\u{fe0f}ss-adm@corp.example",
    ] {
        assert_eq!(folded(&login(spelling)), "kiss-adm@corp.example", "{spelling:?}");
        assert!(meant("*-ADM@corp.example", spelling), "{spelling:?}");
        assert!(meant("Kiß-adm@*", spelling), "{spelling:?}");
    }
}

#[test]
fn what_windows_takes_for_one_is_one() {
    for (a, b) in [
        ("encyclopædia", "encyclopaedia"),
        ("søren", "soren"),
        ("łukasz", "lukasz"),
        ("さくら", "サクラ"),
        ("ｻｸﾗ", "さくら"),
    ] {
        assert_eq!(folded(&login(a)), folded(&login(b)), "{a} {b}");
    }
}

/// What may be skipped by one directory and compared by another is not let past.
#[test]
fn a_character_that_directories_take_differently_is_not_let_past() {
    for spelling in
        ["bob\u{2010}adm", "bob\u{2212}adm", "bob-adm\u{1f600}", "bob-ad\u{378}m", "adm\u{661}", "bob-\u{a7c0}adm"]
    {
        assert!(meant("bob-adm", spelling) || meant("adm1", spelling), "{spelling:?}");
    }
    let told = wide(&["*-adm"]).meant(&login("bob\u{2010}adm"));
    assert_eq!(told.as_deref(), Some("holds U+2010, which one directory compares and another skips"));
}

#[test]
fn other_accounts_stay_others() {
    for account in [
        "alice@corp.example",
        "adm@corp.example",
        "bob-adm@corp.example.org",
        "Ελένη@corp.example",
        "иван@corp.example",
        "山田@corp.example",
    ] {
        assert!(!meant("*-adm@corp.example", account), "{account}");
    }
    assert_ne!(folded(&login("😀")), folded(&login("😁")));
    assert_eq!(wide(&[]).meant(&login("😀")), None);
}

#[test]
fn a_name_in_another_script_is_excepted_as_well() {
    assert!(meant("ΕΛΈΝΗς@*", "ελένησ@corp.example"));
    assert!(meant("иван*", "ИВАН@corp.example"));
    assert!(!meant("иван*", "олег@corp.example"));
}

/// Something that a directory may not notice.
fn unnoticed() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[ \u{a0}\u{3000}\u{2003}]{1,2}",
        "[\u{ad}\u{200b}-\u{200f}\u{2060}-\u{2064}\u{feff}\u{fe00}-\u{fe0f}\u{115f}\u{3164}]{1,2}",
        "[\u{300}-\u{36f}\u{1ab0}-\u{1abd}\u{20d0}-\u{20f0}]{1,2}",
    ]
}

/// One letter in another spelling.
fn spelling(c: char) -> impl Strategy<Value = String> {
    let full_width = char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_graphic()).unwrap_or(c);
    let mut all: Vec<char> = vec![c, c.to_ascii_uppercase(), full_width];
    all.extend(match c {
        's' => vec!['ſ', 'ś', 'Ş', 'ⓢ', '𝐬'],
        'k' => vec!['\u{212a}', 'ķ', 'ⓚ', '𝕜'],
        'i' => vec!['ı', 'İ', 'í', 'ⁱ', 'Ⅰ'],
        'a' => vec!['å', '\u{212b}', 'ª', 'Ａ'],
        'd' => vec!['đ', 'Ð', 'ⅾ'],
        'm' => vec!['ⅿ', 'ṃ', 'ⓜ'],
        _ => vec![],
    });
    (prop::sample::select(all), unnoticed()).prop_map(|(c, after)| format!("{c}{after}"))
}

fn spellings(name: &str) -> impl Strategy<Value = String> {
    let letters: Vec<_> = name.chars().map(spelling).collect();
    (unnoticed(), letters).prop_map(|(before, letters)| format!("{before}{}", letters.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_spelling_of_an_excepted_account_gets_past(account in spellings("kiss-adm@corp.example")) {
        // What is too long is refused before.
        if let Ok(account) = Login::new(account) {
            prop_assert_eq!(folded(&account), "kiss-adm@corp.example");
            for pattern in ["kiss-adm@corp.example", "*-adm@corp.example", "KISS*", "*ſſ-ADM*", "*"] {
                prop_assert!(wide(&[pattern]).meant(&account).is_some(), "{}", pattern);
            }
        }
    }

    #[test]
    fn whatever_is_put_in_between_does_not_help(at in 0..8_usize, c in "[\u{a0}-\u{10ffff}]") {
        let mut name = "kiss-adm".to_owned();
        name.insert_str(at, &c);
        // Only what is a letter, digit or sign of ASCII in another form makes another name.
        let excepted = wide(&["kiss-adm"]).meant(&login(&name)).is_some();
        prop_assert!(excepted || fold(&c).bytes().any(|b| b.is_ascii_graphic()), "{name:?}");
    }

    #[test]
    fn folding_twice_is_folding_once(text in "\\PC{1,40}") {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once);
    }

    #[test]
    fn the_parts_fold_like_the_whole(a in "\\PC{0,12}", b in "\\PC{0,12}") {
        prop_assert_eq!(fold(&format!("{a}{b}")), fold(&a) + &fold(&b));
    }

    #[test]
    fn what_the_narrow_pattern_means_the_wide_one_means_too(pattern in "[aBé*ßſ@ -]{1,6}", account in "[AbÉSs@ -]{1,8}") {
        let pattern = Pattern::new(&pattern).unwrap();
        if pattern.matches(&account) {
            prop_assert!(Wide::new(std::slice::from_ref(&pattern)).meant(&login(&account)).is_some());
        }
    }
}
