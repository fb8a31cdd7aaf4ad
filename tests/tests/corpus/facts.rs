//! What was recorded of an operation, a line for each fact: short enough to stand in a table, and nothing left out that
//! a reader decides by.

use portcullis_model::Event;
use serde_json::Value;

/// Every fact after "located", or after "asked" where nothing was located.
pub(crate) fn lines(events: &[Event]) -> Vec<String> {
    let values = events.iter().map(|event| serde_json::to_value(event).unwrap());
    values.filter_map(|value| line(&value)).collect()
}

fn line(fact: &Value) -> Option<String> {
    let text = |key: &str| fact[key].as_str().unwrap_or_default();
    let list = |key: &str| {
        let all = fact[key].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    Some(match text("event") {
        "asked" | "located" => return None,
        word @ ("allowed" | "denied") => format!("{word} {}.{} {}", text("capability"), text("call"), text("subject")),
        "written" => format!("written {}", list("what")),
        "refused" => format!("refused {} {}", list("what"), fact["code"]),
        "in-doubt" => format!("in-doubt {}", list("what")),
        "confirmed" => "confirmed".to_owned(),
        "plugin-ended" => format!("plugin-ended {}: {}", text("code"), text("reason")),
        "ended" => format!("ended {} {}", text("outcome"), text("fault")).trim_end().to_owned(),
        other => panic!("{other} is no fact that this page knows: {fact}"),
    })
}
