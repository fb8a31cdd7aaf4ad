// A connector in TypeScript. It sets, changes and tries the password of the target; the host encodes each password and
// hands only a handle to this code.

import { type Answer, type LdapError, type Performer, modify, target, tryBind } from "portcullis:writeback/ldap@0.1.0";
import { log } from "portcullis:writeback/log@0.1.0";
import type { Password } from "portcullis:writeback/secrets@0.1.0";
import type { Fault, FaultCode, Note, Receipt } from "portcullis:writeback/types@0.1.0";

// RFC 4511 appendix A.
const success = 0;
const constraintViolation = 19;
const invalidCredentials = 49;
const insufficientAccessRights = 50;

const fault = (code: FaultCode, detail: string): Fault => ({ code, detail });

function refusal(answer: Answer): Fault {
  switch (answer.code) {
    case constraintViolation:
      return fault("password-rejected", answer.diagnostic);
    case insufficientAccessRights:
      return fault("directory-denied", answer.diagnostic);
    default:
      return fault("directory-refused", answer.diagnostic);
  }
}

// Every error becomes one fault. The words go along: the host shows them to the operator alone.
function faultOf(error: LdapError): Fault {
  switch (error.tag) {
    case "denied":
      return fault("not-granted", error.val);
    case "invalid":
      return fault("internal", error.val);
    case "refused":
      return refusal(error.val);
    case "bind-refused":
      return fault(
        error.val.code === invalidCredentials ? "wrong-password" : "directory-refused",
        error.val.diagnostic,
      );
    case "unavailable":
      return fault("directory-unavailable", error.val);
    case "in-doubt":
      return fault("outcome-unknown", error.val);
    case "no-target": // The host calls no function of this connector without one.
      return fault("internal", "there is no target");
  }
}

// A call of the directory, its error turned into a fault of the operation. An error of the host carries its value as
// `payload`; anything else is a mistake in this file and ends the operation as a trap.
function ask<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (typeof error === "object" && error !== null && "payload" in error) {
      throw faultOf(error.payload as LdapError);
    }
    throw error;
  }
}

// Replace userPassword with the password in hand. One modify: it takes effect whole or not at all.
function place(performer: Performer, password: Password, notes: Note[]): Receipt {
  const entry = ask(() => target([]));
  log("info", `replacing userPassword with the password ${password.label()}`);
  const value = { tag: "password", val: { password, encoding: "utf8" } } as const;
  ask(() => modify(entry.dn, performer, [{ kind: "replace", attribute: "userPassword", values: [value] }], []));
  return { effects: ["password-set"], notes };
}

// What was asked besides the password and is beyond this connector must not be passed over in silence.
const passwordOnly: Note = {
  code: "password-only",
  text: "This connector sets the password only: nothing was unlocked and no change was demanded.",
};

export const passwords: typeof import("portcullis:writeback/passwords@0.1.0") = {
  reset(_account, fresh, options) {
    return place({ tag: "service" }, fresh, options.mustChange || options.unlock ? [passwordOnly] : []);
  },

  change(_account, old, fresh) {
    return place({ tag: "target", val: old }, fresh, []);
  },

  verify(_account, candidate) {
    const entry = ask(() => target([]));
    log("info", `binding as the target with the password ${candidate.label()}`);
    const answer = ask(() => tryBind(entry.dn, candidate, []));
    // The two answers to the question that was asked; every other one is a fault.
    if (answer.code === success) return "valid";
    if (answer.code === invalidCredentials) return "invalid";
    throw refusal(answer);
  },
};
