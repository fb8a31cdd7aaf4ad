;; The same with the elements of a table.
(table $table 1 funcref)
(func (export "portcullis:writeback/passwords@0.1.0#reset")
    (param i32 i32 i32 i32 i32 i32 i32) (result i32)
    (loop $again (drop (table.grow $table (ref.null func) (i32.const 100))) (br $again)) unreachable)
