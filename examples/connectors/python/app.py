"""A connector in Python. It sets, changes and tries passwords, reads the state of an account and unlocks it.

The host encodes each password and hands only a handle to this code. The classes at the end are what it calls; each
call comes to a fresh copy of this module, so nothing is remembered from one operation to the next.
"""

from calendar import timegm

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.accounts import AccountStatus
from wit_world.exports.lifecycle import Finding, Severity
from wit_world.exports.passwords import ResetOptions, Verdict
from wit_world.imports import config, ldap, log
from wit_world.imports.ldap import Change, ChangeKind, PasswordValue
from wit_world.imports.secrets import Password
from wit_world.imports.types import Account, Effect, Fault, FaultCode, Receipt

# RFC 4511 appendix A.
SUCCESS = 0
CONSTRAINT_VIOLATION = 19
INVALID_CREDENTIALS = 49
INSUFFICIENT_ACCESS_RIGHTS = 50

# Operational attributes of the password policy draft (draft-behera-ldap-password-policy).
LOCKED = "pwdAccountLockedTime"
MUST_CHANGE = "pwdReset"
CHANGED = "pwdChangedTime"


def fault_of(error: ldap.LdapError) -> Err:
    """Every error becomes one fault. The words go along: the host shows them to the operator alone."""
    match error:
        case ldap.LdapError_Denied(words):
            code = FaultCode.NOT_GRANTED
        case ldap.LdapError_Refused(answer):
            return refusal(answer)
        case ldap.LdapError_BindRefused(answer):
            wrong = answer.code == INVALID_CREDENTIALS
            code, words = FaultCode.WRONG_PASSWORD if wrong else FaultCode.DIRECTORY_REFUSED, answer.diagnostic
        case ldap.LdapError_Unavailable(words):
            code = FaultCode.DIRECTORY_UNAVAILABLE
        case ldap.LdapError_InDoubt(words):
            code = FaultCode.OUTCOME_UNKNOWN
        case ldap.LdapError_Invalid(words):
            code = FaultCode.INTERNAL
        case _:  # No target: the host calls nothing but `check` without one.
            code, words = FaultCode.INTERNAL, "there is no target"
    return Err(Fault(code, words, None))


def refusal(answer: ldap.Answer) -> Err:
    codes = {
        CONSTRAINT_VIOLATION: FaultCode.PASSWORD_REJECTED,
        INSUFFICIENT_ACCESS_RIGHTS: FaultCode.DIRECTORY_DENIED,
    }
    return Err(Fault(codes.get(answer.code, FaultCode.DIRECTORY_REFUSED), answer.diagnostic, None))


def ask(function, *arguments):
    """A call of the directory, its error turned into a fault of the operation."""
    try:
        return function(*arguments)
    except Err as error:
        raise fault_of(error.value) from None


def password_attribute() -> str:
    """The one setting of this connector."""
    return config.get("password-attribute") or "userPassword"


def replace(attribute: str, *values: ldap.Value) -> Change:
    return Change(ChangeKind.REPLACE, attribute, list(values))


def place(performer: ldap.Performer, new: Password, further: list[Change]) -> None:
    """Set the password and whatever goes with it. One modify: it takes effect whole or not at all."""
    target = ask(ldap.target, [])
    attribute = password_attribute()
    log.log(log.Level.INFO, f"replacing {attribute} with the password {new.label()}")
    value = ldap.Value_Password(PasswordValue(new, ldap.Encoding.UTF8))
    ask(ldap.modify, target.dn, performer, [replace(attribute, value), *further], [])


def seconds(time: str) -> int | None:
    """Generalized Time (RFC 4517 section 3.3.13) in UTC as directories write it; nothing if it is of another form."""
    digits, zulu = time[:14], time[-1:]
    if len(digits) != 14 or not (digits.isascii() and digits.isdigit()) or zulu != "Z":
        return None
    fields = [int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, 14, 2))]
    return timegm((*fields, 0, 0, 0)) if 1 <= fields[1] <= 12 and 1 <= fields[2] <= 31 else None


class Passwords(exports.Passwords):
    def reset(self, account: Account, new: Password, options: ResetOptions) -> Receipt:
        effects, further = [Effect.PASSWORD_SET], []
        if options.must_change:
            effects.append(Effect.CHANGE_REQUIRED)
            further.append(replace(MUST_CHANGE, ldap.Value_Text("TRUE")))
        if options.unlock:
            effects.append(Effect.UNLOCKED)
            further.append(replace(LOCKED))
        place(ldap.Performer_Service(), new, further)
        return Receipt(effects, [])

    def change(self, account: Account, old: Password, new: Password) -> Receipt:
        place(ldap.Performer_Target(old), new, [])
        return Receipt([Effect.PASSWORD_SET], [])

    def verify(self, account: Account, candidate: Password) -> Verdict:
        target = ask(ldap.target, [])
        log.log(log.Level.INFO, f"binding as the target with the password {candidate.label()}")
        answer = ask(ldap.try_bind, target.dn, candidate, [])
        # The two answers to the question that was asked; every other one is a fault.
        if answer.code == SUCCESS:
            return Verdict.VALID
        if answer.code == INVALID_CREDENTIALS:
            return Verdict.INVALID
        raise refusal(answer)


class Accounts(exports.Accounts):
    def status(self, account: Account) -> AccountStatus:
        target = ask(ldap.target, [LOCKED, MUST_CHANGE, CHANGED])
        values = {a.name.lower(): a.values[0].decode(errors="replace") for a in target.attributes if a.values}
        return AccountStatus(
            enabled=None,
            # Enough where a lock lasts until it is lifted; where locks end by themselves the attribute outlasts them.
            locked=LOCKED.lower() in values,
            must_change=values.get(MUST_CHANGE.lower()) == "TRUE",
            password_set=seconds(values.get(CHANGED.lower(), "")),
            password_expires=None,
        )

    def unlock(self, account: Account) -> Receipt:
        target = ask(ldap.target, [])
        log.log(log.Level.INFO, f"removing {LOCKED}")
        ask(ldap.modify, target.dn, ldap.Performer_Service(), [replace(LOCKED)], [])
        return Receipt([Effect.UNLOCKED], [])


class Lifecycle(exports.Lifecycle):
    def check(self) -> list[Finding]:
        findings = [Finding(Severity.GOOD, f"passwords go into {password_attribute()}", "")]
        try:
            root = ldap.root_dse(["supportedLDAPVersion"])
        except Err as error:
            text = f"the root DSE cannot be read: {fault_of(error.value).value.detail}"
            remedy = "Look at the servers in `urls` and the network between."
            return [*findings, Finding(Severity.PROBLEM, text, remedy)]
        if any(b"3" in attribute.values for attribute in root.attributes):
            return [*findings, Finding(Severity.GOOD, "the directory speaks LDAP version 3", "")]
        remedy = "Look whether `urls` name an LDAP server and whether its root DSE may be read."
        text = "the directory does not say that it speaks LDAP version 3"
        return [*findings, Finding(Severity.WARNING, text, remedy)]
