//! Looking through all memory that a plugin has.

use portcullis_connector::{config, log};

/// Every byte of what is looked for is changed by this: otherwise it would find what it looks for.
const MASK: u8 = 0x5a;

/// So many pages more than the module begins with: what an earlier instance had grown to.
const MORE: usize = 64;

/// Does something, then tells the log how often the texts of the setting `masked` (hexadecimal, with a comma between)
/// stand in the memory. Half of one counts.
pub(crate) fn tell_after<T>(act: impl FnOnce() -> T) -> T {
    let done = act();
    let masked: Vec<Vec<u8>> = config::get("masked").unwrap_or_default().split(',').map(bytes).collect();
    log::info(&format!("found {} of {} passwords", count(&masked), masked.len()));
    done
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(hexadecimal.get(at..at + 2)?, 16).ok();
    (0..hexadecimal.len()).step_by(2).filter_map(digits).collect()
}

#[cfg(target_arch = "wasm32")]
fn count(masked: &[Vec<u8>]) -> usize {
    let _ = core::arch::wasm32::memory_grow(0, MORE);
    let end = core::arch::wasm32::memory_size(0) << 16;
    // In the order of the bytes, and with one that is zero between two: UTF-8 and UTF-16.
    let stands = |from: usize, text: &[u8], step: usize| {
        from + text.len() * step <= end
            && text.iter().enumerate().all(|(index, byte)| at(from + index * step) ^ MASK == *byte)
    };
    let halves = masked.iter().flat_map(|text| [&text[..text.len() / 2], &text[text.len() / 2..]]);
    let halves: Vec<&[u8]> = halves.filter(|half| !half.is_empty()).collect();
    (1..end).filter(|from| halves.iter().any(|half| stands(*from, half, 1) || stands(*from, half, 2))).count()
}

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "all memory is looked at, whosever it is")]
fn at(address: usize) -> u8 {
    // SAFETY: it is below the end of the memory, all of which may be read. Nothing else runs meanwhile.
    unsafe { core::ptr::read_volatile(core::ptr::without_provenance::<u8>(address)) }
}

#[cfg(not(target_arch = "wasm32"))]
fn count(masked: &[Vec<u8>]) -> usize {
    masked.len() * usize::from(MASK) * MORE
}
