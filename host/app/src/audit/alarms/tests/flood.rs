//! More alarms than are listed: none goes without being counted, and no flood of one hides another.

use portcullis_audit::fact::Alarm;

use super::super::open::{MOST_OPEN, Open};
use super::*;

fn of(connector: &str, mut line: Line) -> Line {
    line.about.connector = Some(connector.into());
    line
}

/// Uses that are new, one after the other, each an alarm.
fn new_uses(connector: &str, at: u64, count: usize) -> Vec<Line> {
    let line = |at, n| of(connector, line(at, "op", "p", reads(&format!("attribute-{n}"))));
    std::iter::once(line(NOON, 0)).chain((1..=count).map(|n| line(at, n))).collect()
}

fn listed(alarms: &Alarms, kind: Kind, connector: &str) -> Vec<(String, u64)> {
    let of = |raised: &&Raised| raised.kind == kind && raised.about.connector.as_deref() == Some(connector);
    alarms.open().iter().filter(of).map(|raised| (raised.alarm.subject.clone(), raised.alarm.count)).collect()
}

/// Feeds what a service wrote into the log.
fn tell(alarms: &mut Alarms, raised: &[Raised]) {
    for raised in raised {
        let at = humantime::format_rfc3339_millis(moment(raised.at)).to_string();
        let (about, fact) = (raised.about.clone(), raised.alarm.clone().into());
        alarms.feed(&Line { v: 1, seq: 1, at, prev: Hash::NONE, about, fact });
    }
}

#[test]
fn a_flood_of_one_connector_hides_nothing_else_and_is_counted() {
    let later = NOON + 8 * DAY;
    let denied_by = |connector| of(connector, line(later, "op", "p", denied()));
    let mut lines = vec![of("quiet", line(NOON, "op", "p", reads("mail")))];
    // Before the flood, and after it: of another connector, and of another kind.
    lines.push(denied_by("early"));
    lines.extend(new_uses("hostile", later, 3_000));
    lines.extend([denied_by("late"), denied_by("hostile"), of("quiet", line(later, "op", "p", reads("new")))]);
    let mut alarms = with(Settings::default(), &lines);
    for connector in ["early", "late", "hostile"] {
        assert_eq!(listed(&alarms, Kind::Denials, connector), [(connector.to_owned(), 1)]);
    }
    assert_eq!(listed(&alarms, Kind::NewUse, "quiet").len(), 1);
    let flood = listed(&alarms, Kind::NewUse, "hostile").len();
    assert_eq!(flood, MOST_OPEN - 4);
    assert_eq!(listed(&alarms, Kind::Unlisted, "hostile"), [("new-use".to_owned(), 3_000 - flood as u64)]);
    assert_eq!(alarms.open().len(), MOST_OPEN + 1);
    let unlisted = alarms.open().iter().find(|raised| raised.kind == Kind::Unlisted).unwrap();
    insta::assert_snapshot!(unlisted.alarm.text, @"2004 further alarms `new-use` of this connector are not listed, there were too many at once; what gave rise to them is in the audit log");
    // All of it told, nothing is left to tell.
    let open = alarms.open().to_vec();
    tell(&mut alarms, &open);
    assert_eq!(names(&alarms), []);
}

#[test]
fn what_was_told_before_it_made_room_is_not_counted_as_well() {
    let later = NOON + 8 * DAY;
    let mut alarms = with(Settings::default(), &new_uses("c", later, MOST_OPEN));
    let told = alarms.open().to_vec();
    assert_eq!(told.len(), MOST_OPEN);
    (0..50).for_each(|n| alarms.feed(&of("c", line(later + 1, "op", "p", reads(&format!("later-{n}"))))));
    tell(&mut alarms, &told);
    assert_eq!(alarms.open().len(), 50, "{:?}", names(&alarms));
    assert!(alarms.open().iter().all(|raised| raised.kind == Kind::NewUse && raised.at == later + 1));
}

#[test]
fn a_number_that_grows_while_it_is_written_down_is_told_to_its_end() {
    let later = NOON + 8 * DAY;
    let lines = new_uses("c", later, MOST_OPEN + 60);
    let (before, after) = lines.split_at(1 + MOST_OPEN + 30);
    let mut alarms = with(Settings::default(), before);
    let unlisted: Vec<Raised> = alarms.open().iter().filter(|of| of.kind == Kind::Unlisted).cloned().collect();
    assert_eq!(unlisted[0].alarm.count, 30);
    after.iter().for_each(|line| alarms.feed(line));
    tell(&mut alarms, &unlisted);
    let left: Vec<&Raised> = alarms.open().iter().filter(|of| of.kind == Kind::Unlisted).collect();
    assert_eq!((left.len(), left[0].alarm.count), (1, 30));
    assert!(*left[0] != unlisted[0], "or it would be taken for the one that was told");
}

/// A check that monitoring runs, where no service tells of alarms.
#[test]
fn years_of_old_alarms_do_not_keep_out_those_of_today() {
    let hours = 24 * 90;
    let lines: Vec<Line> = (0..hours).map(|hour| line(NOON + hour * HOUR, "op", "p", denied())).collect();
    let mut alarms = with(Settings::default(), &lines);
    alarms.forget_older(Duration::from_secs(86_400));
    assert_eq!(names(&alarms), vec![("denials", "corp-ad", 1); 25]);
}

#[test]
fn one_connector_with_many_targets_forgets_its_own() {
    let mut alarms = Alarms::new(Settings::default());
    let resets = |connector: &'static str, from: usize, count: usize, dn: &str| -> Vec<Line> {
        (from..from + count).flat_map(|n| reset(NOON + 1, n, "a", dn)).map(|line| of(connector, line)).collect()
    };
    // Five are an alarm, and two more are told at the end of their time.
    resets("hostile", 0, 7, "CN=many").iter().for_each(|line| alarms.feed(line));
    resets("quiet", 10, 4, "CN=one").iter().for_each(|line| alarms.feed(line));
    for n in 0..MOST_SUBJECTS + 500 {
        reset(NOON + 2, 100 + n, "a", &format!("CN={n}"))
            .into_iter()
            .for_each(|line| alarms.feed(&of("hostile", line)));
    }
    resets("quiet", 20, 1, "CN=one").iter().for_each(|line| alarms.feed(line));
    assert_eq!(listed(&alarms, Kind::AccountResets, "quiet"), [("a".to_owned(), 5)]);
    assert_eq!(listed(&alarms, Kind::AccountResets, "hostile"), [("a".to_owned(), 5), ("a".to_owned(), 2)]);
}

/// Of however many connectors: the list has an end, and the count none.
#[test]
fn the_list_is_bounded_by_whatever_stands_in_the_log() {
    let connectors = 4_000;
    let mut open = Open::default();
    for n in 0..connectors {
        let about = About { connector: Some(format!("c{n}")), ..About::default() };
        let alarm = Alarm { alarm: "denials".into(), subject: n.to_string(), text: String::new(), count: 1 };
        open.raise(Raised { at: NOON, kind: Kind::Denials, about, alarm });
    }
    assert!(open.all().len() <= 2 * MOST_OPEN + 1, "{}", open.all().len());
    let counted: u64 = open.all().iter().map(|raised| raised.alarm.count).sum();
    assert_eq!(counted, connectors as u64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// In whatever order they come: of each kind and connector as many are listed or counted as there were, and of one that
    /// has no more than its share all are listed.
    #[test]
    fn each_is_listed_or_counted(order in prop::collection::vec((0..3_usize, 0..4_usize, 1..40_usize), 1..20)) {
        let kinds = [Kind::Denials, Kind::NewUse, Kind::CallerResets];
        let mut open = Open::default();
        let mut raised: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for (kind, connector, more) in order {
            for _ in 0..more * (1 + connector * 3) {
                let n = raised.entry((kind, connector)).or_default();
                *n += 1;
                let about = About { connector: Some(format!("c{connector}")), ..About::default() };
                let kind = kinds[kind];
                let alarm = Alarm { alarm: kind.name().into(), subject: n.to_string(), text: String::new(), count: 1 };
                open.raise(Raised { at: NOON + *n, kind, about, alarm });
            }
        }
        for ((kind, connector), count) in &raised {
            let (kind, connector) = (kinds[*kind], format!("c{connector}"));
            let of: Vec<&Raised> = open.all().iter().filter(|of| of.about.connector.as_ref() == Some(&connector)).collect();
            let listed = of.iter().filter(|of| of.kind == kind).count() as u64;
            let unlisted = of.iter().find(|of| of.kind == Kind::Unlisted && of.alarm.subject == kind.name());
            let unlisted = unlisted.map_or(0, |of| of.alarm.count);
            prop_assert_eq!(listed + unlisted, *count);
            prop_assert!(unlisted == 0 || listed >= (MOST_OPEN / raised.len()) as u64, "{} of {}", listed, count);
        }
        prop_assert!(open.all().iter().filter(|of| of.kind != Kind::Unlisted).count() <= MOST_OPEN);
    }
}
