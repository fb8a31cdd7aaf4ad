//! One page for a reviewer who need not know WebAssembly: what connectors can and cannot do in sentences, then item by
//! item, then what to do.
//!
//! The page asks for nothing: it holds its style, no script and no picture, and its policy forbids everything else. Every
//! word that is not this program's own goes through [`Page::words`].

mod connector;
mod page;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::words;
use crate::audit::findings::{Finding, Severity};
use crate::audit::report::Report;
use page::Page;

const STYLE: &str = include_str!("style.css");

/// What a reviewer has to know of the words; each in one sentence or two.
const GLOSSARY: [(&str, &str); 5] = [
    (
        "Plugin",
        "A program in a file, made by a vendor. It runs walled in: it can use nothing of the machine, the network or the \
         files, only what the host hands to it.",
    ),
    (
        "Import",
        "What a plugin's file asks the host for, by name. What it does not import does not exist for it, whatever its code \
         tries: that is why it counts as proof.",
    ),
    (
        "Grant",
        "What the operator allows a connector, a line in its configuration. Nothing is granted that is not written there.",
    ),
    (
        "Ceiling",
        "The most that any connector may ever be granted, written by the security team. A connector above it does not start.",
    ),
    (
        "Target",
        "The one directory entry that an operation is about. The host finds it, not the plugin, and the plugin can touch no \
         other.",
    ),
];

/// The whole page.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut page = Page::default();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
    page.words(STANDARD.encode(Sha256::digest(STYLE)));
    page.raw("'; base-uri 'none'; form-action 'none'\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.raw("<meta name=\"referrer\" content=\"no-referrer\">\n");
    page.raw("<title>What connectors may do: Portcullis audit</title>\n<style>").raw(STYLE).raw("</style>\n");
    page.raw("</head>\n<body>\n<header>\n<h1>What connectors may do, and did</h1>\n");
    page.raw("<p class=\"soft\">A report of <code>portcullis audit</code>, made ").words(&report.made);
    page.raw(" from the configuration in <code>").words(&report.configuration).raw("</code>.</p>\n</header>\n<main>\n");
    intro(&mut page);
    summary(&mut page, report);
    let of_all: Vec<&Finding> = report.findings.iter().filter(|finding| finding.connector.is_none()).collect();
    if !of_all.is_empty() {
        page.raw("<h2 class=\"stays\">About the whole configuration</h2>\n");
        of_all.into_iter().for_each(|finding| connector::finding(&mut page, finding));
    }
    for connector in &report.connectors {
        connector::connector(&mut page, report, connector);
    }
    report.unusable().into_iter().for_each(|name| connector::unusable(&mut page, report, name));
    page.raw("<h2>Five words</h2>\n<dl>\n");
    for (word, meaning) in GLOSSARY {
        page.raw("<dt><strong>").raw(word).raw("</strong></dt><dd>").raw(meaning).raw("</dd>\n");
    }
    page.raw("</dl>\n</main>\n</body>\n</html>\n");
    page.finish()
}

fn intro(page: &mut Page) {
    page.raw(
        "<p>A <em>connector</em> is a plugin together with its configuration: it carries password resets and the like into \
         one directory. For each one this page says what it can and cannot do, in two tiers that must not be confused:</p>\n\
         <ul>\n<li><strong>Proved by the binary</strong>: follows from what the plugin\u{2019}s file asks for at all. It \
         holds whatever the plugin\u{2019}s code does, also if the plugin is hostile.</li>\n\
         <li><strong>Enforced at run time</strong>: the host checks it at each call of the plugin. It holds as long as the \
         host does its work and the configuration stays as it is.</li>\n</ul>\n",
    );
}

fn summary(page: &mut Page, report: &Report) {
    page.raw("<table>\n<thead><tr><th>Connector</th><th>Plugin</th><th>Findings</th></tr></thead>\n<tbody>\n");
    for connector in &report.connectors {
        page.raw("<tr><td><a href=\"#c-").id(&connector.connector).raw("\">").words(&connector.connector);
        let file = connector.plugin.file.as_str();
        page.raw("</a></td><td>").words(file.rsplit('/').next().unwrap_or(file)).raw("</td><td>");
        let mine = |finding: &&Finding| finding.connector.as_ref() == Some(&connector.connector);
        if report.is_stopped(&connector.connector) {
            page.raw("<span class=\"chip error\">does not run</span> ");
        }
        counts(page, report.findings.iter().filter(mine));
        page.raw("</td></tr>\n");
    }
    for name in report.unusable() {
        page.raw("<tr><td><a href=\"#c-").id(name).raw("\">").words(name);
        page.raw("</a></td><td>not known</td><td><span class=\"chip error\">does not run</span> ");
        counts(page, report.findings.iter().filter(|finding| finding.connector.as_ref() == Some(name)));
        page.raw("</td></tr>\n");
    }
    page.raw("</tbody>\n</table>\n<dl class=\"facts\">\n<dt>Audit log</dt><dd>")
        .words(words::log(report))
        .raw("</dd>\n");
    page.raw("<dt>Ceiling</dt><dd>");
    match &report.ceiling {
        Some(ceiling) => {
            page.words(&ceiling.file).raw(", owned by ").words(&ceiling.owner);
            page.raw(", SHA-256 <code>").words(&ceiling.sha256).raw("</code>")
        }
        None => page.raw("none: nobody limits what a connector\u{2019}s file may grant"),
    };
    page.raw("</dd>\n</dl>\n");
}

fn counts<'f>(page: &mut Page, findings: impl Iterator<Item = &'f Finding>) {
    let findings: Vec<&Finding> = findings.collect();
    if findings.is_empty() {
        page.raw("<span class=\"chip fine\">none</span>");
    }
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let count = findings.iter().filter(|finding| finding.severity == severity).count();
        if count > 0 {
            page.raw("<span class=\"chip ").raw(severity.word()).raw("\">").words(count).raw(" ").raw(severity.word());
            page.raw(if count == 1 { "</span> " } else { "s</span> " });
        }
    }
}
