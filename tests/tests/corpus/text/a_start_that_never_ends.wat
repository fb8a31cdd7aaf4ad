;; The same, with a check that finds everything well, if it ever comes to that.
(func $start (loop $again (br $again)))
(start $start)
(func (export "portcullis:writeback/lifecycle@0.1.0#check") (result i32) (i32.const 1024))
(func (export "portcullis:writeback/passwords@0.1.0#reset")
    (param i32 i32 i32 i32 i32 i32 i32) (result i32) unreachable)
