//! An allocator for instances that live for one operation: it hands out memory from bottom to top and takes back only
//! what was handed out last. The host throws the whole memory away afterwards.
//!
//! It starts in the memory that the module has anyway, between its data and the end of the last page, so that a small
//! operation never asks the host for more: growing a memory is what makes allocating dear.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const PAGE: usize = 65_536;

// One thread is what this allocator is for. Without threads the atomics are plain loads and stores.
#[cfg(target_feature = "atomics")]
compile_error!("the feature `bump-allocator` is for connectors without threads");

#[global_allocator]
static ALLOCATOR: Bump = Bump { next: AtomicUsize::new(0), end: AtomicUsize::new(0) };

/// The addresses from `next` to `end` are free and belong to this allocator. Both are 0 before the first use.
struct Bump {
    next: AtomicUsize,
    end: AtomicUsize,
}

#[allow(unsafe_code, reason = "these are the linker's names for addresses; nothing is read from them")]
unsafe extern "C" {
    /// The first address behind the module's data and stack.
    static __heap_base: u8;
    /// The first address behind the memory that the module starts with.
    static __heap_end: u8;
}

impl Bump {
    /// A place for `layout`, or nothing if the memory cannot grow.
    fn place(&self, layout: Layout) -> Option<usize> {
        if self.end.load(Relaxed) == 0 {
            self.next.store((&raw const __heap_base).addr(), Relaxed);
            self.end.store((&raw const __heap_end).addr(), Relaxed);
        }
        let start = self.next.load(Relaxed).checked_next_multiple_of(layout.align())?;
        let end = start.checked_add(layout.size())?;
        if end > self.end.load(Relaxed) {
            self.grow(end - self.next.load(Relaxed))?;
            return self.place(layout);
        }
        self.next.store(end, Relaxed);
        Some(start)
    }

    /// Asks the host for enough whole pages to hold `bytes` more.
    fn grow(&self, bytes: usize) -> Option<()> {
        let pages = bytes.div_ceil(PAGE);
        let before = core::arch::wasm32::memory_grow(0, pages);
        if before == usize::MAX {
            return None;
        }
        let start = before.checked_mul(PAGE)?;
        if start != self.end.load(Relaxed) {
            // Somebody else grew the memory in between: go on behind what is theirs.
            self.next.store(start, Relaxed);
        }
        // 65536 pages are 4 GiB, whose end is no address of 32 bits: the very last page is given up.
        self.end.store(start.saturating_add(pages.checked_mul(PAGE)?) & !(PAGE - 1), Relaxed);
        Some(())
    }
}

// SAFETY: `place` returns a multiple of the alignment, `layout.size()` bytes below `end`, and moves `next` behind them
// before it returns: no two live blocks overlap. Everything between `next` and `end` is this allocator's alone: the
// linker keeps `__heap_base..__heap_end` free for an allocator, this is the global one, and a module for
// `wasm32-unknown-unknown` has no C library with another (who links one turns the feature off); what was grown belongs
// to the one who grew it. There are no threads (checked above), and no code here panics or allocates.
#[allow(unsafe_code, reason = "an allocator is unsafe by nature; the comment says why it is sound")]
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.place(layout).map_or(std::ptr::null_mut(), std::ptr::with_exposed_provenance_mut)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let start = block.expose_provenance();
        if start + layout.size() == self.next.load(Relaxed) {
            self.next.store(start, Relaxed);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let start = block.expose_provenance();
        let last = start + layout.size() == self.next.load(Relaxed);
        if let Some(end) = start.checked_add(new_size).filter(|&end| last && end <= self.end.load(Relaxed)) {
            self.next.store(end, Relaxed);
            return block;
        }
        // SAFETY: the caller vouches for `new_size` as for a layout. A block that is not the last one and shrinks is
        // moved too; copying the smaller of the two sizes stays within both blocks, which do not overlap.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
            if !moved.is_null() {
                std::ptr::copy_nonoverlapping(block, moved, layout.size().min(new_size));
            }
            moved
        }
    }
}
