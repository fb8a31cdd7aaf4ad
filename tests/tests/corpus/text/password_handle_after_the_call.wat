;; Gives the handle back and returns as it should. Then, in the function that the host calls to let it tidy up, it sets
;; the password by the number that the handle had.
(import "portcullis:writeback/secrets@0.1.0" "[resource-drop]password" (func $give-back (param i32)))
(import "portcullis:writeback/ldap@0.1.0" "set-password"
    (func $set-password (param i32 i32 i32 i32 i32 i32 i32 i32)))
(global $kept (mut i32) (i32.const 0))
(data (i32.const 512) "uid=alice,ou=people,dc=people,dc=example")
(func (export "portcullis:writeback/passwords@0.1.0#reset")
    (param i32 i32 i32 i32 i32 i32 i32) (result i32)
    (global.set $kept (local.get 4))
    (call $give-back (local.get 4))
    ;; There are zeros: done, without effects and notes.
    (i32.const 1024))
(func (export "cabi_post_portcullis:writeback/passwords@0.1.0#reset") (param i32)
    ;; The DN, as the service account, the password, no controls, room for the answer.
    (call $set-password
        (i32.const 512) (i32.const 40) (i32.const 0) (i32.const 0) (global.get $kept) (i32.const 0) (i32.const 0)
        (i32.const 2048)))
