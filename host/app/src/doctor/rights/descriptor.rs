//! Security descriptors of Windows (MS-DTYP section 2.4.6), as far as a control access right asks for them.
//!
//! Pure: bytes in, an answer out. Takes nothing on trust, because the bytes come from a server.

/// A security identifier in its binary form (MS-DTYP section 2.4.2.2).
pub(super) type Sid = Vec<u8>;

/// `RIGHT_DS_CONTROL_ACCESS` (MS-ADTS section 5.1.3.2).
const CONTROL_ACCESS: u32 = 0x100;
/// `GENERIC_ALL`, which holds the former where a server left it unmapped.
const GENERIC_ALL: u32 = 0x1000_0000;
/// `INHERIT_ONLY_ACE`: says nothing of the object that it stands on.
const INHERIT_ONLY: u8 = 0x08;
/// `ACE_OBJECT_TYPE_PRESENT`.
const OBJECT_TYPE: u32 = 0x1;
/// `ACE_INHERITED_OBJECT_TYPE_PRESENT`.
const INHERITED_OBJECT_TYPE: u32 = 0x2;
/// `SE_DACL_PRESENT` and `SE_DACL_PROTECTED`.
const DACL_PRESENT: u16 = 0x0004;
const DACL_PROTECTED: u16 = 0x1000;

/// A discretionary access control list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dacl {
    /// Nothing: the object has no list, and everybody may do everything.
    aces: Option<Vec<Ace>>,
    /// It takes nothing over from the container, as that of an administrator.
    pub(super) protected: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Ace {
    allows: bool,
    mask: u32,
    object: Option<[u8; 16]>,
    sid: Sid,
}

impl Dacl {
    /// Reads a self-relative security descriptor; nothing if it is none.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let control = u16_at(bytes, 2)?;
        let protected = control & DACL_PROTECTED != 0;
        let offset = usize::try_from(u32_at(bytes, 16)?).ok()?;
        if control & DACL_PRESENT == 0 || offset == 0 {
            return Some(Self { aces: None, protected });
        }
        let acl = bytes.get(offset..)?;
        let acl = acl.get(..usize::from(u16_at(acl, 2)?))?;
        let count = u16_at(acl, 4)?;
        let (mut rest, mut aces) = (acl.get(8..)?, Vec::new());
        for _ in 0..count {
            let size = usize::from(u16_at(rest, 2)?);
            let (ace, next) = (rest.get(..size)?, rest.get(size..)?);
            if size < 4 {
                return None;
            }
            // Kinds of entries that are no rights (audit, callback, label) are passed over.
            if let Some(ace) = Ace::parse(ace)? {
                aces.push(ace);
            }
            rest = next;
        }
        Some(Self { aces: Some(aces), protected })
    }

    /// Whether somebody with these identifiers has a control access right (MS-ADTS section 5.1.3.3.4): the first entry
    /// that speaks of it decides.
    pub(super) fn allows(&self, token: &[Sid], right: [u8; 16]) -> bool {
        let Some(aces) = &self.aces else { return true };
        let speaks = |ace: &&Ace| {
            ace.mask & (CONTROL_ACCESS | GENERIC_ALL) != 0
                && ace.object.is_none_or(|object| object == right)
                && token.contains(&ace.sid)
        };
        aces.iter().find(speaks).is_some_and(|ace| ace.allows)
    }
}

impl Ace {
    /// The outer nothing: broken. The inner one: an entry that does not count here.
    fn parse(bytes: &[u8]) -> Option<Option<Self>> {
        let (kind, flags) = (*bytes.first()?, *bytes.get(1)?);
        let (allows, is_object) = match kind {
            0x00 => (true, false),
            0x01 => (false, false),
            0x05 => (true, true),
            0x06 => (false, true),
            _ => return Some(None),
        };
        if flags & INHERIT_ONLY != 0 {
            return Some(None);
        }
        let mask = u32_at(bytes, 4)?;
        let mut at = 8;
        let mut object = None;
        if is_object {
            let present = u32_at(bytes, at)?;
            at += 4;
            if present & OBJECT_TYPE != 0 {
                object = Some(bytes.get(at..at + 16)?.try_into().ok()?);
                at += 16;
            }
            if present & INHERITED_OBJECT_TYPE != 0 {
                at += 16;
            }
        }
        let parts = usize::from(*bytes.get(at + 1)?);
        let sid = bytes.get(at..at + 8 + 4 * parts)?.to_vec();
        Some(Some(Self { allows, mask, object, sid }))
    }
}

/// A GUID as it stands in a descriptor (MS-DTYP section 2.3.4.2): the first three parts are little-endian. Nothing for a
/// text that is none.
pub(super) const fn guid(first: u32, second: u16, third: u16, rest: [u8; 8]) -> [u8; 16] {
    let (a, b, c) = (first.to_le_bytes(), second.to_le_bytes(), third.to_le_bytes());
    [
        a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], rest[0], rest[1], rest[2], rest[3], rest[4], rest[5], rest[6],
        rest[7],
    ]
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RESET: [u8; 16] = guid(0x0029_9570, 0x246d, 0x11d0, [0xa7, 0x68, 0x00, 0xaa, 0x00, 0x6e, 0x05, 0x29]);
    const OTHER: [u8; 16] = [7; 16];

    fn sid(last: u8) -> Sid {
        vec![1, 1, 0, 0, 0, 0, 0, 5, last, 0, 0, 0]
    }

    fn ace(kind: u8, flags: u8, mask: u32, object: Option<[u8; 16]>, inherited: bool, sid: &Sid) -> Vec<u8> {
        let mut body = mask.to_le_bytes().to_vec();
        if kind >= 5 {
            body.extend((u32::from(object.is_some()) | if inherited { 2 } else { 0 }).to_le_bytes());
            body.extend(object.unwrap_or_default().iter().take(if object.is_some() { 16 } else { 0 }));
            body.extend([9; 16].iter().take(if inherited { 16 } else { 0 }));
        }
        body.extend(sid);
        let size = u16::try_from(body.len() + 4).unwrap().to_le_bytes();
        [&[kind, flags][..], &size, &body].concat()
    }

    fn descriptor(control: u16, aces: &[Vec<u8>]) -> Vec<u8> {
        let body = aces.concat();
        let size = u16::try_from(body.len() + 8).unwrap().to_le_bytes();
        let count = u16::try_from(aces.len()).unwrap().to_le_bytes();
        let acl = [&[4, 0][..], &size, &count, &[0, 0], &body].concat();
        [&[1, 0][..], &control.to_le_bytes(), &[0; 12], &20_u32.to_le_bytes(), &acl].concat()
    }

    fn allows(aces: &[Vec<u8>]) -> bool {
        let dacl = Dacl::parse(&descriptor(DACL_PRESENT, aces)).unwrap();
        dacl.allows(&[sid(1), sid(2)], RESET)
    }

    #[test]
    fn nothing_that_speaks_of_it_is_no_right() {
        assert!(!allows(&[]));
        assert!(!allows(&[ace(5, 0, CONTROL_ACCESS, Some(OTHER), false, &sid(1))]), "another right");
        assert!(!allows(&[ace(5, 0, CONTROL_ACCESS, Some(RESET), false, &sid(3))]), "somebody else's");
        assert!(!allows(&[ace(5, 0, 0x30, Some(RESET), false, &sid(1))]), "another mask");
        assert!(!allows(&[ace(5, INHERIT_ONLY, CONTROL_ACCESS, Some(RESET), false, &sid(1))]), "for what is below");
        assert!(!allows(&[ace(0x07, 0, CONTROL_ACCESS, Some(RESET), false, &sid(1))]), "an audit entry");
    }

    #[test]
    fn the_first_entry_that_speaks_of_it_decides() {
        let allow = ace(5, 0, CONTROL_ACCESS, Some(RESET), true, &sid(2));
        let deny = ace(6, 0, CONTROL_ACCESS, Some(RESET), false, &sid(1));
        let deny_all = ace(1, 0, CONTROL_ACCESS, None, false, &sid(1));
        assert!(allows(std::slice::from_ref(&allow)));
        assert!(!allows(&[deny.clone(), allow.clone()]));
        assert!(!allows(&[deny_all, allow.clone()]));
        assert!(allows(&[allow, deny]));
    }

    #[test]
    fn a_right_without_a_name_is_every_one() {
        assert!(allows(&[ace(0, 0, 0xf01ff, None, false, &sid(1))]), "full control");
        assert!(allows(&[ace(5, 0, CONTROL_ACCESS, None, true, &sid(1))]));
        assert!(allows(&[ace(0, 0, GENERIC_ALL, None, false, &sid(1))]));
        assert!(Dacl::parse(&descriptor(0, &[])).unwrap().allows(&[], RESET), "no list at all");
    }

    #[test]
    fn a_list_that_takes_nothing_over_says_so() {
        assert!(Dacl::parse(&descriptor(DACL_PRESENT | DACL_PROTECTED, &[])).unwrap().protected);
        assert!(!Dacl::parse(&descriptor(DACL_PRESENT, &[])).unwrap().protected);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..96), cut in 0_usize..64, flip in any::<(usize, u8)>()) {
            let _ = Dacl::parse(&bytes);
            let mut real = descriptor(DACL_PRESENT, &[ace(5, 0, CONTROL_ACCESS, Some(RESET), true, &sid(1))]);
            let at = flip.0 % real.len();
            real[at] ^= flip.1;
            let _ = Dacl::parse(&real).map(|dacl| dacl.allows(&[sid(1)], RESET));
            real.truncate(real.len().saturating_sub(cut));
            let _ = Dacl::parse(&real);
        }
    }
}
