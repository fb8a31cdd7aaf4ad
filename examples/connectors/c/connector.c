// A connector in C. It sets, changes and tries the password of the target; the host encodes each password and hands
// only a handle to this code. It never allocates a stream, opens a file or reads a clock: it has no WASI import.

#include "c_connector.h"

#include <stdlib.h>
#include <string.h>

// The generated names say the package and the interface; here there is one of each.
typedef c_connector_string_t text;
typedef portcullis_writeback_secrets_borrow_password_t password;
typedef portcullis_writeback_ldap_answer_t answer;
typedef portcullis_writeback_ldap_entry_t entry;
typedef portcullis_writeback_ldap_ldap_error_t ldap_error;
typedef portcullis_writeback_ldap_performer_t performer;
typedef portcullis_writeback_types_fault_t fault;
typedef portcullis_writeback_types_fault_code_t fault_code;
typedef portcullis_writeback_types_receipt_t receipt;

#define CODE(name) PORTCULLIS_WRITEBACK_TYPES_FAULT_CODE_##name
#define ERROR(name) PORTCULLIS_WRITEBACK_LDAP_LDAP_ERROR_##name
#define VERDICT(name) EXPORTS_PORTCULLIS_WRITEBACK_PASSWORDS_VERDICT_##name

// RFC 4511 appendix A.
enum { CONSTRAINT_VIOLATION = 19, INVALID_CREDENTIALS = 49, INSUFFICIENT_ACCESS_RIGHTS = 50 };

// Memory that the host frees after it has read a result. A connector without memory cannot even say so: it traps.
static void *allocate(size_t size) {
    void *memory = malloc(size);
    if (memory == NULL) __builtin_trap();
    return memory;
}

static fault_code code_of_refusal(uint32_t ldap_code) {
    switch (ldap_code) {
    case CONSTRAINT_VIOLATION: return CODE(PASSWORD_REJECTED);
    case INSUFFICIENT_ACCESS_RIGHTS: return CODE(DIRECTORY_DENIED);
    default: return CODE(DIRECTORY_REFUSED);
    }
}

// Every error becomes one fault. The words go along: the host shows them to the operator alone.
static fault fault_of(ldap_error *error) {
    fault result = {0};
    text *words = &error->val.denied;
    switch (error->tag) {
    case ERROR(DENIED): result.code = CODE(NOT_GRANTED); break;
    case ERROR(UNAVAILABLE): result.code = CODE(DIRECTORY_UNAVAILABLE); break;
    case ERROR(IN_DOUBT): result.code = CODE(OUTCOME_UNKNOWN); break;
    case ERROR(REFUSED):
        result.code = code_of_refusal(error->val.refused.code);
        words = &error->val.refused.diagnostic;
        break;
    case ERROR(BIND_REFUSED):
        words = &error->val.bind_refused.diagnostic;
        result.code = CODE(DIRECTORY_REFUSED);
        if (error->val.bind_refused.code == INVALID_CREDENTIALS) result.code = CODE(WRONG_PASSWORD);
        break;
    case ERROR(INVALID): result.code = CODE(INTERNAL); break;
    default: // No target: the host calls no function of this connector without one.
        result.code = CODE(INTERNAL);
        words = NULL;
    }
    if (words != NULL) c_connector_string_dup_n(&result.detail, (const char *)words->ptr, words->len);
    portcullis_writeback_ldap_ldap_error_free(error);
    return result;
}

// One line: which password goes where. The label is all that can be known of a password here.
static void log_use(const char *before, password handle) {
    text label;
    portcullis_writeback_secrets_method_password_label(handle, &label);
    size_t length = strlen(before);
    char *line = allocate(length + label.len);
    memcpy(line, before, length);
    memcpy(line + length, label.ptr, label.len);
    text message = {(uint8_t *)line, length + label.len};
    portcullis_writeback_log_log(PORTCULLIS_WRITEBACK_LOG_LEVEL_INFO, &message);
    free(line);
    c_connector_string_free(&label);
}

// The target's DN alone is needed, so no attribute is asked for and no reading has to be granted.
static bool locate(entry *target, ldap_error *error) {
    c_connector_list_string_t nothing = {0};
    return portcullis_writeback_ldap_target(&nothing, target, error);
}

// Replace userPassword with the password in hand. One modify: it takes effect whole or not at all.
static bool place(performer *who, password new_password, receipt *done, fault *why) {
    entry target;
    ldap_error error;
    if (!locate(&target, &error)) {
        *why = fault_of(&error);
        return false;
    }
    log_use("replacing userPassword with the password ", new_password);

    portcullis_writeback_ldap_value_t value = {
        .tag = PORTCULLIS_WRITEBACK_LDAP_VALUE_PASSWORD,
        .val.password = {new_password, PORTCULLIS_WRITEBACK_LDAP_ENCODING_UTF8},
    };
    portcullis_writeback_ldap_change_t change = {
        .kind = PORTCULLIS_WRITEBACK_LDAP_CHANGE_KIND_REPLACE,
        .values = {&value, 1},
    };
    c_connector_string_set(&change.attribute, "userPassword");
    portcullis_writeback_ldap_list_change_t changes = {&change, 1};
    portcullis_writeback_ldap_list_control_t no_controls = {0};
    answer reply;
    bool set = portcullis_writeback_ldap_modify(&target.dn, who, &changes, &no_controls, &reply, &error);
    portcullis_writeback_ldap_entry_free(&target);
    if (!set) {
        *why = fault_of(&error);
        return false;
    }
    portcullis_writeback_ldap_answer_free(&reply);

    *done = (receipt){.effects = {allocate(sizeof *done->effects.ptr), 1}};
    done->effects.ptr[0] = PORTCULLIS_WRITEBACK_TYPES_EFFECT_PASSWORD_SET;
    return true;
}

// What was asked besides the password and is beyond this connector must not be passed over in silence.
static void note_unmet(receipt *done) {
    done->notes.ptr = allocate(sizeof *done->notes.ptr);
    done->notes.len = 1;
    c_connector_string_dup(&done->notes.ptr[0].code, "password-only");
    c_connector_string_dup(&done->notes.ptr[0].text,
                           "This connector sets the password only: nothing was unlocked and no change was demanded.");
}

// A borrowed handle must be given back before the function returns, or the host ends the operation.
bool exports_portcullis_writeback_passwords_reset(exports_portcullis_writeback_passwords_account_t *account,
                                                  password new_password,
                                                  exports_portcullis_writeback_passwords_reset_options_t *options,
                                                  receipt *done, fault *why) {
    performer service = {.tag = PORTCULLIS_WRITEBACK_LDAP_PERFORMER_SERVICE};
    bool set = place(&service, new_password, done, why);
    if (set && (options->must_change || options->unlock)) note_unmet(done);
    portcullis_writeback_secrets_password_drop_borrow(new_password);
    exports_portcullis_writeback_passwords_account_free(account);
    return set;
}

bool exports_portcullis_writeback_passwords_change(exports_portcullis_writeback_passwords_account_t *account,
                                                   password old_password, password new_password,
                                                   receipt *done, fault *why) {
    performer target = {.tag = PORTCULLIS_WRITEBACK_LDAP_PERFORMER_TARGET, .val.target = old_password};
    bool set = place(&target, new_password, done, why);
    portcullis_writeback_secrets_password_drop_borrow(old_password);
    portcullis_writeback_secrets_password_drop_borrow(new_password);
    exports_portcullis_writeback_passwords_account_free(account);
    return set;
}

// 0 and 49 are the two answers to the question that was asked; every other one is a fault.
static bool judge(password candidate, exports_portcullis_writeback_passwords_verdict_t *verdict, fault *why) {
    entry target;
    ldap_error error;
    if (!locate(&target, &error)) {
        *why = fault_of(&error);
        return false;
    }
    log_use("binding as the target with the password ", candidate);
    portcullis_writeback_ldap_list_control_t no_controls = {0};
    answer reply;
    bool answered = portcullis_writeback_ldap_try_bind(&target.dn, candidate, &no_controls, &reply, &error);
    portcullis_writeback_ldap_entry_free(&target);
    if (!answered) {
        *why = fault_of(&error);
        return false;
    }
    if (reply.code != 0 && reply.code != INVALID_CREDENTIALS) {
        error = (ldap_error){.tag = ERROR(REFUSED), .val.refused = reply};
        *why = fault_of(&error);
        return false;
    }
    *verdict = reply.code == 0 ? VERDICT(VALID) : VERDICT(INVALID);
    portcullis_writeback_ldap_answer_free(&reply);
    return true;
}

bool exports_portcullis_writeback_passwords_verify(exports_portcullis_writeback_passwords_account_t *account,
                                                   password candidate,
                                                   exports_portcullis_writeback_passwords_verdict_t *verdict,
                                                   fault *why) {
    bool judged = judge(candidate, verdict, why);
    portcullis_writeback_secrets_password_drop_borrow(candidate);
    exports_portcullis_writeback_passwords_account_free(account);
    return judged;
}
