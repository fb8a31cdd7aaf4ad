//! Passwords arrive as they were typed, character by character.

use portcullis_tests::servers::Samba;
use portcullis_tests::{Result, harness::Draft, or_skip};

use crate::proof::{refusal, took_effect};

#[tokio::test]
async fn strange_passwords_are_set_exactly() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let long = format!("Aa1-{}", "x".repeat(120));
    for new in [
        "\"Quoted-Passw0rd\"",
        "Quo\"ted-Passw0rd",
        "Back\\slash-Passw0rd\\",
        " Spaces-Passw0rd ",
        "Curly{}-%s-$HOME-Passw0rd",
        "*)(uid=*)-Passw0rd",
        "Ünïcödé-Pässw0rd-ß",
        "Пароль-Пароль-1",
        "密码密码密码-Passw0rd",
        // Outside of the basic plane: two UTF-16 units each.
        "Emoji-😀👩‍👩‍👧-Passw0rd",
        "𝕬𝖇𝖈-𐍈-Passw0rd",
        // Marks that combine with the letter before them.
        "Combine\u{301}-Passw0rd\u{308}",
        "Edge-\u{d7ff}\u{e000}\u{ffff}-Passw0rd",
        &long,
    ] {
        let account = server.new_account("text").await?;
        connector.reset(&account.login, new).await.confirmed();
        took_effect(&server, &account, new).await?;
        let newer = format!("{new}-more");
        connector.change(&account.login, new, &newer).await.confirmed();
        assert_eq!(refusal(&server, &account, &newer).await?, None, "{new}");
    }
    Ok(())
}

/// Nothing is normalised on the way: the two spellings of one letter are two passwords.
#[tokio::test]
async fn two_spellings_are_two_passwords() -> Result<()> {
    let Some(server) = or_skip(Samba.shared()) else { return Ok(()) };
    let connector = Draft::of(&server).start();
    let (composed, decomposed) = ("Caf\u{e9}-Passw0rd", "Cafe\u{301}-Passw0rd");
    for (set, other) in [(composed, decomposed), (decomposed, composed)] {
        let account = server.new_account("spelling").await?;
        connector.reset(&account.login, set).await.confirmed();
        assert_eq!(refusal(&server, &account, set).await?, None);
        assert_eq!(refusal(&server, &account, other).await?.as_deref(), Some("52e"));
        connector.change(&account.login, other, "Another-Passw0rd-1").await.refused("wrong-password", 16);
    }
    Ok(())
}
