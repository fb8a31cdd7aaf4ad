//! Room: stack, memory, tables, instances.

use crate::host::Attempt;
use crate::item::{Item, corpus};
use crate::text::{component, with_instances};

corpus! {
    /// Calls itself until there is no stack left.
    deep_recursion,
    held by "the engine's stack of 512 KiB, which is not the host's",
    logged [
        "plugin-ended plugin-limit: the plugin went over its limit of stack: 512 KiB",
        "ended refused plugin-limit",
    ] => text_refused;

    /// Takes memory again and again, also when it gets none.
    memory_growth,
    held by "`[limits] memory`; the first growth that goes over it ends the plugin",
    logged [
        "plugin-ended plugin-limit: the plugin went over its limit of memory: 16 MiB",
        "ended refused plugin-limit",
    ] => text_refused;

    /// Takes elements of a table again and again.
    table_growth,
    held by "a limit of elements over all tables",
    logged [
        "plugin-ended plugin-limit: the plugin went over its limit of table elements: 20000",
        "ended refused plugin-limit",
    ] => text_refused;

    /// Consists of more than forty modules, each an instance.
    many_instances,
    held by "a limit of core instances in one operation",
    logged [
        "plugin-ended plugin-limit: the plugin went over its limit of core instances: 40",
        "ended refused plugin-limit",
    ] => many_instances_refused;
}

async fn text_refused(item: &'static Item) {
    Attempt::made(item, &component(item.name)).refused().await;
}

async fn many_instances_refused(item: &'static Item) {
    Attempt::made(item, &with_instances(component(item.name), 41)).refused().await;
}
