;; Turns in a circle before it is asked for anything: in the start function of its module.
(func $start (loop $again (br $again)))
(start $start)
(func (export "portcullis:writeback/passwords@0.1.0#reset")
    (param i32 i32 i32 i32 i32 i32 i32) (result i32) unreachable)
