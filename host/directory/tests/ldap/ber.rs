//! LDAP messages as a server writes them, and as no server should.

pub(crate) const BIND: u64 = 0;
pub(crate) const UNBIND: u64 = 2;
pub(crate) const ABANDON: u64 = 16;
pub(crate) const SEARCH: u64 = 3;
pub(crate) const MODIFY: u64 = 6;
pub(crate) const EXTENDED: u64 = 23;

pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut bytes = vec![tag];
    if content.len() < 128 {
        bytes.push(u8::try_from(content.len()).unwrap());
    } else {
        bytes.push(0x84);
        bytes.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
    }
    bytes.extend(content);
    bytes
}

pub(crate) fn octets(value: &[u8]) -> Vec<u8> {
    tlv(0x04, &[value])
}

pub(crate) fn message(id: i64, parts: &[&[u8]]) -> Vec<u8> {
    let id = tlv(0x02, &[&i32::try_from(id).unwrap().to_be_bytes()]);
    tlv(0x30, &[&id, &parts.concat()])
}

/// The tag of the answer to a request.
pub(crate) fn answer_tag(request: u64) -> u8 {
    match request {
        SEARCH => 0x65,
        EXTENDED => 0x78,
        other => 0x61 + u8::try_from(other).unwrap(),
    }
}

pub(crate) fn result(request: u64, code: u8, diagnostic: &[u8]) -> Vec<u8> {
    tlv(answer_tag(request), &[&[0x0a, 1, code], &octets(b""), &octets(diagnostic)])
}

pub(crate) fn entry(dn: &[u8], attributes: &[(&[u8], &[&[u8]])]) -> Vec<u8> {
    let attributes: Vec<u8> = attributes
        .iter()
        .flat_map(|(name, values)| {
            let values: Vec<u8> = values.iter().flat_map(|value| octets(value)).collect();
            tlv(0x30, &[&octets(name), &tlv(0x31, &[&values])])
        })
        .collect();
    tlv(0x64, &[&octets(dn), &tlv(0x30, &[&attributes])])
}

/// `levels` sequences, each in the one before.
pub(crate) fn nested(levels: usize) -> Vec<u8> {
    let mut backwards = Vec::new();
    for _ in 0..levels {
        let length = u32::try_from(backwards.len()).unwrap().to_be_bytes();
        backwards.extend(length.iter().rev());
        backwards.extend([0x84, 0x30]);
    }
    backwards.reverse();
    backwards
}
