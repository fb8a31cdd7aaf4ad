//! One connector: sentences, table, findings.

use super::page::Page;
use super::words;
use crate::audit::findings::Finding;
use crate::audit::report::{AgainstCeiling, ConnectorReport, Report, Requested, Row, Text};

/// The sections of a connector's file, for people.
const GROUPS: [(&str, &str); 10] = [
    ("operations", "What it may be asked for"),
    ("accounts", "For which accounts"),
    ("ldap", "Servers that the host reaches for it"),
    ("ldap.read", "Attributes that it may read"),
    ("ldap.search", "Where it may search"),
    ("ldap.write", "What it may write into the target"),
    ("ldap.allow", "What else it may do in the directory"),
    ("reveal", "Passwords whose text it may read"),
    ("log", "Lines in the host\u{2019}s log"),
    ("config", "Settings that it may read"),
];

pub(super) fn connector(page: &mut Page, report: &Report, connector: &ConnectorReport) {
    page.raw("<section>\n<h2 id=\"c-").id(&connector.connector).raw("\">").words(&connector.connector).raw("</h2>\n");
    page.raw("<p class=\"soft small\">").words(&connector.plugin.file).raw("<br>").words(&connector.file).raw("</p>\n");
    if report.is_stopped(&connector.connector) {
        page.raw("<p class=\"stopped\"><strong>").raw(words::STOPPED).raw("</strong></p>\n");
    }
    tiers(page, connector);
    page.raw("<h3>Item by item</h3>\n<p class=\"small\"><strong>Used over:</strong> ");
    page.words(words::over(report, connector)).raw(".</p>\n");
    table(page, connector);
    if let Some(account) = words::service_account(connector) {
        page.raw("<p class=\"small\"><strong>Service account:</strong> ").words(account).raw(".</p>\n");
    }
    let mine: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.connector.as_ref() == Some(&connector.connector)).collect();
    page.raw("<h3>What to look at</h3>\n");
    if mine.is_empty() {
        page.raw("<p>Nothing was found.</p>\n");
    }
    mine.into_iter().for_each(|one| finding(page, one));
    if !connector.not_told.is_empty() {
        page.raw("<h3>What this page does not tell</h3>\n<ul class=\"gaps small\">\n");
        for gap in &connector.not_told {
            page.raw("<li>").statement(&gap.text).raw("</li>\n");
        }
        page.raw("</ul>\n");
    }
    identity(page, connector);
    page.raw("</section>\n");
}

/// A connector of which nothing is known but what is wrong with its file.
pub(super) fn unusable(page: &mut Page, report: &Report, name: &Text) {
    page.raw("<section>\n<h2 id=\"c-").id(name).raw("\">").words(name).raw("</h2>\n");
    page.raw("<p class=\"stopped\"><strong>").raw(words::UNUSABLE).raw("</strong></p>\n");
    let mine = report.findings.iter().filter(|finding| finding.connector.as_ref() == Some(name));
    mine.for_each(|one| finding(page, one));
    page.raw("</section>\n");
}

fn tiers(page: &mut Page, connector: &ConnectorReport) {
    page.raw("<div class=\"tiers\">\n<div class=\"tier first\">\n<h3>Proved by the binary</h3>\n");
    if connector.proved_by_the_binary.is_empty() {
        page.raw("<p>Nothing: the plugin\u{2019}s file cannot be read.</p>\n");
    }
    page.raw("<ul>\n");
    for proved in &connector.proved_by_the_binary {
        page.raw(if proved.cannot { "<li class=\"cannot\">It " } else { "<li>It " })
            .sentence(&proved.text)
            .raw(".</li>\n");
    }
    page.raw("</ul>\n</div>\n<div class=\"tier second\">\n<h3>Enforced at run time, by the host</h3>\n<ul>\n");
    for enforced in &connector.enforced_at_run_time {
        page.raw("<li>It ").sentence(&enforced.text).raw(".</li>\n");
    }
    page.raw("</ul>\n</div>\n</div>\n");
}

fn table(page: &mut Page, connector: &ConnectorReport) {
    page.raw(
        "<table class=\"grants\">\n<thead><tr><th scope=\"col\">What</th><th scope=\"col\">The plugin asks for it</th>",
    );
    page.raw("<th scope=\"col\">Granted</th><th scope=\"col\">Ceiling</th><th scope=\"col\">Used</th></tr></thead>\n<tbody>\n");
    for (section, title) in GROUPS {
        let rows: Vec<&Row> = connector.grants.iter().filter(|row| row.section == section).collect();
        if rows.is_empty() {
            continue;
        }
        page.raw("<tr class=\"group\"><th colspan=\"5\" scope=\"rowgroup\">").raw(title).raw("</th></tr>\n");
        rows.into_iter().for_each(|one| row(page, connector, one));
    }
    page.raw("</tbody>\n</table>\n");
}

fn row(page: &mut Page, connector: &ConnectorReport, row: &Row) {
    page.raw("<tr><td class=\"what\">").words(&row.name);
    if let Some(value) = &row.value {
        page.raw(" \u{2190} ").words(value);
    }
    page.raw("</td><td data-label=\"Asked for\"><div>");
    match &row.requested {
        Requested::Calls { functions } => page.raw("yes, by <code>").words(functions.join(", ")).raw("</code>"),
        Requested::Exports { interface } => page.raw("yes, offers <code>").words(interface).raw("</code>"),
        Requested::No => page.raw("<span class=\"chip unused\">no: cannot use it</span>"),
        Requested::ByHost => page.raw("<span class=\"soft\">the host does it</span>"),
        Requested::NotKnown => page.raw("not known"),
    };
    page.raw("</div></td><td data-label=\"Granted\"><div>");
    match &row.granted {
        Some(_) => page.words(words::granted(row)),
        None => page.raw("<strong>not granted</strong>"),
    };
    page.raw("</div></td><td data-label=\"Ceiling\"><div>");
    match &row.ceiling {
        AgainstCeiling::Above { .. } => {
            page.raw("<span class=\"chip above\">").words(words::ceiling(&row.ceiling)).raw("</span>")
        }
        other => page.raw("<span class=\"soft\">").words(words::ceiling(other)).raw("</span>"),
    };
    page.raw("</div></td><td data-label=\"Used\"><div>");
    match (&row.used, &row.denied, &connector.used_over.first) {
        (None, None, None) => page.raw("<span class=\"soft\">not known</span>"),
        (None, None, Some(_)) => page.raw("<span class=\"chip unused\">").raw(words::unseen(connector)).raw("</span>"),
        _ => page.words(words::used(connector, row)),
    };
    page.raw("</div></td></tr>\n");
}

pub(super) fn finding(page: &mut Page, finding: &Finding) {
    let word = finding.severity.word();
    page.raw("<article class=\"finding of-")
        .raw(word)
        .raw("\">\n<p><span class=\"chip ")
        .raw(word)
        .raw("\">")
        .raw(word);
    page.raw("</span> <code>").raw(finding.code.name()).raw("</code></p>\n<p>").statement(&finding.text).raw(".</p>\n");
    page.raw("<p><strong>What to do:</strong> ").statement(&finding.remedy);
    if finding.paste.is_empty() {
        page.raw(".</p>\n");
    } else {
        page.raw(":</p>\n<pre>");
        for line in &finding.paste {
            page.words(line).raw("\n");
        }
        page.raw("</pre>\n");
    }
    page.raw("<p class=\"soft small\">").words(&finding.place).raw("</p>\n</article>\n");
}

fn identity(page: &mut Page, connector: &ConnectorReport) {
    let plugin = &connector.plugin;
    page.raw("<h3>Which plugin this is about</h3>\n<dl class=\"facts small\">\n<dt>SHA-256</dt><dd><code>");
    page.words(&plugin.sha256).raw("</code></dd>\n<dt>Size</dt><dd>").words(plugin.size).raw(" bytes</dd>\n");
    page.raw("<dt>Pinned</dt><dd>").raw(if plugin.pinned { "yes, to these bytes" } else { "no" }).raw("</dd>\n");
    page.raw("<dt>Approved</dt><dd>").raw(if plugin.approved { "yes, these bytes" } else { "no" }).raw("</dd>\n");
    page.raw("<dt>Signed by</dt><dd>");
    match &plugin.signer {
        Some(signer) => page.words(signer),
        None => page.raw("nobody who is trusted"),
    };
    page.raw("</dd>\n<dt>Imports</dt><dd>");
    for import in &plugin.imports {
        page.raw("<code>").words(&import.interface).raw("</code>");
        if !import.functions.is_empty() {
            let functions: Vec<&str> = import.functions.iter().map(|name| name.as_str()).collect();
            page.raw(": ").words(functions.join(", "));
        }
        page.raw("<br>");
    }
    page.raw("</dd>\n<dt>Exports</dt><dd>");
    for export in &plugin.exports {
        page.raw("<code>").words(export).raw("</code><br>");
    }
    page.raw("</dd>\n</dl>\n");
}
